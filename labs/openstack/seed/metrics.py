"""Gnocchi resources and measures, as ceilometer would have written them."""
import datetime
import os
import random
import time

from .client import each

INSTANCE_ATTRIBUTES = {
    "display_name": {"type": "string", "min_length": 0, "max_length": 255, "required": True},
    "host": {"type": "string", "min_length": 0, "max_length": 255, "required": False},
    "flavor_id": {"type": "string", "min_length": 0, "max_length": 255, "required": False},
    "flavor_name": {"type": "string", "min_length": 0, "max_length": 255, "required": False},
    "image_ref": {"type": "string", "min_length": 0, "max_length": 255, "required": False},
    "server_group": {"type": "string", "min_length": 0, "max_length": 255, "required": False}}
POINTS = int(os.environ.get("SEED_POINTS") or 12)
METRICS = {"cpu": ("ns", True), "memory.usage": ("MB", False), "disk.device.read.bytes": ("B", True),
           "network.incoming.bytes": ("B", True), "network.outgoing.bytes": ("B", True), "vcpus": ("vcpu", False)}


def run(c, servers):
    policies = {p["name"] for p in c.get("metric", "/archive_policy")}
    if "ceilometer-low" not in policies:
        c.post("metric", "/archive_policy", {"name": "ceilometer-low", "aggregation_methods": ["mean", "max"],
                                             "definition": [{"granularity": "5 minutes", "timespan": "30 days"}]})
    if "ceilometer-low-rate" not in policies:
        c.post("metric", "/archive_policy", {"name": "ceilometer-low-rate", "aggregation_methods": ["mean", "rate:mean"],
                                             "definition": [{"granularity": "5 minutes", "timespan": "30 days"}]})
    if "instance" not in {t["name"] for t in c.get("metric", "/resource_type")}:
        c.post("metric", "/resource_type", {"name": "instance", "attributes": INSTANCE_ATTRIBUTES})
    have, marker = set(), ""
    while True:
        page = c.get("metric", "/resource/instance?limit=1000&sort=id:asc" + marker)
        have |= {r["id"] for r in page}
        if len(page) < 1000:
            break
        marker = "&marker=" + page[-1]["id"]

    def resource(s):
        c.post("metric", "/resource/instance", {
            "id": s["id"], "project_id": s["tenant_id"], "user_id": s["user_id"], "started_at": s["created"],
            "display_name": s["name"], "host": s["OS-EXT-SRV-ATTR:host"] or "none", "flavor_name": s["flavor"]["original_name"],
            "image_ref": s["image"]["id"] if s["image"] else ""})

    new = [s for s in servers if s["id"] not in have]
    each(resource, new, "gnocchi resources", 3)
    now = int(time.time()) // 300 * 300

    def measures(chunk):
        body = {}
        for s in chunk:
            rng = random.Random(s["id"])
            one = {}
            for metric, (unit, grows) in METRICS.items():
                value, points = rng.uniform(1e3, 1e6), []
                for k in range(POINTS):
                    value = value + rng.uniform(0, 1e5) if grows else max(1.0, value * rng.uniform(0.9, 1.1))
                    stamp = datetime.datetime.utcfromtimestamp(now - 300 * (POINTS - 1 - k)).isoformat()
                    points.append({"timestamp": stamp, "value": round(value, 2)})
                one[metric] = {"archive_policy_name": "ceilometer-low-rate" if grows else "ceilometer-low",
                               "unit": unit, "measures": points}
            body[s["id"]] = one
        c.post("metric", "/batch/resources/metrics/measures?create_metrics=true", body)

    chunks = [new[k:k + 25] for k in range(0, len(new), 25)]
    each(measures, chunks, "gnocchi measure batches (25 servers each)", 2)
