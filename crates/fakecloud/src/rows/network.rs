//! Neutron's other objects: networks, subnets, routers, floating ips, security groups and agents.

use std::net::Ipv4Addr;

use crate::clock::{GENESIS, spaced};
use crate::ids::{Kind, Place};
use crate::json::{NoItems, Null, Obj};
use crate::world::{GROUPS, RULES, View};

use super::port::{details, project, times};
use super::{addresses, compute, names};

pub(crate) fn network(view: &View<'_>, admin: bool, index: u32, o: &mut Obj<'_>) {
    let place = Place::new(Kind::Network, index);
    let owner = view.owner(place);
    let (external, shared) = (index == view.external_network(), index == view.shared_network());
    o.put("id", view.id(Kind::Network, index)).put("name", names::network(view, index));
    project(view, "tenant_id", owner, o);
    o.put("admin_state_up", true).put("mtu", if external || shared { 1_500_u32 } else { 1_450 });
    o.put("status", "ACTIVE");
    o.list("subnets", |l| {
        for subnet in [Some(index), view.ipv6_subnet(index)].into_iter().flatten() {
            if view.exists(Place::new(Kind::Subnet, subnet)) {
                l.put(&view.id(Kind::Subnet, subnet));
            }
        }
    });
    o.put("shared", shared).put("availability_zone_hints", NoItems).put("availability_zones", ["nova"]);
    o.put("ipv4_address_scope", Null).put("ipv6_address_scope", Null).put("router:external", external);
    if external {
        o.put("is_default", true);
    }
    o.put("description", "").put("port_security_enabled", true).put("qos_policy_id", Null).put("dns_domain", "");
    o.put("tags", NoItems);
    times(view, place, GENESIS + 600 + u64::from(index), o);
    project(view, "project_id", owner, o);
    if admin {
        let (kind, physical, segment) = match (external, shared) {
            (true, _) => ("flat", Some("public"), None),
            (_, true) => ("vlan", Some("provider"), Some(101)),
            _ => ("vxlan", None, Some(1_000 + index)),
        };
        o.put("provider:network_type", kind).put("provider:physical_network", physical);
        o.put("provider:segmentation_id", segment);
    }
}

pub(crate) fn subnet(view: &View<'_>, index: u32, o: &mut Obj<'_>) {
    let place = Place::new(Kind::Subnet, index);
    let network = view.network_of_subnet(index);
    let six = index != network;
    let (base, prefix) = addresses::ipv4_net(view, network);
    let at = |offset: u32| {
        if six { addresses::ipv6(network, offset) } else { Ipv4Addr::from(base + offset).to_string() }
    };
    let owner = view.owner(place);
    let default_name = format!("{}-v{}", names::network(view, network), if six { 6 } else { 4 });
    o.put("id", view.id(Kind::Subnet, index));
    o.put("name", view.tweak(Kind::Subnet, index).and_then(|t| t.name.clone()).unwrap_or(default_name));
    project(view, "tenant_id", owner, o);
    o.put("network_id", view.id(Kind::Network, network)).put("ip_version", if six { 6_u32 } else { 4 });
    o.put("subnetpool_id", Null).put("enable_dhcp", network != view.external_network());
    o.put("ipv6_ra_mode", six.then_some("slaac")).put("ipv6_address_mode", six.then_some("slaac"));
    o.put("gateway_ip", at(1));
    o.put("cidr", if six { format!("fd00:0:0:{network:x}::/64") } else { format!("{}/{prefix}", at(0)) });
    o.list("allocation_pools", |l| {
        l.obj(|o| {
            o.put("start", at(2)).put("end", if six { at(u32::MAX) } else { at((1 << (32 - prefix)) - 2) });
        });
    });
    o.put("host_routes", NoItems);
    o.list("dns_nameservers", |l| {
        if !six {
            l.put("198.18.255.53");
        }
    });
    o.put("description", "").put("service_types", NoItems).put("tags", NoItems);
    times(view, place, GENESIS + 700 + u64::from(index), o);
    project(view, "project_id", owner, o);
}

