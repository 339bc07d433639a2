# shellcheck shell=bash
# install.sh: the distribution's packages, and only those that are missing.

packages() { # one a line
  printf '%s\n' \
    mariadb-server mariadb-client rabbitmq-server memcached uwsgi-core uwsgi-plugin-python3 \
    python3-keystone python3-placement placement-common python3-glance glance-common \
    python3-neutron neutron-common python3-cinder cinder-common python3-nova nova-common \
    python3-openstackclient python3-pymysql python3-memcache python3-pymemcache \
    python3-kombu python3-requests python3-setproctitle curl ca-certificates procps xz-utils
  # only recommended by the packages, but without it nova and neutron are much slower
  printf '%s\n' python3-sqlalchemy-ext
  if with_heat; then printf '%s\n' python3-heat heat-common python3-heatclient; fi
  if with_metrics; then printf '%s\n' python3-gnocchi gnocchi-common python3-gnocchiclient; fi
}

missing_packages() {
  comm -23 <(packages | sort -u) \
    <(dpkg-query -W -f '${db:Status-Status} ${Package}\n' 2>/dev/null | sed -n 's/^installed //p' | sort -u)
}

# No package may ask for a database or start a daemon: the lab runs its own.
preseed() {
  local p
  for p in keystone placement glance neutron cinder nova gnocchi heat; do
    echo "$p $p/configure_db boolean false"
    echo "$p-common $p/configure_db boolean false"
  done | debconf-set-selections 2>/dev/null
}

cmd_install() {
  local missing log rc started=$SECONDS policy=/usr/sbin/policy-rc.d made=
  command -v apt-get >/dev/null || die "no apt-get here: the lab needs debian 12"
  mapfile -t missing < <(missing_packages)
  if [ ${#missing[@]} = 0 ]; then
    say "install: all packages are present"
    return 0
  fi
  [ "$(id -u)" = 0 ] || die "install needs root; missing packages: ${missing[*]}"
  # shellcheck source=/dev/null
  (. /etc/os-release && [ "$ID:$VERSION_ID" = debian:12 ]) ||
    say "install: this is not debian 12; another release brings another openstack, untested"
  log=$(mktemp "${TMPDIR:-/tmp}/openstack-lab-install.XXXXXX") || die "cannot make a log in ${TMPDIR:-/tmp}"
  say "install: ${#missing[@]} packages and what they need (log: $log)"
  # a policy of the machine's owner stays as it is; it is the owner's word on daemons
  if [ ! -e "$policy" ]; then
    printf '#!/bin/sh\nexit 101\n' >"$policy" && chmod 755 "$policy" && made=1
  fi
  (
    export DEBIAN_FRONTEND=noninteractive DEBIAN_PRIORITY=critical
    apt-get update && { preseed || true; } &&
      apt-get install -y --no-install-recommends -o Dpkg::Options::=--force-confold "${missing[@]}"
  ) >"$log" 2>&1 </dev/null
  rc=$?
  [ -n "$made" ] && rm -f "$policy"
  [ $rc = 0 ] || die "apt-get install (exit $rc)" "$log"
  rm -f "$log"
  say "install: done after $((SECONDS - started)) s"
}
