//! Cinder: volumes with their attachments, types, snapshots, backups. A volume attached to a VM is a disk of it.

use serde::Deserialize;
use stocktake_model::menus::machines::{disks, labels};
use stocktake_model::menus::storage::{
    cloud_volumes, volume_attachments, volume_backups, volume_snapshots, volume_types as volume_type,
};
use stocktake_model::{Key, Rows};

use super::labels::Owner;
use super::lenient::{Flag, Int, List, Map, Text, Time};
use super::words::{self, BY_NAME, Document as _, GIB};
use super::{Parsing, compute};
use crate::menu::Collections;

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Volume<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    name: Text<'a>,
    description: Text<'a>,
    status: Text<'a>,
    size: Int,
    bootable: Flag,
    encrypted: Flag,
    multiattach: Flag,
    migration_status: Text<'a>,
    replication_status: Text<'a>,
    user_id: Text<'a>,
    availability_zone: Text<'a>,
    volume_type: Text<'a>,
    volume_type_id: Text<'a>,
    snapshot_id: Text<'a>,
    source_volid: Text<'a>,
    metadata: Map<'a, Text<'a>>,
    volume_image_metadata: Map<'a, Text<'a>>,
    attachments: List<Attachment<'a>>,
    #[serde(rename = "os-vol-tenant-attr:tenant_id")]
    tenant_id: Text<'a>,
    #[serde(rename = "os-vol-host-attr:host")]
    host: Text<'a>,
    created_at: Time,
    updated_at: Time,
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Attachment<'a> {
    #[serde(borrow)]
    attachment_id: Text<'a>,
    server_id: Text<'a>,
    host_name: Text<'a>,
    device: Text<'a>,
    attached_at: Time,
}

impl Volume<'_> {
    /// What counts of the document besides the row.
    fn lasting(&self) -> impl Iterator<Item = (&str, &str)> {
        let metadata = self.metadata.iter().chain(self.volume_image_metadata.iter());
        let metadata = metadata.map(|(name, value)| (name, value.get().unwrap_or_default()));
        metadata.chain(self.attachments.iter().map(|a| ("attachment", a.attachment_id.get().unwrap_or_default())))
    }
}

pub(super) fn volumes(p: &mut Parsing<'_, '_>) {
    p.each("volumes", p.c.cloud_volumes, |c, json, v: Volume<'_>, out| {
        let id = v.id.get().unwrap_or_default();
        let image = v.volume_image_metadata.iter().find(|(name, _)| *name == "image_id").and_then(|(_, id)| id.filled());
        let row = out
            .row(c.cloud_volumes, id)
            .text(cloud_volumes::name, v.name.get())
            .text(cloud_volumes::description, v.description.filled())
            .text(cloud_volumes::status, v.status.filled())
            .int(cloud_volumes::size_bytes, v.size.times(GIB))
            .bool(cloud_volumes::is_bootable, v.bootable.0)
            .bool(cloud_volumes::is_encrypted, v.encrypted.0)
            .bool(cloud_volumes::multiattach, v.multiattach.0)
            .text(cloud_volumes::backend, v.host.filled())
            .text(cloud_volumes::migration_status, v.migration_status.filled())
            .text(cloud_volumes::replication_status, v.replication_status.filled())
            .text(cloud_volumes::user_ref, v.user_id.filled())
            .time(cloud_volumes::ems_created_on, v.created_at.0)
            .time(cloud_volumes::ems_updated_on, v.updated_at.0)
            .opt_link(cloud_volumes::cloud_tenant, v.tenant_id.filled())
            .link(cloud_volumes::availability_zone, words::zone("volume", v.availability_zone.get()))
            .opt_link(cloud_volumes::volume_snapshot, v.snapshot_id.filled())
            .opt_link(cloud_volumes::source_volume, v.source_volid.filled())
            .opt_link(cloud_volumes::image, image);
        // The id is there since 3.63, the name always.
        match v.volume_type_id.filled() {
            Some(id) => row.link(cloud_volumes::volume_type, id),
            None => row.link_by(cloud_volumes::volume_type, BY_NAME, v.volume_type.get().unwrap_or_default()),
        }
        .document_of(json, v.lasting())
        .finish();
        if id.is_empty() {
            return;
        }
        for attachment in v.attachments.iter() {
            attached(c, id, &v, attachment, out);
        }
        Owner { collection: "cloud_volumes", link: labels::cloud_volume, id }.map(c, out, "metadata", &v.metadata);
    });
}

