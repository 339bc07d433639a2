# shellcheck shell=bash
# process.sh: start, watch and stop processes by recorded pid.
#
# $RUN/NAME.pid holds "pid starttime". The start time guards against a reused pid:
# the lab never signals a process it did not start.

proc_stat() { # PID: "state starttime", the time in clock ticks; fails when it is gone
  local stat fields
  stat=$(cat "/proc/$1/stat" 2>/dev/null) || return 1
  # the command may hold blanks and brackets, so count the fields behind the last one
  read -ra fields <<<"${stat##*) }"
  printf '%s %s' "${fields[0]}" "${fields[19]}"
}

proc_start() { # PID: the start time of a process that is not a zombie
  local state start
  read -r state start <<<"$(proc_stat "$1")"
  [ -n "$state" ] && [ "$state" != Z ] && printf '%s' "$start"
}

same_or_gone() { # PID START: no other process has this number by now
  local _ now
  read -r _ now <<<"$(proc_stat "$1")"
  [ -z "$now" ] || [ "$now" = "$2" ]
}

alive() { # NAME: is the recorded process still the one running?
  local pid start
  [ -s "$RUN/$1.pid" ] || return 1
  read -r pid start <"$RUN/$1.pid"
  [ -n "$start" ] && [ "$(proc_start "$pid")" = "$start" ]
}

record() { # NAME PID
  printf '%s %s\n' "$2" "$(proc_start "$2")" >"$RUN/$1.pid"
}

log_start() { # NAME: a line in its log, to tell one start from the next
  printf -- '---- start %s\n' "$(date -Is)" >>"$LOG/$1.log"
}

ONLY= # names between blanks: start nothing else (service.sh)

wanted() { # NAME: may it start, and does it not run yet?
  case "$ONLY" in "" | *" $1 "*) ! alive "$1" ;; *) false ;; esac
}

launch() { # NAME COMMAND...: start detached; nothing to do when it runs
  local name=$1
  shift
  wanted "$name" || return 0
  log_start "$name"
  setsid "$@" >>"$LOG/$name.log" 2>&1 </dev/null &
  record "$name" $!
}

# Python services of one project are forked from one process that imported their
# code once (drivers/labstart.py): the import is most of a start's CPU time.
#
#   fleet_add NAME CONDITIONS MODULE:FUNCTION ARGUMENT...
#   fleet_start PROJECT
#
# CONDITIONS is what a child waits for before it runs, e.g. "port:5672 file:/x".
fleet_add() {
  local name=$1
  wanted "$name" || return 0
  log_start "$name"
  FLEET+=("$name")
  FLEET_SPEC+=$(printf '%s\t' "$@")$'\n'
}

fleet_start() { # PROJECT: all that was added since the last call
  local name spec="$RUN/fleet-$1.spec"
  if [ ${#FLEET[@]} -gt 0 ]; then
    printf '%s' "$FLEET_SPEC" >"$spec"
    setsid "$PY" -m labstart "$1" "$LOG" "$RUN" <"$spec" >>"$LOG/start-$1.log" 2>&1 &
    # until the child is forked, its name stands for the forking process
    for name in "${FLEET[@]}"; do record "$name" $!; done
  fi
  FLEET=() FLEET_SPEC=""
}
FLEET=() FLEET_SPEC=""

must_live() { # NAME
  alive "$1" && return 0
  # labstart replaces the record when it forks: look twice
  sleep 0.3
  alive "$1" && return 0
  if [ "$(tail -n 1 "$LOG/$1.log" | cut -c1-10)" = "---- start" ]; then
    die "$1 was never started" "$(ls -t "$LOG"/start-*.log 2>/dev/null | head -n 1)"
  fi
  die "$1 ended right after its start" "$LOG/$1.log"
}

port_open() { (exec 3<>"/dev/tcp/$HOST/$1") 2>/dev/null; }

wait_port() { # NAME PORT SECONDS
  local end=$((SECONDS + $3))
  while [ $SECONDS -lt $end ]; do
    port_open "$2" && return 0
    must_live "$1"
    sleep 0.2
  done
  die "$1 did not open port $2 in $3 s" "$LOG/$1.log"
}

wait_http() { # NAME URL SECONDS: any answer below 500 counts
  local code=none end=$((SECONDS + $3))
  while [ $SECONDS -lt $end ]; do
    code=$(curl -s -o /dev/null -m 20 -w '%{http_code}' "$2" 2>/dev/null)
    [ "$code" -ge 200 ] && [ "$code" -lt 500 ] && return 0
    must_live "$1"
    sleep 0.3
  done
  die "$1 did not answer $2 in $3 s (last status $code)" "$LOG/$1.log"
}

term_one() { # NAME: ask it to end, do not wait
  local pid start
  alive "$1" || return 0
  read -r pid start <"$RUN/$1.pid"
  kill -TERM "$pid" 2>/dev/null
}

stop_one() { # NAME SECONDS
  local name=$1 pid start i
  [ -s "$RUN/$name.pid" ] || return 0
  read -r pid start <"$RUN/$name.pid"
  if alive "$name"; then
    kill -TERM "$pid" 2>/dev/null
    for ((i = 0; i < $2 * 5; i++)); do
      alive "$name" || break
      sleep 0.2
    done
    alive "$name" && say "down: $name ignored a polite stop for $2 s, killing its group $pid"
  fi
  # Workers that outlive their parent are in the group this lab made for it, and a
  # parent that is not reaped yet is still a leader: only a stranger's number is spared.
  same_or_gone "$pid" "$start" && kill -KILL -- "-$pid" 2>/dev/null
  rm -f "$RUN/$name.pid"
}

stop_all() { # SECONDS NAME...: signal them all first, then wait, so that it is quick
  local seconds=$1 name
  shift
  for name in "$@"; do term_one "$name"; done
  for name in "$@"; do stop_one "$name" "$seconds"; done
}
