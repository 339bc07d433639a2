//! What a cloud adds to machines: sizes, zones, projects, keys, groups, quotas, services.

use crate::Collection;
use crate::collection;

collection! {
    /// Sizes a VM can have.
    flavors: Delete {
        ref: [ems_ref];
        secondary: { name: [name] };
        raw: true;
        columns: {
            name: Text, "Name, unique in its cloud";
            description: Text, "What people wrote about it";
            cpu_total_cores: Int [Count], "Virtual cores";
            memory_mb: Int [MiB], "Memory";
            root_disk_bytes: Int [Bytes], "Root disk; 0: as large as the image";
            ephemeral_disk_bytes: Int [Bytes], "Second disk that lives as long as the VM";
            swap_disk_bytes: Int [Bytes], "Swap disk";
            is_public: Bool, "Whether every project may use it";
            is_enabled: Bool, "Whether new VMs may have it";
        }
        links: { }
        shown: [name, cpu_total_cores, memory_mb, root_disk_bytes, is_public];
    }
}

collection! {
    /// Zones of a cloud. Those of computing, of volumes, of networks and of routers are different things, also when their
    /// names are equal.
    availability_zones: Delete {
        ref: [kind, name];
        raw: true;
        columns: {
            kind: Text, "What is in it: compute, volume, network, router";
            name: Text, "Name, unique among zones of its kind";
            is_available: Bool, "Whether it can be used";
        }
        links: { }
        shown: [kind, name, is_available];
    }
}

collection! {
    /// Groups of hosts with something in common.
    host_aggregates: Delete {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name";
            uid: Text, "Second, global identity";
            ems_created_on: Time, "Made, says the provider";
            ems_updated_on: Time, "Last changed, says the provider";
        }
        links: { availability_zone -> availability_zones, "Zone its hosts make up"; }
        shown: [name, availability_zone];
    }
}

collection! {
    /// Which hosts are in which aggregate.
    host_aggregate_hosts: Delete {
        ref: [host_aggregate, host_name];
        owner: [host_aggregate];
        columns: { host_name: Text, "Name under which the compute service knows the host"; }
        links: {
            host_aggregate -> host_aggregates, "Aggregate";
            host -> hosts, "Host";
        }
        shown: [host_aggregate, host, host_name];
    }
}

collection! {
    /// Projects of a cloud: who owns what. One that is only known from what belongs to it has a row, too.
    cloud_tenants: Archive {
        ref: [ems_ref];
        raw: true;
        skeletal: true;
        columns: {
            name: Text, "Name, unique in its domain";
            description: Text, "What people wrote about it";
            is_enabled: Bool, "Whether people may work in it";
            domain_ref: Text, "The provider's id of the domain it is in";
        }
        links: { parent -> cloud_tenants, "Project above it; null at the top of its domain"; }
        shown: [name, is_enabled, domain_ref, parent];
    }
}

collection! {
    /// Public keys VMs are started with. They belong to users: two users may use one name. A cloud lists the own user's
    /// only; others' are known from VMs, by their name. None is removed for not being listed.
    key_pairs: Archive {
        ref: [user_ref, name];
        raw: true;
        skeletal: true;
        columns: {
            user_ref: Text, "The provider's id of the user it belongs to";
            name: Text, "Name, unique for its user";
            kind: Text, "ssh, x509";
            fingerprint: Text, "Fingerprint of the public key";
            public_key: Text, "The public key";
        }
        links: { }
        shown: [name, kind, fingerprint, user_ref];
    }
}

collection! {
    /// Groups of VMs to be kept together or apart.
    server_groups: Delete {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name";
            policy: Text, "affinity, anti-affinity, soft-affinity, soft-anti-affinity";
            rules: Json, "Details of the policy";
            user_ref: Text, "The provider's id of the user who made it";
        }
        links: { cloud_tenant -> cloud_tenants, "Project it belongs to"; }
        shown: [name, policy, cloud_tenant];
    }
}

collection! {
    /// Which VMs are in which server group.
    server_group_members: Delete {
        ref: [server_group, vm];
        owner: [server_group];
        columns: { }
        links: {
            server_group -> server_groups, "Group";
            vm -> vms, "VM";
        }
        shown: [server_group, vm];
    }
}

collection! {
    /// How much a project may use.
    quotas: Delete {
        ref: [cloud_tenant, service, name];
        owner: [cloud_tenant];
        columns: {
            service: Text, "compute, volume, network";
            name: Text, "What is limited, in the provider's words: cores, gigabytes, floatingip";
            max_value: Int, "Limit, in the provider's unit; -1: none";
        }
        links: { cloud_tenant -> cloud_tenants, "Project it limits"; }
        shown: [cloud_tenant, service, name, max_value];
    }
}

collection! {
    /// Programs the cloud itself runs on: compute and volume services, network agents.
    services: Delete {
        ref: [service, name, host_name];
        raw: true;
        columns: {
            service: Text, "compute, volume, network";
            name: Text, "What it is: nova-compute, cinder-volume, DHCP agent";
            host_name: Text, "Host it says it runs on";
            uid: Text, "The provider's id, where it has one";
            program: Text, "Program that runs";
            zone_name: Text, "Zone it serves";
            is_up: Bool, "Whether it was heard of lately";
            is_enabled: Bool, "Whether it takes work";
            disabled_reason: Text, "Why it was taken out of use";
        }
        links: { host -> hosts, "Host it runs on, for compute services"; }
        shown: [service, name, host_name, is_up, is_enabled];
    }
}

pub fn all() -> Vec<Collection> {
    vec![
        flavors::COLLECTION,
        availability_zones::COLLECTION,
        host_aggregates::COLLECTION,
        host_aggregate_hosts::COLLECTION,
        cloud_tenants::COLLECTION,
        key_pairs::COLLECTION,
        server_groups::COLLECTION,
        server_group_members::COLLECTION,
        quotas::COLLECTION,
        services::COLLECTION,
    ]
}
