#!/bin/bash
# tempest-scenarios.sh - Tempest's scenarios of networks, security groups, servers and aggregates on two nodes, with real servers and ssh. Needs root, tempest,
# python3-stestr, subunit, openstack, jq.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../nodes/setup.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../tempest/setup.sh"
begin
second_machine
two_nodes_for_tempest
all_tests | grep -E "^tempest\.scenario\.($(paste -sd'|' "$tempest_dir/scenarios.txt"))\." > "$work/list"
run_tempest "$work/list" 2
exit $((failed > 0))
