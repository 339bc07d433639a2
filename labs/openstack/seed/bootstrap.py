"""The accounts of the services, and the catalog."""
import os

from .client import PASSWORD, REGION, Cloud

HEAT = os.environ.get("LAB_HEAT") == "1"
METRICS = os.environ.get("LAB_METRICS") == "1"

CATALOG = [("compute", "nova", "http://127.0.0.1:8774/v2.1"),
           ("placement", "placement", "http://127.0.0.1:8778"),
           ("image", "glance", "http://127.0.0.1:9292"),
           ("network", "neutron", "http://127.0.0.1:9696"),
           ("volumev3", "cinderv3", "http://127.0.0.1:8776/v3/%(project_id)s"),
           ("block-storage", "cinder", "http://127.0.0.1:8776/v3/%(project_id)s")]
if METRICS:
    CATALOG.append(("metric", "gnocchi", "http://127.0.0.1:8041"))
if HEAT:
    CATALOG.append(("orchestration", "heat", "http://127.0.0.1:8004/v1/%(tenant_id)s"))


def run():
    c = Cloud()
    roles = accounts(c)
    catalog(c)
    if HEAT:
        heat_domain(c, roles)


def accounts(c):
    roles = {n: r["id"] for n, r in c.names("identity", "/roles", "roles").items()}
    for name in ("service", "heat_stack_owner", "heat_stack_user"):
        if name not in roles:
            roles[name] = c.post("identity", "/roles", {"role": {"name": name}})["role"]["id"]
    project = c.ensure("identity", "/projects", "project", {"name": "service", "domain_id": "default"})
    users = c.names("identity", "/users", "users")
    for name in ("placement", "glance", "neutron", "cinder", "nova", "gnocchi", "heat"):
        u = users.get(name) or c.post("identity", "/users", {"user": {
            "name": name, "password": PASSWORD, "domain_id": "default",
            "email": name + "@lab.example"}})["user"]
        for role in ("admin", "service"):
            c.put("identity", "/projects/%s/users/%s/roles/%s" % (project["id"], u["id"], roles[role]))
    return roles


def catalog(c):
    services = {s["type"]: s["id"] for s in c.pages("identity", "/services", "services")}
    have = {(e["service_id"], e["interface"]) for e in c.pages("identity", "/endpoints", "endpoints")}
    for kind, name, url in CATALOG:
        if kind not in services:
            services[kind] = c.post("identity", "/services", {"service": {
                "type": kind, "name": name}})["service"]["id"]
        for interface in ("public", "internal", "admin"):
            if (services[kind], interface) not in have:
                c.post("identity", "/endpoints", {"endpoint": {
                    "service_id": services[kind], "interface": interface, "url": url, "region_id": REGION}})


def heat_domain(c, roles):
    d = c.ensure("identity", "/domains", "domain", {"name": "heat"})
    u = c.ensure("identity", "/users", "user",
                 {"name": "heat_domain_admin", "password": PASSWORD, "domain_id": d["id"]},
                 listing="/users?domain_id=" + d["id"])
    c.put("identity", "/domains/%s/users/%s/roles/%s" % (d["id"], u["id"], roles["admin"]))
