"""What happens in the cloud, and how soon and how truly the inventory shows it."""
import os
import time

import broker
import compare
import truth
from checks import head, say
from cloud import wait
from compare import Inventory
from seen import percentile, times_of
from serving import Server
from stocktake import Stocktake, writes

SCENES = ("day", "again", "catcher", "handler", "broker", "replay", "polling")
#: How many notifications the scene replay publishes.
REPLAYED = int(os.environ.get("REPLAYED", "100000"))
#: Of the event source, as `provider add` asks for it.
AMQP = ("--set", "events=amqp", "--set", f"amqp_url=amqp://openstack@{broker.HOST}/")


class Happening:
    def __init__(self, checks, cloud, changes, program, server, name, folder):
        self.checks, self.cloud, self.changes = checks, cloud, changes
        self.program, self.server, self.name, self.folder = program, server, name, folder
        self.made, self.told = [], []

    def head(self, text):
        head(f"{self.name}: {text}")

    def that(self, what, holds, evidence=""):
        return self.checks.that(f"{self.name}: {what}", holds, evidence)

    # --- looking

    def full_runs(self):
        return [run for run in self.program.json("runs", "-n", "100000") if run["mode"] == "full"]

    def equal(self, what, but_for=()):
        """The inventory is what the cloud's own client says."""
        should = {name: rows for name, rows in truth.inventory_of(self.cloud).items() if name not in but_for}
        inventory = Inventory(self.program.inventory(sorted(should)))
        self.that(f"{what}: no row twice", not inventory.twice, inventory.twice)
        compare.check(self.checks, f"{self.name}: {what}", compare.everything(should, inventory))

    def converged(self, what):
        """A full refresh finds nothing that events did not tell."""
        plan = self.program.plan("lab")
        code, record, printed = self.program.refresh("lab")
        self.that(f"{what}: the full refresh is ok", (code, record["state"]) == (0, "ok"), printed)
        self.that(f"{what}: it finds nothing to write", not writes(record), f"{writes(record)}\nthe plan was:\n{plan}")

    def scene(self, what, storm, full_allowed=0):
        """Does something, waits until it is quiet, and looks."""
        before = len(self.full_runs())
        storm()
        self.changes.settle()
        self.server.quiet(what)
        ran = len(self.full_runs()) - before
        self.that(f"{what}: at most {full_allowed} full refreshes", ran <= full_allowed, f"{ran} were run")
        self.equal(what)
        self.converged(what)

    def catching(self):
        source = self.program.json("provider", "show", "lab").get("events") or {}
        return source.get("state") == "catching"

    # --- scenes

    def begin(self):
        self.head("register, start a server, wait for the first refresh")
        secret = os.path.join(self.folder, "amqp-password")
        with open(secret, "w") as file:
            file.write(broker.PASSWORD)
        self.program.run("provider", "add", "lab", "--type", "openstack", "--cloud", "lab", *AMQP,
                         "--secret-file", f"amqp_password={secret}")

    def day(self):
        self.head("a working day: created, resized, stopped, renamed, deleted, attached, detached")
        began = time.monotonic()

        def storm():
            with broker.Recorder() as recorder:
                self.changes.prepare()
                there, gone = self.changes.change()
                self.changes.settle()
                self.detach()
            self.told = recorder.told
            say(f"   {len(there)} made or changed, {len(gone)} removed in {time.monotonic() - began:.0f} s; "
                f"{len(self.told)} notifications")

        self.scene("the day", storm)
        self.types()
        self.timings()

    def detach(self):
        """The volume of the new server goes back."""
        server = next(s for s in self.cloud.compute.servers(name="^scenario-new$"))
        for volume in self.cloud.volume.volumes():
            if any(a["server_id"] == server.id for a in volume.attachments):
                answer = self.cloud.compute.delete(f"/servers/{server.id}/os-volume_attachments/{volume.id}")
                answer.raise_for_status()
                wait("the detached volume", lambda v=volume: self.cloud.volume.get_volume(v.id).status == "available")

    def types(self):
        """Every type that the services told has a route."""
        told = broker.types(self.told)
        known = {t["type"]: t for t in self.program.json("events", "types")}
        self.that("every type of events that was told is known", not set(told) - set(known), sorted(set(told) - set(known)))
        unrouted = sorted(name for name, of in known.items() if not of["routed"])
        self.that("every type has a route", not unrouted, unrouted)

    def timings(self):
        """From the broker's delivery to the committed row; the cloud's own part apart."""
        total, own, none = times_of(self.program.json("events", "--limit", "100000"), self.program.json("runs", "-n", "100000"))
        say(f"   {len(total)} events that led to a row's refresh: delivered to committed "
            f"p50 {percentile(total, 50):.0f} ms, p99 {percentile(total, 99):.0f} ms; "
            f"without the cloud's answers p50 {percentile(own, 50):.0f} ms, p99 {percentile(own, 99):.0f} ms")
        say(f"   {none} were about something that no later run names")
        self.that("events led to rows", bool(total))

    def again(self):
        self.head("everything told again, twice and in no order")
        stored = len(self.program.json("events", "--limit", "100000"))

        def storm():
            say(f"   {broker.tell_again(self.told)} messages published")

        self.scene("told again", storm)
        now = len(self.program.json("events", "--limit", "100000"))
        self.checks.equal(f"{self.name}: no event is stored twice", now, stored)

    def replay(self):
        self.head(f"{REPLAYED:,} recorded notifications, each with a name of its own")
        before = self.program.json("provider", "show", "lab")["events"]
        stored = self.stored()
        began = time.monotonic()

        def storm():
            broker.replay(self.told, REPLAYED)
            say(f"   published after {time.monotonic() - began:.0f} s")
            wait("all of them to be stored", lambda: self.stored() - stored >= REPLAYED, 600)
            say(f"   stored and routed after {time.monotonic() - began:.0f} s")

        # A queue that overflowed would be a gap, and read in full.
        self.scene("the replay", storm)
        # The cloud may tell something of its own meanwhile. That none is stored twice is what the table's key holds.
        self.that("each is stored", self.stored() - stored >= REPLAYED, self.stored() - stored)
        source = self.program.json("provider", "show", "lab")["events"]
        self.checks.equal(f"{self.name}: none was kept aside", source["poisoned"], before["poisoned"])

    def stored(self):
        return sum(t["seen"] for t in self.program.json("events", "types"))

    def storm(self, amid, volumes=True):
        """Many small changes at once; `amid` happens in their middle."""
        servers = [s for s in self.cloud.compute.servers() if s.name.startswith("scenario-")]
        for at in range(40):
            kind = at % 4
            if kind == 0 and volumes:
                self.made.append(self.changes.volume(f"storm-{len(self.made)}"))
            elif kind <= 1:
                network, _ = self.changes.net(f"storm-{time.monotonic_ns()}", f"10.88.{at}.0/24")
                self.cloud.network.create_port(network_id=network.id, name=f"scenario-storm-{at}")
            elif kind == 2 and servers:
                server = servers[at % len(servers)]
                self.cloud.compute.set_server_metadata(server, storm=str(time.monotonic_ns()))
            elif servers:
                server = servers[at % len(servers)]
                self.cloud.compute.update_server(server, name=f"scenario-storm-{time.monotonic_ns()}")
            if at == 20:
                amid()

    def catcher(self):
        self.head("the catcher is killed in the middle of a storm")

        def amid():
            killed = self.server.kill("event_catcher")
            self.that("a catcher was killed", len(killed) == 1, killed)

        self.scene("the catcher killed", lambda: self.storm(amid))
        source = self.program.json("provider", "show", "lab")["events"]
        self.checks.equal(f"{self.name}: the broker kept its queue: no gap", source["gaps"], self.gaps)

    def handler(self):
        self.head("the handler is killed in the middle of a storm")

        def amid():
            killed = self.server.kill("event_handler")
            self.that("a handler was killed", len(killed) >= 1, killed)

        self.scene("the handler killed", lambda: self.storm(amid))

    def broker(self):
        self.head("the broker is killed in the middle of a storm and comes back")

        def amid():
            broker.kill()
            wait("the source to be known as away", lambda: not self.catching(), 60)
            broker.start()
            wait("the source to catch again", self.catching, 120)

        # What was told while it was away is lost: everything is read once, because of the gap. Without volumes: Cinder's own
        # messages between its parts go by the broker, too, and a volume whose order is lost is being created for ever.
        self.scene("the broker killed", lambda: self.storm(amid, volumes=False), full_allowed=1)
        source = self.program.json("provider", "show", "lab")["events"]
        self.that("the gap is told", source["gaps"] == self.gaps + 1 and source["last_gap"], source)

    def polling(self):
        self.head("the same cloud by polling: its broker is out of reach")
        self.program.run("provider", "edit", "lab", "--set", "events=polling", "--set", "events_poll_every=3")
        wait("the source to be another", lambda: self.program.json("provider", "show", "lab")["events"]["source"] == "polling", 60)
        wait("the source to catch", self.catching, 60)
        self.server.quiet("the beginning of polling")
        before = len(self.full_runs())
        self.storm(lambda: None)
        self.changes.settle()
        time.sleep(8)  # twice the interval, and what it finds is asked for
        self.server.quiet("what polling finds")
        self.checks.equal(f"{self.name}: polling: no full refresh", len(self.full_runs()), before)
        self.equal("polling")


def tell(checks, cloud, changes, binary, name, url, folder, scenes):
    program = Stocktake(binary, url, folder)
    server = Server(program, folder)
    happening = Happening(checks, cloud, changes, program, server, name, folder)
    happening.begin()
    with server.running():
        wait("the first refresh", lambda: any(run["state"] == "ok" for run in program.json("runs")), 180)
        wait("events to be caught", happening.catching, 60)
        server.quiet("the beginning")
        happening.gaps = program.json("provider", "show", "lab")["events"]["gaps"]
        for scene in scenes:
            getattr(happening, scene)()
    checks.equal(f"{name}: the server ended by being asked to", server.code, 0)
