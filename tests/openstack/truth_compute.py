"""Nova: servers and what comes with them, hosts, flavors, zones, aggregates, groups, keys, services."""
from cloud import at
from shape import GIB, MIB, Link, link, zone

#: Nova's numbers: what its own client calls them, and Stocktake's word.
POWER = {0: ("NOSTATE", "unknown"), 1: ("Running", "on"), 3: ("Paused", "paused"), 4: ("Shutdown", "off"),
         6: ("Crashed", "off"), 7: ("Suspended", "suspended")}
#: Where the number says nothing, the status may.
STATUS = {"PAUSED": "paused", "SUSPENDED": "suspended", "SHUTOFF": "off", "SHELVED": "off", "SHELVED_OFFLOADED": "off"}


def compute(cloud, rows):
    nova = cloud.compute
    asked = cloud.at_once(
        servers=lambda: nova.servers(details=True, all_projects=True),
        # Only old answers name a server's flavor by id; only new ones say why it is locked.
        old=lambda: cloud.documents(nova, "/servers/detail?all_tenants=1", "servers", "2.46"),
        new=lambda: cloud.documents(nova, "/servers/detail?all_tenants=1", "servers", "latest"),
        flavors=lambda: nova.flavors(is_public=None),
        # Newer answers leave the sizes to placement.
        hypervisors=lambda: cloud.documents(nova, "/os-hypervisors/detail", "hypervisors", "2.60"),
        services=nova.services, zones=nova.availability_zones, aggregates=nova.aggregates,
        groups=lambda: nova.server_groups(all_projects=True), keys=nova.keypairs)
    for f in asked["flavors"]:
        rows.add("flavors", f.id, name=f.name, description=f.description, cpu_total_cores=f.vcpus, memory_mb=f.ram,
                 root_disk_bytes=f.disk * GIB, ephemeral_disk_bytes=f.ephemeral * GIB,
                 swap_disk_bytes=int(f.swap or 0) * MIB, is_public=f.is_public, is_enabled=not f.is_disabled)
        rows.labels("flavor", "flavors", f.id, f.extra_specs, section="extra_specs")
    for z in asked["zones"]:
        rows.add("availability_zones", ("compute", z.name), kind="compute", name=z.name, is_available=z.state["available"])
    by_name, by_service = hosts(asked["hypervisors"], rows)
    services(asked["services"], by_service, rows)
    aggregates(asked["aggregates"], by_service, rows)
    for g in asked["groups"]:
        rows.add("server_groups", g.id, name=g.name, policy=g.policy, rules=g.rules, user_ref=g.user_id,
                 cloud_tenant=link("cloud_tenants", g.project_id))
        for vm in g.member_ids:
            rows.add("server_group_members", (g.id, vm), server_group=Link("server_groups", g.id), vm=Link("vms", vm))
    for k in asked["keys"]:
        rows.add("key_pairs", (cloud.user_id, k.name), user_ref=cloud.user_id, name=k.name, kind=k.type or "ssh",
                 fingerprint=k.fingerprint, public_key=k.public_key)
    # A list may leave out what went wrong.
    ill = [s.id for s in asked["servers"] if s.status == "ERROR"]
    shown = cloud.at_once(**{id_: lambda id_=id_: cloud.documents(nova, f"/servers/{id_}", "server") for id_ in ill})
    faults = {id_: s["fault"]["message"] for id_, s in shown.items()}
    old = {s["id"]: s for s in asked["old"]}
    new = {s["id"]: s for s in asked["new"]}
    for s in asked["servers"]:
        server(s, old[s.id], new[s.id], faults.get(s.id), by_name, rows)


