# shellcheck shell=bash
# rabbitmq.sh: the message bus, and epmd, the name service its node needs.

rabbitmq_processes() { printf '%s\n' rabbitmq epmd; }

rabbitmq_config() {
  put "$ETC/rabbitmq/rabbitmq.conf" <<EOF
listeners.tcp.1 = $HOST:$P_RABBIT
default_user = openstack
default_pass = $LAB_PASSWORD
loopback_users = none
management.tcp.ip = $HOST
management.tcp.port = $P_RABBIT_MGMT
log.console = true
log.console.level = warning
log.file = false
vm_memory_high_watermark.absolute = 1GB
disk_free_limit.absolute = 200MB
EOF
  if [ "$LAB_RABBIT_MGMT" = 1 ]; then echo '[rabbitmq_management].'; else echo '[].'; fi |
    put "$ETC/rabbitmq/enabled_plugins"
  put "$ETC/rabbitmq/env.conf" </dev/null
  mkdir -p "$DATA/rabbitmq/mnesia" "$DATA/rabbitmq/home" "$LOG/rabbitmq"
}

# this lab's node, and nothing of another broker on the machine
rabbit_environment() {
  printf '%s\n' HOME="$DATA/rabbitmq/home" \
    RABBITMQ_CONF_ENV_FILE="$ETC/rabbitmq/env.conf" RABBITMQ_CONFIG_FILE="$ETC/rabbitmq/rabbitmq" \
    RABBITMQ_ADVANCED_CONFIG_FILE="$ETC/rabbitmq/advanced" \
    RABBITMQ_ENABLED_PLUGINS_FILE="$ETC/rabbitmq/enabled_plugins" \
    RABBITMQ_NODENAME=lab@localhost RABBITMQ_MNESIA_BASE="$DATA/rabbitmq/mnesia" \
    RABBITMQ_LOG_BASE="$LOG/rabbitmq" RABBITMQ_DIST_PORT="$P_RABBIT_DIST" \
    ERL_EPMD_PORT="$P_EPMD" ERL_EPMD_ADDRESS="$HOST" RUNNING_UNDER_SYSTEMD=true \
    "RABBITMQ_SERVER_ADDITIONAL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1} +S 2:2 +sbwt none +sbwtdcpu none +sbwtdio none" \
    "RABBITMQ_CTL_ERL_ARGS=-kernel inet_dist_use_interface {127,0,0,1}"
}

rabbitmq_start() {
  local environment
  mapfile -t environment < <(rabbit_environment)
  launch epmd env ERL_EPMD_ADDRESS="$HOST" /usr/bin/epmd -port "$P_EPMD"
  wait_port epmd "$P_EPMD" 10
  launch rabbitmq env -u NOTIFY_SOCKET "${environment[@]}" /usr/lib/rabbitmq/bin/rabbitmq-server
}

rabbitmq_wait() { wait_port rabbitmq "$P_RABBIT" 120; }

rabbitctl() {
  local environment
  mapfile -t environment < <(rabbit_environment)
  env "${environment[@]}" /usr/lib/rabbitmq/bin/rabbitmqctl -q "$@"
}

rabbitmq_prepare() { # unread notifications must not grow for ever
  once rabbit-policy "$LOG/rabbitmqctl.log" rabbitctl set_policy --apply-to queues lab-notifications \
    '^(versioned_)?notifications[.]' '{"max-length":20000}'
}
