# shellcheck shell=bash
# config.sh: the sections that the services' config files have in common.

db() { # DATABASE: its URL
  printf 'mysql+pymysql://lab:%s@%s:%s/%s?charset=utf8mb4' "$LAB_PASSWORD" "$HOST" "$P_MARIADB" "$1"
}

db_options() { # DATABASE [POOL SIZE]
  printf 'connection = %s\nmax_pool_size = %s\nmax_overflow = 20\nmax_retries = 10\n' "$(db "$1")" "${2:-5}"
}

transport() { printf 'rabbit://openstack:%s@%s:%s/' "$LAB_PASSWORD" "$HOST" "$P_RABBIT"; }

account() { # USER: how a service logs in to keystone
  cat <<EOF
auth_url = http://$HOST:$P_KEYSTONE/v3
auth_type = password
project_domain_name = Default
user_domain_name = Default
project_name = service
username = $1
password = $LAB_PASSWORD
region_name = $LAB_REGION
EOF
}

authtoken() { # USER: the token middleware
  printf '[keystone_authtoken]\n'
  account "$1"
  cat <<EOF
www_authenticate_uri = http://$HOST:$P_KEYSTONE/v3
memcached_servers = $HOST:$P_MEMCACHED
service_token_roles = service
service_token_roles_required = true
EOF
}

service_user() { # USER: the second token that lets long operations outlive the first
  printf '[service_user]\nsend_service_user_token = true\n'
  account "$1"
}

cache() {
  cat <<EOF
[cache]
enabled = true
backend = dogpile.cache.pymemcache
memcache_servers = $HOST:$P_MEMCACHED
EOF
}

oslo() { # SERVICE: messaging, notifications, locks
  cat <<EOF
[oslo_messaging_notifications]
driver = messagingv2
topics = notifications
[oslo_messaging_rabbit]
heartbeat_timeout_threshold = 60
[oslo_concurrency]
lock_path = $DATA/$1/lock
[oslo_middleware]
enable_proxy_headers_parsing = true
EOF
}

# The drivers are copied, so that a running lab does not change when a branch is
# switched, and no compiled file is written into the source tree.
copy_python() {
  rm -rf "$PYLIB"
  mkdir -p "$PYLIB"
  cp -r "$ROOT/drivers/." "$PYLIB/" && cp -r "$ROOT/seed" "$PYLIB/seed" ||
    die "cannot copy the drivers to $PYLIB"
}

write_client_files() {
  put "$LAB_DIR/openrc" <<EOF
export OS_AUTH_URL=http://$HOST:$P_KEYSTONE/v3
export OS_IDENTITY_API_VERSION=3
export OS_USERNAME=admin
export OS_PASSWORD=$LAB_PASSWORD
export OS_PROJECT_NAME=admin
export OS_USER_DOMAIN_NAME=Default
export OS_PROJECT_DOMAIN_NAME=Default
export OS_REGION_NAME=$LAB_REGION
export OS_AUTH_TYPE=password
EOF
  put "$LAB_DIR/clouds.yaml" <<EOF
clouds:
  lab:
    region_name: $LAB_REGION
    identity_api_version: 3
    auth:
      auth_url: http://$HOST:$P_KEYSTONE/v3
      username: admin
      password: $LAB_PASSWORD
      project_name: admin
      user_domain_name: Default
      project_domain_name: Default
EOF
  chmod 600 "$LAB_DIR/openrc" "$LAB_DIR/clouds.yaml"
}

write_configs() {
  local s
  mkdir -p "$ETC" "$LOG" "$RUN" "$DATA" "$LAB_DIR/home" || die "cannot write under $LAB_DIR"
  chmod 700 "$LAB_DIR/home"
  copy_python
  for s in $(services); do
    mkdir -p "$ETC/$s" "$DATA/$s/lock"
    "${s}_config"
  done
  write_client_files
}
