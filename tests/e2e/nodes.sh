#!/bin/bash
# nodes.sh - two nodes: the second in a network namespace of this machine, joined by a veth as the underlay. Servers on both reach each other on one tenant
# network; an agent that is killed, a path that is cut, a node that is fenced, servers that are moved, also while they run, a node that is emptied. Needs root,
# python3-openstackclient, ssh, jq.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/nodes/setup.sh"
begin
second_machine

admin() { os sovereign-admin --os-compute-api-version 2.74 "$@"; }
shows() { admin server show "$1" -f json | jq -r "$2"; }
server_is() { [ "$(shows "$1" .status)" = "$2" ] || { admin server show "$1" -f json | jq '{status, fault, "OS-EXT-STS:task_state"}'; return 1; }; }
settled() { [ "$(shows "$1" '.status + " " + (.["OS-EXT-STS:task_state"] // "-" | tostring)')" = "$2 -" ] || { server_is "$1" "$2"; return 1; }; }
host_of() { shows "$1" '.["OS-EXT-SRV-ATTR:host"]'; }
make() { admin server create "$1" --image tiny --flavor small --network net --key-name key --security-group open --host "$2" -f value -c id; }
fixed() { admin server show "$1" -f json | jq -r '.addresses.net[0]'; }
guest() { # guest FLOATING-IP COMMAND...
  local address=$1
  shift
  ssh -o BatchMode=yes -o ConnectTimeout=3 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i "$work/key" "cirros@$address" "$@" </dev/null
}
pings() { guest "$1" "ping -c 1 -W 2 $2"; }
machines() { pgrep -fc -- "^[^ ]*qemu-system[^ ]* .*$1"; }   # machines SERVER: how many processes run it
pid_of() { pgrep -f -- "^[^ ]*qemu-system[^ ]* .*$1" | head -1; }
one_on() { [ "$(machines "$1")" = 1 ] && tr '\0' ' ' < "/proc/$(pid_of "$1")/cmdline" | grep -q "$2/"; }
refused_with() { # refused_with TEXT COMMAND...
  local text=$1 said
  shift
  if said=$("$@" 2>&1); then echo "it was accepted: $said"; return 1; fi
  grep -q -- "$text" <<<"$said" || { echo "$said"; return 1; }
}
evacuate() { # evacuate SERVER: the client of Debian 12 does it, and then fails on the answer, which says nothing of the server
  local said
  said=$(admin server evacuate "$1" 2>&1) || [[ $said == *"'TupleWithMeta' object has no attribute 'to_dict'"* ]] || { echo "$said"; return 1; }
}
uptime_of() { guest "$1" 'cut -d. -f1 /proc/uptime'; }
counted() { # counted LOG: how far the counter got that an ssh session brings
  tail -1 "$1" 2>/dev/null | grep -o '[0-9]*' || echo 0
}
migrations() { admin server migration list --server "$1" --type live-migration -f json | jq -r 'map(.Status) | join(" ")'; }   # newest first
gone() { ! admin server show "$1" >/dev/null 2>&1; }

