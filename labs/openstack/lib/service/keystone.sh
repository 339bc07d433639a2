# shellcheck shell=bash
# keystone.sh: identity and the service catalog.

keystone_processes() { printf '%s\n' keystone; }

keystone_config() {
  put "$ETC/keystone/keystone.conf" <<EOF
[DEFAULT]
transport_url = $(transport)
notification_format = basic
[database]
$(db_options keystone)
[token]
provider = fernet
expiration = $LAB_TOKEN_TTL
[fernet_tokens]
key_repository = $DATA/keystone/fernet
[credential]
key_repository = $DATA/keystone/credential
[fernet_receipts]
key_repository = $DATA/keystone/fernet
[identity]
# the cheapest bcrypt: the password of a lab is no secret
password_hash_rounds = 4
$(cache)
$(oslo keystone)
EOF
}

# What keystone-manage would write, without two more starts of it. Made anew after
# a restore, so that a saved cloud holds no key.
keystone_keys() {
  "$PY" - "$DATA/keystone/fernet" "$DATA/keystone/credential" <<'EOF' || die "cannot write the keys of keystone"
import base64, os, sys
for folder in sys.argv[1:]:
    os.makedirs(folder, mode=0o700, exist_ok=True)
    for name in "01":
        path = os.path.join(folder, name)
        if not os.path.exists(path):
            with open(os.open(path, os.O_WRONLY | os.O_CREAT, 0o600), "wb") as f:
                f.write(base64.urlsafe_b64encode(os.urandom(32)))
EOF
}

keystone_prepare() {
  local log="$LOG/prepare-keystone.log" url="http://$HOST:$P_KEYSTONE/v3/"
  local manage=(keystone-manage --config-file "$ETC/keystone/keystone.conf")
  keystone_keys
  once keystone-db "$log" "${manage[@]}" db_sync
  once keystone-boot "$log" "${manage[@]}" bootstrap --bootstrap-password "$LAB_PASSWORD" \
    --bootstrap-region-id "$LAB_REGION" --bootstrap-admin-url "$url" \
    --bootstrap-internal-url "$url" --bootstrap-public-url "$url"
}

keystone_start() {
  wsgi keystone "$P_KEYSTONE" /usr/bin/keystone-wsgi-public 3 \
    --env "OS_KEYSTONE_CONFIG_FILES=$ETC/keystone/keystone.conf"
}

keystone_wait() { wait_http keystone "http://$HOST:$P_KEYSTONE/v3" 90; }

# the accounts and endpoints of all the others, who wait for the mark of it
catalog_name() { echo "catalog-heat$LAB_HEAT-metrics$LAB_METRICS"; }
catalog_mark() { echo "$RUN/done.$(catalog_name)"; }

keystone_catalog() {
  is_done "$(catalog_name)" && return 0
  keystone_wait
  once "$(catalog_name)" "$LOG/bootstrap.log" "$PY" -m seed bootstrap
}
