"""One inventory from its first refresh to an outage, held against the cloud at every turn."""
import compare
import lab
import truth
from checks import head, say
from compare import Inventory, reference
from stocktake import Stocktake, writes, written_on

#: Collections Cinder alone fills.
CINDER = ("cloud_volumes", "volume_types", "volume_snapshots", "volume_backups", "volume_attachments")


class Story:
    def __init__(self, checks, cloud, changes, program, name):
        self.checks, self.cloud, self.changes, self.program, self.name = checks, cloud, changes, program, name
        self.collections = ()

    def tell(self):
        self.register()
        self.first()
        self.again()
        self.targeted()
        self.full()
        self.outage()

    def head(self, text):
        head(f"{self.name}: {text}")

    def inventory(self):
        return self.program.inventory(self.collections)

    def truth(self):
        rows = truth.inventory_of(self.cloud)
        self.collections = sorted(rows)
        return rows

    def refresh(self, code, targets=()):
        """Refreshes and checks how it ends; the run's record."""
        is_, record, printed = self.program.refresh("lab", targets)
        say("   " + printed.splitlines()[0] if printed else "   nothing printed")
        self.checks.equal(f"{self.name}: exit code {code}", is_, code)
        outcome = {0: "ok", 3: "partial"}[code]
        if not self.checks.equal(f"{self.name}: outcome {outcome}", record["state"], outcome):
            say(printed)
        return record

    def register(self):
        self.head("register and test the provider")
        self.program.run("provider", "add", "lab", "--type", "openstack", "--cloud", "lab")
        test = self.program.run("provider", "test", "lab", codes=None)
        self.checks.that(f"{self.name}: provider test passes", test.returncode == 0,
                         f"exit code {test.returncode}\n{test.stdout}{test.stderr}")

    def first(self):
        self.head("a full refresh, and everything in it against the cloud")
        record = self.refresh(0)
        should = self.truth()
        rows = self.inventory()
        inventory = Inventory(rows)
        issues = self.program.json("run", "show", "last")["kept_issues"]
        self.checks.that(f"{self.name}: no issues", not record["issues"], f"{record['issues']}\n{issues}")
        self.checks.that(f"{self.name}: no row twice", not inventory.twice, inventory.twice)
        self.checks.that(f"{self.name}: 50 servers or more", len(rows["vms"]) >= 50, len(rows["vms"]))
        compare.check(self.checks, self.name, compare.everything(should, inventory), each=True)

    def again(self):
        self.head("the same again writes nothing")
        before = written_on(self.inventory())
        record = self.refresh(0)
        self.checks.equal(f"{self.name}: rows written", writes(record), {})
        self.checks.that(f"{self.name}: no row's updated_on moved", written_on(self.inventory()) == before)

    def targeted(self):
        self.head("changes in the cloud, then a refresh of just what changed")
        ids = {row["ref"]: row["id"] for row in self.program.rows("vms")}
        there, gone = self.changes.change()
        self.changes.settle()
        say(f"   {len(there)} made or changed, {len(gone)} removed")
        self.refresh(0, there + gone)
        self.now = self.truth()
        rows = self.inventory()
        inventory = Inventory(rows)
        compare.check(self.checks, f"{self.name}: touched", compare.touched(self.now, inventory, there + gone))
        for collection, ref in there:
            self.checks.that(f"{self.name}: {collection} {ref} is there", ref in inventory.rows[collection])
        for collection, ref in gone + self.changes.taken:
            self.checks.that(f"{self.name}: {collection} {ref} is gone", ref not in inventory.rows[collection])
        left = {name: inventory.rows[name].get(of.id, {}) for name, of in self.changes.left().items()}
        self.checks.equal(f"{self.name}: what the deleted server left is nobody's",
                          {name: reference(row.get("vm")) for name, row in left.items()}, dict.fromkeys(left))
        self.checks.equal(f"{self.name}: its volume is free", left["cloud_volumes"].get("status"), "available")
        dropped = self.changes.dropped.id
        archived = [row for row in self.program.rows("vms", "--archived") if row["ref"] == dropped]
        self.checks.that(f"{self.name}: the deleted server is archived under its id",
                         [row["id"] for row in archived] == [ids[dropped]] and archived[0]["archived_on"], archived)

    def full(self):
        self.head("a full refresh finds nothing left to do")
        plan = self.program.plan("lab")
        record = self.refresh(0)
        left = writes(record)
        self.checks.that(f"{self.name}: nothing was left to do", not left, f"{left}\nthe plan was:\n{plan}")
        compare.check(self.checks, f"{self.name}: after all changes", compare.everything(self.now, Inventory(self.inventory())))

    def outage(self):
        self.head("Cinder is away")
        before = self.inventory()
        lab.stop("cinder")
        try:
            called = self.changes.rename_home()
            record = self.refresh(3)
            after = self.inventory()
        finally:
            lab.start("cinder")
        ids = lambda rows: {name: sorted(row["id"] for row in of) for name, of in rows.items()}
        self.checks.that(f"{self.name}: no row of any collection is lost", ids(before) == ids(after))
        for name in CINDER:
            self.checks.that(f"{self.name}: {name} are as they were", before[name] == after[name])
            listed = record["collections"].get(name, {}).get("listed") or {}
            self.checks.equal(f"{self.name}: {name} are said to be unread", listed.get("status"), "failed")
        home = [row["name"] for row in after["cloud_networks"] if row["ref"] == self.changes.home.id]
        self.checks.equal(f"{self.name}: a network renamed meanwhile is fresh", home, [called])
        fresh = {name for name, of in record["collections"].items() if (of["listed"] or {}).get("status") == "complete"}
        self.checks.that(f"{self.name}: the rest is complete", {"vms", "network_ports", "images", "cloud_networks"} <= fresh, fresh)
        self.head("Cinder is back")
        self.refresh(0)
        rows = self.inventory()
        self.checks.that(f"{self.name}: all rows have their old ids", ids(rows) == ids(before))
        compare.check(self.checks, f"{self.name}: after the outage", compare.everything(self.truth(), Inventory(rows)))


def tell(checks, cloud, changes, binary, name, database):
    """The story on one database; what it made in the cloud is gone afterwards."""
    head(f"{name}: what the cloud holds before the first refresh")
    changes.leave()
    try:
        changes.prepare()
        with database() as (url, folder):
            Story(checks, cloud, changes, Stocktake(binary, url, folder), name).tell()
    finally:
        head(f"{name}: removing what the scenario made")
        changes.leave()
