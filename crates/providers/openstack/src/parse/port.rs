//! Neutron's ports, with their addresses and what filters them.

use serde::Deserialize;
use stocktake_model::menus::machines::labels;
use stocktake_model::menus::network::{cloud_subnet_network_ports, network_ports, network_ports_security_groups};
use stocktake_model::{Key, Rows};

use super::Parsing;
use super::labels::Owner;
use super::lenient::{Flag, List, Text, Time};
use super::words::{self, Document as _};
use crate::menu::Collections;

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
pub(super) fn vm<'a>(owner: &'a Text<'_>, device: &'a Text<'_>) -> Option<&'a str> {
    device.filled().filter(|_| owner.get().is_some_and(|o| o.starts_with("compute:")))
}

/// What is plugged in, if it is a router: `network:router_interface`, `network:router_gateway`, `network:ha_router_…`.
fn router<'a>(owner: &'a Text<'_>, device: &'a Text<'_>) -> Option<&'a str> {
    let is_router = |o: &str| o.strip_prefix("network:").is_some_and(|what| what.contains("router"));
    device.filled().filter(|_| owner.get().is_some_and(is_router))
}

/// The floating IP that the port stands for, if it is one of those on external networks.
fn floating_ip<'a>(owner: &'a Text<'_>, device: &'a Text<'_>) -> Option<&'a str> {
    device.filled().filter(|_| owner.get() == Some("network:floatingip"))
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
            .opt_link(network_ports::floating_ip, floating_ip(&port.device_owner, &port.device_id))
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
