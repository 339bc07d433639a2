"""Wait for the services' own health reports."""
import time

import requests

from .client import ApiError, Cloud


def fresh(rows, since, key="updated_at"):
    # "2024-01-01T..." (nova, cinder) and "2024-01-01 ..." (neutron): compare as one
    return [r for r in rows if (r[key] or "").replace(" ", "T") >= since]


def computes(c, since):
    up = [s for s in c.get("compute", "/os-services?binary=nova-compute")["services"] if s["state"] == "up"]
    return min(len(fresh(up, since)), len(c.get("compute", "/os-hypervisors")["hypervisors"]))


def volumes(c, since, binary=None):
    rows = [s for s in c.get("volume", "/os-services")["services"]
            if s["state"] == "up" and s["binary"] in ((binary,) if binary else ("cinder-volume", "cinder-scheduler"))]
    return len(fresh(rows, since))


def agents(c, since):
    rows = [a for a in c.get("network", "/agents")["agents"] if a["alive"]]
    return len(fresh(rows, since, "heartbeat_timestamp"))


def scheduler(c, since):
    rows = c.get("compute", "/os-services?binary=nova-scheduler")["services"]
    return len(fresh([s for s in rows if s["state"] == "up"], since))


def wait(checks, seconds):
    """checks: name, wanted number, function"""
    end, seen = time.time() + seconds, {}
    while time.time() < end:
        for name, want, count in list(checks):
            try:
                seen[name] = count()
            except (ApiError, requests.RequestException) as e:
                seen[name] = str(e)[:200]
                continue
            if seen[name] >= want:
                checks.remove((name, want, count))
        if not checks:
            return
        time.sleep(0.7)
    raise SystemExit("; ".join("%s: %s of %d are up after %d s" % (n, seen[n], want, seconds)
                               for n, want, _ in checks))


def everything(hosts, seconds, since):
    c = Cloud()
    wait([("nova-compute", hosts, lambda: computes(c, since)),
          ("nova-scheduler", 1, lambda: scheduler(c, since)),
          ("cinder volume and scheduler", 3, lambda: volumes(c, since)),
          ("neutron agents", hosts + 6, lambda: agents(c, since))], seconds)


def service(name, count, seconds, since):
    c = Cloud()
    check = {"nova-compute": lambda: computes(c, since), "cinder-volume": lambda: volumes(c, since, name)}[name]
    wait([(name, count, check)], seconds)
