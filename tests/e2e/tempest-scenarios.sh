#!/bin/bash
# tempest-scenarios.sh - Tempest's scenarios, with real servers, networks and ssh. Needs root, tempest, python3-stestr, subunit, openstack.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/tempest/setup.sh"
begin
cloud_for_tempest 0
as_administrator > "$work/administrator.conf"
workspace "$work/administrator.conf"
all_tests | grep -E "^tempest\.scenario\.($(paste -sd'|' "$tempest_dir/scenarios.txt"))\." | grep -vxFf <(words "$tempest_dir/not-applicable.txt") > "$work/list"
run_tempest "$work/list" 2
[ $failed -eq 0 ]
