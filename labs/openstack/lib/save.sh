# shellcheck shell=bash
# save.sh: a seeded cloud as one small file. It holds rows and images, no keys, no
# logs, no configs: those are made anew, so that it fits any LAB_DIR.

saved_folders() {
  echo glance/images
  with_metrics && echo gnocchi/storage
  true
}

password_mark() { printf '%s\n' "$LAB_PASSWORD" | sha256sum | cut -c1-16; }

cmd_save() {
  local out="${1:-}" work="$LAB_DIR/save" databases folders
  case "$out" in
    *.tar.xz | *.tar.gz) ;;
    *) die "save needs a file name that ends in .tar.xz or .tar.gz" ;;
  esac
  alive mariadb || die "save needs a running lab: run 'lab up' first"
  rm -rf "$work"
  mkdir -p "$work"
  mapfile -t databases < <(databases | tr ' ' '\n')
  mariadb-dump --no-defaults --socket="$RUN/mysql.sock" -u root --single-transaction --skip-dump-date \
    --skip-comments --databases "${databases[@]}" >"$work/databases.sql" 2>"$LOG/save.log" || die "mariadb-dump" "$LOG/save.log"
  # glance keeps the absolute path of each image
  sed -i "s#file://$DATA/#file://@DATA@/#g" "$work/databases.sql"
  password_mark >"$work/password.sha"
  # the broker's state is not in the file, so its marks are not either
  (cd "$RUN" && printf '%s\n' done.* | grep -v rabbit) >"$work/done"
  mapfile -t folders < <(saved_folders)
  XZ_OPT=-9 tar -caf "$work/part.tar.${out##*.}" --owner=0 --group=0 --sort=name \
    -C "$work" databases.sql password.sha "done" -C "$DATA" "${folders[@]}" 2>>"$LOG/save.log" || die "tar" "$LOG/save.log"
  mv "$work/part.tar.${out##*.}" "$out" || die "cannot write $out"
  rm -rf "$work"
  say "save: $out, $(du -h "$out" | cut -f1)"
}

cmd_restore() {
  local in="${1:-}" work="$LAB_DIR/restore" folder mark started=$SECONDS
  [ -r "$in" ] || die "restore needs a file made by save: '$in' cannot be read"
  [ ! -e "$DATA/mysql" ] || die "restore needs a fresh LAB_DIR: $LAB_DIR already holds a cloud"
  check_installed
  mkdir -p "$RUN" "$LOG"
  check_ports
  write_configs
  rm -rf "$work"
  mkdir -p "$work"
  tar -xf "$in" -C "$work" 2>"$LOG/restore.log" || die "unpacking $in" "$LOG/restore.log"
  [ "$(password_mark)" = "$(cat "$work/password.sha")" ] ||
    die "$in was saved with another LAB_PASSWORD: set that one"
  mariadb_start
  mariadb_wait
  sed -i "s#file://@DATA@/#file://$DATA/#g" "$work/databases.sql"
  sql <"$work/databases.sql" 2>>"$LOG/restore.log" || die "loading the databases" "$LOG/restore.log"
  for folder in glance/images gnocchi/storage; do
    [ -d "$work/$folder" ] || continue
    rm -rf "${DATA:?}/$folder"
    mkdir -p "$(dirname "$DATA/$folder")"
    mv "$work/$folder" "$DATA/$folder"
  done
  while read -r mark; do touch "$RUN/$mark"; done <"$work/done"
  rm -rf "$work"
  # mariadb stays up: the next step is `up`, which finds it running
  say "restore: done after $((SECONDS - started)) s, now run 'lab up'"
}
