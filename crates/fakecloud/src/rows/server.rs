//! A server, as nova shows it at each microversion and to each role.

use crate::auth::user_of_project;
use crate::clock::{micros, zulu};
use crate::ids::{Kind, Place};
use crate::json::{Hex, NoItems, Null, Obj};
use crate::overlay::Status;
use crate::spec::Minor;
use crate::wire::Service;
use crate::world::{FIRST_TENANT, Server, View};

use super::{addresses, names};

/// For whom, and at which microversion, compute rows are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub minor: Minor,
    pub admin: bool,
    /// One server by id carries its fault's details; a listing does not.
    pub single: bool,
}

pub(crate) fn links(o: &mut Obj<'_>, view: &View<'_>, collection: &str, id: &str) {
    let root = &view.world.url;
    let compute = Service::Compute.root();
    o.list("links", |l| {
        l.obj(|o| {
            o.put("rel", "self").put("href", format_args!("{root}/{compute}/v2.1/{collection}/{id}"));
        });
        l.obj(|o| {
            o.put("rel", "bookmark").put("href", format_args!("{root}/{compute}/{collection}/{id}"));
        });
    });
}

fn bookmark(o: &mut Obj<'_>, view: &View<'_>, collection: &str, id: &str) {
    let root = &view.world.url;
    o.put("id", id);
    o.list("links", |l| {
        l.obj(|o| {
            o.put("rel", "bookmark").put("href", format_args!("{root}/compute/{collection}/{id}"));
        });
    });
}

pub(crate) fn status_name(server: &Server) -> &'static str {
    match (server.deleted, server.status) {
        (Some(_), _) => "DELETED",
        (_, Status::Active) => "ACTIVE",
        (_, Status::Shutoff) => "SHUTOFF",
        (_, Status::Paused) => "PAUSED",
        (_, Status::Suspended) => "SUSPENDED",
        (_, Status::ShelvedOffloaded) => "SHELVED_OFFLOADED",
        (_, Status::Error) => "ERROR",
        (_, Status::Build) => "BUILD",
    }
}

/// `(vm_state, power_state)`.
fn states(server: &Server) -> (&'static str, u32) {
    match (server.deleted, server.status) {
        (Some(_), _) => ("deleted", 0),
        (_, Status::Active) => ("active", 1),
        (_, Status::Shutoff) => ("stopped", 4),
        (_, Status::Paused) => ("paused", 3),
        (_, Status::Suspended) => ("suspended", 4),
        (_, Status::ShelvedOffloaded) => ("shelved_offloaded", 4),
        (_, Status::Error) => ("error", 0),
        (_, Status::Build) => ("building", 0),
    }
}

/// `{id, name, links}`: what `/servers` lists.
pub(crate) fn brief(view: &View<'_>, index: u32, o: &mut Obj<'_>) {
    let id = view.id(Kind::Server, index);
    o.put("id", id).put("name", names::server(view, index));
    links(o, view, "servers", &id.to_string());
}

