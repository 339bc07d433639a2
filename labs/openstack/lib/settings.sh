# shellcheck shell=bash disable=SC2034
# settings.sh: every setting, port and folder of the lab. Nothing here has an effect.

LAB_DIR="${LAB_DIR:-${TMPDIR:-/tmp}/openstack-lab}"
LAB_PASSWORD="${LAB_PASSWORD:-lab-secret}"
LAB_REGION="${LAB_REGION:-RegionOne}"
LAB_COMPUTES="${LAB_COMPUTES:-4}"
LAB_TOKEN_TTL="${LAB_TOKEN_TTL:-3600}"
LAB_HEAT="${LAB_HEAT:-1}"
# off by default: each costs start time, and no test reads them
LAB_METRICS="${LAB_METRICS:-0}"
LAB_RABBIT_MGMT="${LAB_RABBIT_MGMT:-0}"
# large on purpose: the seed should run out of none of these
LAB_HOST_VCPUS="${LAB_HOST_VCPUS:-128}"
LAB_HOST_RAM_MB="${LAB_HOST_RAM_MB:-4194304}"
LAB_HOST_DISK_GB="${LAB_HOST_DISK_GB:-100000}"

HOST=127.0.0.1

# public ports are OpenStack's defaults, because the service catalog of a saved
# cloud holds them; internal ones are odd, to stay clear of a developer's own
P_KEYSTONE=5000
P_NOVA=8774
P_PLACEMENT=8778
P_GLANCE=9292
P_NEUTRON=9696
P_CINDER=8776
P_GNOCCHI=8041
P_HEAT=8004
P_RABBIT=5672
P_MARIADB="${LAB_MARIADB_PORT:-13306}"
P_MEMCACHED="${LAB_MEMCACHED_PORT:-21211}"
P_EPMD="${LAB_EPMD_PORT:-24369}"
P_RABBIT_DIST="${LAB_RABBIT_DIST_PORT:-25672}"
P_RABBIT_MGMT="${LAB_RABBIT_MGMT_PORT:-15672}"

PY=/usr/bin/python3 # the distribution's: OpenStack is installed for no other

# folders below LAB_DIR, set once LAB_DIR is an absolute path
set_folders() {
  ETC="$LAB_DIR/etc" LOG="$LAB_DIR/log" RUN="$LAB_DIR/run"
  DATA="$LAB_DIR/data" PYLIB="$LAB_DIR/pylib"
}

with_heat() { [ "$LAB_HEAT" = 1 ]; }
with_metrics() { [ "$LAB_METRICS" = 1 ]; }
