#!/bin/bash
# volumes.sh - block storage with the stock client and real guests: a volume is attached, written, given back; a snapshot of it is read by another guest; a
# guest boots from a volume, is shelved, copied, rebuilt, rescued and resized with it, and goes on with another volume; then all is deleted, and nothing may be left
# of it. Needs root, python3-openstackclient, ssh, jq, curl.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin

user() { os sovereign "$@"; }
guest() { # guest ADDRESS COMMAND...
  local address=$1
  shift
  ssh -o BatchMode=yes -o ConnectTimeout=3 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i "$work/key" "cirros@$address" "$@" </dev/null
}
server_is() { [ "$(user server show "$1" -f value -c status)" = "$2" ] || { user server show "$1" -f json | jq '{status, fault}'; return 1; }; }
volume_is() { [ "$(user volume show "$1" -f value -c status)" = "$2" ] || { user volume show "$1" -f json; return 1; }; }
snapshot_is() { [ "$(user volume snapshot show "$1" -f value -c status)" = "$2" ] || { user volume snapshot show "$1" -f json; return 1; }; }
gone() { ! user "$@" >/dev/null 2>&1; }
files() { find "$data" -path '*volumes*' -type f -name '*.qcow2'; }
ask() { # ask VERSION METHOD PATH BODY: compute, as the administrator, for what the client has no command for
  local token
  token=$(os sovereign-admin token issue -f value -c id)
  curl -sSf --cacert "$data/ca.pem" -X "$2" -H "X-Auth-Token: $token" -H "OpenStack-API-Version: compute $1" -H 'Content-Type: application/json' \
    "https://127.0.0.1:$port/compute/v2.1/servers/$3" -d "$4"
}
server_id() { user server show "$1" -f value -c id; }
volume_id() { user volume show "$1" -f value -c id; }
address() { # address SERVER: a floating IP that leads to it
  local found
  found=$(user floating ip create "$external" -f value -c floating_ip_address) && user server add floating ip "$1" "$found" && echo "$found"
}

check "a cloud starts" "$root/sovereign" up --data "$data" --listen "127.0.0.1:$port" --detach
export OS_CLIENT_CONFIG_FILE=$data/clouds.yaml
network_with_a_way_out user

check "an empty volume is made" user volume create data --size 1
check "a volume of the image too" user volume create disk --size 1 --image tiny --bootable
check "the empty one is available" until_true 30 volume_is data available
check "and the other" until_true 60 volume_is disk available
check "a server boots from the volume" user server create one --volume disk --flavor SCS-1L-1 --network first --key-name first
check "another from the image" user server create two --image tiny --flavor SCS-1L-1 --network first --key-name first
check "the first becomes ACTIVE" until_true 60 server_is one ACTIVE
check "and the second" until_true 60 server_is two ACTIVE
check_equal "the disk is in use" in-use "$(user volume show disk -f value -c status)"
one=$(address one) two=$(address two)
check "ssh reaches the guest on its volume" until_true 120 guest "$one" true
check "and the other guest" until_true 120 guest "$two" true

check "the volume is attached while the guest runs" user server add volume one data
check "it is in use" until_true 30 volume_is data in-use
check "the guest sees a disk of its size" until_true 30 bash -c "$(declare -f guest); work=$work; guest $one lsblk -b -d -n -o SIZE | grep -q 1073741824"
disk=$(guest "$one" 'lsblk -b -d -n -o NAME,SIZE' | awk '$2 == 1073741824 { name = $1 } END { print name }')
check "a file system is made on it" guest "$one" "sudo mkfs.ext4 -q /dev/$disk && sudo mkdir -p /mnt/data && sudo mount /dev/$disk /mnt/data"
check "and a file is written" guest "$one" "echo kept | sudo tee /mnt/data/file && sync"
check "a snapshot of it is taken meanwhile" user volume snapshot create --volume data --force point
check "it is available" until_true 60 snapshot_is point available
check "what is written later" guest "$one" "echo later | sudo tee /mnt/data/later && sync && sudo umount /mnt/data"
check "the volume is given back" user server remove volume one data
check "it is available again" until_true 60 volume_is data available
check "the guest sees the disk no more" until_true 30 bash -c "$(declare -f guest); work=$work; ! guest $one lsblk -d -n -o NAME | grep -qx $disk"
check "a volume is made of the snapshot" user volume create copy --snapshot point --size 2
check "it is there" until_true 60 volume_is copy available
check "the other guest gets it" user server add volume two copy
check "and it is in use" until_true 30 volume_is copy in-use
check "the other guest sees it" until_true 30 bash -c "$(declare -f guest); work=$work; guest $two lsblk -b -d -n -o SIZE | grep -q 2147483648"
disk=$(guest "$two" 'lsblk -b -d -n -o NAME,SIZE' | awk '$2 == 2147483648 { print $1 }')
check_equal "it reads what was there, and nothing later" "file lost+found" \
  "$(guest "$two" "sudo mkdir -p /mnt/copy && sudo mount /dev/$disk /mnt/copy && ls /mnt/copy | tr '\n' ' '" | sed 's/ $//')"
