# shellcheck shell=bash
# nova.sh: servers. The compute hosts are real nova-compute processes whose
# hypervisor is drivers/nova_virt/labfake.py.

compute_processes() {
  local i
  for ((i = 1; i <= LAB_COMPUTES; i++)); do echo "nova-compute-$i"; done
}

nova_processes() {
  printf '%s\n' nova-api nova-scheduler
  compute_processes
  echo nova-conductor
}

nova_databases() { # the sections a compute host must not have
  cat <<EOF
[api_database]
$(db_options nova_api)
[database]
$(db_options nova 10)
EOF
}

nova_config() {
  local i
  copy_etc /etc/nova/api-paste.ini "$ETC/nova"
  # compute hosts reach the databases through the conductor, as on a real cloud
  nova_common_config | put "$ETC/nova/nova-compute.conf"
  { nova_common_config && nova_databases; } | put "$ETC/nova/nova.conf"
  for ((i = 1; i <= LAB_COMPUTES; i++)); do
    mkdir -p "$DATA/nova/compute-$i/instances"
    put "$ETC/nova/compute-$i.conf" <<EOF
[DEFAULT]
host = $(printf 'compute-%02d' "$i")
state_path = $DATA/nova/compute-$i
instances_path = $DATA/nova/compute-$i/instances
[oslo_concurrency]
lock_path = $DATA/nova/compute-$i/lock
EOF
  done
}

nova_common_config() {
  cat <<EOF
[DEFAULT]
my_ip = $HOST
host = lab-controller
state_path = $DATA/nova
transport_url = $(transport)
osapi_compute_listen = $HOST
osapi_compute_listen_port = $P_NOVA
osapi_compute_workers = 2
enabled_apis = osapi_compute
compute_driver = labfake.LabDriver
vif_plugging_is_fatal = false
vif_plugging_timeout = 0
resume_guests_state_on_host_boot = true
allow_resize_to_same_host = true
graceful_shutdown_timeout = 5
report_interval = 15
service_down_time = 90
cpu_allocation_ratio = 16.0
ram_allocation_ratio = 1.5
disk_allocation_ratio = 1.0
reserved_host_memory_mb = 0
max_concurrent_builds = 3
heal_instance_info_cache_interval = 300
[wsgi]
api_paste_config = $ETC/nova/api-paste.ini
[api]
auth_strategy = keystone
max_limit = 1000
[conductor]
workers = 2
[scheduler]
workers = 1
discover_hosts_in_cells_interval = 60
[filter_scheduler]
enabled_filters = ComputeFilter,ComputeCapabilitiesFilter,ImagePropertiesFilter,ServerGroupAntiAffinityFilter,ServerGroupAffinityFilter
[compute]
live_migration_wait_for_vif_plug = false
[quota]
instances = -1
cores = -1
ram = -1
key_pairs = -1
server_groups = -1
server_group_members = -1
metadata_items = -1
[notifications]
notify_on_state_change = vm_and_task_state
notification_format = both
default_level = INFO
[glance]
api_servers = http://$HOST:$P_GLANCE
[vnc]
enabled = true
novncproxy_base_url = http://$HOST:6080/vnc_lite.html
[cinder]
os_region_name = $LAB_REGION
catalog_info = volumev3::publicURL
[neutron]
$(account neutron)
[placement]
$(account placement)
$(cache)
$(service_user nova)
$(authtoken nova)
$(oslo nova)
EOF
}

nova_prepare() {
  local log="$LOG/prepare-nova.log" manage=(nova-manage --config-file "$ETC/nova/nova.conf")
  once nova-api-db "$log" "${manage[@]}" api_db sync
  once nova-cell0 "$log" "${manage[@]}" cell_v2 map_cell0 --database_connection "$(db nova_cell0)"
  once nova-db "$log" "${manage[@]}" db sync
  once nova-cell1 "$log" nova_create_cell "${manage[@]}"
}

nova_create_cell() { # MANAGE COMMAND...: exit status 2 means that it is there already
  "$@" cell_v2 create_cell --name=cell1 || [ $? = 2 ]
}

nova_start() {
  local i file=(--config-file "$ETC/nova/nova.conf")
  local ready="port:$P_MARIADB port:$P_RABBIT file:$(catalog_mark) http:$P_KEYSTONE"
  fleet_add nova-conductor "$ready" nova.cmd.conductor:main "${file[@]}"
  # without placement a host would only try again a minute later; without a
  # conductor its first call is lost and times out after ten seconds
  for ((i = 1; i <= LAB_COMPUTES; i++)); do
    fleet_add "nova-compute-$i" "$ready http:$P_PLACEMENT queue:conductor" nova.cmd.compute:main \
      --config-file "$ETC/nova/nova-compute.conf" --config-file "$ETC/nova/compute-$i.conf"
  done
  fleet_add nova-api "$ready" nova.cmd.api_os_compute:main "${file[@]}"
  fleet_add nova-scheduler "$ready http:$P_PLACEMENT" nova.cmd.scheduler:main "${file[@]}"
  fleet_start nova
}

nova_wait() {
  wait_http nova-api "http://$HOST:$P_NOVA/" 120
  nova_discover
}

nova_discover() { # a compute host only shows once it is mapped into the cell
  local count=0 end=$((SECONDS + 120)) mark="nova-discover-$LAB_COMPUTES"
  is_done "$mark" && return 0
  until count=$(sql -N -e "select count(*) from compute_nodes where deleted=0" nova 2>/dev/null) &&
    [ "${count:-0}" -ge "$LAB_COMPUTES" ]; do
    must_live nova-compute-1
    [ $SECONDS -lt $end ] ||
      die "only ${count:-0} of $LAB_COMPUTES compute hosts registered in 120 s" "$LOG/nova-compute-1.log"
    sleep 0.5
  done
  once "$mark" "$LOG/prepare-nova.log" nova-manage --config-file "$ETC/nova/nova.conf" cell_v2 discover_hosts
}
