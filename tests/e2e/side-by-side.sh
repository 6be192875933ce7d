#!/bin/bash
# side-by-side.sh - the release before this one and this one serve one PostgreSQL side by side while a client works through both; then the older one stops
# and this one goes on alone; nothing is lost, nothing is left, the books are right. The older one is built from the history.
# Needs root, python3, git.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$root/scripts/lib.sh"
begin
second= client=
older=$work/older
before_down() {
  touch "$work/stop"
  [ -z "$client" ] || { kill "$client" 2>/dev/null; wait "$client" 2>/dev/null; }
  [ -z "$second" ] || { kill -TERM "$second" 2>/dev/null; wait "$second" 2>/dev/null; }
}
after_down() {
  rm -rf "$data.beside"
  stop_postgres "$data.postgres"
  rm -rf "$data.postgres"
  git -C "$root" worktree remove --force "$older" 2>/dev/null
}
# Of the commits before this one the nearest that can be upgraded from: it serves beside others.
release_before() {
  local commit
  for commit in $(git -C "$root" rev-list --first-parent -50 HEAD^ 2>/dev/null) $(git -C "$root" rev-list -50 HEAD^@ 2>/dev/null); do
    git -C "$root" cat-file -e "$commit:src/Sovereign.Kernel/Due/Neighbours.cs" 2>/dev/null && echo "$commit" && return
  done
  return 1
}
build_older() { (root=$older && publish "$older/out/program"); }
serve_beside() { # the new program, as the same user as the first
  exec setpriv --reuid sovereign --regid sovereign --clear-groups --inh-caps=-all --no-new-privs \
    env DOTNET_BUNDLE_EXTRACT_BASE_DIR="$data.beside/native" "$data.beside/sovereign" serve --data "$data" --beside "127.0.0.1:$((port + 1))"
}
answers() { curl -sf --cacert "$data/ca.pem" "https://127.0.0.1:$1/identity/v3" >/dev/null; }
works() { kill -0 "$client" 2>/dev/null || { cat "$work/client.log"; return 1; }; }
rounds() { grep -c '^round' "$work/client.log"; }
more_rounds() { # more_rounds COUNT: the client ends that many more
  local until=$(($(rounds) + $1))
  until_true 120 eval "! works >/dev/null || [ \$(rounds) -ge $until ]" && works
}
migrations() { sql cloud -At -c "SELECT COUNT(*) FROM migrations"; }
stop_first() { # its keeper is told, so that it is not started again
  local pid keeper
  pid=$(cat "$data/sovereign.pid") && keeper=$(awk '/^PPid:/ { print $2 }' "/proc/$pid/status") || return 1
  kill -TERM "$keeper" && until_true 30 test ! -e "/proc/$pid"
}
machines() { pgrep -af -- "^[^ ]*qemu-system[^ ]* .*$data/"; }

# A clone of the last commit alone has none: then this release serves beside itself, and the test says so.
commit=$(release_before) || { commit=HEAD; say "this clone has no older release that serves beside others: this one stands in for it"; }
check "there is a release to upgrade from" git -C "$root" rev-parse --verify --quiet "$commit^{commit}"
check "its source" git -C "$root" worktree add --detach "$older" "$commit"
check "its program is built" build_older
check "a PostgreSQL server starts" start_postgres "$data.postgres"
sql() { psql -q -h "$data.postgres/socket" -U sovereign "$@"; }
check "it has a database with the collation C" sql postgres -c "CREATE DATABASE cloud TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'"
echo "database: Host=$data.postgres/socket;Username=sovereign;Database=cloud" > "$work/cloud.yaml"
check "the older release's cloud starts on it" "$older/out/program/sovereign" up --data "$data" --listen "127.0.0.1:$port" --config "$work/cloud.yaml" --detach \
  --tiny-image "$root/out/image/tiny.qcow2"
before=$(migrations)
touch "$work/stop.second"
python3 "$root/tests/e2e/side-by-side.py" "$data" "https://127.0.0.1:$port" "https://127.0.0.1:$((port + 1))" "$work/stop" > "$work/client.log" 2>&1 & client=$!
check "a client works with it" more_rounds 1
mkdir -p "$data.beside" && install -m 755 "$root/out/program/sovereign" "$data.beside/sovereign" && install -d -o sovereign "$data.beside/native"
serve_beside > "$data/logs/beside.log" 2>&1 & second=$!
check "the new release migrates beside it and answers" until_true 60 answers $((port + 1))
say "migrations: $before before, $(migrations) after"
rm "$work/stop.second"
check "the client works through both" more_rounds 2
touch "$work/stop.first"
check "the older one stops" stop_first
check "the client works on through the new one alone" more_rounds 2
touch "$work/stop"
wait "$client"
ended=$?
client=
[ $ended -eq 0 ] || tail -3 "$work/client.log"
check_equal "nothing failed, and all that was acknowledged was there" 0 $ended
tail -1 "$work/client.log"
check "the books are right" "$data.beside/sovereign" verify --data "$data"
check "no QEMU process is left" until_true 30 eval '! machines'
check "no layer of a volume is left" until_true 30 eval "! find '$data/node/volumes' -name '*.qcow2' | grep ."
kill -TERM "$second"
wait "$second"
ended=$?
second=
check_equal "the new one ends when it is told" 0 $ended
rm -rf "$data.beside"
check "the cloud is removed" "$root/sovereign" down --data "$data" --destroy
[ $failed -eq 0 ]