check_equal "with its content" kept "$(guest "$two" cat /mnt/copy/file)"

check "the volume is given back" bash -c "$(declare -f guest); work=$work; guest $two sudo umount /mnt/copy && openstack --os-cloud sovereign server remove volume two copy"
check "it is available again" until_true 60 volume_is copy available

check "the first server goes to the shelf" user server shelve one
check "it is there, without an image" until_true 120 server_is one SHELVED_OFFLOADED
check_equal "for its volume keeps all" "" "$(user image list --private -f value -c Name)"
check "a volume is attached to it there" user server add volume one data
check "it comes back" user server unshelve one
check "and is ACTIVE" until_true 120 server_is one ACTIVE
check "with the volume" until_true 120 guest "$one" "lsblk -d -n -o NAME | grep -q vdb"
check "a file is written to its own disk" guest "$one" "echo mine | sudo tee /etc/mine && sync"

check "an image of the server on its volume is made" user server image create one --name whole --wait
image=$(user image show whole -f value -c id)
check_equal "it has no bytes" 0 "$(user image show whole -f value -c size)"
check "snapshots are available" until_true 60 bash -c '! openstack --os-cloud sovereign volume snapshot list -f value -c Status | grep -v available'
check "a server of that image gets volumes of its own" user server create three --image whole --flavor SCS-1L-1 --network first --key-name first
check "it becomes ACTIVE" until_true 120 server_is three ACTIVE
three=$(address three)
check "ssh reaches it" until_true 120 guest "$three" true
check_equal "it has what the first one had" mine "$(guest "$three" cat /etc/mine)"
check "and goes" user server delete --wait three
others() { user volume list -f json | jq -r '.[] | select(.Name == "") | .ID'; }
check_equal "its volumes stay, as the first one's would" 2 "$(others | wc -l)"
check "and are deleted" user volume delete $(others)

check "a rebuild keeps the volume" user server rebuild one --image tiny --wait
check "ssh reaches it again" until_true 120 guest "$one" true
check_equal "with the file" mine "$(guest "$one" cat /etc/mine)"
check "a rebuild since 2.93 makes the volume anew" ask 2.93 POST "$(server_id one)/action" "{\"rebuild\": {\"imageRef\": \"$(user image show tiny -f value -c id)\"}}"
check "and starts it" until_true 120 server_is one ACTIVE
check "ssh reaches it once more" until_true 120 guest "$one" true
check "without the file" bash -c "$(declare -f guest); work=$work; ! guest $one test -e /etc/mine"

check "a rescue needs an image that keeps the names of the disks" bash -c "! openstack --os-cloud sovereign --os-compute-api-version 2.87 server rescue one --image tiny"
check "such an image is made" user image create mender --disk-format qcow2 --property hw_rescue_bus=virtio --file "$root/out/image/tiny.qcow2"
check "with it the server is rescued" user --os-compute-api-version 2.87 server rescue one --image mender
check "it is" until_true 120 server_is one RESCUE
check "and back" user server unrescue one
check "ACTIVE" until_true 120 server_is one ACTIVE

check "a server with volumes is resized on its node" user server resize one --flavor SCS-1V-4
check "it waits for its word" until_true 120 server_is one VERIFY_RESIZE
check "and gets it" user server resize confirm one
check "ssh reaches it after all that" until_true 120 guest "$one" true

check "a file system is on the volume" guest "$one" "sudo mkdir -p /mnt/data && sudo mount /dev/vdb /mnt/data && cat /mnt/data/later"
check "an administrator swaps the volume for another" ask 2.1 PUT "$(server_id one)/os-volume_attachments/$(volume_id data)" \
  "{\"volumeAttachment\": {\"volumeId\": \"$(volume_id copy)\"}}"
check "the old one is free" until_true 60 volume_is data available
check "the new one is in use" until_true 60 volume_is copy in-use
check_equal "the guest reads on, and never noticed" later "$(guest "$one" "cat /mnt/data/later")"
check_equal "its disk is as large as the new one" 2147483648 "$(guest "$one" "lsblk -b -d -n -o SIZE /dev/vdb")"

check "the servers are deleted" user server delete --wait one two
check "the volumes are free" until_true 60 volume_is copy available
check "and the disk" until_true 60 volume_is disk available
check "the volume with a snapshot is not deleted" bash -c "! openstack --os-cloud sovereign volume delete data"
check "the image is deleted" user image delete whole
check "the snapshots are deleted" user volume snapshot delete $(user volume snapshot list -f value -c ID)
check "they are gone" until_true 60 bash -c '[ -z "$(openstack --os-cloud sovereign volume snapshot list -f value)" ]'
check "the volumes are deleted" user volume delete data copy disk
for volume in data copy disk; do check "$volume is gone" until_true 60 gone volume show "$volume"; done
check "no layer of a volume is left on the disk" until_true 30 bash -c "[ -z \"\$(find '$data' -path '*volumes*' -type f -name '*.qcow2')\" ]"
check "the books are right" "$root/sovereign" verify --data "$data"
