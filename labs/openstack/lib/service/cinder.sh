# shellcheck shell=bash
# cinder.sh: volumes. Both back ends are drivers/labcinder.py: rows without data.

cinder_processes() { printf '%s\n' cinder-api cinder-scheduler cinder-volume; }

cinder_config() {
  mkdir -p "$DATA/cinder/conversion"
  copy_etc /etc/cinder/api-paste.ini /etc/cinder/resource_filters.json "$ETC/cinder"
  put "$ETC/cinder/cinder.conf" <<EOF
[DEFAULT]
osapi_volume_listen = $HOST
osapi_volume_listen_port = $P_CINDER
osapi_volume_workers = 1
api_paste_config = $ETC/cinder/api-paste.ini
resource_query_filters_file = $ETC/cinder/resource_filters.json
auth_strategy = keystone
state_path = $DATA/cinder
image_conversion_dir = $DATA/cinder/conversion
host = lab-storage
my_ip = $HOST
transport_url = $(transport)
control_exchange = cinder
glance_api_servers = http://$HOST:$P_GLANCE
enabled_backends = ssd,hdd
default_volume_type = ssd
osapi_max_limit = 1000
quota_volumes = -1
quota_snapshots = -1
quota_gigabytes = -1
quota_backups = -1
quota_groups = -1
graceful_shutdown_timeout = 5
[ssd]
volume_driver = labcinder.LabVolumeDriver
volume_backend_name = ssd
[hdd]
volume_driver = labcinder.LabVolumeDriver
volume_backend_name = hdd
[coordination]
backend_url = file://$DATA/cinder/coordination
[database]
$(db_options cinder)
[nova]
$(account nova)
$(service_user cinder)
$(authtoken cinder)
$(oslo cinder)
EOF
}

cinder_prepare() {
  once cinder-db "$LOG/prepare-cinder.log" cinder-manage --config-file "$ETC/cinder/cinder.conf" db sync
}

cinder_start() {
  local file=(--config-file "$ETC/cinder/cinder.conf")
  local ready="port:$P_MARIADB port:$P_RABBIT file:$(catalog_mark)"
  fleet_add cinder-api "$ready" cinder.cmd.api:main "${file[@]}"
  fleet_add cinder-scheduler "$ready" cinder.cmd.scheduler:main "${file[@]}"
  # it reports its capacity once at its start: to a scheduler that already listens
  fleet_add cinder-volume "$ready queue:cinder-scheduler" cinder.cmd.volume:main "${file[@]}"
  fleet_start cinder
}

cinder_wait() { wait_http cinder-api "http://$HOST:$P_CINDER/" 90; }
