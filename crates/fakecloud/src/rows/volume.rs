//! Cinder's objects: volumes, snapshots, backups, types, attachments and services.

use crate::auth::user_of_project;
use crate::clock::{GENESIS, micros};
use crate::ids::{Kind, Place};
use crate::json::{Hex, Null, Obj};
use crate::spec::Minor;
use crate::wire::Service;
use crate::world::View;

use super::{compute, names, server};

/// For whom, and at which microversion, volume rows are made.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Shape {
    pub minor: Minor,
    pub admin: bool,
    /// The project in the url, which cinder repeats in its links.
    pub project: u32,
}

/// A volume's size in GiB.
fn size(view: &View<'_>, place: Place) -> u32 {
    let dice = view.chance(place.kind, place.index, 1);
    let first = match place.kind {
        Kind::VolumeRoot => 40,
        _ => [10, 20, 50, 100, 200][dice as usize % 5],
    };
    view.tweak(place.kind, place.index).and_then(|t| t.size).unwrap_or(first)
}

fn type_of(view: &View<'_>, place: Place) -> u32 {
    (view.chance(place.kind, place.index, 2) % 2) as u32
}

/// The server a volume is attached to now, and as what.
fn attachment(view: &View<'_>, place: Place) -> Option<(u32, Place, &'static str)> {
    let kind = match place.kind {
        Kind::VolumeRoot => Kind::AttachmentRoot,
        Kind::VolumeData => Kind::AttachmentData,
        _ => return None,
    };
    let (_, device) = server::volumes(view, place.index).find(|(p, _)| *p == place)?;
    Some((place.index, Place::new(kind, place.index), device))
}

fn created(view: &View<'_>, place: Place) -> u64 {
    let of_server = matches!(place.kind, Kind::VolumeData | Kind::VolumeRoot | Kind::Snapshot | Kind::Backup);
    if of_server {
        return view.server(place.index).created + 10;
    }
    view.tweak(place.kind, place.index).and_then(|t| t.created).unwrap_or(GENESIS + u64::from(place.index) * 90)
}

pub(crate) fn updated(view: &View<'_>, place: Place) -> u64 {
    let own = view.tweak(place.kind, place.index).map(|t| t.updated);
    // Deleting a server detaches its volume, and moving it attaches the volume elsewhere: both change the volume.
    let of_server = matches!(place.kind, Kind::VolumeData | Kind::VolumeRoot);
    let detached = view.gone(Place::new(Kind::Server, place.index)).filter(|_| of_server);
    let moved = view.tweak(Kind::Server, place.index).filter(|t| of_server && t.host.is_some()).map(|t| t.updated);
    own.into_iter().chain(detached).chain(moved).max().unwrap_or(created(view, place) + 32)
}

/// When a snapshot or backup last changed: so long after its volume was created, unless somebody changed it.
fn changed(view: &View<'_>, place: Place, after: u64) -> u64 {
    view.tweak(place.kind, place.index).map_or(created(view, place) + after, |t| t.updated)
}

/// `{id, name, links}`: what `/volumes` lists.
pub(crate) fn brief(view: &View<'_>, shape: Shape, place: Place, o: &mut Obj<'_>) {
    let id = view.id(place.kind, place.index);
    o.put("id", id).put("name", names::volume(view, place.kind, place.index));
    links(view, shape.project, place, o);
}

fn links(view: &View<'_>, project: u32, place: Place, o: &mut Obj<'_>) {
    let id = view.id(place.kind, place.index);
    let root_url = format!("{}/{}", view.world.url, Service::Volume.root());
    let project_hex = view.id(Kind::Project, project).hex();
    let project_id = String::from_utf8_lossy(&project_hex);
    o.list("links", |l| {
        l.obj(|o| {
            o.put("rel", "self").put("href", format_args!("{root_url}/v3/{project_id}/volumes/{id}"));
        });
        l.obj(|o| {
            o.put("rel", "bookmark").put("href", format_args!("{root_url}/{project_id}/volumes/{id}"));
        });
    });
}

