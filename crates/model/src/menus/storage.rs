//! Volumes of a cloud and what is kept of them.

use crate::Collection;
use crate::collection;

collection! {
    /// Volumes: disks with a life of their own.
    cloud_volumes: Delete {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name; need not be unique";
            description: Text, "What people wrote about it";
            status: Text, "available, in-use, creating, deleting, error, …";
            size_bytes: Int [Bytes], "Size";
            is_bootable: Bool, "Whether a VM can start from it";
            is_encrypted: Bool, "Whether it is encrypted";
            multiattach: Bool, "Whether several VMs may use it at once";
            backend: Text, "Back end and pool it lies on";
            migration_status: Text, "State of a move to another back end";
            replication_status: Text, "State of its replication";
            user_ref: Text, "The provider's id of the user who made it";
            ems_created_on: Time, "Made, says the provider";
            ems_updated_on: Time, "Last changed, says the provider";
        }
        links: {
            cloud_tenant -> cloud_tenants, "Project it belongs to";
            availability_zone -> availability_zones, "Zone it lies in";
            volume_type -> volume_types, "Its type";
            volume_snapshot -> volume_snapshots, "Snapshot it was made from";
            source_volume -> cloud_volumes, "Volume it was copied from";
            image -> images, "Image it was made from";
        }
        shown: [name, status, size_bytes, volume_type, is_bootable, cloud_tenant];
    }
}

collection! {
    /// Kinds of volumes.
    volume_types: Delete {
        ref: [ems_ref];
        secondary: { name: [name] };
        raw: true;
        columns: {
            name: Text, "Name, unique in its cloud";
            description: Text, "What people wrote about it";
            is_public: Bool, "Whether every project may use it";
            backend_name: Text, "Back end it is bound to";
        }
        links: { }
        shown: [name, description, is_public, backend_name];
    }
}

collection! {
    /// Snapshots of volumes.
    volume_snapshots: Delete {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name; need not be unique";
            description: Text, "What people wrote about it";
            status: Text, "available, creating, deleting, error, …";
            size_bytes: Int [Bytes], "Size of the volume when it was taken";
            ems_created_on: Time, "Made, says the provider";
            ems_updated_on: Time, "Last changed, says the provider";
        }
        links: {
            cloud_volume -> cloud_volumes, "Volume it is of";
            cloud_tenant -> cloud_tenants, "Project it belongs to";
        }
        shown: [name, status, size_bytes, cloud_volume, cloud_tenant];
    }
}

collection! {
    /// Backups of volumes.
    volume_backups: Delete {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name; need not be unique";
            description: Text, "What people wrote about it";
            status: Text, "available, creating, restoring, error, …";
            size_bytes: Int [Bytes], "Size of the volume when it was made";
            is_incremental: Bool, "Whether it holds only what changed since another";
            has_dependent_backups: Bool, "Whether others build on it";
            object_count: Int [Count], "Objects it is stored in";
            fail_reason: Text, "Why it failed";
            location: Text, "Where it is kept";
            ems_created_on: Time, "Made, says the provider";
            ems_updated_on: Time, "Last changed, says the provider";
        }
        links: {
            cloud_volume -> cloud_volumes, "Volume it is of";
            volume_snapshot -> volume_snapshots, "Snapshot it was made from";
            availability_zone -> availability_zones, "Zone it lies in";
            cloud_tenant -> cloud_tenants, "Project it belongs to";
        }
        shown: [name, status, size_bytes, is_incremental, cloud_volume];
    }
}

collection! {
    /// Which volume is attached where.
    volume_attachments: Delete {
        ref: [ems_ref];
        owner: [cloud_volume];
        columns: {
            device: Text, "Device in the guest: /dev/vdb";
            host_name: Text, "Host it is attached through";
            attached_on: Time, "Since when";
        }
        links: {
            cloud_volume -> cloud_volumes, "Volume";
            vm -> vms, "VM";
        }
        shown: [cloud_volume, vm, device, attached_on];
    }
}

pub fn all() -> Vec<Collection> {
    vec![
        cloud_volumes::COLLECTION,
        volume_types::COLLECTION,
        volume_snapshots::COLLECTION,
        volume_backups::COLLECTION,
        volume_attachments::COLLECTION,
    ]
}
