#!/bin/bash
# groups.sh - groups of volumes with the stock client and a real guest that writes to two volumes of a group: a group snapshot is taken meanwhile, another group is made
# of it, and the guest reads what was there; then all is deleted, and nothing may be left of it. Needs root, python3-openstackclient, curl, ssh, jq.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin

user() { os sovereign --os-volume-api-version 3.58 "$@"; }
guest() { # guest COMMAND...
  ssh -o BatchMode=yes -o ConnectTimeout=3 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i "$work/key" "cirros@$address" "$@" </dev/null
}
api() { # api METHOD PATH BODY: what the client has no command for
  curl -sSf --cacert "$data/ca.pem" -X "$1" -H "X-Auth-Token: $token" -H 'OpenStack-API-Version: volume 3.58' -H 'Content-Type: application/json' \
    -d "$3" "https://127.0.0.1:$port/volume/v3/$2"
}
is() { # is STATUS COMMAND...: of what the command shows
  local wanted=$1
  shift
  [ "$(user "$@" -f json | jq -r .status)" = "$wanted" ] || { user "$@" -f json; return 1; }
}
shows() { [ "$(api GET "$1" '' | jq -r '.[].status')" = "$2" ]; } # shows PATH STATUS: where the client's own command is broken (6.0)
lost() { ! api GET "$1" '' >/dev/null 2>&1; }
sees() { [ "$(guest 'lsblk -b -d -n -o SIZE' | grep -c "^ *$1$")" = "$2" ]; }

check "a cloud starts" "$root/sovereign" up --data "$data" --listen "127.0.0.1:$port" --detach
export OS_CLIENT_CONFIG_FILE=$data/clouds.yaml
network_with_a_way_out user
check "a server" user server create one --image tiny --flavor SCS-1L-1 --network first --key-name first
check "a type of groups" os sovereign-admin --os-volume-api-version 3.58 volume group type create kind
check "a group" user volume group create --name pair kind __DEFAULT__
check "two volumes" user volume create left --size 1 --type __DEFAULT__
check "of one size" user volume create right --size 1 --type __DEFAULT__
check "the first is available" until_true 30 is available volume show left
check "and the second" until_true 30 is available volume show right
token=$(user token issue -f value -c id)
group=$(user volume group list -f json | jq -r '.[0] | .ID // .id')
left=$(user volume show left -f value -c id) right=$(user volume show right -f value -c id)
check "both join the group" api PUT "groups/$group" "{\"group\": {\"add_volumes\": \"$left,$right\"}}"
check "the server is ACTIVE" until_true 60 is ACTIVE server show one
address=$(user floating ip create "$external" -f value -c floating_ip_address)
check "it has an address" user server add floating ip one "$address"
check "ssh reaches the guest" until_true 120 guest true
check "it gets the first volume" user server add volume one left
check "and the second" user server add volume one right
check "the guest sees both" until_true 30 sees 1073741824 2
disks=$(guest 'lsblk -b -d -n -o NAME,SIZE' | awk '$2 == 1073741824 { print $1 }' | tail -2 | tr '\n' ' ')
writer="n=0; while [ ! -e /tmp/stop ]; do n=\$((n+1)); for d in $disks; do printf %08d \$n | sudo dd of=/dev/\$d bs=8 conv=notrunc; sync; done; done"
check "it goes on writing one number after the other to both" guest "echo '$writer' > /tmp/writer; sh /tmp/writer >/tmp/written 2>&1 </dev/null &"
check "and has begun" until_true 30 bash -c "$(declare -f guest); work=$work; address=$address; for d in $disks; do guest sudo dd if=/dev/\$d bs=8 count=1 | grep -q 00 || exit 1; done"
check "a group snapshot is taken meanwhile" user volume group snapshot create --name point pair
snapshot=$(user volume group snapshot list -f json | jq -r '.[0].ID // .[0].id')
check "it is available" until_true 60 shows "group_snapshots/$snapshot" available
check_equal "it has a snapshot of each volume" 2 "$(user volume snapshot list -f json | jq length)"
check "one of them alone is not deleted" bash -c "! openstack --os-cloud sovereign volume snapshot delete $(user volume snapshot list -f value -c ID | head -1)"
check "the guest wrote on" guest "sleep 2; touch /tmp/stop; sleep 2"
check "a group is made of it" api POST groups/action "{\"create-from-src\": {\"group_snapshot_id\": \"$snapshot\", \"name\": \"copy\"}}"
copy=$(user volume group list -f json | jq -r --arg group "$group" 'map(.ID // .id) | map(select(. != $group))[0]')
check "it is available" until_true 60 shows "groups/$copy" available
copies=$(api GET "groups/$copy?list_volume=true" '' | jq -r '.group.volumes[]')
check_equal "with two volumes" 2 "$(wc -w <<<"$copies")"
check "the guest gives its volumes back" bash -c "for volume in left right; do openstack --os-cloud sovereign server remove volume one \$volume || exit 1; done"
check "they are free" until_true 60 is available volume show left
check "both" until_true 60 is available volume show right
for volume in $copies; do check "it gets a copy" user server add volume one "$volume"; done
check "the guest sees both copies" until_true 30 sees 1073741824 2
numbers=$(guest "for d in \$(lsblk -b -d -n -o NAME,SIZE | awk '\$2 == 1073741824 { print \$1 }'); do sudo dd if=/dev/\$d bs=8 count=1 2>/dev/null; echo; done" | sed 's/^0*//')
check "what they hold is of one moment: $(tr '\n' ' ' <<<"$numbers")" test "$(sort -n <<<"$numbers" | tail -1)" -le $(($(sort -n <<<"$numbers" | head -1) + 1))
check "the server is deleted" user server delete --wait one
for volume in $copies; do check "the copy is free" until_true 60 is available volume show "$volume"; done
check "the group with a snapshot is not deleted" bash -c "! openstack --os-cloud sovereign --os-volume-api-version 3.58 volume group delete --force pair"
check "the copies are deleted with their group" user volume group delete --force "$copy"
check "it is gone" until_true 60 lost "groups/$copy"
check "the group snapshot is deleted" user volume group snapshot delete "$snapshot"
check "it is gone" until_true 60 lost "group_snapshots/$snapshot"
check "the group is deleted with its volumes" user volume group delete --force pair
check "it is gone" until_true 60 lost "groups/$group"
check_equal "so are the volumes" 0 "$(user volume list -f json | jq length)"
check "no layer of a volume is left on the disk" until_true 30 bash -c "[ -z \"\$(find '$data' -path '*volumes*' -type f -name '*.qcow2')\" ]"
check "the books are right" "$root/sovereign" verify --data "$data"
