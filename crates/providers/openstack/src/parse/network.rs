//! Neutron: networks, subnets, ports, routers, floating IPs, security groups.

use serde::Deserialize;
use stocktake_model::menus::machines::labels;
use stocktake_model::menus::network::{
    cloud_networks, cloud_subnet_network_ports, cloud_subnets, firewall_rules, floating_ips as floating_ip, network_ports,
    network_ports_security_groups, network_routers, security_groups as security_group,
};
use stocktake_model::{Key, Rows};

use super::Parsing;
use super::decode::Json;
use super::labels::Owner;
use super::lenient::{Flag, Int, List, Text, Time};
use super::words::{self, Document as _};
use crate::menu::Collections;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Network<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    name: Text<'a>,
    description: Text<'a>,
    status: Text<'a>,
    admin_state_up: Flag,
    shared: Flag,
    #[serde(rename = "router:external")]
    external: Flag,
    mtu: Int,
    #[serde(rename = "provider:network_type")]
    network_type: Text<'a>,
    #[serde(rename = "provider:physical_network")]
    physical_network: Text<'a>,
    #[serde(rename = "provider:segmentation_id")]
    segmentation_id: Int,
    port_security_enabled: Flag,
    dns_domain: Text<'a>,
    tenant_id: Text<'a>,
    project_id: Text<'a>,
    tags: List<Text<'a>>,
    created_at: Time,
    updated_at: Time,
}

pub(super) fn networks(p: &mut Parsing<'_, '_>) {
    p.each("networks", p.c.cloud_networks, |c, json, n: Network<'_>, out| {
        let id = n.id.get().unwrap_or_default();
        out.row(c.cloud_networks, id)
            .text(cloud_networks::name, n.name.get())
            .text(cloud_networks::description, n.description.filled())
            .text(cloud_networks::status, n.status.get().map(words::lower).as_deref())
            .bool(cloud_networks::is_enabled, n.admin_state_up.0)
            .bool(cloud_networks::is_shared, n.shared.0)
            .bool(cloud_networks::is_external, n.external.0)
            .int(cloud_networks::mtu, n.mtu.0)
            .text(cloud_networks::network_type, n.network_type.filled())
            .text(cloud_networks::physical_network, n.physical_network.filled())
            .int(cloud_networks::segmentation_ref, n.segmentation_id.0)
            .bool(cloud_networks::port_security_enabled, n.port_security_enabled.0)
            .text(cloud_networks::dns_domain, n.dns_domain.filled())
            .time(cloud_networks::ems_created_on, n.created_at.0)
            .time(cloud_networks::ems_updated_on, n.updated_at.0)
            .opt_link(cloud_networks::cloud_tenant, n.project_id.or(&n.tenant_id).filled())
            .document(json)
            .finish();
        Owner { collection: "cloud_networks", link: labels::cloud_network, id }.tags(c, out, &n.tags);
    });
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Subnet<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    name: Text<'a>,
    description: Text<'a>,
    network_id: Text<'a>,
    cidr: Text<'a>,
    ip_version: Int,
    gateway_ip: Text<'a>,
    enable_dhcp: Flag,
    dns_nameservers: Option<Json<'a>>,
    allocation_pools: Option<Json<'a>>,
    host_routes: Option<Json<'a>>,
    ipv6_address_mode: Text<'a>,
    ipv6_ra_mode: Text<'a>,
    tenant_id: Text<'a>,
    project_id: Text<'a>,
    tags: List<Text<'a>>,
    created_at: Time,
    updated_at: Time,
}

