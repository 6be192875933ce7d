#!/bin/bash
# backups.sh - backups of volumes with the stock client and a real guest: a file, a full backup, another file, an incremental one of the running guest; volumes made
# of both hold what they should; then all is deleted, and nothing may be left in the store. Needs root, python3-openstackclient, ssh, jq.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin

user() { os sovereign "$@"; }
guest() { # guest COMMAND...
  ssh -o BatchMode=yes -o ConnectTimeout=3 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i "$work/key" "cirros@$address" "$@" </dev/null
}
server_is() { [ "$(user server show "$1" -f value -c status)" = "$2" ] || { user server show "$1" -f json | jq '{status, fault}'; return 1; }; }
volume_is() { [ "$(user volume show "$1" -f value -c status)" = "$2" ] || { user volume show "$1" -f json; return 1; }; }
backup_is() { [ "$(user volume backup show "$1" -f value -c status)" = "$2" ] || { user volume backup show "$1" -f json; return 1; }; }
restore() { # the client orders the restore, and then (6.0) fails to show what it was told
  local said
  said=$(user volume backup restore "$@" 2>&1) || [ "$said" = "cannot unpack non-iterable VolumeBackupsRestore object" ] || { echo "$said"; return 1; }
}
gone() { ! user "$@" >/dev/null 2>&1; }
kept() { find "$data/control/backups" -type f 2>/dev/null; }
disk_of() { guest 'lsblk -b -d -n -o NAME,SIZE' | awk -v size="$1" '$2 == size { name = $1 } END { if (name == "") exit 1; print name }'; }
read_back() { # read_back VOLUME BYTES: the files on a volume, as the guest sees them
  local disk
  user server add volume one "$1" >/dev/null && until_true 30 disk_of "$2" && disk=$(disk_of "$2") &&
    guest "sudo mkdir -p /mnt/$1 && sudo mount -o ro /dev/$disk /mnt/$1 && ls /mnt/$1 | grep -v lost+found | tr '\n' ' '"
}

check "a cloud starts" "$root/sovereign" up --data "$data" --listen "127.0.0.1:$port" --detach
export OS_CLIENT_CONFIG_FILE=$data/clouds.yaml
network_with_a_way_out user
check "a server" user server create one --image tiny --flavor SCS-1L-1 --network first --key-name first
check "a volume" user volume create data --size 1
check "the volume is available" until_true 30 volume_is data available
check "the server is ACTIVE" until_true 60 server_is one ACTIVE
address=$(user floating ip create "$external" -f value -c floating_ip_address)
check "it has an address" user server add floating ip one "$address"
check "ssh reaches the guest" until_true 120 guest true
check "the volume is attached" user server add volume one data
check "the guest sees it" until_true 30 disk_of 1073741824
disk=$(disk_of 1073741824)
check "a file system, and a file" guest "sudo mkfs.ext4 -q /dev/$disk && sudo mkdir -p /mnt/data && sudo mount /dev/$disk /mnt/data && echo 1 | sudo tee /mnt/data/first && sync"
check "it is backed up while the guest runs" user volume backup create --name full --force data
check "the backup is available" until_true 60 backup_is full available
check_equal "the volume is in use again" in-use "$(user volume show data -f value -c status)"
check "another file is written" guest "echo 2 | sudo tee /mnt/data/second && sync"
check "what changed is backed up" user volume backup create --name changes --incremental --force data
check "that is available too" until_true 60 backup_is changes available
check_equal "it is incremental" true "$(user volume backup show changes -f json | jq -r .is_incremental)"
check "it is much smaller" bash -c "[ \$(find '$data/control/backups' -type f -printf '%s\n' | sort -n | head -1) -lt \$((\$(find '$data/control/backups' -type f -printf '%s\n' | sort -n | tail -1) / 2)) ]"
check "the guest gives the volume back" bash -c "$(declare -f guest); work=$work; address=$address; guest sudo umount /mnt/data && openstack --os-cloud sovereign server remove volume one data"
check "it is free" until_true 60 volume_is data available
check "a new volume is made of both" restore changes both
check "it is available" until_true 60 volume_is both available
check_equal "the guest reads both files" "first second" "$(read_back both 1073741824 | sed 's/ $//')"
check "the guest gives it back" bash -c "$(declare -f guest); work=$work; address=$address; guest sudo umount /mnt/both && openstack --os-cloud sovereign server remove volume one both"
check "it is free" until_true 60 volume_is both available
check "the full backup takes the place of what is on the first volume" restore --force full data
check "that is available" until_true 60 volume_is data available
check_equal "the guest reads the first file alone" "first" "$(read_back data 1073741824 | sed 's/ $//')"
check "the full backup is not deleted before what stands on it" bash -c "! openstack --os-cloud sovereign volume backup delete full"
check "the server is deleted" user server delete --wait one
check "its volume is free" until_true 60 volume_is data available
check "the backups are deleted" user volume backup delete changes
check "the second is gone" until_true 60 gone volume backup show changes
check "and the full one" user volume backup delete full
check "it is gone" until_true 60 gone volume backup show full
check_equal "nothing is left in the store" "" "$(kept)"
check "the volumes are deleted" user volume delete data both
for volume in data both; do check "$volume is gone" until_true 60 gone volume show "$volume"; done
check "no layer of a volume is left on the disk" until_true 30 bash -c "[ -z \"\$(find '$data' -path '*volumes*' -type f -name '*.qcow2')\" ]"
check "the books are right" "$root/sovereign" verify --data "$data"
