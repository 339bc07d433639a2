//! A port: of a server, a router, a gateway, the DHCP agent or a floating ip.

use crate::clock::{GENESIS, zulu};
use crate::ids::{Kind, Place};
use crate::json::{Hex, NoItems, Null, Obj};
use crate::overlay::Status;
use crate::world::{GROUPS, RULES, View};

use super::{addresses, names, server};

/// `(device_id, device_owner)`.
fn device(view: &View<'_>, port: Place) -> (String, String) {
    let Place { kind, index } = port;
    match kind {
        Kind::PortServer | Kind::PortExtra => {
            let host = view.server(index).host.unwrap_or(0);
            let zone = names::ZONE_NAMES[View::zone_of_host(host) as usize];
            (view.id(Kind::Server, index).to_string(), format!("compute:{zone}"))
        }
        Kind::PortRouter => (view.id(Kind::Router, index / 2).to_string(), "network:router_interface".to_owned()),
        Kind::PortGateway => (view.id(Kind::Router, index).to_string(), "network:router_gateway".to_owned()),
        Kind::PortFloating => {
            let floating = view.floating_of_port(index).map(|p| view.id(p.kind, p.index).to_string());
            (floating.unwrap_or_default(), "network:floatingip".to_owned())
        }
        _ => (format!("dhcp{}-{}", index % 2 + 1, view.id(Kind::Network, index)), "network:dhcp".to_owned()),
    }
}

/// Which ports have a device, without making their rows: what a `device_id=` filter needs.
pub(crate) fn of_device(view: &View<'_>, device: &str) -> Option<Vec<Place>> {
    let Place { kind, index } = view.place(device)?;
    Some(match kind {
        Kind::Server => server::ports(view, index).collect(),
        Kind::Router => [(Kind::PortRouter, index * 2), (Kind::PortRouter, index * 2 + 1), (Kind::PortGateway, index)]
            .into_iter()
            .map(|(kind, index)| Place::new(kind, index))
            .collect(),
        Kind::FloatingServer => vec![Place::new(Kind::PortFloating, index * 2)],
        Kind::FloatingFree => vec![Place::new(Kind::PortFloating, index * 2 + 1)],
        _ => Vec::new(),
    })
}

fn host(view: &View<'_>, port: Place) -> String {
    match port.kind {
        Kind::PortServer | Kind::PortExtra => view.server(port.index).host.map(names::host).unwrap_or_default(),
        Kind::PortFloating => String::new(),
        _ => format!("network-{:02}", port.index % 2 + 1),
    }
}

pub(crate) fn write(view: &View<'_>, admin: bool, port: Place, o: &mut Obj<'_>) {
    let Place { kind, index } = port;
    let of_server = matches!(kind, Kind::PortServer | Kind::PortExtra);
    // Neutron's own ports belong to nobody: their project is an empty string.
    let orphan = matches!(kind, Kind::PortGateway | Kind::PortFloating);
    let owner = view.owner(port).filter(|_| !orphan);
    let tweak = view.tweak(kind, index);
    let (device_id, device_owner) = device(view, port);
    let host = host(view, port);
    let ips = addresses::of_port(view, port);
    o.put("id", view.id(kind, index)).put("name", tweak.and_then(|t| t.name.as_deref()).unwrap_or(""));
    o.put("network_id", view.id(Kind::Network, addresses::network_of(view, port)));
    project(view, "tenant_id", owner, o);
    o.put("mac_address", addresses::mac(port)).put("admin_state_up", true);
    let running = !of_server || matches!(view.server(index).status, Status::Active | Status::Paused);
    o.put(
        "status",
        match (kind, running && !host.is_empty()) {
            (Kind::PortFloating, _) => "N/A",
            (_, true) => "ACTIVE",
            (_, false) => "DOWN",
        },
    );
    o.put("device_id", device_id).put("device_owner", device_owner);
    o.list("fixed_ips", |l| {
        for (subnet, address) in &ips {
            l.obj(|o| {
                o.put("subnet_id", view.id(Kind::Subnet, *subnet)).put("ip_address", address);
            });
        }
    });
    o.put("allowed_address_pairs", NoItems).put("extra_dhcp_opts", NoItems);
    o.list("security_groups", |l| {
        if let Some(project) = owner.filter(|_| of_server) {
            for group in server::groups(index) {
                l.put(&view.id(Kind::SecurityGroup, project * GROUPS + group));
            }
        }
    });
    o.put("description", "").put("binding:vnic_type", "normal");
    if admin {
        binding(&host, o);
    }
    o.put("port_security_enabled", of_server).put("qos_policy_id", Null).put("qos_network_policy_id", Null);
    let dns_name = if of_server { names::server(view, index) } else { String::new() };
    o.put("dns_name", dns_name.as_str());
    o.list("dns_assignment", |l| {
        for (_, address) in &ips {
            l.obj(|o| {
                let name = if dns_name.is_empty() {
                    format!("host-{}", address.replace(['.', ':'], "-"))
                } else {
                    dns_name.clone()
                };
                o.put("ip_address", address).put("fqdn", format!("{name}.cloud.example.")).put("hostname", name);
            });
        }
    });
    o.put("resource_request", Null).put("tags", NoItems);
    times(view, port, GENESIS + u64::from(index) * 60 + 5, o);
    project(view, "project_id", owner, o);
}

