"""The servers: lab-NNNNN-role, of which some end in ERROR on purpose."""
import os
import random

from .client import each, say, wait_until

# neutron takes a lock on the subnet for each port, so ports are the slow part of a
# large cloud: servers beyond this number get none, and come in batches
WITH_PORT = int(os.environ.get("SEED_PORTS") or 100)
BATCH = 25
ROLES = ("web", "app", "db", "cache")
USUAL = 3 * ["lab.tiny", "lab.small"] + 2 * ["lab.medium"] + ["lab.large", "lab.xlarge", "lab.memory"]
ZONES = ("az-1", "az-2") if int(os.environ["LAB_COMPUTES"]) > 1 else ("az-1",)
LISTING = "/servers/detail?all_tenants=1&limit=200"


def plan(want, people, shared):
    """the orders for all servers, of which build() leaves out those that exist"""
    orders = [single(n, people, shared) for n in range(1, min(want, WITH_PORT) + 1)]
    orders += [batch(first, min(BATCH, want - first + 1), people, shared)
               for first in range(WITH_PORT + 1, want + 1, BATCH)]
    return orders


def order(n, role, k, impossible, people, shared):
    rng = random.Random(n)      # by number: the same whatever was built before
    tenant = people[k % len(people)]
    flavor = "lab.impossible" if impossible else rng.choice(USUAL)
    body = {"name": "lab-%05d-%s" % (n, role), "flavorRef": shared["flavors"][flavor],
            "imageRef": shared["images"][rng.choice(sorted(shared["images"]))],
            "key_name": tenant["key"], "availability_zone": ZONES[k % len(ZONES)],
            "metadata": {"role": role, "owner": "team-%d" % (n % 7), "cost-center": str(1000 + n % 13)},
            "tags": ["lab", role], "description": "lab server %d" % n}
    return {"n": n, "tenant": tenant, "server": body, "count": 1}


def single(n, people, shared):
    role = ROLES[n % 4]
    # tenant and role must not go in step, or each tenant would have one role only
    o = order(n, role, n + n // 4, n % 17 == 16, people, shared)
    nets = o["tenant"]["nets"]
    o["server"]["networks"] = [{"uuid": nets[0 if role == "web" else 1]}]
    if n % 20 == 9:             # two interfaces
        o["server"]["networks"] = [{"uuid": net} for net in nets]
    o["server"]["security_groups"] = [{"name": "ssh"}, {"name": role if role in ("web", "db") else "default"}]
    if n % 6 == 1:
        o["hints"] = {"group": o["tenant"]["group"]}
    if n % 20 == 7:             # boots from a volume, made for it
        image = o["server"].pop("imageRef")
        o["server"]["block_device_mapping_v2"] = [{
            "boot_index": 0, "uuid": image, "source_type": "image", "destination_type": "volume",
            "volume_size": 10, "delete_on_termination": True, "tag": "root"}]
    return o


def batch(first, count, people, shared):
    k = first // BATCH
    o = order(first, ROLES[k % 4], k + k // 4, k % 40 == 20, people, shared)
    o["server"].update(networks="none", min_count=count, max_count=count)
    o["count"] = count
    return o


def names(o):
    # nova appends -1, -2 ... to the name of a batch
    name = o["server"]["name"]
    return [name] if o["count"] == 1 else ["%s-%d" % (name, i + 1) for i in range(o["count"])]


def build(c, orders):
    remove_stuck(c)
    have = {s["name"] for s in c.pages("compute", LISTING, "servers")}
    todo = [o for o in orders if not have.issuperset(names(o))]
    for o in todo:
        there = have.intersection(names(o))
        if there:               # top up a batch that was begun under another number
            o["count"] -= len(there)
            o["server"].update(name=o["server"]["name"] + "x", min_count=o["count"], max_count=o["count"])
    each(ask, [o for o in todo if o["n"] <= WITH_PORT], "servers with a port")
    # one at a time: two batches on the same hosts collide in placement
    each(ask, [o for o in todo if o["n"] > WITH_PORT], "server batches without a port", 1)
    if todo:
        wait_until(lambda: building(c), "servers", 3600)
        say("servers are built")


def ask(o):
    body = {"server": o["server"]}
    if "hints" in o:
        body["OS-SCH-HNT:scheduler_hints"] = o["hints"]
    o["tenant"]["cloud"].post("compute", "/servers", body)


def building(c):
    left = len(c.pages("compute", "/servers?all_tenants=1&limit=1000&status=BUILD", "servers"))
    return "%d servers" % left if left else None


def remove_stuck(c):
    """left by an interrupted run: nothing will finish them"""
    stuck = [s for status in ("BUILD", "ERROR")
             for s in c.pages("compute", LISTING + "&status=" + status, "servers")
             if s["name"].startswith("lab-") and s["flavor"]["original_name"] != "lab.impossible"]
    each(lambda s: c.call("DELETE", "compute", "/servers/" + s["id"]), stuck, "unfinished servers to delete")
    if stuck:
        gone = {s["id"] for s in stuck}
        wait_until(lambda: [s["name"] for s in c.pages("compute", LISTING, "servers") if s["id"] in gone],
                   "deletion of unfinished servers")


def existing(c, people):
    """by number; of a batch, each server in its turn"""
    by_project = {t["id"]: t for t in people}
    found = [s for s in c.pages("compute", LISTING, "servers")
             if s["name"].startswith("lab-") and s["tenant_id"] in by_project]
    found.sort(key=lambda s: s["name"])
    for s in found:
        s["tenant"] = by_project[s["tenant_id"]]
        s["number"] = int(s["name"].split("-")[1]) + (int(s["name"].split("-")[3]) - 1 if s["name"].count("-") > 2 else 0)
    return {s["name"]: s for s in found}
