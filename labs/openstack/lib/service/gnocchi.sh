# shellcheck shell=bash
# gnocchi.sh: metrics, only with LAB_METRICS=1.

gnocchi_processes() { printf '%s\n' gnocchi-api gnocchi-metricd; }

gnocchi_config() {
  mkdir -p "$DATA/gnocchi/storage"
  copy_etc /etc/gnocchi/api-paste.ini "$ETC/gnocchi"
  # gnocchi's token filter only looks below /etc unless its paste section names a file
  sed -i -e "s#/etc/gnocchi/healthcheck_disable#$ETC/gnocchi/healthcheck_disable#" \
    -e "/^use = egg:keystonemiddleware/a oslo_config_file = $ETC/gnocchi/gnocchi.conf" \
    "$ETC/gnocchi/api-paste.ini"
  put "$ETC/gnocchi/gnocchi.conf" <<EOF
[DEFAULT]
parallel_operations = 2
[api]
auth_mode = keystone
host = $HOST
port = $P_GNOCCHI
paste_config = $ETC/gnocchi/api-paste.ini
max_limit = 1000
[metricd]
workers = 1
metric_processing_delay = 5
[indexer]
url = $(db gnocchi)
[storage]
driver = file
file_basepath = $DATA/gnocchi/storage
$(authtoken gnocchi)
EOF
}

gnocchi_prepare() {
  once gnocchi-db "$LOG/prepare-gnocchi.log" gnocchi-upgrade --config-file "$ETC/gnocchi/gnocchi.conf"
}

gnocchi_start() {
  # lazy: gnocchi opens its storage and its coordinator's threads while it loads
  wsgi gnocchi-api "$P_GNOCCHI" /usr/bin/gnocchi-api 2 --lazy-apps \
    --pyargv "--config-file $ETC/gnocchi/gnocchi.conf"
  launch gnocchi-metricd /usr/bin/gnocchi-metricd --config-file "$ETC/gnocchi/gnocchi.conf"
}

gnocchi_wait() { wait_http gnocchi-api "http://$HOST:$P_GNOCCHI/" 90; }
