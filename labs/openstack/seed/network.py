"""Floating IPs, free ports and a trunk."""
from .client import each


def floating_ips(c, built, people, shared):
    """one for every fourth server of the front network, two free ones a tenant"""
    have = c.pages("network", "/floatingips?limit=1000", "floatingips")
    used = {f["port_id"] for f in have if f["port_id"]}
    front = {t["nets"][0] for t in people}
    # only a front network is sure to have its router before the first server
    ports = {p["device_id"]: p for p in c.pages("network", "/ports?limit=1000", "ports")
             if p["device_owner"].startswith("compute:") and p["network_id"] in front}
    web = [s for s in built.values() if s["id"] in ports]
    todo = [(s["tenant"], ports[s["id"]]["id"]) for k, s in enumerate(web)
            if k % 2 == 0 and ports[s["id"]]["id"] not in used]
    for t in people:
        if not any(f["project_id"] == t["id"] and not f["port_id"] for f in have):
            todo += [(t, None), (t, None)]
    each(lambda x: x[0]["cloud"].post("network", "/floatingips", {"floatingip": {
        "floating_network_id": shared["external"]["id"], "port_id": x[1], "description": "lab"}}),
        todo, "floating ips", 3)


def extras(c, people):
    have = {p["name"]: p for p in c.pages("network", "/ports?limit=1000", "ports")}
    todo = [(t, "%s-vip-%d" % (t["name"], k)) for t in people for k in range(3)]

    def port(x):
        t, name = x
        have[name] = t["cloud"].post("network", "/ports", {"port": {
            "name": name, "network_id": t["nets"][0],
            "allowed_address_pairs": [{"ip_address": "10.99.0.%d" % (1 + int(name[-1]))}]}})["port"]

    each(port, [x for x in todo if x[1] not in have], "free ports", 2)
    first = people[0]
    if not first["cloud"].get("network", "/trunks")["trunks"]:
        name = first["name"] + "-vip-"
        first["cloud"].post("network", "/trunks", {"trunk": {
            "name": "lab-trunk", "port_id": have[name + "0"]["id"], "sub_ports": [
                {"port_id": have[name + "1"]["id"], "segmentation_type": "vlan", "segmentation_id": 101}]}})
