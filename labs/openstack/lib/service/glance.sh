# shellcheck shell=bash
# glance.sh: images, in a folder.

glance_processes() { printf '%s\n' glance; }

glance_config() {
  mkdir -p "$DATA"/glance/{images,staging,tasks}
  copy_etc /etc/glance/glance-api-paste.ini "$ETC/glance"
  put "$ETC/glance/glance-api.conf" <<EOF
[DEFAULT]
bind_host = $HOST
bind_port = $P_GLANCE
workers = 1
enabled_backends = file:file
transport_url = $(transport)
[glance_store]
default_backend = file
[file]
filesystem_store_datadir = $DATA/glance/images
[os_glance_staging_store]
filesystem_store_datadir = $DATA/glance/staging
[os_glance_tasks_store]
filesystem_store_datadir = $DATA/glance/tasks
[database]
$(db_options glance)
[paste_deploy]
flavor = keystone
config_file = $ETC/glance/glance-api-paste.ini
$(authtoken glance)
$(oslo glance)
EOF
}

glance_prepare() {
  once glance-db "$LOG/prepare-glance.log" glance-manage --config-file "$ETC/glance/glance-api.conf" db_sync
}

glance_start() {
  fleet_add glance "port:$P_MARIADB" glance.cmd.api:main --config-file "$ETC/glance/glance-api.conf"
  fleet_start glance
}

glance_wait() { wait_http glance "http://$HOST:$P_GLANCE/versions" 90; }
