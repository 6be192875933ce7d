#!/bin/bash
# first-vm.sh - a person's first hour, with the stock client: a cloud, a project, a network, a virtual machine, ssh by a floating IP; then all is
# deleted, and nothing may be left of it. Needs root, python3-openstackclient, ssh, jq, nc.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin

# What of this cloud the machine has: processes, namespaces, links and files. Names carry the cloud's directory, or the prefix "sov" with its id.
processes() { grep -lzF "$data/" /proc/[0-9]*/cmdline 2>/dev/null | cut -d/ -f3 | grep -vx "$$" | while read -r pid; do
  tr '\0' ' ' < "/proc/$pid/cmdline" 2>/dev/null | cut -c1-150; echo; done | grep -v '^grep -lzF' | grep .; }   # the search finds itself while it lasts
machines() { processes | grep qemu-system; }
links() { ip -o link show | grep -F "sov:$cloud:"; }
spaces() { ip netns list | awk '{ print $1 }' | grep "^sov-${cloud:0:8}-"; }
none() { local found; found=$("$@"); [ -z "$found" ] || { echo "$found"; return 1; }; }
user() { os first-user "$@"; }
guest() { ssh -o BatchMode=yes -o ConnectTimeout=3 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR \
  -i "$work/key" "cirros@$floating" "$@" </dev/null; }
server_is() { [ "$(user server show one -f value -c status)" = "$1" ] || { user server show one -f json | jq '{status, fault}'; return 1; }; }
gone() { ! user "$@" >/dev/null 2>&1; }
closed() { nc -z -w 2 "$floating" "$1"; [ $? -ne 0 ]; }

check "a cloud starts with one command" "$root/sovereign" up --data "$data" --listen "127.0.0.1:$port" --detach
cloud=$(jq -r .cloud "$data/node/welcome.json")
check "its namespaces carry its id" until_true 30 spaces
check "it says that it is ready" "$root/sovereign" status --data "$data"
check "the same command again says so and changes nothing" bash -c "'$root/sovereign' up --data '$data' --detach | grep -q 'running already'"
check_equal "the client's configuration is closed to others" 600 "$(stat -c %a "$data/clouds.yaml")"
check_equal "the control plane runs without privilege" "sovereign 0000000000000000" \
  "$(stat -c %U "/proc/$(cat "$data/sovereign.pid")") $(awk '/^CapPrm/ { print $2 }' "/proc/$(cat "$data/sovereign.pid")/status")"

export OS_CLIENT_CONFIG_FILE=$work/clouds.yaml
# The operator's file, and one more cloud in it for the user that is made here.
{ cat "$data/clouds.yaml"; cat <<YAML; } > "$work/clouds.yaml"
  first-user:
    auth:
      auth_url: https://127.0.0.1:$port/identity/v3
      username: first
      password: e2e-secret-of-one-run
      project_name: first
      user_domain_name: Default
      project_domain_name: Default
    cacert: $data/ca.pem
    region_name: RegionOne
    identity_api_version: 3
YAML
ssh-keygen -q -t ed25519 -N '' -f "$work/key"

check "an administrator makes a project" os sovereign-admin project create first
check "and a user" os sovereign-admin user create first --password e2e-secret-of-one-run --project first
check "who gets the role member" os sovereign-admin role add member --project first --user first
check "the user brings a key" user keypair create first --public-key "$work/key.pub"
check "makes a network" user network create first
check "a subnet" user subnet create first --network first --subnet-range 10.77.0.0/24 --dns-nameserver 192.0.2.53
check "a router" user router create first
external=$(user network list --external -f value -c Name | head -1)
check "with a way out" user router set first --external-gateway "$external"
check "and an interface in the subnet" user router add subnet first first
check "a security group" user security group create first
check "that lets ssh in" user security group rule create first --protocol tcp --dst-port 22
check "and ping" user security group rule create first --protocol icmp
begun=$SECONDS
check "and a server of the smallest flavor" user server create one --image tiny --flavor SCS-1L-1 --network first --key-name first --security-group first
check "the server becomes ACTIVE" until_true 60 server_is ACTIVE
floating=$(user floating ip create "$external" -f value -c floating_ip_address)
check "it gets a floating IP" user server add floating ip one "$floating"
check "ssh by the floating IP lets cirros in with the key" until_true 120 guest true
printf '   %d s from "server create" to ssh\n' $((SECONDS - begun))
check "ping reaches it" ping -c 2 -W 2 "$floating"
check "by a link that carries the cloud's id" test -n "$(links)"

id=$(user server show one -f value -c id)
guest 'curl -s -m 10 http://169.254.169.254/openstack/latest/meta_data.json' > "$work/meta_data.json"
check_equal "the metadata service knows the server's id" "$id" "$(jq -r .uuid "$work/meta_data.json")"
check_equal "and its name" one "$(jq -r .name "$work/meta_data.json")"
check_equal "the guest has that host name" one "$(guest hostname)"
check "the console log shows the boot" bash -c "openstack --os-cloud first-user console log show one | grep -q 'tiny:.*up; ssh starts'"
guest 'nohup nc -l -p 8080 -e /bin/true >/dev/null 2>&1 &'
check "a port that no rule opens is closed, although the guest listens" closed 8080
check "another tenant cannot see the server" bash -c "! openstack --os-cloud sovereign server show $id"

check "the server is deleted" user server delete --wait one
check "and gone" gone server show one
check "the floating IP too" user floating ip delete "$floating"
check "the router gives up its interface" user router remove subnet first first
check "and goes" user router delete first
check "the network goes with its subnet" user network delete first
check "the security group goes" user security group delete first
check "the key goes" user keypair delete first
for list in "server list" "floating ip list" "router list" "port list" "keypair list"; do
  check_equal "$list is empty" "" "$(user $list -f value)"
done
check_equal "subnet list has none of the user's" "" "$(user subnet list --project first -f value)"
check "the user and the project go" os sovereign-admin user delete first
check "both" os sovereign-admin project delete first
check "no QEMU process is left" until_true 20 none machines
check "no disk is left" until_true 20 none find "$data/node/disks" "$data/node/domains" -mindepth 1 -type f
deleted_spaces() { spaces | grep -E -- '-(dhcp|router)-'; }
check "no namespace of the network and the router is left" until_true 20 none deleted_spaces

check "the cloud stops" "$root/sovereign" down --data "$data"
check "and comes back" "$root/sovereign" up --data "$data" --detach
check "the cloud is destroyed" "$root/sovereign" down --data "$data" --destroy
check "no process is left" none processes
check_equal "no namespace is left" "" "$(spaces)"
check_equal "no link is left" "" "$(links)"
check "no file is left" test ! -e "$data"
[ $failed -eq 0 ]