pub(crate) fn volume(view: &View<'_>, shape: Shape, place: Place, o: &mut Obj<'_>) {
    let Shape { minor, admin, project } = shape;
    let id = view.id(place.kind, place.index);
    let attached = attachment(view, place);
    let owner = view.owner(place).unwrap_or(0);
    let kind = type_of(view, place);
    let root = place.kind == Kind::VolumeRoot;
    o.put("id", id);
    o.put(
        "status",
        match (&attached, place.kind == Kind::VolumeFree && place.index == 2) {
            (Some(_), _) => "in-use",
            (None, true) => "error",
            (None, false) => "available",
        },
    );
    o.put("size", size(view, place)).put("availability_zone", "nova");
    o.put("created_at", micros(created(view, place))).put("updated_at", micros(updated(view, place)));
    o.put("name", names::volume(view, place.kind, place.index)).put("description", Null);
    o.put("volume_type", names::VOLUME_TYPES[kind as usize]);
    o.put("snapshot_id", Null).put("source_volid", Null);
    o.obj("metadata", |o| {
        if place.index.is_multiple_of(2) {
            o.put("purpose", names::role(place.index));
        }
    });
    links(view, project, place, o);
    o.put("user_id", Hex(view.id(Kind::User, user_of_project(owner))));
    // A boolean in a string, as cinder has it.
    o.put("bootable", if root { "true" } else { "false" });
    o.put("encrypted", false).put("replication_status", Null).put("consistencygroup_id", Null);
    o.put("multiattach", false);
    o.list("attachments", |l| {
        if let Some((server, attachment, device)) = attached {
            let facts = view.server(server);
            l.obj(|o| {
                o.put("id", id).put("attachment_id", view.id(attachment.kind, attachment.index)).put("volume_id", id);
                o.put("server_id", view.id(Kind::Server, server));
                o.put("host_name", facts.host.map(names::host).filter(|_| admin));
                o.put("device", device).put("attached_at", micros(facts.created + 42));
            });
        }
    });
    o.put("migration_status", Null);
    if root {
        o.obj("volume_image_metadata", |o| {
            let image = view.chance(Kind::Server, place.index, 2) >> 32;
            let image = image as u32 % crate::world::PUBLIC_IMAGES;
            o.put("image_id", view.id(Kind::Image, image)).put("disk_format", "raw").put("container_format", "bare");
        });
    }
    if minor >= 13 {
        o.put("group_id", Null);
    }
    if minor >= 21 && admin {
        o.put("provider_id", Null);
    }
    if minor >= 48 {
        o.put("shared_targets", true).put("service_uuid", view.id(Kind::ComputeService, 1_000_000 + kind));
    }
    if minor >= 61 && admin {
        o.put("cluster_name", Null);
    }
    if minor >= 63 {
        o.put("volume_type_id", view.id(Kind::VolumeType, kind));
    }
    if minor >= 65 {
        o.put("consumes_quota", true);
    }
    o.put("os-vol-tenant-attr:tenant_id", Hex(view.id(Kind::Project, owner)));
    if admin {
        o.put("os-vol-mig-status-attr:migstat", Null).put("os-vol-mig-status-attr:name_id", Null);
        let name = names::VOLUME_TYPES[kind as usize];
        o.put("os-vol-host-attr:host", format!("storage-01@{name}#{name}"));
    }
}

pub(crate) fn snapshot(view: &View<'_>, minor: Minor, place: Place, o: &mut Obj<'_>) {
    let volume = Place::new(Kind::VolumeData, place.index);
    let owner = view.owner(place).unwrap_or(0);
    let name = view.tweak(place.kind, place.index).and_then(|t| t.name.clone());
    o.put("id", view.id(place.kind, place.index));
    o.put("created_at", micros(created(view, place) + 3_600)).put("updated_at", micros(changed(view, place, 3_605)));
    o.put("name", name.unwrap_or_else(|| format!("snap-{}", names::volume(view, volume.kind, volume.index))));
    o.put("description", Null).put("volume_id", view.id(volume.kind, volume.index)).put("status", "available");
    o.put("size", size(view, volume)).obj("metadata", |_| {});
    if minor >= 14 {
        o.put("group_snapshot_id", Null);
    }
    if minor >= 41 {
        o.put("user_id", Hex(view.id(Kind::User, user_of_project(owner))));
    }
    if minor >= 65 {
        o.put("consumes_quota", true);
    }
    o.put("os-extended-snapshot-attributes:project_id", Hex(view.id(Kind::Project, owner)));
    o.put("os-extended-snapshot-attributes:progress", "100%");
}

