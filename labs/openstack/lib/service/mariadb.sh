# shellcheck shell=bash
# mariadb.sh: one server for every service's database, tuned to be fast, not safe.

mariadb_processes() { printf '%s\n' mariadb; }

mariadb_config() {
  put "$ETC/my.cnf" <<EOF
[mysqld]
datadir = $DATA/mysql
socket = $RUN/mysql.sock
pid-file = $DATA/mariadbd.pid
bind-address = $HOST
port = $P_MARIADB
skip-name-resolve
character-set-server = utf8mb4
collation-server = utf8mb4_general_ci
default-storage-engine = innodb
max_connections = 600
innodb_buffer_pool_size = 256M
innodb_log_file_size = 128M
# nothing here has to survive a power cut: never wait for the disk
innodb_flush_method = nosync
innodb_flush_log_at_trx_commit = 0
innodb_doublewrite = 0
performance_schema = off
skip-log-bin
[client]
socket = $RUN/mysql.sock
EOF
}

sql() { /usr/bin/mariadb --no-defaults --socket="$RUN/mysql.sock" -u root "$@"; }

mariadb_start() {
  local log="$LOG/mariadb-install.log"
  if [ ! -d "$DATA/mysql/mysql" ]; then
    rm -rf "$DATA/mysql"
    mkdir -p "$DATA/mysql"
    mariadb-install-db --no-defaults --datadir="$DATA/mysql" --user="$(id -un)" \
      --auth-root-authentication-method=normal --skip-test-db >>"$log" 2>&1 ||
      die "mariadb-install-db" "$log"
  fi
  launch mariadb /usr/sbin/mariadbd --defaults-file="$ETC/my.cnf" --user="$(id -un)"
}

mariadb_wait() {
  local end=$((SECONDS + 60))
  until sql -e 'select 1' >/dev/null 2>&1; do
    must_live mariadb
    [ $SECONDS -lt $end ] || die "mariadb did not answer in 60 s" "$LOG/mariadb.log"
    sleep 0.2
  done
}

databases() {
  echo keystone placement glance neutron cinder nova_api nova nova_cell0
  with_metrics && echo gnocchi
  with_heat && echo heat
  true
}

mariadb_prepare() {
  local b
  {
    for b in $(databases); do echo "CREATE DATABASE IF NOT EXISTS \`$b\`;"; done
    echo "CREATE USER IF NOT EXISTS 'lab'@'$HOST' IDENTIFIED BY '$LAB_PASSWORD';"
    echo "ALTER USER 'lab'@'$HOST' IDENTIFIED BY '$LAB_PASSWORD';"
    echo "GRANT ALL ON *.* TO 'lab'@'$HOST';"
  } | sql >>"$LOG/mariadb.log" 2>&1 || die "creating the databases" "$LOG/mariadb.log"
}
