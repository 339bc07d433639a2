# shellcheck shell=bash
# up.sh: the order in which things start, stop and wait for each other.

services() { # in the order of their start; `down` goes the other way
  printf '%s\n' mariadb rabbitmq memcached keystone placement nova neutron cinder glance
  with_metrics && echo gnocchi
  with_heat && echo heat
  true
}

openstack_services() { services | tail -n +4; }

processes() { # SERVICE OR PROCESS: the processes behind a name; fails for none
  case "$1" in
    compute) compute_processes ;;
    *-* | epmd) for_each_service | grep -x -- "$1" ;;
    *) services | grep -qx -- "$1" && "$1_processes" ;;
  esac
}

for_each_service() { # every process of every service
  local s
  for s in $(services); do "${s}_processes"; done
}

service_of() { # PROCESS: the service it belongs to
  local s
  for s in $(services); do
    "${s}_processes" | grep -qx -- "$1" && echo "$s" && return 0
  done
  return 1
}

check_installed() {
  local missing
  mapfile -t missing < <(missing_packages)
  [ ${#missing[@]} = 0 ] || die "packages are missing (${missing[*]}): run 'lab install' first"
  "$PY" -c 'import sys; sys.exit(sys.version_info[:2] != (3, 11))' ||
    die "$PY is not debian 12's python 3.11: the lab was made for that release"
}

check_ports() { # never talk to, or fight with, somebody else's service
  local pair name port
  for pair in mariadb:$P_MARIADB rabbitmq:$P_RABBIT epmd:$P_EPMD memcached:$P_MEMCACHED \
    keystone:$P_KEYSTONE placement:$P_PLACEMENT glance:$P_GLANCE neutron:$P_NEUTRON \
    cinder-api:$P_CINDER nova-api:$P_NOVA gnocchi-api:$P_GNOCCHI heat-api:$P_HEAT; do
    name=${pair%:*} port=${pair#*:}
    service_of "$name" >/dev/null || continue
    alive "$name" && continue
    port_open "$port" &&
      die "port $port, meant for $name, is taken by a process this lab did not start: stop that one first"
  done
  return 0
}

# Three lines of work, because some schemas wait for the disk and others for python.
prepare_schemas() {
  local jobs=() job
  (keystone_prepare && placement_prepare && glance_prepare) & jobs+=($!)
  (nova_prepare) & jobs+=($!)
  (
    neutron_prepare && cinder_prepare || exit 1
    if with_metrics; then gnocchi_prepare || exit 1; fi
    if with_heat; then heat_prepare || exit 1; fi
  ) & jobs+=($!)
  for job in "${jobs[@]}"; do wait "$job" || exit 1; done
}

cmd_up() {
  local s p since started=$SECONDS
  check_installed
  ulimit -n 20000 2>/dev/null || ulimit -n "$(ulimit -Hn)"
  mkdir -p "$RUN" "$LOG"
  check_ports
  say "up: writing configs under $LAB_DIR"
  write_configs
  say "up: mariadb, rabbitmq, memcached"
  memcached_start
  rabbitmq_start
  mariadb_start
  mariadb_wait
  mariadb_prepare
  if ! is_done "schemas-heat$LAB_HEAT-metrics$LAB_METRICS"; then
    say "up: schemas (logs: $LOG/prepare-*.log)"
    rabbitmq_wait
    prepare_schemas
    touch "$RUN/done.schemas-heat$LAB_HEAT-metrics$LAB_METRICS"
  fi
  keystone_keys
  # all at once: each process waits by itself for what it needs (fleet_add)
  say "up: $(openstack_services | paste -sd ' ')"
  since=$(first_report)
  for s in $(openstack_services); do "${s}_start"; done
  keystone_catalog
  rabbitmq_wait
  rabbitmq_prepare &
  for s in $(openstack_services); do "${s}_wait"; done
  wait_ready "$since"
  for p in $(for_each_service); do must_live "$p"; done
  say "up: ready after $((SECONDS - started)) s: $LAB_DIR/openrc, $LAB_DIR/clouds.yaml (OS_CLOUD=lab)"
}

# A report counts only if it was made after this start: an old one is still in date
# when a lab comes up again quickly. Empty when everything runs already.
first_report() {
  local p
  for p in $(compute_processes) cinder-volume cinder-scheduler nova-scheduler neutron-agents; do
    alive "$p" || { date -u +%FT%T; return; }
  done
}

wait_ready() { # SINCE: until the services' own health reports say so
  "$PY" -m seed wait-ready "$LAB_COMPUTES" 900 "$1" 2>>"$LOG/bootstrap.log" ||
    die "not every service reported itself up" "$LOG/bootstrap.log"
}

cmd_down() {
  local layer names
  if [ ! -d "$RUN" ]; then
    say "down: nothing recorded under $LAB_DIR"
    return 0
  fi
  # also what an earlier `up` with other settings started
  mapfile -t names < <(cd "$RUN" && printf '%s\n' *.pid | sed -n 's/[.]pid$//p' |
    grep -vxE 'rabbitmq|epmd|memcached|mariadb|\*')
  stop_all 15 "${names[@]}"
  for layer in rabbitmq epmd "memcached mariadb"; do
    # shellcheck disable=SC2086
    stop_all 30 $layer
  done
  say "down: stopped; the state is kept in $LAB_DIR, delete that folder for a fresh cloud"
}
