//! Neutron's networks, subnets, routers, floating IPs and zones.

use serde::Deserialize;
use sonic_rs::JsonValueTrait;
use stocktake_model::menus::cloud::availability_zones;
use stocktake_model::menus::machines::labels;
use stocktake_model::menus::network::{cloud_networks, cloud_subnets, floating_ips as floating_ip, network_routers};

use super::Parsing;
use super::decode::Json;
use super::labels::Owner;
use super::lenient::{Flag, Int, List, Text, Time};
use super::port::vm;
use super::words::{self, Document as _};

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
    availability_zones: Option<List<Text<'a>>>,
    availability_zone_hints: Option<List<Text<'a>>>,
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
            .json(cloud_networks::zone_names, words::sorted(n.availability_zones.as_ref()).as_deref())
            .json(cloud_networks::zone_hints, words::sorted(n.availability_zone_hints.as_ref()).as_deref())
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
    availability_zones: Option<List<Text<'a>>>,
    availability_zone_hints: Option<List<Text<'a>>>,
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
            .json(network_routers::zone_names, words::sorted(r.availability_zones.as_ref()).as_deref())
            .json(network_routers::zone_hints, words::sorted(r.availability_zone_hints.as_ref()).as_deref())
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
struct Zone<'a> {
    /// Its identity: a number in its place is another zone's, or none's.
    #[serde(borrow)]
    name: Option<Json<'a>>,
    /// `network` or `router`.
    resource: Text<'a>,
    state: Text<'a>,
}

pub(super) fn zones(p: &mut Parsing<'_, '_>) {
    p.each("availability_zones", p.c.availability_zones, |c, json, z: Zone<'_>, out| {
        let kind = z.resource.get().unwrap_or_default();
        let name = z.name.as_ref().and_then(|name| name.as_str());
        out.row(c.availability_zones, words::zone(kind, name))
            .text(availability_zones::kind, kind)
            .text(availability_zones::name, name)
            .bool(availability_zones::is_available, z.state.filled().map(|state| state == "available"))
            .document(json)
            .finish();
    });
}
