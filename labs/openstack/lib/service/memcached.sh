# shellcheck shell=bash
# memcached.sh: the cache that spares keystone most token validations.

memcached_processes() { printf '%s\n' memcached; }
memcached_config() { :; }
memcached_prepare() { :; }

memcached_start() {
  local as=()
  [ "$(id -u)" = 0 ] && as=(-u root)
  launch memcached /usr/bin/memcached -l "$HOST" -p "$P_MEMCACHED" -U 0 -m 64 -c 2048 "${as[@]}"
}

memcached_wait() { wait_port memcached "$P_MEMCACHED" 10; }
