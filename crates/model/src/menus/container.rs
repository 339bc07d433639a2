//! What a container manager holds.

use crate::Collection;
use crate::collection;

collection! {
    /// Projects (namespaces).
    container_projects: Archive {
        ref: [ems_ref];
        secondary: { name: [name] };
        raw: true;
        columns: {
            name: Text, "Name, unique in its cluster";
            display_name: Text, "Name for people";
            status: Text, "active, terminating";
            ems_created_on: Time, "Made, says the provider";
        }
        links: { }
        shown: [name, display_name, status];
    }
}

collection! {
    /// Machines that pods run on.
    container_nodes: Archive {
        ref: [ems_ref];
        secondary: { name: [name] };
        raw: true;
        versioned: true;
        columns: {
            name: Text, "Name, unique in its cluster";
            uid: Text, "Identity of the machine, e.g. its system UUID";
            provider_ref: Text, "The machine's id in its own manager: openstack:///8c2a…";
            is_ready: Bool, "Whether it takes work";
            is_schedulable: Bool, "Whether new pods may be placed on it";
            cpu_capacity: Float [Count], "Cores";
            memory_capacity_bytes: Int [Bytes], "Memory";
            pod_capacity: Int [Count], "Most pods it takes";
            os_image: Text, "Operating system";
            kernel_version: Text, "Kernel";
            kubelet_version: Text, "Version of the node's agent";
            container_runtime: Text, "Program that runs containers, with its version";
            ems_created_on: Time, "Made, says the provider";
        }
        links: { }
        shown: [name, is_ready, is_schedulable, cpu_capacity, memory_capacity_bytes];
    }
}

collection! {
    /// Pods: containers that run together on one node.
    container_groups: Archive {
        ref: [ems_ref];
        secondary: { name: [container_project, name] };
        raw: true;
        versioned: true;
        columns: {
            name: Text, "Name, unique in its project";
            phase: Text, "pending, running, succeeded, failed, unknown";
            is_ready: Bool, "Whether all its containers are ready";
            reason: Text, "Why it is so";
            ip_address: Text, "Address";
            restart_policy: Text, "always, on_failure, never";
            dns_policy: Text, "Where names are looked up";
            qos_class: Text, "guaranteed, burstable, best_effort";
            started_on: Time, "Taken up by its node";
            ems_created_on: Time, "Made, says the provider";
        }
        links: {
            container_project -> container_projects, "Project it is in";
            container_node -> container_nodes, "Node it runs on";
            container_replicator -> container_replicators, "What keeps it alive";
        }
        shown: [name, phase, is_ready, container_project, container_node];
    }
}

collection! {
    /// Containers of pods.
    containers: Archive {
        ref: [container_group, name];
        owner: [container_group];
        versioned: true;
        columns: {
            name: Text, "Name, unique in its pod";
            kind: Text, "main, init, ephemeral";
            status: Text, "waiting, running, terminated";
            reason: Text, "Why it is so";
            runtime_ref: Text, "Id in the container runtime";
            is_ready: Bool, "Whether it is ready";
            restart_count: Int [Count], "Starts after the first";
            exit_code: Int, "Exit code when it ended";
            started_on: Time, "Started";
            finished_on: Time, "Ended";
            request_cpu: Float [Count], "Cores it is promised";
            limit_cpu: Float [Count], "Cores it cannot exceed";
            request_memory_bytes: Int [Bytes], "Memory it is promised";
            limit_memory_bytes: Int [Bytes], "Memory it cannot exceed";
            is_privileged: Bool, "Whether it may do everything on its node";
            run_as: Text, "User it runs as";
            command: Text, "What it runs";
        }
        links: {
            container_group -> container_groups, "Pod it is of";
            container_image -> container_images, "Image it runs";
        }
        shown: [name, status, restart_count, container_group, container_image];
    }
}

collection! {
    /// Images that containers run.
    container_images: Archive {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name within its registry";
            tag: Text, "Tag it was asked for by";
            checksum: Text, "sha256:… of the manifest";
            size_bytes: Int [Bytes], "Size";
            architecture: Text, "amd64, arm64";
            ems_created_on: Time, "Made, says the provider";
        }
        links: { container_registry -> container_registries, "Registry it is from"; }
        shown: [name, tag, size_bytes, container_registry];
    }
}