pub(crate) fn write(view: &View<'_>, shape: Shape, index: u32, o: &mut Obj<'_>) {
    let server = view.server(index);
    let Shape { minor, admin, .. } = shape;
    let id = view.id(Kind::Server, index).to_string();
    let name = names::server(view, index);
    let project = FIRST_TENANT + server.tenant;
    let dice = view.chance(Kind::Server, index, 9);
    let scheduled = view.scheduled(index);
    o.put("id", id.as_str()).put("name", name.as_str()).put("status", status_name(&server));
    o.put("tenant_id", Hex(view.id(Kind::Project, project)));
    o.put("user_id", Hex(view.id(Kind::User, user_of_project(project))));
    o.obj("metadata", |o| {
        if !index.is_multiple_of(5) {
            o.put("role", names::role(index)).put("owner", format_args!("team-{}", dice % 12));
            o.put("cost-center", (1_000 + dice % 9).to_string());
        }
    });
    o.put("hostId", server.host.map_or_else(String::new, |host| host_id(view, project, host)));
    match server.image {
        Some(image) => {
            o.obj("image", |o| bookmark(o, view, "images", &view.id(Kind::Image, image).to_string()));
        }
        None => {
            o.put("image", "");
        }
    }
    flavor(view, minor, &server, o);
    o.put("created", zulu(server.created)).put("updated", zulu(server.updated));
    o.obj("addresses", |o| networks(view, &server, o));
    o.put("accessIPv4", "").put("accessIPv6", "");
    links(o, view, "servers", &id);
    o.put("OS-DCF:diskConfig", if dice.is_multiple_of(8) { "AUTO" } else { "MANUAL" });
    // Those that never found a host are of another cell than the list reads faults from.
    if server.status == Status::Error && server.deleted.is_none() && (shape.single || view.scheduled(server.index)) {
        fault(&server, shape, o);
    }
    if server.deleted.is_none() && matches!(server.status, Status::Active | Status::Build) {
        o.put("progress", 0_u32);
    }
    let zone = server.host.map(|h| names::ZONE_NAMES[View::zone_of_host(h) as usize]);
    o.put("OS-EXT-AZ:availability_zone", zone.unwrap_or(""));
    o.put("config_drive", if dice.is_multiple_of(3) { "True" } else { "" });
    o.put("key_name", (index % 7 != 6).then(|| names::key(server.tenant)));
    o.put("OS-SRV-USG:launched_at", scheduled.then(|| micros(server.created + 20)));
    o.put("OS-SRV-USG:terminated_at", server.deleted.map(micros));
    if scheduled && server.deleted.is_none() {
        o.list("security_groups", |l| {
            for group in groups(index) {
                l.obj(|o| {
                    o.put("name", names::GROUP_NAMES[group as usize]);
                });
            }
        });
    }
    if admin {
        let host = server.host.map(names::host);
        o.put("OS-EXT-SRV-ATTR:host", host.as_deref());
        o.put("OS-EXT-SRV-ATTR:instance_name", format_args!("instance-{:08x}", index + 1));
        o.put("OS-EXT-SRV-ATTR:hypervisor_hostname", host.as_deref());
        if minor >= 3 {
            o.put("OS-EXT-SRV-ATTR:reservation_id", format_args!("r-{:08x}", dice as u32));
            o.put("OS-EXT-SRV-ATTR:launch_index", 0_u32);
            o.put("OS-EXT-SRV-ATTR:hostname", name.as_str());
            o.put("OS-EXT-SRV-ATTR:kernel_id", "").put("OS-EXT-SRV-ATTR:ramdisk_id", "");
            o.put("OS-EXT-SRV-ATTR:root_device_name", scheduled.then_some("/dev/vda"));
            o.put("OS-EXT-SRV-ATTR:user_data", Null);
        }
    } else if minor >= 90 {
        o.put("OS-EXT-SRV-ATTR:hostname", name.as_str());
    }
    let (vm_state, power) = states(&server);
    o.put("OS-EXT-STS:task_state", (server.status == Status::Build).then_some("spawning"));
    o.put("OS-EXT-STS:vm_state", vm_state).put("OS-EXT-STS:power_state", power);
    o.list("os-extended-volumes:volumes_attached", |l| {
        for (place, _) in volumes(view, index) {
            l.obj(|o| {
                o.put("id", view.id(place.kind, place.index));
                if minor >= 3 {
                    o.put("delete_on_termination", place.kind == Kind::VolumeRoot);
                }
            });
        }
    });
    if minor >= 9 {
        o.put("locked", dice % 40 == 1);
    }
    if minor >= 73 {
        o.put("locked_reason", (dice % 40 == 1).then_some("change freeze"));
    }
    if minor >= 16 && admin {
        o.put("host_status", if server.host.is_some() { "UP" } else { "" });
    }
    if minor >= 19 {
        o.put("description", (!dice.is_multiple_of(4)).then(|| format!("simulated {} server", names::role(index))));
    }
    if minor >= 26 {
        match index % 3 {
            0 => o.put("tags", [names::role(index), "sim"]),
            _ => o.put("tags", NoItems),
        };
    }
    if minor >= 71 && shape.single {
        o.list("server_groups", |l| {
            if super::compute::in_group(view, index) {
                l.put(&view.id(Kind::ServerGroup, server.tenant));
            }
        });
    }
    if minor >= 63 {
        o.put("trusted_image_certificates", Null);
    }
}

