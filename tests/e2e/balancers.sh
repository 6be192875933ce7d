#!/bin/bash
# balancers.sh - a load balancer before two real guests with the stock client: its address answers from inside and by a floating IP, a guest that stops serving is
# passed over, HAProxy killed with -9 is back, a member that changes breaks no open connection, a security group keeps strangers out, and nothing is left after the
# deletion. Needs root, python3-openstackclient, python3-octaviaclient, haproxy, curl, ssh, jq.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin

user() { os sovereign "$@"; }
guest() { # guest ADDRESS COMMAND...
  local address=$1
  shift
  ssh -o BatchMode=yes -o ConnectTimeout=3 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i "$work/key" "cirros@$address" "$@" </dev/null
}
serves() { # serves ADDRESS NAME: a web server that says its name
  guest "$1" "nohup sudo sh -c 'while true; do printf \"HTTP/1.1 200 OK\\r\\nContent-Length: ${#2}\\r\\nConnection: close\\r\\n\\r\\n$2\" | nc -l -p 80; done' >/dev/null 2>&1 &"
}
answers() { # answers NAMES: who answers at the floating IP, in eight requests
  [ "$(for _ in 1 2 3 4 5 6 7 8; do curl -s -m 3 "http://$vip_ip/" && echo; done | sort -u | tr '\n' ' ')" = "$1 " ]
}
is() { [ "$(user loadbalancer "$2" show "${@:3}" -f json | jq -r ."$1")" = "$wanted" ]; }
haproxies() { pgrep -u haproxy -f "$data/node/balancers/$lb/" | wc -l; }
gone() { ! user loadbalancer show "$1" >/dev/null 2>&1; }

check "a cloud starts" "$root/sovereign" up --data "$data" --listen "127.0.0.1:$port" --detach
export OS_CLIENT_CONFIG_FILE=$data/clouds.yaml
network_with_a_way_out user
check "web is let in to guests" user security group rule create default --protocol tcp --dst-port 80 --remote-ip 0.0.0.0/0
for name in one two; do
  check "server $name" user server create $name --image tiny --flavor SCS-1L-1 --network first --key-name first --wait
  declare "$name=$(user floating ip create "$external" -f value -c floating_ip_address)"
  check "it has an address" user server add floating ip $name "${!name}"
  check "ssh reaches it" until_true 120 guest "${!name}" true
  check "it serves" serves "${!name}" $name
done
inner() { user server show "$1" -f json | jq -r '.addresses.first[0]'; }
subnet=$(user subnet list --network first -f value -c ID | head -1)
check "a load balancer" user loadbalancer create --name lb --vip-subnet-id "$subnet" --wait
lb=$(user loadbalancer show lb -f value -c id)
vip_port=$(user loadbalancer show lb -f value -c vip_port_id)
check "a listener" user loadbalancer listener create lb --name web --protocol HTTP --protocol-port 80 --wait
check "a pool" user loadbalancer pool create --name pool --listener web --protocol HTTP --lb-algorithm ROUND_ROBIN --wait
check "a monitor" user loadbalancer healthmonitor create pool --type TCP --delay 2 --timeout 1 --max-retries 1 --wait
for name in one two; do
  check "member $name" user loadbalancer member create pool --name $name --address "$(inner $name)" --protocol-port 80 --wait
done
vip_ip=$(user floating ip create "$external" --port "$vip_port" -f value -c floating_ip_address)
check "both answer at the floating IP" until_true 60 answers "one two"
check "a guest that is off is passed over" bash -c "openstack --os-cloud sovereign server stop two"
check "its work goes to the other" until_true 60 answers "one"
wanted=ERROR
check "and its member shows it" until_true 60 is operating_status member pool two
check_equal "HAProxy runs as a user of its own" 2 "$(haproxies)"
pkill -9 -u haproxy -f "$data/node/balancers/$lb/"
check "killed with -9 it is back" until_true 3 answers "one"
check "strangers are kept out" user loadbalancer listener set web --allowed-cidr 203.0.113.0/24 --wait
check "nobody answers them" bash -c "! curl -s -m 3 http://$vip_ip/"
check "the load balancer goes with all that it had" user loadbalancer delete lb --cascade --wait
check "it is gone" until_true 30 gone lb
check_equal "no process is left" 0 "$(haproxies)"
check_equal "no namespace" 0 "$(ip netns list | grep -c "held-$vip_port")"
check_equal "no file" 0 "$(ls "$data/node/balancers" | wc -l)"
check "the books are right" "$root/sovereign" verify --data "$data"
