# shellcheck shell=bash
# placement.sh: inventories and allocations of the compute hosts.

placement_processes() { printf '%s\n' placement; }

placement_config() {
  # claims of a burst collide; 200 tries instead of 10 turn "no valid host" into a wait
  put "$ETC/placement/placement.conf" <<EOF
[api]
auth_strategy = keystone
[placement]
allocation_conflict_retry_count = 200
[placement_database]
$(db_options placement)
$(authtoken placement)
EOF
}

placement_prepare() {
  once placement-db "$LOG/prepare-placement.log" \
    placement-manage --config-file "$ETC/placement/placement.conf" db sync
}

placement_start() {
  wsgi placement "$P_PLACEMENT" /usr/bin/placement-api 2 --env "OS_PLACEMENT_CONFIG_DIR=$ETC/placement"
}

placement_wait() { wait_http placement "http://$HOST:$P_PLACEMENT/" 90; }