/// Up to 2.46 a reference, from 2.47 a copy of what the flavor was.
fn flavor(view: &View<'_>, minor: Minor, server: &Server, o: &mut Obj<'_>) {
    if minor < 47 {
        o.obj("flavor", |o| bookmark(o, view, "flavors", &names::flavor_id(view, server.flavor)));
        return;
    }
    let size = super::compute::flavor_size(server.flavor);
    o.obj("flavor", |o| {
        o.put("vcpus", size.vcpus).put("ram", size.ram).put("disk", size.disk);
        o.put("ephemeral", size.ephemeral).put("swap", size.swap);
        o.put("original_name", names::flavor(view, server.flavor));
        o.obj("extra_specs", |o| super::compute::extra_specs(server.flavor, o));
    });
}

fn fault(server: &Server, shape: Shape, o: &mut Obj<'_>) {
    o.obj("fault", |o| {
        o.put("code", 500_u32).put("created", zulu(server.updated));
        o.put("message", "No valid host was found. There are not enough hosts available.");
        if shape.single && shape.admin {
            o.put("details", "Traceback (most recent call last):\n  File \"conductor/manager.py\", line 1587\n");
        }
    });
}

/// `default`, and every other server `web` as well.
pub(crate) fn groups(server: u32) -> impl Iterator<Item = u32> {
    0..=server % 2
}

pub(crate) fn host_id(view: &View<'_>, project: u32, host: u32) -> String {
    let part = |salt| view.chance(Kind::Hypervisor, host, salt ^ u64::from(project) << 8);
    format!("{:016x}{:016x}{:016x}{:08x}", part(1), part(2), part(3), part(4) as u32)
}

/// The ports a server has now, first the one with the same index.
pub(crate) fn ports(view: &View<'_>, server: u32) -> impl Iterator<Item = Place> {
    let all = [Place::new(Kind::PortServer, server), Place::new(Kind::PortExtra, server)];
    all.into_iter().filter(move |p| view.exists(*p))
}

/// The volumes attached to a server now, with their device.
pub(crate) fn volumes(view: &View<'_>, server: u32) -> impl Iterator<Item = (Place, &'static str)> {
    let root = view.boots_from_volume(server);
    let all = [(Kind::VolumeRoot, "/dev/vda"), (Kind::VolumeData, if root { "/dev/vdb" } else { "/dev/sdb" })];
    let alive = view.exists(Place::new(Kind::Server, server));
    let places = all.into_iter().map(move |(kind, device)| (Place::new(kind, server), device));
    places.filter(move |(p, _)| alive && view.exists(*p))
}

fn networks(view: &View<'_>, server: &Server, o: &mut Obj<'_>) {
    for port in ports(view, server.index) {
        let mac = addresses::mac(port);
        let floating = Place::new(Kind::FloatingServer, server.index);
        let outside = (port.kind == Kind::PortServer && view.exists(floating))
            .then(|| addresses::floating(view, floating))
            .map(|address| (address, "floating"));
        let inside = addresses::of_port(view, port).into_iter().map(|(_, address)| (address, "fixed"));
        o.list(&names::network(view, addresses::network_of(view, port)), |l| {
            for (address, kind) in inside.chain(outside) {
                l.obj(|o| {
                    o.put("version", if address.contains(':') { 6_u32 } else { 4 }).put("addr", address);
                    o.put("OS-EXT-IPS:type", kind).put("OS-EXT-IPS-MAC:mac_addr", mac.as_str());
                });
            }
        });
    }
}
