//! Networks of a cloud.

use crate::Collection;
use crate::collection;

collection! {
    /// Networks of a cloud.
    cloud_networks: Delete {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name; need not be unique";
            description: Text, "What people wrote about it";
            status: Text, "active, build, down, error";
            is_enabled: Bool, "Whether it is switched on";
            is_shared: Bool, "Whether every project may use it";
            is_external: Bool, "Whether it leads outside the cloud";
            mtu: Int [Bytes], "Largest packet";
            network_type: Text, "flat, vlan, vxlan, geneve";
            physical_network: Text, "Physical network under it";
            segmentation_ref: Int, "VLAN or tunnel number";
            port_security_enabled: Bool, "Whether ports are filtered by default";
            dns_domain: Text, "Domain of its ports' names";
            zone_names: Json, "Zones that serve it, by name: those of kind network";
            zone_hints: Json, "Zones that it was asked to be served by";
            ems_created_on: Time, "Made, says the provider";
            ems_updated_on: Time, "Last changed, says the provider";
        }
        links: { cloud_tenant -> cloud_tenants, "Project it belongs to"; }
        shown: [name, status, is_shared, is_external, network_type, cloud_tenant];
    }
}

collection! {
    /// Ranges of addresses of a network.
    cloud_subnets: Delete {
        ref: [ems_ref];
        owner: [cloud_network];
        raw: true;
        columns: {
            name: Text, "Name; need not be unique";
            description: Text, "What people wrote about it";
            cidr: Text, "Range: 10.0.0.0/24";
            ip_version: Int, "4 or 6";
            gateway_ip: Text, "Address of the gateway";
            dhcp_enabled: Bool, "Whether addresses are handed out";
            dns_nameservers: Json, "Name servers handed out";
            allocation_pools: Json, "Ranges addresses are taken from";
            host_routes: Json, "Routes handed out";
            ipv6_address_mode: Text, "slaac, dhcpv6-stateful, dhcpv6-stateless";
            ipv6_ra_mode: Text, "Who advertises routes, likewise";
            ems_created_on: Time, "Made, says the provider";
            ems_updated_on: Time, "Last changed, says the provider";
        }
        links: {
            cloud_network -> cloud_networks, "Network it is of";
            cloud_tenant -> cloud_tenants, "Project it belongs to";
        }
        shown: [name, cidr, gateway_ip, dhcp_enabled, cloud_network];
    }
}

collection! {
    /// Plugs of a network: where a VM, a router or a service is connected.
    network_ports: Delete {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name, often empty";
            description: Text, "What people wrote about it";
            mac_address: Text, "Hardware address";
            status: Text, "active, build, down, error";
            is_enabled: Bool, "Whether it is switched on";
            device_owner: Text, "What is plugged in: compute:az-1, network:router_interface";
            device_ref: Text, "The provider's id of what is plugged in";
            binding_host: Text, "Host the plug is on, in the network service's words";
            vnic_type: Text, "normal, direct, macvtap, baremetal";
            vif_type: Text, "ovs, bridge, unbound, binding_failed";
            port_security_enabled: Bool, "Whether it is filtered";
            dns_name: Text, "Name in DNS";
            ems_created_on: Time, "Made, says the provider";
            ems_updated_on: Time, "Last changed, says the provider";
        }
        links: {
            cloud_network -> cloud_networks, "Network it is of";
            cloud_tenant -> cloud_tenants, "Project it belongs to";
            vm -> vms, "VM plugged in";
            network_router -> network_routers, "Router plugged in";
            floating_ip -> floating_ips, "Floating IP whose place on the external network it keeps";
        }
        shown: [name, mac_address, status, device_owner, vm, cloud_network];
    }
}

collection! {
    /// Addresses of ports, each out of a subnet.
    cloud_subnet_network_ports: Delete {
        ref: [address, cloud_subnet, network_port];
        owner: [network_port];
        columns: { address: Text, "IP address"; }
        links: {
            cloud_subnet -> cloud_subnets, "Subnet the address is out of";
            network_port -> network_ports, "Port that has it";
        }
        shown: [address, cloud_subnet, network_port];
    }
}

