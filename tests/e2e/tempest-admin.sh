#!/bin/bash
# tempest-admin.sh - Tempest's tests of the administrators' APIs of identity, image, network and compute, with every feature switched on.
# Needs root, tempest, python3-stestr, subunit, openstack. The tests that cannot apply stand in tempest/not-applicable.txt, each with its reason.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/tempest/setup.sh"
begin
cloud_for_tempest 0
as_administrator > "$work/administrator.conf"
workspace "$work/administrator.conf"
all_tests | grep -E '^tempest\.api\.(identity|image|network|compute)\..*admin' | grep -vxFf <(words "$tempest_dir/not-applicable.txt") > "$work/list"
run_tempest "$work/list" 2
[ $failed -eq 0 ]
