//! Glance's images. What people add to an image stands beside its own fields; all of it that is text becomes labels.

use serde::Deserialize;
use sonic_rs::JsonValueTrait;
use stocktake_model::menus::machines::{images as image, labels};

use super::labels::Owner;
use super::lenient::{Flag, Int, List, Text, Time};
use super::words::{Document as _, GIB};
use super::{Parsing, decode};

/// Fields of every image, and properties that have columns.
const OWN: &[&str] = &[
    "architecture",
    "base_image_ref",
    "checksum",
    "container_format",
    "created_at",
    "direct_url",
    "disk_format",
    "file",
    "id",
    "image_type",
    "instance_uuid",
    "locations",
    "min_disk",
    "min_ram",
    "name",
    "os_distro",
    "os_hash_algo",
    "os_hash_value",
    "os_hidden",
    "os_type",
    "os_version",
    "owner",
    "protected",
    "schema",
    "self",
    "size",
    "status",
    "stores",
    "tags",
    "updated_at",
    "virtual_size",
    "visibility",
];

#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Image<'a> {
    #[serde(borrow)]
    id: Text<'a>,
    name: Text<'a>,
    status: Text<'a>,
    visibility: Text<'a>,
    size: Int,
    virtual_size: Int,
    min_disk: Int,
    min_ram: Int,
    disk_format: Text<'a>,
    container_format: Text<'a>,
    os_type: Text<'a>,
    os_distro: Text<'a>,
    os_version: Text<'a>,
    architecture: Text<'a>,
    checksum: Text<'a>,
    protected: Flag,
    os_hidden: Flag,
    owner: Text<'a>,
    image_type: Text<'a>,
    instance_uuid: Text<'a>,
    base_image_ref: Text<'a>,
    tags: List<Text<'a>>,
    created_at: Time,
    updated_at: Time,
}

pub(super) fn images(p: &mut Parsing<'_, '_>) {
    p.each("images", p.c.images, |c, json, i: Image<'_>, out| {
        let id = i.id.get().unwrap_or_default();
        out.row(c.images, id)
            .text(image::name, i.name.get())
            .text(image::kind, i.image_type.filled().unwrap_or("image"))
            .text(image::status, i.status.filled())
            .text(image::visibility, i.visibility.filled())
            .int(image::size_bytes, i.size.0)
            .int(image::virtual_size_bytes, i.virtual_size.0)
            .int(image::min_disk_bytes, i.min_disk.times(GIB))
            .int(image::min_memory_mb, i.min_ram.0)
            .text(image::disk_format, i.disk_format.filled())
            .text(image::container_format, i.container_format.filled())
            .text(image::os_type, i.os_type.filled())
            .text(image::os_distro, i.os_distro.filled())
            .text(image::os_version, i.os_version.filled())
            .text(image::architecture, i.architecture.filled())
            .text(image::checksum, i.checksum.filled())
            .bool(image::is_protected, i.protected.0)
            .bool(image::is_hidden, i.os_hidden.0)
            .time(image::ems_created_on, i.created_at.0)
            .time(image::ems_updated_on, i.updated_at.0)
            .opt_link(image::cloud_tenant, i.owner.filled())
            .opt_link(image::vm, i.instance_uuid.filled().filter(|_| i.image_type.get() == Some("snapshot")))
            .opt_link(image::base_image, i.base_image_ref.filled())
            .document(json)
            .finish();
        if id.is_empty() {
            return;
        }
        let owner = Owner { collection: "images", link: labels::image, id };
        owner.tags(c, out, &i.tags);
        for (name, value) in decode::entries(json).filter(|(name, _)| !OWN.contains(&&**name)) {
            if let Some(value) = value.as_str() {
                owner.label(c, out, "properties", &name, Some(value));
            }
        }
    });
}