pub(super) fn subnets(p: &mut Parsing<'_, '_>) {
    p.each("subnets", p.c.cloud_subnets, |c, json, s: Subnet<'_>, out| {
        let id = s.id.get().unwrap_or_default();
        out.row(c.cloud_subnets, id)
            .text(cloud_subnets::name, s.name.get())
            .text(cloud_subnets::description, s.description.filled())
            .text(cloud_subnets::cidr, s.cidr.filled())
            .int(cloud_subnets::ip_version, s.ip_version.0)
            .text(cloud_subnets::gateway_ip, s.gateway_ip.filled())
            .bool(cloud_subnets::dhcp_enabled, s.enable_dhcp.0)
            .json(cloud_subnets::dns_nameservers, s.dns_nameservers.as_ref().map(Json::as_raw_str))
            .json(cloud_subnets::allocation_pools, s.allocation_pools.as_ref().map(Json::as_raw_str))
            .json(cloud_subnets::host_routes, s.host_routes.as_ref().map(Json::as_raw_str))
            .text(cloud_subnets::ipv6_address_mode, s.ipv6_address_mode.filled())
            .text(cloud_subnets::ipv6_ra_mode, s.ipv6_ra_mode.filled())
            .time(cloud_subnets::ems_created_on, s.created_at.0)
            .time(cloud_subnets::ems_updated_on, s.updated_at.0)
            .opt_link(cloud_subnets::cloud_network, s.network_id.filled())
            .opt_link(cloud_subnets::cloud_tenant, s.project_id.or(&s.tenant_id).filled())
            .document(json)
            .finish();
        Owner { collection: "cloud_subnets", link: labels::cloud_subnet, id }.tags(c, out, &s.tags);
    });
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Port<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    name: Text<'a>,
    description: Text<'a>,
    network_id: Text<'a>,
    mac_address: Text<'a>,
    status: Text<'a>,
    admin_state_up: Flag,
    device_id: Text<'a>,
    device_owner: Text<'a>,
    fixed_ips: List<FixedIp<'a>>,
    security_groups: List<Text<'a>>,
    #[serde(rename = "binding:host_id")]
    host: Text<'a>,
    #[serde(rename = "binding:vnic_type")]
    vnic_type: Text<'a>,
    #[serde(rename = "binding:vif_type")]
    vif_type: Text<'a>,
    port_security_enabled: Flag,
    dns_name: Text<'a>,
    /// Grows with every change. A trunk's port shown by itself has more to it than in a list.
    revision_number: Text<'a>,
    tenant_id: Text<'a>,
    project_id: Text<'a>,
    tags: List<Text<'a>>,
    created_at: Time,
    updated_at: Time,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FixedIp<'a> {
    #[serde(borrow)]
    subnet_id: Text<'a>,
    ip_address: Text<'a>,
}

/// What is plugged in, if it is a VM.
fn vm<'a>(owner: &'a Text<'_>, device: &'a Text<'_>) -> Option<&'a str> {
    device.filled().filter(|_| owner.get().is_some_and(|o| o.starts_with("compute:")))
}

/// What is plugged in, if it is a router: `network:router_interface`, `network:router_gateway`, `network:ha_router_…`.
fn router<'a>(owner: &'a Text<'_>, device: &'a Text<'_>) -> Option<&'a str> {
    let is_router = |o: &str| o.strip_prefix("network:").is_some_and(|what| what.contains("router"));
    device.filled().filter(|_| owner.get().is_some_and(is_router))
}

pub(super) fn ports(p: &mut Parsing<'_, '_>) {
    p.each("ports", p.c.network_ports, |c, json, port: Port<'_>, out| {
        let id = port.id.get().unwrap_or_default();
        out.row(c.network_ports, id)
            .text(network_ports::name, port.name.filled())
            .text(network_ports::description, port.description.filled())
            .text(network_ports::mac_address, port.mac_address.filled())
            .text(network_ports::status, port.status.get().map(words::lower).as_deref())
            .bool(network_ports::is_enabled, port.admin_state_up.0)
            .text(network_ports::device_owner, port.device_owner.filled())
            .text(network_ports::device_ref, port.device_id.filled())
            .text(network_ports::binding_host, port.host.filled())
            .text(network_ports::vnic_type, port.vnic_type.filled())
            .text(network_ports::vif_type, port.vif_type.filled())
            .bool(network_ports::port_security_enabled, port.port_security_enabled.0)
            .text(network_ports::dns_name, port.dns_name.filled())
            .time(network_ports::ems_created_on, port.created_at.0)
            .time(network_ports::ems_updated_on, port.updated_at.0)
            .opt_link(network_ports::cloud_network, port.network_id.filled())
            .opt_link(network_ports::cloud_tenant, port.project_id.or(&port.tenant_id).filled())
            .opt_link(network_ports::vm, vm(&port.device_owner, &port.device_id))
            .opt_link(network_ports::network_router, router(&port.device_owner, &port.device_id))
            .document_of(json, [("revision", port.revision_number.get().unwrap_or(json))].into_iter())
            .finish();
        if id.is_empty() {
            return;
        }
        plugged(c, &Key::text(id), id, &port, out);
        Owner { collection: "network_ports", link: labels::network_port, id }.tags(c, out, &port.tags);
    });
}

