#!/bin/bash
# kills.sh - either process is killed with -9 at random moments while servers are made and deleted, resized, rebuilt, copied, mended, shelved, and get a
# NIC or a volume that is kept, copied, grown and backed up; each time the cloud is whole again, and at the end nothing is left. 6 kills, 100 with --long, or
# as many as SOVEREIGN_TEST_KILLS says. Needs root, python3.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin
[ -z "${SOVEREIGN_TEST_LONG:-}" ] && kills=6 || kills=100
kills=${SOVEREIGN_TEST_KILLS:-$kills}
machines() { grep -lzF "$data/" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 | while read -r pid; do
  tr '\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null | grep qemu-system; done; }
spaces() { ip netns list | awk '{ print $1 }' | grep -E "^sov-$cloud-" | grep -v -- '-switch$'; }
none() { local found; found=$("$@"); [ -z "$found" ] || { echo "$found"; return 1; }; }

check "a cloud starts" "$root/sovereign" up --data "$data" --listen "127.0.0.1:$port" --detach
cloud=$(python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))["cloud"][:8])' "$data/node/welcome.json")
check "servers are made and deleted through $kills kills" python3 "$root/tests/e2e/kills.py" "$data" "https://127.0.0.1:$port" "$kills"
check "it says that it is ready" until_true 60 "$root/sovereign" status --data "$data"
check "its books are right" "$root/sovereign" verify --data "$data"
check "no QEMU process is left" until_true 60 none machines
check "no namespace of a network is left" until_true 60 none spaces
check "no disk is left" until_true 60 none find "$data/node/disks" -name '*.qcow2'
check "no layer of a volume is left" until_true 60 none find "$data/node/volumes" -name '*.qcow2'
check "no backup is left" until_true 60 none find "$data/control/backups" -type f
check "no copy of a disk is left" until_true 60 none find "$data/node" -path '*snapshots*' -name '*.qcow2*'
check "the cloud is removed" "$root/sovereign" down --data "$data" --destroy
exit 0
