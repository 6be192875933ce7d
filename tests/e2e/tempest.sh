#!/bin/bash
# tempest.sh - the tests of scs-0128 for identity, image, network and compute that need no volume, by Tempest with accounts of plain members.
# Needs root, tempest, python3-stestr, subunit, openstack.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/tempest/setup.sh"
begin
cloud_for_tempest 6
cat > "$work/accounts.conf" <<CONF
[auth]
use_dynamic_credentials = False
test_accounts_file = $work/accounts.yaml
CONF
workspace "$work/accounts.conf"
grep -v volume "$tempest_dir/scs-0128.txt" | grep "${TEMPEST_ONLY:-}" > "$work/list"
run_tempest "$work/list" 2
[ $failed -eq 0 ]