check "a cloud starts on the underlay" "$root/sovereign" up --data "$data" --listen "$net.1:$port" --config "$work/cloud.yaml" --detach
export OS_CLIENT_CONFIG_FILE=$data/clouds.yaml
first=$(sovereign node list --json | jq -r '.nodes[0].name')
line=$(sovereign node token | head -1)
token=${line##* }
check "a machine with a wrong fingerprint in its token trusts nobody" refused_with "is not the one that the token is for" \
  within "$data/bin/sovereign" node join "https://$net.1:$port" "sovereign1.$(printf '0%.0s' {1..64}).${token##*.}" --name second --data "$data2"
check "a token that nobody made is refused" refused_with "unknown, used or past its time" \
  within "$data/bin/sovereign" node join "https://$net.1:$port" "${token%.*}.$(printf '0%.0s' {1..64})" --name second --data "$data2"
second_joins "$token"
check "the token is worth nothing now" refused_with "unknown, used or past its time" \
  within "$data/bin/sovereign" node join "https://$net.1:$port" "$token" --name third --data "$data2-third"
within "$data/bin/sovereign" down --data "$data2-third" --destroy >/dev/null 2>&1
check_equal "nobody without a certificate gets a manifest" 404 "$(curl -s -o "$work/manifest" -w '%{http_code}' --cacert "$data/ca.pem" "https://$net.1:$port/node/v1/manifest?node=x&incarnation=&version=0")"
check_equal "both are hypervisors" "$(printf '%s\nsecond\n' "$first" | sort | paste -sd' ')" "$(admin hypervisor list -f value -c 'Hypervisor Hostname' | sort | paste -sd' ')"
check_equal "and compute services that are up" "up up" "$(admin compute service list --service nova-compute -f value -c State | paste -sd' ')"

ssh-keygen -q -t ed25519 -N '' -f "$work/key"
check "a small flavor" admin flavor create small --ram 128 --disk 1 --vcpus 1
check "a key" admin keypair create key --public-key "$work/key.pub"
check "a network" admin network create net
check "a subnet" admin subnet create net --network net --subnet-range 10.99.0.0/24
check "a router" admin router create router --external-gateway public
check "with the subnet" admin router add subnet router net
check "a group" admin security group create open
check "that lets ping in" admin security group rule create open --protocol icmp
check "and ssh" admin security group rule create open --protocol tcp --dst-port 22
one=$(make one "$first")
two=$(make two second)
check "a server on the first node is ACTIVE" until_true 90 server_is "$one" ACTIVE
check "and one on the second" until_true 90 server_is "$two" ACTIVE
check_equal "each is where it was asked for" "$first second" "$(host_of "$one") $(host_of "$two")"
check "the second one's process is of the second node" one_on "$two" "$data2"
for name in one two; do
  declare "floating_$name=$(admin floating ip create public -f value -c floating_ip_address)"
  address=floating_$name
  check "a floating IP for $name" admin server add floating ip "$name" "${!address}"
done
check "ssh to the first" until_true 120 guest "$floating_one" true
check "ssh to the second, through the router on the first node" until_true 120 guest "$floating_two" true
check "one pings two on the tenant network" until_true 30 pings "$floating_one" "$(fixed "$two")"
check "and two pings one" pings "$floating_two" "$(fixed "$one")"
check_equal "two got its metadata on its own node" "$two" "$(guest "$floating_two" 'curl -s -m 10 http://169.254.169.254/openstack/latest/meta_data.json' | jq -r .uuid)"
check "full-sized packets pass" guest "$floating_one" "ping -c 1 -W 2 -s 1400 $(fixed "$two")"

pid=$(pid_of "$two")
agent=$(cat "$data2/node.pid")
check "the second node's agent is killed" kill -9 "$agent"
check "another one takes over" until_true 30 bash -c "[ -s '$data2/node.pid' ] && [ \"\$(cat '$data2/node.pid')\" != $agent ]"
check "and the node is up" until_true 60 node_is second up
check_equal "with the same process of its server" "$pid" "$(pid_of "$two")"
check "which is ACTIVE" server_is "$two" ACTIVE
check "and pinged" pings "$floating_one" "$(fixed "$two")"

guest "$floating_two" 'echo mirrored > marker && sync'
before=$(uptime_of "$floating_two")
guest "$floating_two" 'i=0; while :; do i=$((i+1)); echo $i; sleep 0.2; done' > "$work/counter" 2>/dev/null &
session=$!
ping -i 0.2 "$floating_two" > "$work/pings" 2>/dev/null &
pinging=$!
until_true 30 bash -c "[ -s '$work/counter' ]"
at=$(counted "$work/counter")
check "two goes to the other node while it runs" admin server migrate two --live-migration --block-migration
check "it is ACTIVE" until_true 150 settled "$two" ACTIVE
check_equal "on the other node" "$first" "$(host_of "$two")"
check_equal "the migration is completed" completed "$(migrations "$two")"
check "running once" until_true 30 one_on "$two" "$data"
counts_on() { # counts_on FROM: the open session's counter came that far; else what is known of the path to the guest
  [ "$(counted "$work/counter")" -gt "$1" ] && return
  echo "the counter is at $(counted "$work/counter"), the last ping: $(tail -1 "$work/pings")"
  ss -tnoi dst "$floating_two"
  guest "$floating_two" 'uptime; netstat -tn' || echo "a new session is not answered either"
  return 1
}
check "the ssh session that was open counts on" until_true 60 counts_on "$((at + 25))"
kill -INT $pinging; wait $pinging
kill $session; wait $session 2>/dev/null
lost=$(awk -F'[ =]' '/icmp_seq=/ { for (i = 1; i <= NF; i++) if ($i == "icmp_seq") { n = $(i+1); if (last && n - last - 1 > most) most = n - last - 1; last = n } } END { print most + 0 }' "$work/pings")
echo "   | at most $lost pings in a row, 0.2 s apart, had no answer"
check "its pings went on but for a moment" [ "$lost" -lt 50 ]
check "its uptime goes on" [ "$(uptime_of "$floating_two")" -ge "$before" ]
check_equal "with its disk" mirrored "$(guest "$floating_two" 'cat marker')"
check "one pings two where it is now" until_true 30 pings "$floating_one" "$(fixed "$two")"
check "nothing of it is left there" until_true 30 bash -c "[ ! -e '$data2/node/disks/$two' ]"
check "two is to go back" admin server migrate two --live-migration --block-migration --host second
check "whose agent is killed meanwhile" kill -9 "$(cat "$data2/node.pid")"
check "it is ACTIVE" until_true 200 settled "$two" ACTIVE
check "running once" until_true 60 bash -c "[ \"\$(pgrep -fc -- '^[^ ]*qemu-system[^ ]* .*$two')\" = 1 ]"
check "its uptime goes on" [ "$(until_true 30 uptime_of "$floating_two" && uptime_of "$floating_two")" -ge "$before" ]
check "the node is up" until_true 60 node_is second up
[ "$(host_of "$two")" = second ] || check "it goes back when it is asked again" admin server migrate two --live-migration --block-migration --host second
check "it is ACTIVE" until_true 150 settled "$two" ACTIVE
check_equal "on the second node" second "$(host_of "$two")"
check "running once" until_true 30 one_on "$two" "$data2"
check "it was never rebooted" [ "$(uptime_of "$floating_two")" -ge "$before" ]

guest "$floating_two" 'echo carried > marker && sync'
check "two is migrated" admin server migrate two
check "it waits for the confirmation" until_true 150 settled "$two" VERIFY_RESIZE
check_equal "on the other node" "$first" "$(host_of "$two")"
check "running once" one_on "$two" "$data"
check "it answers there" until_true 120 guest "$floating_two" true
check_equal "with its disk" carried "$(guest "$floating_two" 'cat marker')"
check "the migration is reverted" admin server migration revert two
check "two is ACTIVE again" until_true 150 settled "$two" ACTIVE
check_equal "where it was" second "$(host_of "$two")"
check "running once" one_on "$two" "$data2"
check "it answers there again" until_true 120 guest "$floating_two" true

pid=$(pid_of "$two")
check "the path between the nodes is cut" ip link set "$link" down
check "the node is down after its lease" until_true 60 node_is second down
service_is() { [ "$(admin compute service list --host second -f value -c State)" = "$1" ]; }
# The API listens on the cut link's address, which this machine still reaches by itself.
check "the service says so" service_is down
check_equal "its server keeps its state" ACTIVE "$(shows "$two" .status)"
check "evacuating it is refused" refused_with "confirmed to be off" evacuate "$two"
check "fencing without a driver's answer is refused" refused_with "No fencing command" sovereign node fence second
sleep 5
check_equal "it runs, once, in the process that it had" "1 $pid" "$(machines "$two") $(pid_of "$two")"
check "the path is back" ip link set "$link" up
check "and so is the node" until_true 60 node_is second up
check "a node that is up can't be fenced" refused_with "is up" sovereign node fence second --confirmed
check "one pings two again" until_true 60 pings "$floating_one" "$(fixed "$two")"

three=$(make three second)
check "a third server on the second node" until_true 90 server_is "$three" ACTIVE
before=$(uptime_of "$floating_two")
check "draining empties the second node" sovereign node drain second
check_equal "nothing is on it" "" "$(admin server list --all-projects --host second -f value -c ID)"
check_equal "both moved" "$first $first" "$(host_of "$two") $(host_of "$three")"
check_equal "and run" "ACTIVE ACTIVE" "$(shows "$two" .status) $(shows "$three" .status)"
check "two ran on meanwhile" [ "$(uptime_of "$floating_two")" -ge "$before" ]
check "no disk is left there" until_true 30 bash -c "[ -z \"\$(find '$data2/node/disks' -name 'root*.qcow2')\" ]"
check "one pings two where it is now" until_true 120 pings "$floating_one" "$(fixed "$two")"
check "a drained node takes no server" until_true 60 bash -c "openstack --os-cloud sovereign-admin compute service list --host second -f value -c Status | grep -q disabled"
check "it is taken back" sovereign node undrain second

four=$(make four second)
check "a fourth server on the second node" until_true 90 server_is "$four" ACTIVE
check "the second machine's agent is stopped" within "$data2/bin/sovereign" down --data "$data2"
check "and its guest dies with the machine" kill -9 "$(pid_of "$four")"
check "the node is down" until_true 60 node_is second down
check "the operator confirms that it is off" sovereign node fence second --confirmed
check_equal "it is fenced" fenced "$(state_of second)"
check "the server is evacuated" evacuate "$four"
check "and runs on the first node" until_true 120 settled "$four" ACTIVE
check "once" one_on "$four" "$data"
check "the machine is back" within "$data2/bin/sovereign" node serve --data "$data2" --detach
check "and is a node again" until_true 60 node_is second up
check "what was evacuated is removed there" until_true 60 bash -c "[ ! -e '$data2/node/disks/$four' ]"
check "the server runs once still" one_on "$four" "$data"

for name in one two three four; do check "$name is deleted" admin server delete "$name"; done
for id in "$one" "$two" "$three" "$four"; do check "and gone" until_true 60 gone "$id"; done
check "the second machine's agent is stopped" within "$data2/bin/sovereign" down --data "$data2"
check "its node is down" until_true 60 node_is second down
check "and taken out of the cloud" until_true 30 sovereign node remove second
check_equal "one node is left" "$first" "$(sovereign node list --json | jq -r '.nodes[].name')"
check "whose certificate opens nothing" within "$data2/bin/sovereign" node serve --data "$data2" --detach
sleep 5
check_equal "one node is left still" "$first" "$(sovereign node list --json | jq -r '.nodes[].name')"
check "all that the node made is removed" within "$data2/bin/sovereign" down --data "$data2" --destroy
check "the books are right" "$root/sovereign" verify --data "$data"
[ $failed -eq 0 ]