fn binding(host: &str, o: &mut Obj<'_>) {
    let bound = !host.is_empty();
    o.obj("binding:profile", |_| {});
    o.put("binding:host_id", host).put("binding:vif_type", if bound { "ovs" } else { "unbound" });
    o.obj("binding:vif_details", |o| {
        if bound {
            o.put("port_filter", true).put("ovs_hybrid_plug", false).put("connectivity", "l2");
            o.put("bridge_name", "br-int").obj("bound_drivers", |o| {
                o.put("0", "openvswitch");
            });
        }
    });
}

pub(crate) fn project(view: &View<'_>, key: &str, project: Option<u32>, o: &mut Obj<'_>) {
    match project {
        Some(p) => o.put(key, Hex(view.id(Kind::Project, p))),
        None => o.put(key, ""),
    };
}

/// `created_at`, `updated_at`, `revision_number`.
pub(crate) fn times(view: &View<'_>, place: Place, created: u64, o: &mut Obj<'_>) {
    // What follows a server changes when the server does: rename or stop it and its port's revision moves.
    let lead = match place.kind {
        Kind::PortServer | Kind::PortExtra => view.tweak(Kind::Server, place.index),
        _ => None,
    };
    let own = view.tweak(place.kind, place.index);
    let lost: Vec<u64> = parts(place).filter_map(|part| view.gone(part)).collect();
    let created = own.and_then(|t| t.created).or(lead.and_then(|t| t.created)).unwrap_or(created);
    let updated = own.into_iter().chain(lead).map(|t| t.updated).chain(lost.iter().copied()).max();
    o.put("created_at", zulu(created)).put("updated_at", zulu(updated.unwrap_or(created + 30)));
    let revision = own.map_or(0, |t| t.revision) + lead.map_or(0, |t| t.revision) + lost.len() as u32;
    o.put("revision_number", 2 + revision);
}

/// What an object shows of others: when one of them goes, the object changes. A floating ip loses its server, a group a
/// rule.
fn parts(place: Place) -> impl Iterator<Item = Place> {
    let (kind, first, count) = match place.kind {
        Kind::FloatingServer => (Kind::Server, place.index, 1),
        Kind::SecurityGroup => (Kind::SecurityRule, place.index * RULES, RULES),
        _ => (place.kind, 0, 0),
    };
    (first..first + count).map(move |index| Place::new(kind, index))
}

/// The port's short form inside a floating ip.
pub(crate) fn details(view: &View<'_>, server: u32, o: &mut Obj<'_>) {
    let port = Place::new(Kind::PortServer, server);
    let (device_id, device_owner) = device(view, port);
    o.put("name", "").put("network_id", view.id(Kind::Network, addresses::network_of(view, port)));
    o.put("mac_address", addresses::mac(port)).put("admin_state_up", true).put("status", "ACTIVE");
    o.put("device_id", device_id).put("device_owner", device_owner);
}
