"""Volumes (attached, free, one broken) and their snapshots."""
from .client import each, wait_until
from .servers import names

LISTING = "/volumes/detail?all_tenants=1&limit=1000"


def busy(c, path, key, status):
    left = len(c.pages("volume", "%s?all_tenants=1&limit=1000&status=%s" % (path, status), key))
    return "%d %s" % (left, key) if left else None


def volumes(c, orders, people, shared):
    """one for every fourth server, a free one for every tenth"""
    have = c.names("volume", LISTING, "volumes")
    todo = []
    for o in orders:
        for k, name in enumerate(names(o)):
            n = o["n"] + k
            if n % 4 == 0:
                todo.append((o["tenant"], "vol-" + name, (10, 20, 50, 100)[n // 4 % 4], {}))
            if n % 10 == 0:
                todo.append((o["tenant"], "free-" + name, 5, {}))
    first = people[0]
    todo.append((first, "lab-broken", 1, {"volume_type": "nowhere"}))
    todo.append((first, "lab-shared", 20, {"volume_type": "shared-ssd"}))
    todo.append((first, "lab-bootable", 5, {"imageRef": shared["images"]["debian-12"]}))

    def create(x):
        tenant, name, size, more = x
        tenant["cloud"].post("volume", "/volumes", {"volume": dict(
            {"name": name, "size": size, "volume_type": "ssd" if size < 50 else "hdd",
             "description": "lab volume", "metadata": {"lab": "1", "size": str(size)}}, **more)})

    each(create, [x for x in todo if x[1] not in have], "volumes")
    wait_until(lambda: busy(c, "/volumes", "volumes", "creating"), "volumes")


def attach(c, built):
    have = c.names("volume", LISTING, "volumes")
    todo = [(s, have["vol-" + s["name"]]) for s in built.values()
            if s["status"] == "ACTIVE" and have.get("vol-" + s["name"], {}).get("status") == "available"]
    each(lambda x: x[0]["tenant"]["cloud"].post("compute", "/servers/%s/os-volume_attachments" % x[0]["id"],
                                                {"volumeAttachment": {"volumeId": x[1]["id"], "tag": "data"}}),
         todo, "volume attachments", 3)
    for status in ("reserved", "attaching"):
        wait_until(lambda: busy(c, "/volumes", "volumes", status), "volume attachments")


def wants_snapshot(name):
    # by number, so that topping up adds snapshots but never chooses other volumes
    kind, _, rest = name.partition("-lab-")
    return kind in ("vol", "free") and int(rest[:5]) % {"vol": 8, "free": 20}[kind] == 0


def snapshots(c, people):
    """of the volumes of every eighth server and the free ones of every twentieth"""
    clouds = {t["id"]: t["cloud"] for t in people}
    have = c.names("volume", LISTING, "volumes")
    snaps = c.names("volume", "/snapshots/detail?all_tenants=1&limit=1000", "snapshots")
    todo = [v for name, v in sorted(have.items()) if wants_snapshot(name) and v["status"] != "error"
            and "snap-" + name not in snaps and v["os-vol-tenant-attr:tenant_id"] in clouds]
    each(lambda v: clouds[v["os-vol-tenant-attr:tenant_id"]].post("volume", "/snapshots", {"snapshot": {
        "volume_id": v["id"], "name": "snap-" + v["name"], "force": True, "metadata": {"lab": "1"}}}),
        todo, "volume snapshots")
    wait_until(lambda: busy(c, "/snapshots", "snapshots", "creating"), "snapshots")
    if "lab-from-snapshot" not in have:
        first = people[0]["cloud"]
        mine = first.pages("volume", "/snapshots?sort=name:asc", "snapshots")
        if mine:
            first.post("volume", "/volumes", {"volume": {"name": "lab-from-snapshot", "snapshot_id": mine[0]["id"]}})
