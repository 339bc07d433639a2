"""The seed, part by part. Every part finds what is there and adds what is missing."""
import os

from . import base, metrics, network, servers, stacks, states, storage, tenants
from .client import Cloud, each, say, together


def seed(want):
    c = Cloud()
    shared = base.run(c)
    count = max(4, min(20, want // 100))
    roles = {n: r["id"] for n, r in c.names("identity", "/roles", "roles").items()}
    people = each(lambda n: tenants.run(c, n, roles, shared), range(1, count + 1), "tenants")
    people.sort(key=lambda t: t["name"])
    tenants.elsewhere(c, roles)
    say("shared objects and tenants are there")

    wanted = servers.plan(want, people, shared)
    # volumes need no server yet: they are made while the servers are built
    together(lambda: servers.build(c, wanted),
             lambda: storage.volumes(c, wanted, people, shared),
             lambda: network.extras(c, people))
    built = servers.existing(c, people)
    together(lambda: storage.attach(c, built),
             lambda: storage.snapshots(c, people),
             lambda: network.floating_ips(c, built, people, shared))
    # last, because a volume cannot be attached to a shelved server
    states.run(c, built)
    if os.environ.get("LAB_HEAT") == "1":
        stacks.run(c, people)
    if os.environ.get("LAB_METRICS") == "1":
        metrics.run(c, list(built.values()))
    say("seed: done,", len(built), "servers")