fn attached(c: &Collections, volume: &str, v: &Volume<'_>, a: &Attachment<'_>, out: &mut Rows) {
    out.row(c.volume_attachments, a.attachment_id.get().unwrap_or_default())
        .text(volume_attachments::device, a.device.filled())
        .text(volume_attachments::host_name, a.host_name.filled())
        .time(volume_attachments::attached_on, a.attached_at.0)
        .link(volume_attachments::cloud_volume, volume)
        .opt_link(volume_attachments::vm, a.server_id.filled())
        .finish();
    // A volume may also be attached to a host, while an image is made of it.
    let Some(vm) = a.server_id.filled() else { return };
    out.row(c.disks, Key::new().and_link(&Key::text(vm)).and_null().and_text(volume))
        .text(disks::name, volume)
        .text(disks::kind, "volume")
        .text(disks::device, a.device.filled())
        .int(disks::size_bytes, v.size.times(GIB))
        .bool(disks::is_bootable, v.bootable.0)
        .link(disks::vm, vm)
        .link(disks::cloud_volume, volume)
        .finish();
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct VolumeType<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    name: Text<'a>,
    description: Text<'a>,
    is_public: Flag,
    #[serde(rename = "os-volume-type-access:is_public")]
    access_is_public: Flag,
    extra_specs: Map<'a, Text<'a>>,
}

pub(super) fn types(p: &mut Parsing<'_, '_>) {
    p.each("volume_types", p.c.volume_types, |c, json, t: VolumeType<'_>, out| {
        let backend = t.extra_specs.iter().find(|(name, _)| *name == "volume_backend_name").and_then(|(_, v)| v.filled());
        out.row(c.volume_types, t.id.get().unwrap_or_default())
            .text(volume_type::name, t.name.get())
            .text(volume_type::description, t.description.filled())
            .bool(volume_type::is_public, t.is_public.0.or(t.access_is_public.0))
            .text(volume_type::backend_name, backend)
            .document(json)
            .finish();
    });
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Snapshot<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    name: Text<'a>,
    description: Text<'a>,
    status: Text<'a>,
    size: Int,
    volume_id: Text<'a>,
    metadata: Map<'a, Text<'a>>,
    #[serde(rename = "os-extended-snapshot-attributes:project_id")]
    project_id: Text<'a>,
    created_at: Time,
    updated_at: Time,
}

pub(super) fn snapshots(p: &mut Parsing<'_, '_>) {
    p.each("snapshots", p.c.volume_snapshots, |c, json, s: Snapshot<'_>, out| {
        let id = s.id.get().unwrap_or_default();
        out.row(c.volume_snapshots, id)
            .text(volume_snapshots::name, s.name.get())
            .text(volume_snapshots::description, s.description.filled())
            .text(volume_snapshots::status, s.status.filled())
            .int(volume_snapshots::size_bytes, s.size.times(GIB))
            .time(volume_snapshots::ems_created_on, s.created_at.0)
            .time(volume_snapshots::ems_updated_on, s.updated_at.0)
            .opt_link(volume_snapshots::cloud_volume, s.volume_id.filled())
            .opt_link(volume_snapshots::cloud_tenant, s.project_id.filled())
            .document(json)
            .finish();
        Owner { collection: "volume_snapshots", link: labels::volume_snapshot, id }.map(c, out, "metadata", &s.metadata);
    });
}

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Backup<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    name: Text<'a>,
    description: Text<'a>,
    status: Text<'a>,
    size: Int,
    is_incremental: Flag,
    has_dependent_backups: Flag,
    object_count: Int,
    fail_reason: Text<'a>,
    container: Text<'a>,
    volume_id: Text<'a>,
    snapshot_id: Text<'a>,
    availability_zone: Text<'a>,
    #[serde(rename = "os-backup-project-attr:project_id")]
    project_id: Text<'a>,
    created_at: Time,
    updated_at: Time,
}

pub(super) fn backups(p: &mut Parsing<'_, '_>) {
    p.each("backups", p.c.volume_backups, |c, json, b: Backup<'_>, out| {
        out.row(c.volume_backups, b.id.get().unwrap_or_default())
            .text(volume_backups::name, b.name.get())
            .text(volume_backups::description, b.description.filled())
            .text(volume_backups::status, b.status.filled())
            .int(volume_backups::size_bytes, b.size.times(GIB))
            .bool(volume_backups::is_incremental, b.is_incremental.0)
            .bool(volume_backups::has_dependent_backups, b.has_dependent_backups.0)
            .int(volume_backups::object_count, b.object_count.0)
            .text(volume_backups::fail_reason, b.fail_reason.filled())
            .text(volume_backups::location, b.container.filled())
            .time(volume_backups::ems_created_on, b.created_at.0)
            .time(volume_backups::ems_updated_on, b.updated_at.0)
            .opt_link(volume_backups::cloud_volume, b.volume_id.filled())
            .opt_link(volume_backups::volume_snapshot, b.snapshot_id.filled())
            .link(volume_backups::availability_zone, words::zone("volume", b.availability_zone.get()))
            .opt_link(volume_backups::cloud_tenant, b.project_id.filled())
            .document(json)
            .finish();
    });
}

pub(super) fn zones(p: &mut Parsing<'_, '_>) {
    compute::zones_of(p, "volume");
}
