# shellcheck shell=bash
# heat.sh: orchestration; LAB_HEAT=0 leaves it out.

heat_processes() { printf '%s\n' heat-api heat-engine; }

heat_config() {
  copy_etc /etc/heat/api-paste.ini /etc/heat/environment.d /etc/heat/templates "$ETC/heat"
  put "$ETC/heat/heat.conf" <<EOF
[DEFAULT]
transport_url = $(transport)
control_exchange = heat
num_engine_workers = 1
environment_dir = $ETC/heat/environment.d
template_dir = $ETC/heat/templates
heat_metadata_server_url = http://$HOST:$P_HEAT
deferred_auth_method = trusts
stack_domain_admin = heat_domain_admin
stack_domain_admin_password = $LAB_PASSWORD
stack_user_domain_name = heat
region_name_for_services = $LAB_REGION
max_stacks_per_tenant = -1
action_retry_limit = 0
[heat_api]
bind_host = $HOST
bind_port = $P_HEAT
workers = 1
[paste_deploy]
api_paste_config = $ETC/heat/api-paste.ini
[oslo_policy]
policy_file = $ETC/heat/policy.yaml
[database]
$(db_options heat)
[clients_keystone]
auth_uri = http://$HOST:$P_KEYSTONE
[trustee]
$(account heat)
$(authtoken heat)
$(oslo heat)
EOF
  # as shipped, nobody who signs in to a project may list every project's stacks
  put "$ETC/heat/policy.yaml" <<<'"stacks:global_index": "role:admin"'
}

heat_prepare() {
  once heat-db "$LOG/prepare-heat.log" heat-manage --config-file "$ETC/heat/heat.conf" db_sync
}

heat_start() {
  local file=(--config-file "$ETC/heat/heat.conf")
  local ready="port:$P_MARIADB port:$P_RABBIT file:$(catalog_mark)"
  fleet_add heat-api "$ready" heat.cmd.api:main "${file[@]}"
  fleet_add heat-engine "$ready" heat.cmd.engine:main "${file[@]}"
  fleet_start heat
}

heat_wait() { wait_http heat-api "http://$HOST:$P_HEAT/" 90; }