collection! {
    /// Registries that images come from.
    container_registries: Delete {
        ref: [host_name, port; nullable port];
        columns: {
            host_name: Text, "Host";
            port: Int, "Port; null: the usual one";
        }
        links: { }
        shown: [host_name, port];
    }
}

collection! {
    /// Services: one address for several pods.
    container_services: Delete {
        ref: [ems_ref];
        secondary: { name: [container_project, name] };
        raw: true;
        columns: {
            name: Text, "Name, unique in its project";
            kind: Text, "cluster_ip, node_port, load_balancer, external_name";
            ip_address: Text, "Address within the cluster";
            session_affinity: Text, "Whether a client stays with one pod";
            selector: Json, "Labels of its pods";
            ems_created_on: Time, "Made, says the provider";
        }
        links: { container_project -> container_projects, "Project it is in"; }
        shown: [name, kind, ip_address, container_project];
    }
}

collection! {
    /// Ports of a service.
    container_service_ports: Delete {
        ref: [container_service, protocol, port];
        owner: [container_service];
        columns: {
            name: Text, "Name";
            protocol: Text, "tcp, udp, sctp";
            port: Int, "Port of the service";
            target_port: Text, "Port or port name of the pods";
            node_port: Int, "Port of every node";
        }
        links: { container_service -> container_services, "Service"; }
        shown: [container_service, name, protocol, port, target_port];
    }
}

collection! {
    /// Which pods stand behind which service.
    container_service_groups: Delete {
        ref: [container_service, container_group];
        owner: [container_service];
        columns: { is_ready: Bool, "Whether it is given work"; }
        links: {
            container_service -> container_services, "Service";
            container_group -> container_groups, "Pod";
        }
        shown: [container_service, container_group, is_ready];
    }
}

collection! {
    /// Routes and ingresses: names by which a service is reached from outside.
    container_routes: Delete {
        ref: [ems_ref];
        secondary: { name: [container_project, name] };
        raw: true;
        columns: {
            name: Text, "Name, unique in its project";
            host_name: Text, "Host name it answers to";
            path: Text, "Path it answers to";
            ems_created_on: Time, "Made, says the provider";
        }
        links: {
            container_project -> container_projects, "Project it is in";
            container_service -> container_services, "Service it leads to";
        }
        shown: [name, host_name, path, container_service];
    }
}

collection! {
    /// What keeps a number of pods alive: deployments, replica sets, stateful and daemon sets, jobs.
    container_replicators: Delete {
        ref: [ems_ref];
        secondary: { name: [container_project, kind, name] };
        raw: true;
        columns: {
            name: Text, "Name, unique in its project and kind";
            kind: Text, "deployment, replica_set, stateful_set, daemon_set, job, cron_job";
            replicas: Int [Count], "Pods wanted";
            current_replicas: Int [Count], "Pods there are";
            selector: Json, "Labels of its pods";
            ems_created_on: Time, "Made, says the provider";
        }
        links: {
            container_project -> container_projects, "Project it is in";
            parent -> container_replicators, "What made it";
        }
        shown: [name, kind, replicas, current_replicas, container_project];
    }
}

collection! {
    /// Volumes of the cluster.
    persistent_volumes: Delete {
        ref: [ems_ref];
        secondary: { name: [name] };
        raw: true;
        columns: {
            name: Text, "Name, unique in its cluster";
            status: Text, "available, bound, released, failed";
            size_bytes: Int [Bytes], "Size";
            storage_class: Text, "Its class";
            access_modes: Text, "ReadWriteOnce, …";
            reclaim_policy: Text, "What happens when its claim ends: retain, remove, recycle";
            volume_kind: Text, "csi, nfs, host_path";
            volume_ref: Text, "Id in the system that really holds it";
            ems_created_on: Time, "Made, says the provider";
        }
        links: { persistent_volume_claim -> persistent_volume_claims, "Claim it is bound to"; }
        shown: [name, status, size_bytes, storage_class, persistent_volume_claim];
    }
}

