#!/bin/bash
# tempest.sh - tests of scs-0128 by Tempest with accounts of plain members: so far those of identity, image, security groups, key pairs and flavors.
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
# Servers, and the tests whose every subnet waits ten seconds in Tempest itself, are not in the list yet.
grep -E 'api\.(identity|image|compute\.(flavors|keypairs|security_groups|test_)|network\.test_(security|subnetpools|versions))' "$tempest_dir/scs-0128.txt" > "$work/list"
run_tempest "$work/list" 2
[ $failed -eq 0 ]