fn plugged(c: &Collections, key: &Key, id: &str, port: &Port<'_>, out: &mut Rows) {
    for ip in port.fixed_ips.iter() {
        let (address, subnet) = (ip.ip_address.get().unwrap_or_default(), ip.subnet_id.get().unwrap_or_default());
        let identity = Key::text(address).and_link(&Key::text(subnet)).and_link(key);
        out.row(c.cloud_subnet_network_ports, identity)
            .text(cloud_subnet_network_ports::address, address)
            .link(cloud_subnet_network_ports::cloud_subnet, subnet)
            .link(cloud_subnet_network_ports::network_port, id)
            .finish();
    }
    for group in port.security_groups.iter().filter_map(Text::filled) {
        out.row(c.network_ports_security_groups, Key::new().and_link(key).and_link(&Key::text(group)))
            .link(network_ports_security_groups::network_port, id)
            .link(network_ports_security_groups::security_group, group)
            .finish();
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Router<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    name: Text<'a>,
    description: Text<'a>,
    status: Text<'a>,
    admin_state_up: Flag,
    distributed: Flag,
    ha: Flag,
    external_gateway_info: Option<Gateway<'a>>,
    routes: Option<Json<'a>>,
    tenant_id: Text<'a>,
    project_id: Text<'a>,
    tags: List<Text<'a>>,
    created_at: Time,
    updated_at: Time,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Gateway<'a> {
    #[serde(borrow)]
    network_id: Text<'a>,
    enable_snat: Flag,
    external_fixed_ips: Option<Json<'a>>,
}

pub(super) fn routers(p: &mut Parsing<'_, '_>) {
    p.each("routers", p.c.network_routers, |c, json, r: Router<'_>, out| {
        let id = r.id.get().unwrap_or_default();
        let gateway = r.external_gateway_info.unwrap_or_default();
        out.row(c.network_routers, id)
            .text(network_routers::name, r.name.get())
            .text(network_routers::description, r.description.filled())
            .text(network_routers::status, r.status.get().map(words::lower).as_deref())
            .bool(network_routers::is_enabled, r.admin_state_up.0)
            .bool(network_routers::is_distributed, r.distributed.0)
            .bool(network_routers::is_ha, r.ha.0)
            .bool(network_routers::snat_enabled, gateway.enable_snat.0)
            .json(network_routers::external_addresses, gateway.external_fixed_ips.as_ref().map(Json::as_raw_str))
            .json(network_routers::routes, r.routes.as_ref().map(Json::as_raw_str))
            .time(network_routers::ems_created_on, r.created_at.0)
            .time(network_routers::ems_updated_on, r.updated_at.0)
            .opt_link(network_routers::cloud_tenant, r.project_id.or(&r.tenant_id).filled())
            .opt_link(network_routers::external_network, gateway.network_id.filled())
            .document(json)
            .finish();
        Owner { collection: "network_routers", link: labels::network_router, id }.tags(c, out, &r.tags);
    });
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct FloatingIp<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    floating_ip_address: Text<'a>,
    fixed_ip_address: Text<'a>,
    floating_network_id: Text<'a>,
    port_id: Text<'a>,
    router_id: Text<'a>,
    port_details: Option<PortDetails<'a>>,
    status: Text<'a>,
    description: Text<'a>,
    dns_name: Text<'a>,
    tenant_id: Text<'a>,
    project_id: Text<'a>,
    tags: List<Text<'a>>,
    created_at: Time,
    updated_at: Time,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct PortDetails<'a> {
    #[serde(borrow)]
    device_id: Text<'a>,
    device_owner: Text<'a>,
}

