# shellcheck shell=bash
# neutron.sh: networks. The ports are bound by drivers/labml2.py, the agents are
# drivers/labagents.py: nothing is plugged anywhere.

neutron_processes() { printf '%s\n' neutron neutron-agents; }

neutron_config() {
  copy_etc /etc/neutron/api-paste.ini "$ETC/neutron"
  # nova is told of changed floating ips, because its server addresses show them, but
  # not of a port's status: no guest waits for it here, and it is a request per port
  put "$ETC/neutron/neutron.conf" <<EOF
[DEFAULT]
bind_host = $HOST
bind_port = $P_NEUTRON
api_workers = 2
rpc_workers = 1
rpc_state_report_workers = 0
api_paste_config = $ETC/neutron/api-paste.ini
state_path = $DATA/neutron
core_plugin = ml2
service_plugins = router,qos,trunk,network_ip_availability
auth_strategy = keystone
transport_url = $(transport)
dns_domain = lab.example.
notify_nova_on_port_status_changes = false
notify_nova_on_port_data_changes = true
agent_down_time = 75
dhcp_agent_notification = false
network_auto_schedule = false
max_l3_agents_per_router = 1
graceful_shutdown_timeout = 5
[database]
$(db_options neutron 10)
[quotas]
quota_network = -1
quota_subnet = -1
quota_port = -1
quota_router = -1
quota_floatingip = -1
quota_security_group = -1
quota_security_group_rule = -1
quota_rbac_policy = -1
[nova]
$(account nova)
endpoint_type = internal
[placement]
$(account placement)
$(authtoken neutron)
$(oslo neutron)
EOF
  # openvswitch binds nothing here, but the trunk plugin refuses to load without a
  # mechanism driver of neutron's own
  put "$ETC/neutron/ml2.conf" <<EOF
[ml2]
type_drivers = flat,vlan,vxlan,geneve,local
tenant_network_types = vxlan
mechanism_drivers = lab,openvswitch
extension_drivers = port_security,qos,dns
[ml2_type_flat]
flat_networks = public,provider
[ml2_type_vlan]
network_vlan_ranges = provider:100:999
[ml2_type_vxlan]
vni_ranges = 1000:9999
[ml2_type_geneve]
vni_ranges = 10000:19999
[securitygroup]
enable_security_group = true
EOF
}

neutron_files() { printf '%s\n' --config-file "$ETC/neutron/neutron.conf" --config-file "$ETC/neutron/ml2.conf"; }

neutron_prepare() {
  local files
  mapfile -t files < <(neutron_files)
  once neutron-db "$LOG/prepare-neutron.log" neutron-db-manage "${files[@]}" upgrade heads
}

neutron_start() {
  local files
  mapfile -t files < <(neutron_files)
  fleet_add neutron "port:$P_MARIADB port:$P_RABBIT file:$(catalog_mark)" \
    neutron.cmd.eventlet.server:main "${files[@]}"
  fleet_add neutron-agents "port:$P_RABBIT queue:q-reports-plugin queue:q-l3-plugin" labagents:main "${files[@]}"
  fleet_start neutron
}

neutron_wait() { wait_http neutron "http://$HOST:$P_NEUTRON/" 120; }
