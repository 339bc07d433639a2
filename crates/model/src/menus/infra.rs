//! What an infrastructure manager adds to machines: clusters, datastores, pools, folders, switches, devices.

use crate::Collection;
use crate::collection;

collection! {
    /// Hosts that share their load.
    clusters: Archive {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name";
            uid: Text, "Second, more global identity";
            ha_enabled: Bool, "Whether VMs of a failed host start elsewhere";
            drs_enabled: Bool, "Whether VMs are moved to balance the load";
            drs_level: Text, "How far that goes by itself: manual, partially_automated, fully_automated";
            effective_cpu: Int [MHz], "Processors that VMs can use";
            effective_memory_mb: Int [MiB], "Memory that VMs can use";
        }
        links: { folder -> folders, "Folder or datacenter it lies in"; }
        shown: [name, ha_enabled, drs_enabled, effective_cpu, effective_memory_mb];
    }
}

collection! {
    /// Datastores: where disks of VMs lie.
    storages: Archive {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name";
            uid: Text, "Second, more global identity, e.g. the volume's URL";
            kind: Text, "vmfs, nfs, vsan";
            total_bytes: Int [Bytes], "Capacity";
            free_bytes: Int [Bytes], "Free";
            uncommitted_bytes: Int [Bytes], "Promised to thin disks and not taken yet";
            is_accessible: Bool, "Whether it can be reached";
            in_maintenance: Bool, "Whether it is in maintenance";
        }
        links: { folder -> folders, "Folder or datastore cluster it lies in"; }
        shown: [name, kind, total_bytes, free_bytes, is_accessible];
    }
}

collection! {
    /// Which hosts reach which datastores.
    host_storages: Delete {
        ref: [host, storage];
        owner: [host];
        columns: {
            is_read_only: Bool, "Whether the host can only read";
            is_accessible: Bool, "Whether the host reaches it now";
        }
        links: {
            host -> hosts, "Host";
            storage -> storages, "Datastore";
        }
        shown: [host, storage, is_accessible, is_read_only];
    }
}

collection! {
    /// Shares of a cluster's or host's resources.
    resource_pools: Delete {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name";
            is_root: Bool, "Whether it is the whole of its cluster or host";
            cpu_reserve: Int [MHz], "Processor time it is promised";
            cpu_limit: Int [MHz], "Processor time it cannot exceed";
            cpu_shares: Int, "Weight when processors are short";
            memory_reserve_mb: Int [MiB], "Memory it is promised";
            memory_limit_mb: Int [MiB], "Memory it cannot exceed";
            memory_shares: Int, "Weight when memory is short";
        }
        links: {
            parent -> resource_pools, "Pool above it";
            cluster -> clusters, "Cluster it is of";
            host -> hosts, "Host it is of, without a cluster";
        }
        shown: [name, parent, cluster, cpu_limit, memory_limit_mb];
    }
}

collection! {
    /// Folders and datacenters: the tree people sort things into.
    folders: Delete {
        ref: [ems_ref];
        columns: {
            name: Text, "Name";
            kind: Text, "folder, datacenter, datastore_cluster";
            holds: Text, "What it is for: vms, hosts, storages, networks, datacenters";
        }
        links: { parent -> folders, "Folder above it"; }
        shown: [name, kind, holds, parent];
    }
}

collection! {
    /// Virtual switches of a host or of several.
    switches: Delete {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name";
            uid: Text, "Second, more global identity";
            is_distributed: Bool, "Whether several hosts share it";
            port_count: Int [Count], "Ports";
            mtu: Int [Bytes], "Largest packet";
            allows_promiscuous: Bool, "Whether a port may hear everything";
            allows_forged_transmits: Bool, "Whether a port may send as another";
            allows_mac_changes: Bool, "Whether a guest may change its hardware address";
        }
        links: {
            host -> hosts, "Host it is of; null when several share it";
            folder -> folders, "Folder it lies in";
        }
        shown: [name, is_distributed, host, port_count, mtu];
    }
}

collection! {
    /// Which hosts use which shared switch.
    host_switches: Delete {
        ref: [host, switch];
        owner: [host];
        columns: { }
        links: {
            host -> hosts, "Host";
            switch -> switches, "Switch";
        }
        shown: [host, switch];
    }
}

collection! {
    /// Port groups and LANs of a switch.
    lans: Delete {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name";
            vlan: Text, "VLAN, or a range of them";
            allows_promiscuous: Bool, "Whether a port may hear everything";
            allows_forged_transmits: Bool, "Whether a port may send as another";
            allows_mac_changes: Bool, "Whether a guest may change its hardware address";
        }
        links: { switch -> switches, "Switch it is of"; }
        shown: [name, vlan, switch];
    }
}

collection! {
    /// Devices of a VM or a host that are neither disk nor network adapter: bus adapters, graphics, USB.
    guest_devices: WithOwner {
        ref: [vm, host, uid; nullable vm, host];
        owner: [vm, host];
        columns: {
            uid: Text, "Identity within its machine";
            name: Text, "Name";
            kind: Text, "storage_adapter, graphics, usb, tpm, pci";
            model: Text, "Model";
            address: Text, "Hardware address: iSCSI name, WWN, PCI slot";
            is_connected: Bool, "Whether it is connected";
        }
        links: {
            vm -> vms, "VM it belongs to";
            host -> hosts, "Host it belongs to";
        }
        shown: [vm, host, name, kind, model];
    }
}

collection! {
    /// Rules about where disks of a VM may lie.
    storage_profiles: Delete {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name";
            kind: Text, "requirement, resource";
        }
        links: { }
        shown: [name, kind];
    }
}

collection! {
    /// Which datastores satisfy which profile.
    storage_profile_storages: Delete {
        ref: [storage_profile, storage];
        owner: [storage_profile];
        columns: { }
        links: {
            storage_profile -> storage_profiles, "Profile";
            storage -> storages, "Datastore";
        }
        shown: [storage_profile, storage];
    }
}

pub fn all() -> Vec<Collection> {
    vec![
        clusters::COLLECTION,
        storages::COLLECTION,
        host_storages::COLLECTION,
        resource_pools::COLLECTION,
        folders::COLLECTION,
        switches::COLLECTION,
        host_switches::COLLECTION,
        lans::COLLECTION,
        guest_devices::COLLECTION,
        storage_profiles::COLLECTION,
        storage_profile_storages::COLLECTION,
    ]
}