pub(super) fn floating_ips(p: &mut Parsing<'_, '_>) {
    p.each("floatingips", p.c.floating_ips, |c, json, f: FloatingIp<'_>, out| {
        let id = f.id.get().unwrap_or_default();
        let port = f.port_details.unwrap_or_default();
        out.row(c.floating_ips, id)
            .text(floating_ip::address, f.floating_ip_address.filled())
            .text(floating_ip::fixed_address, f.fixed_ip_address.filled())
            .text(floating_ip::status, f.status.get().map(words::lower).as_deref())
            .text(floating_ip::description, f.description.filled())
            .text(floating_ip::dns_name, f.dns_name.filled())
            .time(floating_ip::ems_created_on, f.created_at.0)
            .time(floating_ip::ems_updated_on, f.updated_at.0)
            .opt_link(floating_ip::cloud_tenant, f.project_id.or(&f.tenant_id).filled())
            .opt_link(floating_ip::cloud_network, f.floating_network_id.filled())
            .opt_link(floating_ip::network_port, f.port_id.filled())
            .opt_link(floating_ip::network_router, f.router_id.filled())
            .opt_link(floating_ip::vm, vm(&port.device_owner, &port.device_id))
            .document(json)
            .finish();
        Owner { collection: "floating_ips", link: labels::floating_ip, id }.tags(c, out, &f.tags);
    });
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct SecurityGroup<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    name: Text<'a>,
    description: Text<'a>,
    stateful: Flag,
    shared: Flag,
    tenant_id: Text<'a>,
    project_id: Text<'a>,
    security_group_rules: List<Rule<'a>>,
    tags: List<Text<'a>>,
    created_at: Time,
    updated_at: Time,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Rule<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    direction: Text<'a>,
    ethertype: Text<'a>,
    protocol: Text<'a>,
    port_range_min: Int,
    port_range_max: Int,
    remote_ip_prefix: Text<'a>,
    remote_group_id: Text<'a>,
    description: Text<'a>,
}

pub(super) fn security_groups(p: &mut Parsing<'_, '_>) {
    p.each("security_groups", p.c.security_groups, |c, json, g: SecurityGroup<'_>, out| {
        let id = g.id.get().unwrap_or_default();
        out.row(c.security_groups, id)
            .text(security_group::name, g.name.get())
            .text(security_group::description, g.description.filled())
            .bool(security_group::is_stateful, g.stateful.0)
            .bool(security_group::is_shared, g.shared.0)
            .time(security_group::ems_created_on, g.created_at.0)
            .time(security_group::ems_updated_on, g.updated_at.0)
            .opt_link(security_group::cloud_tenant, g.project_id.or(&g.tenant_id).filled())
            .document(json)
            .finish();
        for rule in g.security_group_rules.iter() {
            rule_row(c, id, rule, out);
        }
        Owner { collection: "security_groups", link: labels::security_group, id }.tags(c, out, &g.tags);
    });
}

fn rule_row(c: &Collections, group: &str, r: &Rule<'_>, out: &mut Rows) {
    let ip_version = match r.ethertype.get() {
        Some("IPv4") => Some(4),
        Some("IPv6") => Some(6),
        _ => None,
    };
    out.row(c.firewall_rules, r.id.get().unwrap_or_default())
        .text(firewall_rules::direction, r.direction.filled())
        .int(firewall_rules::ip_version, ip_version)
        .text(firewall_rules::protocol, r.protocol.filled())
        .int(firewall_rules::port_min, r.port_range_min.0)
        .int(firewall_rules::port_max, r.port_range_max.0)
        .text(firewall_rules::remote_cidr, r.remote_ip_prefix.filled())
        .text(firewall_rules::description, r.description.filled())
        .link(firewall_rules::security_group, group)
        .opt_link(firewall_rules::remote_security_group, r.remote_group_id.filled())
        .finish();
}
