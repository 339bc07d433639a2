//! What every manager of machines has: VMs, hosts, their hardware, images, labels.

use crate::Collection;
use crate::collection;

collection! {
    /// Virtual machines, and templates where the manager keeps them among its VMs.
    vms: Archive {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name; need not be unique";
            description: Text, "What people wrote about it";
            power_state: Text, "on, off, paused, suspended, unknown: the same words for every provider";
            raw_power_state: Text, "The provider's own words for it";
            status: Text, "Status as the provider shows it, in lower case: active, error, shelved_offloaded";
            task_state: Text, "What the provider is doing to it, null when nothing";
            is_template: Bool, "Whether VMs are made from it instead of running it";
            hostname: Text, "Name inside the guest";
            uid: Text, "Second, more global identity, e.g. the BIOS UUID";
            instance_name: Text, "Name on its host, e.g. the libvirt domain or the path of its file";
            ipv4_address: Text, "Address people should use, where the provider keeps one";
            ipv6_address: Text, "Likewise, IPv6";
            user_ref: Text, "The provider's id of the user who made it";
            root_device_name: Text, "Device it boots from";
            has_config_drive: Bool, "Whether a configuration drive is attached";
            is_locked: Bool, "Whether ordinary users may not change it";
            lock_reason: Text, "Why it is locked";
            fault_message: Text, "What went wrong, for one in error";
            ems_created_on: Time, "Made, says the provider";
            ems_updated_on: Time, "Last changed, says the provider";
            launched_on: Time, "First started on a host";
            terminated_on: Time, "Ended on a host";
            boot_time: Time, "Last start of the guest";
            connection_state: Text, "Whether the manager reaches it: connected, disconnected, inaccessible";
            tools_status: Text, "State of the guest's tools or agent";
            tools_version: Text, "Version of the guest's tools or agent";
            cpu_reserve: Int [MHz], "Processor time it is promised";
            cpu_limit: Int [MHz], "Processor time it cannot exceed";
            cpu_shares: Int, "Weight when processors are short";
            memory_reserve_mb: Int [MiB], "Memory it is promised";
            memory_limit_mb: Int [MiB], "Memory it cannot exceed";
            memory_shares: Int, "Weight when memory is short";
            is_linked_clone: Bool, "Whether its disks build on another VM's";
        }
        links: {
            host -> hosts, "Host it runs on";
            flavor -> flavors, "Size it was made with";
            availability_zone -> availability_zones, "Zone it runs in";
            cloud_tenant -> cloud_tenants, "Project it belongs to";
            image -> images, "Image it was made from";
            key_pair -> key_pairs, "Key it was started with";
            orchestration_stack -> orchestration_stacks, "Stack that made it";
            cluster -> clusters, "Cluster it runs in";
            storage -> storages, "Datastore with its configuration";
            resource_pool -> resource_pools, "Resource pool it draws from";
            folder -> folders, "Folder it lies in";
            template -> vms, "Template it was made from";
        }
        shown: [name, power_state, status, flavor, host, cloud_tenant];
    }
}

collection! {
    /// Machines that VMs run on: hypervisors, nodes of a cluster.
    hosts: Archive {
        ref: [ems_ref];
        secondary: { name: [name], service_host: [service_host] };
        raw: true;
        columns: {
            name: Text, "Name, unique in its manager; a cloud's hypervisor host name";
            service_host: Text, "Name under which a cloud's compute service knows it; null where one service has many hosts";
            ip_address: Text, "Address of management";
            uid: Text, "Second, more global identity, e.g. the hardware's UUID";
            power_state: Text, "on, off, unknown, maintenance: the same words for every provider";
            raw_power_state: Text, "The provider's own words for it";
            connection_state: Text, "Whether its manager reaches it: connected, disconnected";
            is_enabled: Bool, "Whether new VMs may be placed on it";
            disabled_reason: Text, "Why it was taken out of use";
            in_maintenance: Bool, "Whether it is in maintenance";
            hypervisor_type: Text, "QEMU, VMware ESXi, ironic";
            hypervisor_version: Text, "Version of the hypervisor";
            vendor: Text, "Maker of the machine";
            model: Text, "Model of the machine";
            serial_number: Text, "Serial number of the machine";
            boot_time: Time, "Last start";
        }
        links: {
            availability_zone -> availability_zones, "Zone it belongs to";
            cluster -> clusters, "Cluster it belongs to";
            folder -> folders, "Folder it lies in";
        }
        shown: [name, power_state, connection_state, is_enabled, hypervisor_type, ip_address];
    }
}

