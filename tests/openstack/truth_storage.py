"""Glance and Cinder: images; volumes with attachments and the disks they are, types, snapshots, backups."""
from cloud import at
from shape import GIB, Link, link, zone

#: Of every image, whoever made it; the rest of an image's document is what people said of it.
OWN = {"id", "name", "status", "visibility", "size", "virtual_size", "min_disk", "min_ram", "disk_format", "container_format",
       "checksum", "os_hash_algo", "os_hash_value", "os_hidden", "protected", "owner", "created_at", "updated_at", "tags",
       "self", "file", "schema", "locations", "direct_url", "stores"}
#: Properties that are columns.
COLUMNS = {"os_type", "os_distro", "os_version", "architecture", "image_type", "instance_uuid", "base_image_ref"}


def images(cloud, rows):
    glance = cloud.image
    asked = cloud.at_once(
        shown=glance.images, hidden=lambda: glance.images(is_hidden=True),
        raw=lambda: cloud.documents(glance, "/images?limit=999", "images"),
        raw_hidden=lambda: cloud.documents(glance, "/images?limit=999&os_hidden=true", "images"))
    documents = {i["id"]: i for i in asked["raw"] + asked["raw_hidden"]}
    for i in asked["shown"] + asked["hidden"]:
        of = i.properties or {}
        kind = of.get("image_type") or "image"
        rows.add("images", i.id, name=i.name, kind=kind, status=i.status, visibility=i.visibility, size_bytes=i.size,
                 virtual_size_bytes=i.virtual_size, min_disk_bytes=i.min_disk * GIB, min_memory_mb=i.min_ram,
                 disk_format=i.disk_format, container_format=i.container_format, os_type=i.os_type, os_distro=i.os_distro,
                 os_version=i.os_version, architecture=i.architecture, checksum=i.checksum, is_protected=i.is_protected,
                 is_hidden=i.is_hidden, ems_created_on=at(i.created_at), ems_updated_on=at(i.updated_at),
                 cloud_tenant=link("cloud_tenants", i.owner_id),
                 vm=link("vms", i.instance_uuid if kind == "snapshot" else None),
                 base_image=link("images", of.get("base_image_ref")))
        rows.labels("image", "images", i.id, tags=i.tags)
        said = {name: value for name, value in documents[i.id].items() if name not in OWN | COLUMNS}
        rows.labels("image", "images", i.id, {k: v for k, v in said.items() if isinstance(v, str)}, section="properties")


def volumes(cloud, rows):
    cinder = cloud.volume
    asked = cloud.at_once(
        volumes=lambda: cinder.volumes(details=True, all_projects=True),
        # The client's own class knows no multiattach, and leaves out the image in lists.
        raw=lambda: cloud.documents(cinder, "/volumes/detail?all_tenants=1", "volumes"),
        types=lambda: cloud.documents(cinder, "/types?is_public=None", "volume_types"),
        snapshots=lambda: cinder.snapshots(details=True, all_projects=True),
        raw_snapshots=lambda: cloud.documents(cinder, "/snapshots/detail?all_tenants=1", "snapshots"),
        backups=lambda: cloud.documents(cinder, "/backups/detail?all_tenants=1", "backups"),
        zones=cinder.availability_zones, services=lambda: cloud.documents(cinder, "/os-services", "services"))
    by_name = {t["name"]: t["id"] for t in asked["types"]}
    for t in asked["types"]:
        rows.add("volume_types", t["id"], name=t["name"], description=t["description"], is_public=t["is_public"],
                 backend_name=t["extra_specs"].get("volume_backend_name"))
    documents = {v["id"]: v for v in asked["raw"]}
    for v in asked["volumes"]:
        volume(v, documents[v.id], by_name, rows)
    changed = {s["id"]: s["updated_at"] for s in asked["raw_snapshots"]}
    for s in asked["snapshots"]:
        rows.add("volume_snapshots", s.id, name=s.name, description=s.description, status=s.status,
                 size_bytes=s.size * GIB, ems_created_on=at(s.created_at), ems_updated_on=at(changed[s.id]),
                 cloud_volume=link("cloud_volumes", s.volume_id), cloud_tenant=link("cloud_tenants", s.project_id))
        rows.labels("volume_snapshot", "volume_snapshots", s.id, s.metadata)
    rows.setdefault("volume_backups", {})
    for b in asked["backups"]:
        rows.add("volume_backups", b["id"], name=b["name"], status=b["status"], size_bytes=b["size"] * GIB,
                 cloud_volume=link("cloud_volumes", b["volume_id"]))
    for z in asked["zones"]:
        rows.add("availability_zones", ("volume", z.name), kind="volume", name=z.name, is_available=z.state["available"])
    for s in asked["services"]:
        rows.add("services", ("volume", s["binary"], s["host"]), service="volume", name=s["binary"], host_name=s["host"],
                 program=s["binary"], zone_name=s["zone"], is_up=s["state"] == "up", is_enabled=s["status"] == "enabled",
                 disabled_reason=s["disabled_reason"])


def volume(v, raw, types_by_name, rows):
    image = (raw.get("volume_image_metadata") or {}).get("image_id")
    rows.add("cloud_volumes", v.id, name=v.name, description=v.description, status=v.status, size_bytes=v.size * GIB,
             is_bootable=v.is_bootable, is_encrypted=v.is_encrypted, multiattach=raw["multiattach"], backend=v.host,
             migration_status=v.migration_status, replication_status=raw["replication_status"], user_ref=v.user_id,
             ems_created_on=at(v.created_at), ems_updated_on=at(v.updated_at),
             cloud_tenant=link("cloud_tenants", v.project_id), availability_zone=zone("volume", v.availability_zone),
             volume_type=link("volume_types", types_by_name.get(v.volume_type)),
             volume_snapshot=link("volume_snapshots", v.snapshot_id),
             source_volume=link("cloud_volumes", raw["source_volid"]), image=link("images", image))
    here = Link("cloud_volumes", v.id)
    for a in raw["attachments"]:
        rows.add("volume_attachments", a["attachment_id"], device=a["device"], host_name=a["host_name"],
                 attached_on=at(a["attached_at"]), cloud_volume=here, vm=link("vms", a["server_id"]))
        rows.add("disks", (a["server_id"], None, v.id), vm=Link("vms", a["server_id"]), name=v.id, kind="volume",
                 device=a["device"], size_bytes=v.size * GIB, is_bootable=v.is_bootable, cloud_volume=here)
    rows.labels("cloud_volume", "cloud_volumes", v.id, v.metadata)
