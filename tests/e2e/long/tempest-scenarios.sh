#!/bin/bash
# tempest-scenarios.sh - Tempest's scenarios of networks, security groups, servers and aggregates on two nodes, with real servers and ssh; before the second node
# joins, those of volumes, which are on one node. Needs root, tempest, python3-stestr, subunit, openstack, jq.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/../lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../nodes/setup.sh"
. "$(dirname "${BASH_SOURCE[0]}")/../tempest/setup.sh"
begin
second_machine
one_node_for_tempest
scenarios() { all_tests | grep -E "^tempest\.scenario\.($(awk -v nodes="$1" '$2 == nodes { print $1 }' "$tempest_dir/scenarios.txt" | paste -sd'|'))"; }
scenarios one > "$work/one-node"
scenarios two > "$work/two-nodes"
run_tempest "$work/one-node" 2
two_nodes_for_tempest
run_tempest "$work/two-nodes" 2
exit $((failed > 0))
