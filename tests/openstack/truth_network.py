"""Neutron: networks, subnets, ports with their addresses and groups, routers, floating IPs, security groups, agents."""
from cloud import at
from shape import Link, link


def network(cloud, rows):
    n = cloud.network
    asked = cloud.at_once(networks=n.networks, subnets=n.subnets, ports=n.ports, routers=n.routers, ips=n.ips,
                          groups=n.security_groups, rules=n.security_group_rules, agents=n.agents,
                          zones=n.availability_zones,
                          # The client's own class leaves out whether a group is shared.
                          raw_groups=lambda: cloud.documents(n, "/security-groups", "security_groups"))
    for x in asked["networks"]:
        rows.add("cloud_networks", x.id, **common(x), is_enabled=x.is_admin_state_up, is_shared=x.is_shared,
                 is_external=x.is_router_external, mtu=x.mtu, network_type=x.provider_network_type,
                 physical_network=x.provider_physical_network, segmentation_ref=x.provider_segmentation_id,
                 port_security_enabled=x.is_port_security_enabled, dns_domain=x.dns_domain, status=x.status.lower(),
                 zone_names=sorted(x.availability_zones), zone_hints=sorted(x.availability_zone_hints))
        rows.labels("cloud_network", "cloud_networks", x.id, tags=x.tags)
    for x in asked["subnets"]:
        rows.add("cloud_subnets", x.id, **common(x), cidr=x.cidr, ip_version=x.ip_version, gateway_ip=x.gateway_ip,
                 dhcp_enabled=x.is_dhcp_enabled, dns_nameservers=x.dns_nameservers, allocation_pools=x.allocation_pools,
                 host_routes=x.host_routes, ipv6_address_mode=x.ipv6_address_mode, ipv6_ra_mode=x.ipv6_ra_mode,
                 cloud_network=link("cloud_networks", x.network_id))
        rows.labels("cloud_subnet", "cloud_subnets", x.id, tags=x.tags)
    for x in asked["ports"]:
        port(x, rows)
    for x in asked["routers"]:
        gateway = x.external_gateway_info or {}
        rows.add("network_routers", x.id, **common(x), status=x.status.lower(), is_enabled=x.is_admin_state_up,
                 is_distributed=x.is_distributed, is_ha=x.is_ha, snat_enabled=gateway.get("enable_snat"),
                 external_addresses=gateway.get("external_fixed_ips"), routes=x.routes,
                 zone_names=sorted(x.availability_zones), zone_hints=sorted(x.availability_zone_hints),
                 external_network=link("cloud_networks", gateway.get("network_id")))
        rows.labels("network_router", "network_routers", x.id, tags=x.tags)
    owners = {p.id: p for p in asked["ports"]}
    for x in asked["ips"]:
        behind = owners.get(x.port_id)
        rows.add("floating_ips", x.id, address=x.floating_ip_address, fixed_address=x.fixed_ip_address,
                 status=x.status.lower(), description=x.description, dns_name=x.dns_name, ems_created_on=at(x.created_at),
                 ems_updated_on=at(x.updated_at), cloud_tenant=link("cloud_tenants", x.project_id),
                 cloud_network=link("cloud_networks", x.floating_network_id), network_port=link("network_ports", x.port_id),
                 network_router=link("network_routers", x.router_id), vm=link("vms", behind and vm_of(behind)))
        rows.labels("floating_ip", "floating_ips", x.id, tags=x.tags)
    shared = {g["id"]: g.get("shared") for g in asked["raw_groups"]}
    for x in asked["groups"]:
        rows.add("security_groups", x.id, **common(x), is_stateful=x.stateful, is_shared=shared[x.id])
        rows.labels("security_group", "security_groups", x.id, tags=x.tags)
    for x in asked["rules"]:
        rows.add("firewall_rules", x.id, direction=x.direction, ip_version={"IPv4": 4, "IPv6": 6}[x.ether_type],
                 protocol=x.protocol, port_min=x.port_range_min, port_max=x.port_range_max, remote_cidr=x.remote_ip_prefix,
                 description=x.description, security_group=link("security_groups", x.security_group_id),
                 remote_security_group=link("security_groups", x.remote_group_id))
    for x in asked["zones"]:
        rows.add("availability_zones", (x.resource, x.name), kind=x.resource, name=x.name, is_available=x.state == "available")
    for x in asked["agents"]:
        rows.add("services", ("network", x.agent_type, x.host), service="network", name=x.agent_type, host_name=x.host,
                 uid=x.id, program=x.binary, zone_name=x.availability_zone, is_up=x.is_alive, is_enabled=x.is_admin_state_up)


def common(x):
    return {"name": x.name, "description": x.description, "ems_created_on": at(x.created_at),
            "ems_updated_on": at(x.updated_at), "cloud_tenant": link("cloud_tenants", x.project_id)}


def vm_of(x):
    return x.device_id if x.device_owner.startswith("compute:") else None


def port(x, rows):
    router = x.device_id if x.device_owner in (
        "network:router_interface", "network:router_gateway", "network:router_interface_distributed",
        "network:router_centralized_snat", "network:ha_router_replicated_interface") else None
    rows.add("network_ports", x.id, **common(x), mac_address=x.mac_address, status=x.status.lower(),
             is_enabled=x.is_admin_state_up, device_owner=x.device_owner, device_ref=x.device_id,
             binding_host=x.binding_host_id, vnic_type=x.binding_vnic_type, vif_type=x.binding_vif_type,
             port_security_enabled=x.is_port_security_enabled, dns_name=x.dns_name,
             cloud_network=link("cloud_networks", x.network_id), vm=link("vms", vm_of(x)),
             network_router=link("network_routers", router),
             floating_ip=link("floating_ips", x.device_id if x.device_owner == "network:floatingip" else None))
    here = Link("network_ports", x.id)
    for ip in x.fixed_ips:
        address, subnet = ip["ip_address"], ip["subnet_id"]
        rows.add("cloud_subnet_network_ports", (address, subnet, x.id), address=address, network_port=here,
                 cloud_subnet=Link("cloud_subnets", subnet))
    for group in x.security_group_ids:
        rows.add("network_ports_security_groups", (x.id, group), network_port=here,
                 security_group=Link("security_groups", group))
    rows.labels("network_port", "network_ports", x.id, tags=x.tags)
