"""What the cloud holds, and how long the service took to say so."""
import os
import time

from .client import Cloud


def run():
    c = Cloud()

    def n(label, func):
        started = time.time()
        try:
            print("%-18s %6d   %.2fs" % (label, func(), time.time() - started), flush=True)
        except BrokenPipeError:
            raise
        except Exception as e:
            print("%-18s  error: %s" % (label, str(e)[:120]), flush=True)

    def pages(service, path, key):
        return lambda: len(c.pages(service, path, key))

    statuses = {}
    for s in c.pages("compute", "/servers/detail?all_tenants=1&limit=200", "servers"):
        statuses[s["status"]] = statuses.get(s["status"], 0) + 1
    n("servers", lambda: sum(statuses.values()))
    for status in sorted(statuses):
        print("  %-16s %6d" % (status, statuses[status]))
    n("hypervisors", lambda: len(c.get("compute", "/os-hypervisors")["hypervisors"]))
    n("aggregates", lambda: len(c.get("compute", "/os-aggregates")["aggregates"]))
    n("flavors", pages("compute", "/flavors?is_public=none", "flavors"))
    n("server groups", lambda: len(c.get("compute", "/os-server-groups?all_projects=1")["server_groups"]))
    n("images", pages("image", "/images", "images"))
    for what in ("networks", "subnets", "ports", "routers", "floatingips", "security-groups", "trunks"):
        n(what, pages("network", "/%s?limit=1000" % what, what.replace("-", "_")))
    n("network agents", pages("network", "/agents", "agents"))
    n("volumes", pages("volume", "/volumes?all_tenants=1&limit=1000", "volumes"))
    n("snapshots", pages("volume", "/snapshots?all_tenants=1&limit=1000", "snapshots"))
    n("volume types", pages("volume", "/types?is_public=None", "volume_types"))
    n("projects", pages("identity", "/projects", "projects"))
    n("users", pages("identity", "/users", "users"))
    n("resource providers", lambda: len(c.get("placement", "/resource_providers")["resource_providers"]))
    if os.environ.get("LAB_HEAT") == "1":
        n("stacks", lambda: len(c.get("orchestration", "/stacks?global_tenant=True&show_nested=True")["stacks"]))
    if os.environ.get("LAB_METRICS") == "1":
        n("gnocchi backlog", lambda: c.get("metric", "/status")["storage"]["summary"]["measures"])