collection! {
    /// Which security groups filter which ports.
    network_ports_security_groups: Delete {
        ref: [network_port, security_group];
        owner: [network_port];
        columns: { }
        links: {
            network_port -> network_ports, "Port";
            security_group -> security_groups, "Security group";
        }
        shown: [network_port, security_group];
    }
}

collection! {
    /// Routers between networks.
    network_routers: Delete {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name; need not be unique";
            description: Text, "What people wrote about it";
            status: Text, "active, down, error";
            is_enabled: Bool, "Whether it is switched on";
            is_distributed: Bool, "Whether it runs on every compute host";
            is_ha: Bool, "Whether it runs on several network hosts";
            snat_enabled: Bool, "Whether it hides inner addresses";
            external_addresses: Json, "Its addresses on the external network, with their subnets";
            routes: Json, "Routes people added";
            zone_names: Json, "Zones it is in, by name: those of kind router";
            zone_hints: Json, "Zones that it was asked to be in";
            ems_created_on: Time, "Made, says the provider";
            ems_updated_on: Time, "Last changed, says the provider";
        }
        links: {
            cloud_tenant -> cloud_tenants, "Project it belongs to";
            external_network -> cloud_networks, "Network its gateway is on";
        }
        shown: [name, status, external_network, cloud_tenant];
    }
}

collection! {
    /// Outer addresses that lead to a port.
    floating_ips: Delete {
        ref: [ems_ref];
        raw: true;
        columns: {
            address: Text, "Outer address";
            fixed_address: Text, "Inner address it leads to";
            status: Text, "active, down, error";
            description: Text, "What people wrote about it";
            dns_name: Text, "Name in DNS";
            ems_created_on: Time, "Made, says the provider";
            ems_updated_on: Time, "Last changed, says the provider";
        }
        links: {
            cloud_tenant -> cloud_tenants, "Project it belongs to";
            cloud_network -> cloud_networks, "External network it is out of";
            network_port -> network_ports, "Port it leads to";
            network_router -> network_routers, "Router it leads through";
            vm -> vms, "VM it leads to";
        }
        shown: [address, fixed_address, status, vm, cloud_tenant];
    }
}

collection! {
    /// Sets of firewall rules that filter ports.
    security_groups: Delete {
        ref: [ems_ref];
        raw: true;
        columns: {
            name: Text, "Name; need not be unique";
            description: Text, "What people wrote about it";
            is_stateful: Bool, "Whether answers are let through by themselves";
            is_shared: Bool, "Whether other projects may use it";
            ems_created_on: Time, "Made, says the provider";
            ems_updated_on: Time, "Last changed, says the provider";
        }
        links: { cloud_tenant -> cloud_tenants, "Project it belongs to"; }
        shown: [name, description, cloud_tenant];
    }
}

collection! {
    /// What a security group lets through.
    firewall_rules: Delete {
        ref: [ems_ref];
        owner: [security_group];
        columns: {
            direction: Text, "ingress, egress";
            ip_version: Int, "4 or 6";
            protocol: Text, "tcp, udp, icmp, a number; null: any";
            port_min: Int, "First port, or ICMP type; null: any";
            port_max: Int, "Last port, or ICMP code; null: any";
            remote_cidr: Text, "Addresses of the other side; null: any";
            description: Text, "What people wrote about it";
        }
        links: {
            security_group -> security_groups, "Group it belongs to";
            remote_security_group -> security_groups, "Group the other side must be in";
        }
        shown: [security_group, direction, protocol, port_min, port_max, remote_cidr];
    }
}

pub fn all() -> Vec<Collection> {
    vec![
        cloud_networks::COLLECTION,
        cloud_subnets::COLLECTION,
        network_ports::COLLECTION,
        cloud_subnet_network_ports::COLLECTION,
        network_ports_security_groups::COLLECTION,
        network_routers::COLLECTION,
        floating_ips::COLLECTION,
        security_groups::COLLECTION,
        firewall_rules::COLLECTION,
    ]
}