def server(s, old, new, fault, hosts_by_name, rows):
    raw, word = POWER[s.power_state]
    word = STATUS.get(s.status, word) if word == "unknown" else word
    image = s.image.id if s.image else None
    rows.add(
        "vms", s.id, name=s.name, description=s.description, power_state=word, raw_power_state=raw, status=s.status.lower(),
        task_state=s.task_state, is_template=False, hostname=s.hostname, instance_name=s.instance_name,
        ipv4_address=s.access_ipv4, ipv6_address=s.access_ipv6, user_ref=s.user_id, root_device_name=s.root_device_name,
        has_config_drive=bool(s.has_config_drive), is_locked=s.is_locked, lock_reason=new.get("locked_reason"), fault_message=fault,
        ems_created_on=at(s.created_at), ems_updated_on=at(s.updated_at), launched_on=at(s.launched_at),
        terminated_on=at(s.terminated_at), host=link("hosts", hosts_by_name.get(s.hypervisor_hostname)),
        flavor=link("flavors", old["flavor"]["id"]), availability_zone=zone("compute", s.availability_zone),
        cloud_tenant=link("cloud_tenants", s.project_id), image=link("images", image),
        key_pair=link("key_pairs", (s.user_id, s.key_name) if s.key_name else None))
    vm = Link("vms", s.id)
    if s.key_name and (s.user_id, s.key_name) not in rows["key_pairs"]:
        # Nobody is shown the keys of another user in a list; those that servers name are known by whose they are.
        rows.add("key_pairs", (s.user_id, s.key_name), user_ref=s.user_id, name=s.key_name)
    size = s.flavor
    root = size.disk * GIB if image else None
    parts = {"root": root, "ephemeral": size.ephemeral * GIB, "swap": int(size.swap or 0) * MIB}
    rows.add("hardwares", (s.id, None), vm=vm, cpu_total_cores=size.vcpus, memory_mb=size.ram,
             disk_capacity_bytes=sum(b or 0 for b in parts.values()))
    for name, bytes_ in parts.items():
        if bytes_ or name == "root" and image:
            rows.add("disks", (s.id, None, name), vm=vm, name=name, kind="local", size_bytes=bytes_ or None,
                     is_bootable=name == "root", device=s.root_device_name if name == "root" else None)
    for network, addresses in s.addresses.items():
        for a in addresses:
            mac, address = a["OS-EXT-IPS-MAC:mac_addr"], a["addr"]
            rows.add("nics", (s.id, None, mac, address), vm=vm, mac_address=mac, address=address, ip_version=a["version"],
                     kind=a["OS-EXT-IPS:type"], network_name=network)
    if image:
        of = rows["images"].get(image, {})
        rows.add("operating_systems", (s.id, None), vm=vm, product_name=of.get("os_distro"), version=of.get("os_version"))
    rows.labels("vm", "vms", s.id, s.metadata, s.tags)


def hosts(hypervisors, rows):
    """The machines; their ids by name, and by the name of their service."""
    for h in hypervisors:
        up, cpu = h["state"] == "up", h["cpu_info"]
        rows.add("hosts", h["id"], name=h["hypervisor_hostname"], service_host=h["service"]["host"], ip_address=h["host_ip"],
                 power_state="on" if up else "unknown", raw_power_state=h["state"],
                 connection_state="connected" if up else "disconnected", is_enabled=h["status"] == "enabled",
                 disabled_reason=h["service"]["disabled_reason"], hypervisor_type=h["hypervisor_type"],
                 hypervisor_version=str(h["hypervisor_version"]))
        rows.add("hardwares", (None, h["id"]), host=Link("hosts", h["id"]), cpu_total_cores=h["vcpus"],
                 cpu_sockets=cpu["topology"]["sockets"], cpu_cores_per_socket=cpu["topology"]["cores"],
                 cpu_type=cpu["model"], architecture=cpu["arch"], memory_mb=h["memory_mb"],
                 disk_capacity_bytes=h["local_gb"] * GIB)
    return ({h["hypervisor_hostname"]: h["id"] for h in hypervisors}, {h["service"]["host"]: h["id"] for h in hypervisors})


def services(found, hosts_by_service, rows):
    for s in found:
        host = hosts_by_service.get(s.host) if s.binary == "nova-compute" else None
        rows.add("services", ("compute", s.binary, s.host), service="compute", name=s.binary, host_name=s.host, uid=s.id,
                 program=s.binary, zone_name=s.availability_zone, is_up=s.state == "up", is_enabled=s.status == "enabled",
                 disabled_reason=s.disabled_reason, host=link("hosts", host))


def aggregates(found, hosts_by_service, rows):
    for a in found:
        ref = str(a.id)
        rows.add("host_aggregates", ref, name=a.name, uid=a.uuid, ems_created_on=at(a.created_at),
                 ems_updated_on=at(a.updated_at), availability_zone=zone("compute", a.availability_zone))
        for host in a.hosts:
            rows.add("host_aggregate_hosts", (ref, host), host_name=host, host_aggregate=Link("host_aggregates", ref),
                     host=link("hosts", hosts_by_service.get(host)))
        rows.labels("host_aggregate", "host_aggregates", ref, a.metadata)
