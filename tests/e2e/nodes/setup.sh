# A second machine for a script: a network namespace of this one, joined by a veth as the underlay. Sourced after ../lib.sh; call second_machine after begin.

second_machine() { # second_machine: the namespace, the addresses $net.1 (this machine) and $net.2 (the second), a data directory for it; settings in cloud.yaml
  # Clouds that share a machine need different ports; this one's number is free for UDP too.
  echo "vxlan_port: $port" >> "$work/cloud.yaml"
  data2=$(mktemp -d /var/tmp/sovereign-e2e.XXXXXX)
  chmod 755 "$data2"
  space=sovereign-e2e-$$
  link=se$(($$ % 100000))
  net=10.$((100 + RANDOM % 100)).$((RANDOM % 250))
  ip netns add "$space"
  ip link add "$link" type veth peer name underlay netns "$space"
  ip addr add "$net.1/24" dev "$link"
  ip link set "$link" up
  ip -n "$space" addr add "$net.2/24" dev underlay
  ip -n "$space" link set underlay up
  ip -n "$space" link set lo up
}

within() { nsenter "--net=/run/netns/$space" "$@"; }   # within COMMAND...: on the second machine

before_down() {
  if [ $failed -gt 0 ]; then for log in "$data2"/logs/*.log; do [ -s "$log" ] && printf '   | %s:\n' "$log" && tail -20 "$log" | sed 's/^/   | /'; done; fi
  [ -x "$data2/bin/sovereign" ] && within "$data2/bin/sovereign" down --data "$data2" --destroy >/dev/null 2>&1
}

after_down() {
  ip link del "$link" 2>/dev/null
  ip netns del "$space" 2>/dev/null
  [ -d "$data2" ] && rmdir "$data2" 2>/dev/null
}

sovereign() { "$data/bin/sovereign" "$@" --data "$data"; }
state_of() { sovereign node list --json | jq -r --arg name "$1" '.nodes[] | select(.name == $name) | .state'; }
node_is() { [ "$(state_of "$1")" = "$2" ] || { sovereign node list; return 1; }; }

second_joins() { # second_joins TOKEN: as the node "second"
  check "a second machine joins" within "$data/bin/sovereign" node join "https://$net.1:$port" "$1" --name second --data "$data2"
  check_equal "its key is closed to others" 600 "$(stat -c %a "$data2/join/node.key")"
  check "its agent starts" within "$data2/bin/sovereign" node serve --data "$data2" --detach
  check "and the node is up" until_true 60 node_is second up
}
