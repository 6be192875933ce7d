#!/bin/bash
# tempest.sh - the tests of scs-0128, by Tempest with accounts of plain members. Needs root, tempest, python3-stestr, subunit, openstack.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/tempest/setup.sh"
begin
cloud_for_tempest 8
cat > "$work/accounts.conf" <<CONF
[auth]
use_dynamic_credentials = False
test_accounts_file = $work/accounts.yaml
CONF
workspace "$work/accounts.conf"
# Tests of networks sleep most of their time, in Tempest itself: more workers than processors.
run_tempest "$tempest_dir/scs-0128.txt" 4
[ $failed -eq 0 ]
