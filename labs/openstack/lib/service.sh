# shellcheck shell=bash
# service.sh: stop and start one service of a running lab, for tests of outages.

cmd_service() {
  local action="${1:-}" name="${2:-}" s
  case "$action" in
    list)
      for s in $(services); do printf '%-10s %s\n' "$s" "$("${s}_processes" | paste -sd ' ')"; done
      printf '%-10s %s\n' compute "$(compute_processes | paste -sd ' ')"
      ;;
    stop | start)
      processes "$name" >/dev/null || die "no service '$name': 'lab service list' prints the names"
      "service_$action" "$name"
      ;;
    *) die "service needs stop, start or list: lab service stop cinder" ;;
  esac
}

service_stop() {
  local names
  mapfile -t names < <(processes "$1")
  stop_all 15 "${names[@]}"
  say "service: stopped ${names[*]}"
}

# `service start nova-compute-2` must not also start compute-3, which a test may
# want to stay away: fleet_add and launch pass over everything but ONLY.
service_start() {
  local s names since
  ulimit -n 20000 2>/dev/null || ulimit -n "$(ulimit -Hn)"
  mapfile -t names < <(processes "$1")
  s=$(service_of "${names[0]}")
  ONLY=" ${names[*]} "
  since=$(date -u +%FT%T)
  "${s}_start"
  ONLY=
  # a part without the API in it has nothing to wait for here
  case "$1" in "$s" | *-api) "${s}_wait" ;; esac
  case "$1" in
    nova | compute | nova-compute-*)
      "$PY" -m seed wait-service nova-compute "$(printf '%s\n' "${names[@]}" | grep -c compute)" 300 "$since" ;;
    cinder | cinder-volume) "$PY" -m seed wait-service cinder-volume 2 120 "$since" ;;
  esac || die "$1 did not report itself up" "$LOG/${names[0]}.log"
  say "service: started ${names[*]}"
}