collection! {
    /// Claims for a volume.
    persistent_volume_claims: Delete {
        ref: [ems_ref];
        secondary: { name: [container_project, name] };
        raw: true;
        columns: {
            name: Text, "Name, unique in its project";
            status: Text, "pending, bound, lost";
            requested_bytes: Int [Bytes], "Size asked for";
            size_bytes: Int [Bytes], "Size given";
            storage_class: Text, "Class asked for";
            access_modes: Text, "ReadWriteOnce, …";
            ems_created_on: Time, "Made, says the provider";
        }
        links: { container_project -> container_projects, "Project it is in"; }
        shown: [name, status, size_bytes, storage_class, container_project];
    }
}

collection! {
    /// Volumes of a pod.
    container_volumes: WithOwner {
        ref: [container_group, name];
        owner: [container_group];
        columns: {
            name: Text, "Name, unique in its pod";
            kind: Text, "persistent_volume_claim, config_map, secret, empty_dir, …";
        }
        links: {
            container_group -> container_groups, "Pod";
            persistent_volume_claim -> persistent_volume_claims, "Claim behind it";
        }
        shown: [container_group, name, kind, persistent_volume_claim];
    }
}

collection! {
    /// How much a project may use.
    container_quotas: Delete {
        ref: [ems_ref];
        owner: [container_project];
        raw: true;
        columns: {
            name: Text, "Name, unique in its project";
            scopes: Text, "Which pods count; null: all";
        }
        links: { container_project -> container_projects, "Project it limits"; }
        shown: [container_project, name, scopes];
    }
}

collection! {
    /// Items of a quota.
    container_quota_items: Delete {
        ref: [container_quota, resource];
        owner: [container_quota];
        columns: {
            resource: Text, "What is limited: limits.cpu, pods";
            max_value: Float, "Limit: cores, bytes or a number";
            used_value: Float, "Used of it, in the same unit";
        }
        links: { container_quota -> container_quotas, "Quota"; }
        shown: [container_quota, resource, max_value, used_value];
    }
}

collection! {
    /// Limits each container or pod of a project gets.
    container_limits: Delete {
        ref: [container_project, name, item_kind, resource];
        owner: [container_project];
        columns: {
            name: Text, "Name of the limit range";
            item_kind: Text, "container, pod, persistent_volume_claim";
            resource: Text, "What is limited: cpu, memory, storage";
            min_value: Float, "Least: cores or bytes";
            max_value: Float, "Most";
            default_limit: Float, "Limit of one that names none";
            default_request: Float, "Request of one that names none";
        }
        links: { container_project -> container_projects, "Project"; }
        shown: [container_project, name, item_kind, resource, max_value];
    }
}

collection! {
    /// Labels and annotations of what a container manager holds. The identity is made of the owner's collection, the
    /// owner's ref, the section and the name.
    container_labels: WithOwner {
        ref: [ems_ref];
        owner: [
            container_group, container_node, container_project, container_image, container_service, container_route,
            container_replicator, persistent_volume, persistent_volume_claim
        ];
        columns: {
            section: Text, "labels, annotations, node_selector";
            name: Text, "Name, unique in its section and owner";
            value: Text, "Value";
        }
        links: {
            container_group -> container_groups, "Owner";
            container_node -> container_nodes, "Owner";
            container_project -> container_projects, "Owner";
            container_image -> container_images, "Owner";
            container_service -> container_services, "Owner";
            container_route -> container_routes, "Owner";
            container_replicator -> container_replicators, "Owner";
            persistent_volume -> persistent_volumes, "Owner";
            persistent_volume_claim -> persistent_volume_claims, "Owner";
        }
        shown: [ems_ref, section, name, value];
    }
}

pub fn all() -> Vec<Collection> {
    vec![
        container_projects::COLLECTION,
        container_nodes::COLLECTION,
        container_groups::COLLECTION,
        containers::COLLECTION,
        container_images::COLLECTION,
        container_registries::COLLECTION,
        container_services::COLLECTION,
        container_service_ports::COLLECTION,
        container_service_groups::COLLECTION,
        container_routes::COLLECTION,
        container_replicators::COLLECTION,
        persistent_volumes::COLLECTION,
        persistent_volume_claims::COLLECTION,
        container_volumes::COLLECTION,
        container_quotas::COLLECTION,
        container_quota_items::COLLECTION,
        container_limits::COLLECTION,
        container_labels::COLLECTION,
    ]
}