collection! {
    /// Processors and memory of a VM or a host: one row each.
    hardwares: WithOwner {
        ref: [vm, host; nullable vm, host];
        owner: [vm, host];
        columns: {
            cpu_total_cores: Int [Count], "Virtual or physical cores in all";
            cpu_sockets: Int [Count], "Sockets";
            cpu_cores_per_socket: Int [Count], "Cores of each socket";
            cpu_speed: Int [MHz], "Clock of a core";
            cpu_type: Text, "Model of the processor";
            architecture: Text, "x86_64, aarch64";
            memory_mb: Int [MiB], "Memory";
            disk_capacity_bytes: Int [Bytes], "Local disks in all";
            firmware_type: Text, "bios, uefi";
            virtualization_type: Text, "hvm, paravirtual";
            nic_count: Int [Count], "Network adapters";
        }
        links: {
            vm -> vms, "VM it belongs to";
            host -> hosts, "Host it belongs to";
        }
        shown: [vm, host, cpu_total_cores, memory_mb, disk_capacity_bytes];
    }
}

collection! {
    /// Disks of a VM or a host. An attached volume is a disk of its VM.
    disks: WithOwner {
        ref: [vm, host, name; nullable vm, host];
        owner: [vm, host];
        columns: {
            name: Text, "Name, unique on its machine: root, ephemeral, swap, an attached volume's ref, a device's name";
            kind: Text, "local, volume, cdrom, floppy";
            device: Text, "Device in the guest: /dev/vda";
            size_bytes: Int [Bytes], "Size the guest sees";
            used_bytes: Int [Bytes], "Space it takes";
            controller: Text, "ide, scsi, virtio, nvme";
            file_name: Text, "File it lies in";
            disk_mode: Text, "persistent, independent, …";
            is_thin: Bool, "Whether space is taken only as it is written";
            is_bootable: Bool, "Whether the machine can start from it";
            is_connected: Bool, "Whether it is connected";
        }
        links: {
            vm -> vms, "VM it belongs to";
            host -> hosts, "Host it belongs to";
            cloud_volume -> cloud_volumes, "Volume behind it";
            storage -> storages, "Datastore it lies on";
        }
        shown: [vm, name, kind, device, size_bytes, cloud_volume];
    }
}

collection! {
    /// Network adapters of a VM or a host, one row for each address; one without an address has a row too.
    nics: WithOwner {
        ref: [vm, host, mac_address, address; nullable vm, host, mac_address, address];
        owner: [vm, host];
        columns: {
            mac_address: Text, "Hardware address";
            address: Text, "IP address";
            ip_version: Int, "4 or 6";
            kind: Text, "fixed: the machine's own; floating: translated to it";
            network_name: Text, "Name of the network as the machine's manager shows it";
            device: Text, "Device in the guest or slot";
            model: Text, "Model of the adapter: virtio, e1000";
            is_connected: Bool, "Whether it is connected";
        }
        links: {
            vm -> vms, "VM it belongs to";
            host -> hosts, "Host it belongs to";
            lan -> lans, "Port group or LAN it is plugged into";
        }
        shown: [vm, address, kind, mac_address, network_name];
    }
}

collection! {
    /// Operating system of a VM or a host, as far as the manager knows it.
    operating_systems: WithOwner {
        ref: [vm, host; nullable vm, host];
        owner: [vm, host];
        columns: {
            product_name: Text, "ubuntu, windows, rocky, …";
            version: Text, "Version of it";
            kind: Text, "linux, windows, unknown";
            architecture: Text, "x86_64, aarch64";
            hostname: Text, "Name it gives itself";
        }
        links: {
            vm -> vms, "VM it runs in";
            host -> hosts, "Host it runs on";
        }
        shown: [vm, host, product_name, version];
    }
}

