#!/bin/bash
# on-postgres.sh - the same cloud on PostgreSQL: a server is made, the control plane is killed, the server goes; the books are right. Needs root, openstack.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$root/scripts/lib.sh"
begin
after_down() { stop_postgres "$data.postgres"; rm -rf "$data.postgres"; }
demo() { os sovereign "$@"; }
is() { [ "$(demo server show "$1" -f value -c status)" = "$2" ] || { demo server show "$1" -f json | jq '{status, fault}'; return 1; }; }
gone() { ! demo server show "$1" >/dev/null 2>&1; }
machines() { pgrep -af -- "^[^ ]*qemu-system[^ ]* .*$data/"; }

check "a PostgreSQL server starts" start_postgres "$data.postgres"
sql() { psql -q -h "$data.postgres/socket" -U sovereign "$@"; }
check "it has a database with the collation C" sql postgres -c "CREATE DATABASE cloud TEMPLATE template0 LC_COLLATE 'C' LC_CTYPE 'C' ENCODING 'UTF8'"
echo "database: Host=$data.postgres/socket;Username=sovereign;Database=cloud" > "$work/cloud.yaml"
check "a cloud starts on it" "$root/sovereign" up --data "$data" --listen "127.0.0.1:$port" --config "$work/cloud.yaml" --detach
check "there is no SQLite file" test ! -e "$data/control/sovereign.db"
export OS_CLIENT_CONFIG_FILE=$data/clouds.yaml
check "a network" demo network create net
check "a subnet" demo subnet create net --network net --subnet-range 10.89.0.0/24
check "a server" demo server create one --image tiny --flavor SCS-1L-1 --network net
kill -9 "$(cat "$data/sovereign.pid")"
check "the control plane is killed and comes back" until_true 60 "$root/sovereign" status --data "$data"
check "the server becomes ACTIVE" until_true 240 is one ACTIVE
check "it is deleted" demo server delete one
check "and gone" until_true 60 gone one
check "the network goes" demo network delete net
check_equal "no QEMU process is left" "" "$(machines)"
check "the books are right" "$root/sovereign" verify --data "$data"
check "the cloud is destroyed" "$root/sovereign" down --data "$data" --destroy
[ $failed -eq 0 ]