pub(crate) fn router(view: &View<'_>, admin: bool, index: u32, o: &mut Obj<'_>) {
    let place = Place::new(Kind::Router, index);
    let owner = view.owner(place);
    let name = view.tweak(Kind::Router, index).and_then(|t| t.name.clone());
    o.put("id", view.id(Kind::Router, index));
    o.put("name", name.unwrap_or_else(|| format!("{}-router", names::tenant(index))));
    project(view, "tenant_id", owner, o);
    o.put("admin_state_up", true).put("status", "ACTIVE");
    o.obj("external_gateway_info", |o| {
        let network = view.external_network();
        o.put("network_id", view.id(Kind::Network, network));
        o.list("external_fixed_ips", |l| {
            l.obj(|o| {
                o.put("subnet_id", view.id(Kind::Subnet, network)).put("ip_address", addresses::gateway(view, index));
            });
        });
        o.put("enable_snat", true);
    });
    o.put("description", "").put("availability_zones", ["nova"]);
    if admin {
        o.put("distributed", false).put("ha", false);
    }
    o.put("availability_zone_hints", NoItems).put("routes", NoItems).put("flavor_id", Null).put("tags", NoItems);
    times(view, place, GENESIS + 900 + u64::from(index), o);
    project(view, "project_id", owner, o);
}

pub(crate) fn floating_ip(view: &View<'_>, place: Place, o: &mut Obj<'_>) {
    let owner = view.owner(place);
    let port = Place::new(Kind::PortServer, place.index);
    let server = (place.kind == Kind::FloatingServer && view.exists(port)).then_some(place.index);
    o.put("id", view.id(place.kind, place.index));
    project(view, "tenant_id", owner, o);
    o.put("floating_ip_address", addresses::floating(view, place));
    o.put("floating_network_id", view.id(Kind::Network, view.external_network()));
    match server {
        Some(server) => {
            let inside = addresses::of_port(view, port).swap_remove(0).1;
            let tenant = view.tenant_of_server(server);
            o.put("router_id", view.id(Kind::Router, tenant)).put("port_id", view.id(Kind::PortServer, server));
            o.put("fixed_ip_address", inside).put("status", "ACTIVE");
        }
        None => {
            o.put("router_id", Null).put("port_id", Null).put("fixed_ip_address", Null).put("status", "DOWN");
        }
    }
    o.put("description", "").put("qos_policy_id", Null);
    match server {
        Some(server) => o.obj("port_details", |o| details(view, server, o)),
        None => o.put("port_details", Null),
    };
    o.put("dns_domain", "").put("dns_name", "").put("tags", NoItems);
    times(view, place, GENESIS + 1_000 + u64::from(place.index), o);
    project(view, "project_id", owner, o);
}

pub(crate) fn security_group(view: &View<'_>, index: u32, o: &mut Obj<'_>) {
    let place = Place::new(Kind::SecurityGroup, index);
    let owner = view.owner(place);
    let kind = names::GROUP_NAMES[(index % GROUPS) as usize];
    let name = view.tweak(Kind::SecurityGroup, index).and_then(|t| t.name.clone());
    o.put("id", view.id(Kind::SecurityGroup, index)).put("name", name.unwrap_or_else(|| kind.to_owned()));
    o.put("stateful", true);
    project(view, "tenant_id", owner, o);
    o.put("description", if kind == "default" { "Default security group" } else { "" }).put("shared", false);
    o.list("security_group_rules", |l| {
        for rule in (index * RULES..(index + 1) * RULES).filter(|r| view.exists(Place::new(Kind::SecurityRule, *r))) {
            l.obj(|o| security_rule(view, rule, true, o));
        }
    });
    o.put("tags", NoItems);
    times(view, place, GENESIS + 300 + u64::from(index), o);
    project(view, "project_id", owner, o);
}

