"""The shape of the inventory as docs/inventory.md describes it: identities, owners, links, units."""
from collections import namedtuple

GIB = 1 << 30
MIB = 1 << 20

Link = namedtuple("Link", "collection key")

#: Identities made of parts: the columns they are made of, in this order. Links stand there as the key of their target.
KEYS = {
    "hardwares": ("vm", "host"),
    "disks": ("vm", "host", "name"),
    "nics": ("vm", "host", "mac_address", "address"),
    "operating_systems": ("vm", "host"),
    "availability_zones": ("kind", "name"),
    "host_aggregate_hosts": ("host_aggregate", "host_name"),
    "key_pairs": ("user_ref", "name"),
    "server_group_members": ("server_group", "vm"),
    "quotas": ("cloud_tenant", "service", "name"),
    "services": ("service", "name", "host_name"),
    "cloud_subnet_network_ports": ("address", "cloud_subnet", "network_port"),
    "network_ports_security_groups": ("network_port", "security_group"),
    "stack_resources": ("orchestration_stack", "name"),
    "stack_parameters": ("orchestration_stack", "name"),
    "stack_outputs": ("orchestration_stack", "name"),
}

#: Whose rows they are: what a target reads, it reads with these.
OWNERS = {
    "hardwares": ("vm", "host"), "disks": ("vm", "host"), "nics": ("vm", "host"), "operating_systems": ("vm", "host"),
    "cloud_subnets": ("cloud_network",), "cloud_subnet_network_ports": ("network_port",),
    "network_ports_security_groups": ("network_port",), "firewall_rules": ("security_group",),
    "volume_attachments": ("cloud_volume",), "quotas": ("cloud_tenant",), "server_group_members": ("server_group",),
    "host_aggregate_hosts": ("host_aggregate",),
    "labels": ("vm", "image", "cloud_volume", "volume_snapshot", "cloud_network", "cloud_subnet", "network_port",
               "network_router", "floating_ip", "security_group", "flavor", "host_aggregate", "cloud_tenant", "orchestration_stack"),
    "stack_resources": ("orchestration_stack",), "stack_parameters": ("orchestration_stack",),
    "stack_outputs": ("orchestration_stack",),
}

#: Filled by nothing in this cloud: VMs of a cloud have images instead of snapshots.
EMPTY = ("snapshots",)


def link(collection, key):
    return Link(collection, key) if key else None


def zone(kind, name):
    return link("availability_zones", (kind, name) if name else None)
