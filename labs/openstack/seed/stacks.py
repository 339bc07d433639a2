"""Stacks: one with a stack inside it, one that is small, one that fails."""
from .client import each, wait_until

LISTING = "/stacks?global_tenant=True&show_nested=True"
TEXT = {"type": "OS::Heat::RandomString", "properties": {"length": 12}}
SHOP = {
    "heat_template_version": "2018-08-31", "description": "A shop",
    "parameters": {
        "size": {"type": "string", "default": "lab.tiny"},
        "image": {"type": "string", "default": "debian-12"},
        "password": {"type": "string", "hidden": True},
        "zones": {"type": "comma_delimited_list", "default": "az-1,az-2"}},
    "resources": {
        "network": {"type": "OS::Neutron::Net", "properties": {"name": "shop"}},
        "subnet": {"type": "OS::Neutron::Subnet", "properties": {
            "network": {"get_resource": "network"}, "cidr": "10.200.0.0/24", "dns_nameservers": []}},
        "group": {"type": "OS::Neutron::SecurityGroup", "properties": {
            "rules": [{"protocol": "tcp", "port_range_min": 80, "port_range_max": 80}]}},
        "port": {"type": "OS::Neutron::Port", "depends_on": "subnet", "properties": {
            "network": {"get_resource": "network"}, "security_groups": [{"get_resource": "group"}]}},
        "server": {"type": "OS::Nova::Server", "properties": {
            "name": "shop-web", "flavor": {"get_param": "size"}, "image": {"get_param": "image"},
            "networks": [{"port": {"get_resource": "port"}}]}},
        "data": {"type": "OS::Cinder::Volume", "properties": {"name": "shop-data", "size": 1, "volume_type": "ssd"}},
        "secrets": {"type": "OS::Heat::ResourceGroup", "properties": {"count": 2, "resource_def": TEXT}}},
    "outputs": {
        "address": {"description": "Where it is reached", "value": {"get_attr": ["server", "first_address"]}},
        "volume": {"value": {"get_resource": "data"}},
        "networks": {"description": "All of them", "value": {"get_attr": ["server", "networks"]}}}}
NOTE = {"heat_template_version": "2018-08-31", "resources": {"text": TEXT}}
BROKEN = {"heat_template_version": "2018-08-31", "description": "Asks for a flavor that fits nowhere", "resources": {
    "server": {"type": "OS::Nova::Server", "properties": {
        "name": "broken-web", "flavor": "lab.impossible", "image": "debian-12", "networks": [{"allocate_network": "none"}]}}}}


def run(c, people):
    have = {s["stack_name"] for s in c.get("orchestration", LISTING)["stacks"]}
    one, other = people[0], people[1]
    wanted = [(one, one["name"] + "-shop", SHOP, {"parameters": {"password": "lab"}, "tags": "lab,shop"}),
              (other, other["name"] + "-note", NOTE, {}),
              (other, other["name"] + "-broken", BROKEN, {"disable_rollback": True})]
    todo = [x for x in wanted if x[1] not in have]

    def create(x):
        tenant, name, template, more = x
        tenant["cloud"].post("orchestration", "/stacks", dict(
            {"stack_name": name, "template": template, "timeout_mins": 10}, **more))

    def busy():
        rows = c.get("orchestration", LISTING)["stacks"]
        return [s["stack_name"] for s in rows if s["stack_status"].endswith("IN_PROGRESS")]

    each(create, todo, "stacks")
    if todo:
        wait_until(busy, "stacks", 300)