pub(crate) fn backup(view: &View<'_>, shape: Shape, place: Place, o: &mut Obj<'_>) {
    let volume = Place::new(Kind::VolumeData, place.index);
    let owner = view.owner(place).unwrap_or(0);
    let name = names::volume(view, volume.kind, volume.index);
    let id = view.id(place.kind, place.index);
    o.put("id", id).put("status", "available").put("size", size(view, volume)).put("object_count", 22_u32);
    o.put("availability_zone", "nova").put("container", "backups");
    o.put("created_at", micros(created(view, place) + 7_200)).put("updated_at", micros(changed(view, place, 7_300)));
    o.put("name", format!("backup-{name}")).put("description", Null).put("fail_reason", Null);
    o.put("volume_id", view.id(volume.kind, volume.index));
    o.list("links", |l| {
        l.obj(|o| {
            let project = String::from_utf8_lossy(&view.id(Kind::Project, shape.project).hex()).into_owned();
            let href = format!("{}/volume/v3/{project}/backups/{id}", view.world.url);
            o.put("rel", "self").put("href", href);
        });
    });
    o.put("is_incremental", false).put("has_dependent_backups", false).put("snapshot_id", Null);
    o.put("data_timestamp", micros(created(view, place) + 7_200));
    if shape.admin && shape.minor >= 18 {
        o.put("os-backup-project-attr:project_id", Hex(view.id(Kind::Project, owner)));
    }
    if shape.minor >= 43 {
        o.obj("metadata", |_| {});
    }
    if shape.minor >= 56 {
        o.put("user_id", Hex(view.id(Kind::User, user_of_project(owner))));
    }
    if shape.minor >= 64 {
        o.put("encryption_key_id", Null);
    }
}

pub(crate) fn volume_type(view: &View<'_>, admin: bool, index: u32, o: &mut Obj<'_>) {
    let name = names::VOLUME_TYPES[index as usize];
    o.put("id", view.id(Kind::VolumeType, index)).put("name", name).put("is_public", true);
    o.put("description", format!("simulated {name}"));
    if admin {
        o.obj("extra_specs", |o| {
            if index < 2 {
                o.put("volume_backend_name", name);
            }
        });
        o.put("qos_specs_id", Null);
    }
    o.put("os-volume-type-access:is_public", true);
}

/// One attachment, short as in the listing.
pub(crate) fn brief_attachment(view: &View<'_>, place: Place, o: &mut Obj<'_>) {
    let volume = match place.kind {
        Kind::AttachmentRoot => Kind::VolumeRoot,
        _ => Kind::VolumeData,
    };
    o.put("id", view.id(place.kind, place.index)).put("status", "attached");
    o.put("instance", view.id(Kind::Server, place.index)).put("volume_id", view.id(volume, place.index));
}

/// The scheduler and one back end per type.
pub(crate) fn service(view: &View<'_>, index: u32, o: &mut Obj<'_>) {
    let back_end = index.checked_sub(1).map(|i| names::VOLUME_TYPES[i as usize]);
    o.put("binary", if back_end.is_some() { "cinder-volume" } else { "cinder-scheduler" });
    o.put("host", back_end.map_or_else(|| "storage-01".to_owned(), |name| format!("storage-01@{name}")));
    o.put("zone", "nova").put("status", "enabled").put("state", "up");
    o.put("updated_at", micros(compute::heartbeat(view, index)));
    if back_end.is_some() {
        o.put("backend_state", "up");
    }
    o.put("cluster", Null).put("disabled_reason", Null);
    if back_end.is_some() {
        o.put("replication_status", "disabled").put("active_backend_id", Null).put("frozen", false);
    }
}