collection! {
    /// Images VMs are made from, and snapshots of VMs kept as images.
    images: Archive {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name; need not be unique";
            kind: Text, "image, or snapshot of a VM";
            status: Text, "active, queued, saving, killed, deactivated";
            visibility: Text, "public, community, shared, private";
            size_bytes: Int [Bytes], "Size of the file";
            virtual_size_bytes: Int [Bytes], "Size of the disk it unfolds to";
            min_disk_bytes: Int [Bytes], "Smallest root disk that takes it";
            min_memory_mb: Int [MiB], "Smallest memory that takes it";
            disk_format: Text, "qcow2, raw, vmdk, iso";
            container_format: Text, "bare, ova, docker";
            os_type: Text, "linux, windows";
            os_distro: Text, "ubuntu, rocky, …";
            os_version: Text, "Version of it";
            architecture: Text, "x86_64, aarch64";
            checksum: Text, "Checksum of the file";
            is_protected: Bool, "Whether it cannot be deleted";
            is_hidden: Bool, "Whether lists leave it out";
            ems_created_on: Time, "Made, says the provider";
            ems_updated_on: Time, "Last changed, says the provider";
        }
        links: {
            cloud_tenant -> cloud_tenants, "Project it belongs to";
            vm -> vms, "VM it is a snapshot of";
            base_image -> images, "Image that VM was made from";
        }
        shown: [name, kind, status, visibility, size_bytes, os_distro];
    }
}

collection! {
    /// Snapshots of VMs that the VM's own manager keeps.
    snapshots: WithOwner {
        ref: [vm, uid];
        owner: [vm];
        columns: {
            uid: Text, "Identity within its VM";
            name: Text, "Name";
            description: Text, "What people wrote about it";
            is_current: Bool, "Whether the VM runs on top of it";
            size_bytes: Int [Bytes], "Space it takes";
            ems_created_on: Time, "Made, says the provider";
        }
        links: {
            vm -> vms, "VM it is of";
            parent -> snapshots, "Snapshot it builds on";
        }
        shown: [vm, name, is_current, size_bytes];
    }
}

collection! {
    /// Metadata, tags and properties of anything: section, name and value. The identity is made of the owner's
    /// collection, the owner's ref, the section and the name: `vms/8c2a…/metadata/role`.
    labels: WithOwner {
        ref: [ems_ref];
        owner: [
            vm, image, cloud_volume, volume_snapshot, cloud_network, cloud_subnet, network_port, network_router,
            floating_ip, security_group, orchestration_stack, flavor, host_aggregate, cloud_tenant, host, cluster, storage
        ];
        columns: {
            section: Text, "metadata, tags, properties, extra_specs";
            name: Text, "Name, unique in its section and owner";
            value: Text, "Value; null for a tag";
        }
        links: {
            vm -> vms, "Owner";
            image -> images, "Owner";
            cloud_volume -> cloud_volumes, "Owner";
            volume_snapshot -> volume_snapshots, "Owner";
            cloud_network -> cloud_networks, "Owner";
            cloud_subnet -> cloud_subnets, "Owner";
            network_port -> network_ports, "Owner";
            network_router -> network_routers, "Owner";
            floating_ip -> floating_ips, "Owner";
            security_group -> security_groups, "Owner";
            orchestration_stack -> orchestration_stacks, "Owner";
            flavor -> flavors, "Owner";
            host_aggregate -> host_aggregates, "Owner";
            cloud_tenant -> cloud_tenants, "Owner";
            host -> hosts, "Owner";
            cluster -> clusters, "Owner";
            storage -> storages, "Owner";
        }
        shown: [ems_ref, section, name, value];
    }
}

pub fn all() -> Vec<Collection> {
    vec![
        vms::COLLECTION,
        hosts::COLLECTION,
        hardwares::COLLECTION,
        disks::COLLECTION,
        nics::COLLECTION,
        operating_systems::COLLECTION,
        images::COLLECTION,
        snapshots::COLLECTION,
        labels::COLLECTION,
    ]
}
