#!/bin/bash
# volumes.sh - block storage with the stock client and real guests: a volume is attached, written, given back; a snapshot of it is read by another guest; a
# guest boots from a volume; then all is deleted, and nothing may be left of it. Needs root, python3-openstackclient, ssh, jq.
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
address() { # address SERVER: a floating IP that leads to it
  local found
  found=$(user floating ip create "$external" -f value -c floating_ip_address) && user server add floating ip "$1" "$found" && echo "$found"
}

check "a cloud starts" "$root/sovereign" up --data "$data" --listen "127.0.0.1:$port" --detach
export OS_CLIENT_CONFIG_FILE=$data/clouds.yaml
ssh-keygen -q -t ed25519 -N '' -f "$work/key"
check "a key" user keypair create first --public-key "$work/key.pub"
check "a network" user network create first
check "a subnet" user subnet create first --network first --subnet-range 10.77.0.0/24
check "a router" user router create first
external=$(user network list --external -f value -c Name | head -1)
check "with a way out" user router set first --external-gateway "$external"
check "and an interface in the subnet" user router add subnet first first
check "ssh is let in" user security group rule create default --protocol tcp --dst-port 22

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

check "the servers are deleted" user server delete --wait one two
check "the volumes are free" until_true 60 volume_is copy available
check "and the disk" until_true 60 volume_is disk available
check "the volume with a snapshot is not deleted" bash -c "! openstack --os-cloud sovereign volume delete data"
check "the snapshot is deleted" user volume snapshot delete point
check "it is gone" until_true 60 gone volume snapshot show point
check "the volumes are deleted" user volume delete data copy disk
for volume in data copy disk; do check "$volume is gone" until_true 60 gone volume show "$volume"; done
check "no layer of a volume is left on the disk" until_true 30 bash -c "[ -z \"\$(find '$data' -path '*volumes*' -type f -name '*.qcow2')\" ]"
check "the books are right" "$root/sovereign" verify --data "$data"
