# shellcheck shell=bash
# status.sh: what runs, what it costs, what the cloud holds.

tree_of() { # PID: it and every descendant
  local child
  echo "$1"
  for child in $(cat /proc/"$1"/task/*/children 2>/dev/null); do tree_of "$child"; done
}

usage_of() { # PID...: processes, MiB of proportional memory, CPU seconds
  local p mem cpu count=0 kib=0 ticks=0
  for p in "$@"; do
    mem=$(awk '/^Pss:/{print $2}' "/proc/$p/smaps_rollup" 2>/dev/null)
    cpu=$(awk '{sub(/.*\) /, ""); print $12 + $13 + $14 + $15}' "/proc/$p/stat" 2>/dev/null)
    count=$((count + 1)) kib=$((kib + ${mem:-0})) ticks=$((ticks + ${cpu:-0}))
  done
  echo "$count $((kib / 1024)) $((ticks / $(getconf CLK_TCK)))"
}

cmd_status() {
  local file name pid _ count mib cpu total=0 seconds=0 dead=0
  compgen -G "$RUN/*.pid" >/dev/null || {
    echo "nothing runs that is recorded under $LAB_DIR"
    return 1
  }
  printf '%-18s %8s %6s %9s %9s\n' process pid procs 'PSS MiB' 'CPU s'
  for file in "$RUN"/*.pid; do
    name=$(basename "$file" .pid)
    read -r pid _ <"$file"
    if alive "$name"; then
      # shellcheck disable=SC2046
      read -r count mib cpu <<<"$(usage_of $(tree_of "$pid"))"
      total=$((total + mib)) seconds=$((seconds + cpu))
      printf '%-18s %8s %6s %9s %9s\n' "$name" "$pid" "$count" "$mib" "$cpu"
    else
      printf '%-18s %8s   dead   log to read: %s\n' "$name" "$pid" "$LOG/$name.log"
      dead=1
    fi
  done
  printf '%-18s %8s %6s %9s %9s\n' total '' '' $total $seconds
  du -sm "$LAB_DIR" 2>/dev/null | awk '{print "state on disk: " $1 " MiB"}'
  alive keystone && "$PY" -m seed counts
  return $dead
}

cmd_env() {
  [ -r "$LAB_DIR/openrc" ] || die "no lab in $LAB_DIR: run 'lab up' first"
  cat "$LAB_DIR/openrc"
}

cmd_seed() {
  local n="${1:-}"
  case "$n" in '' | *[!0-9]*) die "seed needs a number of servers: lab seed 50" ;; esac
  alive nova-api || die "the lab is not up: run 'lab up' first"
  copy_python
  "$PY" -m seed seed "$n" || die "seed $n: the lines above say which request and which log"
}
