# shellcheck shell=bash
# common.sh: messages, the environment of every child, and steps done once.

say() { printf '%s %s\n' "$(date +%H:%M:%S)" "$*" >&2; }

die() { # MESSAGE [LOG]: say what failed, and show the end of the log to read
  printf 'openstack-lab: failed: %s\n' "$1" >&2
  if [ -n "${2:-}" ]; then
    printf 'openstack-lab: log to read: %s (its last lines follow)\n' "$2" >&2
    tail -n 15 "$2" 2>/dev/null | cut -c1-400 | sed 's/^/    | /' >&2
  fi
  exit 1
}

# Nothing of the caller's client, python or broker settings may leak into the
# services: an OS_CLOUD or a virtualenv would change what they talk to or load.
clean_env() {
  local v
  for v in $(compgen -e); do
    case "$v" in
      OS_* | PYTHON* | VIRTUAL_ENV | RABBITMQ_* | ERL_*) unset "$v" ;;
      http_proxy | https_proxy | HTTP_PROXY | HTTPS_PROXY) unset "$v" ;;
    esac
  done
  export PATH=/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin
  export LC_ALL=C.UTF-8 PYTHONPATH="$PYLIB" PYTHONWARNINGS=ignore PYTHONUNBUFFERED=1
  # not from the caller's folder: python -m would take a package `seed` found there
  export PYTHONSAFEPATH=1
  export no_proxy="127.0.0.1,localhost"
  # third party caches (stevedore's entry points) stay inside the lab
  export HOME="$LAB_DIR/home" XDG_CACHE_HOME="$LAB_DIR/home/.cache"
  export LAB_DIR LAB_PASSWORD LAB_REGION LAB_COMPUTES LAB_HEAT LAB_METRICS
  export LAB_HOST_VCPUS LAB_HOST_RAM_MB LAB_HOST_DISK_GB
}

put() { # FILE: write stdin to it
  mkdir -p "$(dirname "$1")" && cat >"$1" || die "cannot write $1"
}

copy_etc() { # SOURCE... FOLDER: files the packages ship under /etc
  local last="${*: -1}" f
  for f in "${@:1:$#-1}"; do
    [ -e "$f" ] || die "$f is missing: run 'lab install' first"
    cp -r "$f" "$last/" || die "cannot copy $f to $last"
  done
}

is_done() { [ -e "$RUN/done.$1" ]; }

once() { # MARK LOG COMMAND...: run a preparation step once per cloud
  local mark="$1" log="$2"
  shift 2
  is_done "$mark" && return 0
  printf -- '---- %s\n' "$*" >>"$log"
  "$@" >>"$log" 2>&1 || die "preparation step: $*" "$log"
  touch "$RUN/done.$mark"
}