/// `(ethertype, direction, port, remote is the own group)`: two ways out, two ways in.
fn rule_parts(group: u32, rule: u32) -> (&'static str, &'static str, Option<u32>, bool) {
    match (rule, group) {
        (0, _) => ("IPv4", "egress", None, false),
        (1, _) => ("IPv6", "egress", None, false),
        (2, 0) => ("IPv4", "ingress", None, true),
        (_, 0) => ("IPv6", "ingress", None, true),
        (2, 1) => ("IPv4", "ingress", Some(80), false),
        (_, 1) => ("IPv4", "ingress", Some(443), false),
        (2, _) => ("IPv4", "ingress", Some(5_432), true),
        _ => ("IPv4", "ingress", Some(22), false),
    }
}

/// Inside its group a rule carries two attributes more than in its own listing.
pub(crate) fn security_rule(view: &View<'_>, index: u32, embedded: bool, o: &mut Obj<'_>) {
    let place = Place::new(Kind::SecurityRule, index);
    let group = index / RULES;
    let owner = view.owner(place);
    let (ethertype, direction, port, own_group) = rule_parts(group % GROUPS, index % RULES);
    let cidr = (port.is_some() && !own_group).then_some("0.0.0.0/0");
    o.put("id", view.id(Kind::SecurityRule, index));
    project(view, "tenant_id", owner, o);
    o.put("security_group_id", view.id(Kind::SecurityGroup, group));
    o.put("ethertype", ethertype).put("direction", direction).put("protocol", port.map(|_| "tcp"));
    o.put("port_range_min", port).put("port_range_max", port);
    o.put("remote_ip_prefix", cidr).put("remote_address_group_id", Null).put("normalized_cidr", cidr);
    o.put("remote_group_id", own_group.then(|| view.id(Kind::SecurityGroup, group)));
    if embedded {
        o.put("standard_attr_id", 1_000 + index);
    }
    o.put("description", port.map(|_| ""));
    if embedded {
        o.put("tags", NoItems);
    }
    times(view, place, GENESIS + 300 + u64::from(index), o);
    project(view, "project_id", owner, o);
}

/// Eight agents on the two network nodes, then one switch per hypervisor.
pub(crate) fn agent(view: &View<'_>, index: u32, o: &mut Obj<'_>) {
    let (kind, binary, topic) = match index {
        0 | 1 => ("L3 agent", "neutron-l3-agent", "l3_agent"),
        2 | 3 => ("DHCP agent", "neutron-dhcp-agent", "dhcp_agent"),
        4 | 5 => ("Metadata agent", "neutron-metadata-agent", "N/A"),
        _ => ("Open vSwitch agent", "neutron-openvswitch-agent", "N/A"),
    };
    let host = index.checked_sub(8).map_or_else(|| format!("network-{:02}", index % 2 + 1), names::host);
    o.put("id", view.id(Kind::Agent, index)).put("agent_type", kind).put("binary", binary).put("topic", topic);
    o.put("host", host).put("admin_state_up", true).put("created_at", spaced(GENESIS));
    o.put("started_at", spaced(GENESIS + 60)).put("heartbeat_timestamp", spaced(compute::heartbeat(view, index)));
    o.put("description", Null).put("resources_synced", Null).put("availability_zone", (index < 6).then_some("nova"));
    o.put("alive", index != 9);
    o.obj("configurations", |o| {
        match index {
            0 | 1 => o.put("agent_mode", "legacy").put("routers", view.spec().tenants / 2),
            2 | 3 => o.put("dhcp_driver", "dnsmasq").put("networks", view.spec().tenants),
            4 | 5 => o.put("nova_metadata_host", "127.0.0.1").put("nova_metadata_port", 8_775_u32),
            _ => o.put("integration_bridge", "br-int").put("tunneling_ip", "127.0.0.1"),
        };
    });
}
