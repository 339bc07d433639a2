# shellcheck shell=bash
# wsgi.sh: the services that the packages, too, run under uwsgi.

wsgi() { # NAME PORT FILE PROCESSES [UWSGI ARGUMENT...]
  local name=$1 port=$2 file=$3 processes=$4
  shift 4
  # one request per connection, like the distribution's own settings; the code is
  # loaded once and forked (no --lazy-apps), oslo.db notices a fork by itself
  launch "$name" /usr/bin/uwsgi-core --plugin python311 --http-socket "$HOST:$port" --wsgi-file "$file" \
    --master --processes "$processes" --threads 1 --enable-threads --need-app --die-on-term --no-orphans \
    --thunder-lock --buffer-size 65535 --listen 100 --add-header "Connection: close" --disable-logging \
    --post-buffering 65536 --worker-reload-mercy 5 --chdir "$LAB_DIR" "$@"
}
