//! IP and MAC addresses by arithmetic: one /19 per tenant network, a /15 outside, a /12 for the shared network.

use std::net::{Ipv4Addr, Ipv6Addr};

use crate::ids::{Kind, Place};
use crate::world::View;

/// First address of a network's IPv4 subnet, and the prefix length.
pub(crate) fn ipv4_net(view: &View<'_>, network: u32) -> (u32, u32) {
    if network == view.external_network() {
        (u32::from(Ipv4Addr::new(198, 18, 0, 0)), 15)
    } else if network == view.shared_network() {
        (u32::from(Ipv4Addr::new(172, 16, 0, 0)), 12)
    } else {
        ((10 << 24) + (network << 13), 19)
    }
}

pub(crate) fn ipv4(view: &View<'_>, network: u32, offset: u32) -> String {
    Ipv4Addr::from(ipv4_net(view, network).0 + offset).to_string()
}

/// The /64 of a tenant's front network is `fd00:0:0:N::`.
pub(crate) fn ipv6(network: u32, offset: u32) -> String {
    Ipv6Addr::new(0xfd00, 0, 0, network as u16, 0, 0, (offset >> 16) as u16, offset as u16).to_string()
}

/// Where in its network a server's address lies.
fn server_offset(view: &View<'_>, network: u32, server: u32) -> u32 {
    let spec = view.spec();
    match (server.checked_sub(spec.servers), network == view.shared_network()) {
        (None, false) => 16 + server / spec.tenants,
        (None, true) => 16 + server,
        (Some(born), false) => 4_096 + born % 4_000,
        (Some(born), true) => (1 << 19) + born % (1 << 18),
    }
}

/// The address of a floating ip.
pub(crate) fn floating(view: &View<'_>, place: Place) -> String {
    let offset = match place.kind {
        Kind::FloatingServer => 256 + place.index % 65_000,
        _ => 0x1_0000 + place.index % 0xe000,
    };
    ipv4(view, view.external_network(), offset)
}

/// A router's address on the outside.
pub(crate) fn gateway(view: &View<'_>, router: u32) -> String {
    ipv4(view, view.external_network(), 0x1_f000 + router)
}

/// `(subnet, address)` of a port.
pub(crate) fn of_port(view: &View<'_>, place: Place) -> Vec<(u32, String)> {
    let Place { kind, index } = place;
    let network = network_of(view, place);
    let offset = match kind {
        Kind::PortServer | Kind::PortExtra => server_offset(view, network, index),
        Kind::PortRouter => 1,
        Kind::PortGateway => return vec![(network, gateway(view, index))],
        Kind::PortFloating => {
            let address = view.floating_of_port(index).map(|p| floating(view, p));
            return address.map(|a| (network, a)).into_iter().collect();
        }
        _ => 2,
    };
    let mut found = vec![(network, ipv4(view, network, offset))];
    if let Some(subnet) = view.ipv6_subnet(network).filter(|_| kind != Kind::PortRouter) {
        found.push((subnet, ipv6(network, offset)));
    }
    found
}

pub(crate) fn network_of(view: &View<'_>, port: Place) -> u32 {
    match port.kind {
        Kind::PortServer => view.network_of_port(port.index, false),
        Kind::PortExtra => view.network_of_port(port.index, true),
        Kind::PortGateway | Kind::PortFloating => view.external_network(),
        _ => port.index,
    }
}

pub(crate) fn mac(port: Place) -> String {
    let lane = port.kind as u32 - Kind::PortServer as u32;
    let n = (lane << 21 | (port.index & 0x1f_ffff)).wrapping_mul(0x9e_3779) & 0xff_ffff;
    format!("fa:16:3e:{:02x}:{:02x}:{:02x}", n >> 16, n >> 8 & 0xff, n & 0xff)
}
