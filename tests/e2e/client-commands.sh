#!/bin/bash
# client-commands.sh - every command of the stock client for identity, image, placement, network and compute is called, and what it did is looked at.
# client-commands/run.py drives the client in one process and says what it saw; client-commands/not-called.txt may only shrink. Needs root, openstack.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin
check "a cloud starts" "$root/sovereign" up --data "$data" --listen "127.0.0.1:$port" --detach
export OS_CLIENT_CONFIG_FILE=$data/clouds.yaml
unset OS_CLOUD
while IFS=$'\t' read -r verdict sentence reason; do
  case $verdict in
  ok) ok "$sentence" ;;
  note) printf '   %s\n' "$sentence" ;;
  *) not_ok "$sentence" "${reason:-$verdict}" ;;
  esac
done < <(/usr/bin/python3 -B "$root/tests/e2e/client-commands/run.py" sovereign-admin "$work" 2>"$work/errors" || printf 'not ok\trun.py comes to its end\t%s\n' "$(tail -3 "$work/errors" | tr '\n\t' '  ')")
[ $failed -eq 0 ]
