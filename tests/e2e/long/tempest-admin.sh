#!/bin/bash
# tempest-admin.sh - Tempest's tests of the administrators' APIs of identity, image, network and compute on two nodes, with every feature switched on; before the
# second node joins, all its tests of volumes, and of servers with volumes: a volume is on one node, and these tests know of no place. Those that can apply to no
# cloud of today stand in tempest/not-applicable.txt. Needs root, tempest, python3-stestr, subunit, openstack, jq.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../nodes/setup.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../tempest/setup.sh"
begin
second_machine
one_node_for_tempest
all_tests > "$work/all"
grep -vxFf <(words "$tempest_dir/not-applicable.txt") "$work/all" > "$work/apply"
grep -E '^tempest\.api\.(volume|compute)\.' "$work/apply" | grep -iE 'volume|device_tagging' | grep -v test_live_migration > "$work/volumes"
grep -E '^tempest\.api\.(identity|image|network|compute)\..*admin' "$work/apply" | grep -vxFf "$work/volumes" > "$work/administrators"
run_tempest "$work/volumes" 3
two_nodes_for_tempest
run_tempest "$work/administrators" 3
cat "$work/volumes" "$work/administrators" > "$work/list"
open=$(words "$tempest_dir/not-yet.txt" | grep -cxFf "$work/list")
echo "$(wc -l < "$work/list") tests apply, $open do not pass yet"
check "at least 90 % of those that apply pass" [ $((open * 10)) -le "$(wc -l < "$work/list")" ]
exit $((failed > 0))
