"""The tenants: accounts, quotas, networks, routers, security groups, keys."""
from .client import PASSWORD, Cloud

KEY = "ssh-ed25519 AAAAC3NzaC1lZDI1NTE5AAAAI" + "Lab" + "A" * 40 + " lab@lab.example"
GROUPS = {"web": (80, 443), "ssh": (22,), "db": (3306, 5432)}


def run(c, n, roles, shared):
    name = "tenant-%02d" % n
    project, user = account(c, n, name, roles)
    t = Cloud(name + "-user", name)
    t.auth()
    fresh = not t.get("compute", "/os-server-groups")["server_groups"]
    if fresh:
        quotas(c, project["id"], n)
    nets = networks(t, n, name, project["id"], shared["external"])
    security_groups(t, project["id"])
    keys = [k["keypair"]["name"] for k in t.get("compute", "/os-keypairs")["keypairs"]]
    if name + "-key" not in keys:
        t.post("compute", "/os-keypairs", {"keypair": {"name": name + "-key", "type": "ssh", "public_key": KEY}})
    if fresh:       # the last step: it stands for all before it
        t.post("compute", "/os-server-groups", {"server_group": {"name": name + "-spread", "policy": "soft-anti-affinity"}})
    groups = {g["name"]: g["id"] for g in t.get("compute", "/os-server-groups")["server_groups"]}
    return {"name": name, "cloud": t, "id": project["id"], "user_id": user["id"], "nets": nets,
            "key": name + "-key", "group": groups[name + "-spread"]}


def account(c, n, name, roles):
    body = {"name": name, "domain_id": "default", "description": "lab tenant %d" % n, "tags": ["lab"]}
    project = c.ensure("identity", "/projects", "project", body)
    users = c.names("identity", "/users", "users")
    ids = []
    for kind, granted in (("user", ("member", "reader")), ("viewer", ("reader",))):
        u = users.get("%s-%s" % (name, kind)) or c.post("identity", "/users", {"user": {
            "name": "%s-%s" % (name, kind), "password": PASSWORD, "domain_id": "default",
            "email": "%s-%s@lab.example" % (name, kind), "default_project_id": project["id"]}})["user"]
        ids.append(u)
        for role in granted:
            c.put("identity", "/projects/%s/users/%s/roles/%s" % (project["id"], u["id"], roles[role]))
    c.auth()
    c.put("identity", "/projects/%s/users/%s/roles/%s" % (project["id"], c.user_id, roles["admin"]))
    return project, ids[0]


def quotas(c, project, n):
    c.put("compute", "/os-quota-sets/" + project, {"quota_set": {"instances": 1000, "cores": 100000 + n, "ram": 40000000}})
    c.put("volume", "/os-quota-sets/" + project, {"quota_set": {"volumes": 1000, "snapshots": 1000, "gigabytes": 200000 + n}})
    c.put("network", "/quotas/" + project, {"quota": {"network": 50, "port": 4000 + n, "floatingip": 500}})


def networks(t, n, name, project, external):
    q = "?tenant_id=" + project
    router = t.ensure("network", "/routers", "router",
                      {"name": name + "-router", "external_gateway_info": {"network_id": external["id"]}},
                      listing="/routers" + q)
    ids = []
    for k, tier in enumerate(("front", "back")):
        net = t.ensure("network", "/networks", "network",
                       {"name": "%s-%s" % (name, tier), "description": tier + " tier"}, listing="/networks" + q)
        ids.append(net["id"])
        if net["subnets"]:
            continue
        v4 = t.post("network", "/subnets", {"subnet": {
            "network_id": net["id"], "name": "%s-%s-v4" % (name, tier), "ip_version": 4,
            "cidr": "10.%d.%d.0/19" % (n, k * 32), "dns_nameservers": ["198.18.255.53"]}})["subnet"]
        t.put("network", "/routers/%s/add_router_interface" % router["id"], {"subnet_id": v4["id"]})
        if tier == "back":
            t.post("network", "/subnets", {"subnet": {
                "network_id": net["id"], "name": "%s-%s-v6" % (name, tier), "ip_version": 6,
                "cidr": "fd00:%x::/64" % n, "ipv6_address_mode": "slaac", "ipv6_ra_mode": "slaac"}})
        t.put("network", "/networks/%s/tags" % net["id"], {"tags": ["lab", tier]})
    return ids


def security_groups(t, project):
    have = t.names("network", "/security-groups?tenant_id=" + project, "security_groups")
    for name, ports in GROUPS.items():
        if name in have:
            continue
        g = t.post("network", "/security-groups", {"security_group": {
            "name": name, "description": "lab " + name}})["security_group"]
        rules = [{"ethertype": "IPv4", "protocol": "tcp", "port_range_min": p, "port_range_max": p,
                  "remote_ip_prefix": "0.0.0.0/0"} for p in ports]
        if name == "ssh":
            rules.append({"ethertype": "IPv4", "protocol": "icmp"})
            rules.append({"ethertype": "IPv6", "protocol": "tcp", "port_range_min": 22, "port_range_max": 22})
        if name == "db":
            rules[0]["remote_group_id"] = g["id"]
            del rules[0]["remote_ip_prefix"]
        # one request for all of a group's rules
        t.post("network", "/security-group-rules", {"security_group_rules": [
            dict(r, security_group_id=g["id"], direction="ingress") for r in rules]})


def elsewhere(c, roles):
    """what is not a plain tenant: a second domain, a child project, a group, a disabled project"""
    d = c.ensure("identity", "/domains", "domain", {"name": "partner", "description": "a second domain"})
    c.ensure("identity", "/projects", "project", {"name": "partner-app", "domain_id": d["id"]})
    c.ensure("identity", "/users", "user", {"name": "partner-user", "domain_id": d["id"], "password": PASSWORD},
             listing="/users?domain_id=" + d["id"])
    parent = c.ensure("identity", "/projects", "project", {"name": "division", "domain_id": "default"})
    c.ensure("identity", "/projects", "project", {"name": "division-child", "domain_id": "default",
                                                  "parent_id": parent["id"]})
    c.ensure("identity", "/projects", "project", {"name": "retired", "domain_id": "default", "enabled": False})
    g = c.ensure("identity", "/groups", "group", {"name": "operators", "domain_id": "default"})
    c.put("identity", "/projects/%s/groups/%s/roles/%s" % (parent["id"], g["id"], roles["reader"]))
