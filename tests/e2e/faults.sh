#!/bin/bash
# faults.sh - a dead QEMU, a vanished disk, full disks of node, images and database: the resource says so in its fault, the rest of the cloud goes on,
# and deleting still works. Needs root, python3-openstackclient, jq.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin

# A file system of its own, so that it can be filled: the cloud's directory is in it.
mount_point=$data data=$data/cloud
mount -t tmpfs -o size=8g,mode=755 sovereign-e2e "$mount_point" || exit 1
before_down() {
  local full
  for full in "$data/node/disks" "$data/control/images/uploads"; do mountpoint -q "$full" && umount "$full"; done
  mountpoint -q "$mount_point" && mount -o remount,size=8g "$mount_point"
}
after_down() { umount "$mount_point"; rmdir "$mount_point"; }

demo() { os sovereign "$@"; }
make() { demo server create "$1" --image tiny --flavor SCS-1L-1 --network net -f value -c id; }
status_of() { demo server show "$1" -f value -c status; }
is() { [ "$(status_of "$1")" = "$2" ] || { demo server show "$1" -f json | jq '{status, fault}'; return 1; }; }
fault_says() { demo server show "$1" -f json | jq -r .fault.message | grep -q "$2" || { demo server show "$1" -f json | jq '{status, fault}'; return 1; }; }
gone() { ! demo server show "$1" >/dev/null 2>&1; }
qemu_of() { pgrep -f -- "^[^ ]*qemu-system[^ ]* .*$1" | head -1; }   # qemu_of SERVER: its pid
small_disk() { # small_disk DIRECTORY KIB: a file system without room over it, with its owner and mode
  local owner mode
  owner=$(stat -c %u:%g "$1") mode=$(stat -c %a "$1")
  mount -t tmpfs -o "size=${2}k,mode=$mode" sovereign-e2e "$1" && chown "$owner" "$1"
}
refused_with() { # refused_with TEXT COMMAND...
  local text=$1 said
  shift
  if said=$("$@" 2>&1); then echo "it was accepted: $said"; return 1; fi
  grep -q -- "$text" <<<"$said" || { echo "$said"; return 1; }
}

check "a cloud starts" "$root/sovereign" up --data "$data" --listen "127.0.0.1:$port" --detach
export OS_CLIENT_CONFIG_FILE=$data/clouds.yaml
check "a network" demo network create net
check "a subnet" demo subnet create net --network net --subnet-range 10.88.0.0/24
steady=$(make steady)
check "a server that is to go on through all of it" until_true 60 is "$steady" ACTIVE
steady_pid=$(qemu_of "$steady")

killed=$(make killed)
check "a second server" until_true 60 is "$killed" ACTIVE
check "whose QEMU dies" kill -9 "$(qemu_of "$killed")"
check "is in ERROR" until_true 20 is "$killed" ERROR
check "and its fault says that its process ended, and what to do" fault_says "$killed" "process ended.*hard reboot"
check "a hard reboot is accepted" demo server reboot --hard "$killed"
check "and heals it" until_true 60 is "$killed" ACTIVE
check_equal "the fault is gone" null "$(demo server show "$killed" -f json | jq -r '.fault')"

check "it is stopped" demo server stop "$killed"
check "and off" until_true 90 is "$killed" SHUTOFF
check "its disk vanishes" rm "$data/node/disks/$killed/root.qcow2"
check "starting it is accepted" demo server start "$killed"
check "it goes to ERROR, and does not run on an empty disk" until_true 30 is "$killed" ERROR
check "its fault says that the disk is gone" fault_says "$killed" "root disk of $killed is gone"
check "it can be deleted" demo server delete "$killed"
check "and is gone" until_true 30 gone "$killed"

check "the node's disk gets full" small_disk "$data/node/disks" 64
full=$(make full)
check "a new server goes to ERROR" until_true 60 is "$full" ERROR
check "its fault says that the file system is full" fault_says "$full" "is full"
check "the steady server runs on" is "$steady" ACTIVE
unwanted=$(make unwanted)
check "so does another" until_true 60 is "$unwanted" ERROR
check "which can be deleted on a full disk" demo server delete "$unwanted"
check "and is gone too" until_true 30 gone "$unwanted"
check "the disk gets room again" umount "$data/node/disks"
check "the server that waited comes up by itself" until_true 90 is "$full" ACTIVE
check "it is deleted" demo server delete "$full"
check "and gone for good" until_true 30 gone "$full"

head -c 4194304 /dev/urandom > "$work/image"
check "the image store gets full" small_disk "$data/control/images/uploads" 1024
check "an upload is refused with the reason" refused_with "disk space\|413" demo image create big --disk-format raw --container-format bare --file "$work/image"
check "no piece of it is left" test -z "$(ls -A "$data/control/images/uploads")"
check_equal "nor of its image, which the client takes back" "" "$(demo image list --name big -f value)"
check "the image store gets room again" umount "$data/control/images/uploads"
check "the upload works" demo image create big --disk-format raw --container-format bare --file "$work/image"
check "and goes" demo image delete big

# Cut to what is used now, without memory for a file that fills it.
mount -o "remount,size=$(df --output=used -k "$mount_point" | tail -1)k" "$mount_point"
# The database's log has room of its own; a few hundred writes use it up.
url=https://127.0.0.1:$port/network/v2.0/networks/$(demo network show net -f value -c id)
curl -s -m 120 --cacert "$data/ca.pem" -X PUT -H "X-Auth-Token: $(demo token issue -f value -c id)" -H 'Content-Type: application/json' \
  -d '{"network": {"description": "'"$(head -c 200 /dev/zero | tr '\0' x)"'"}}' -w '\n%{http_code}\n' "$url#[1-2000]" > "$work/writes"
check_equal "on a full disk a write is answered by 200 or by 503, never otherwise" 503 "$(grep -E '^[0-9]{3}$' "$work/writes" | sort -u | grep -v '^200$' | paste -sd' ')"
check "and 503 says that the disk is full" grep -q "disk of the database is full" "$work/writes"
check "a new network is refused" refused_with "disk of the database is full" demo network create nowhere
check "reading goes on" demo server list
check "the steady server still runs" is "$steady" ACTIVE
sleep 12   # longer than the interval in which the journal's head is written
check_equal "both processes live" "alive alive" "$(for name in sovereign node; do kill -0 "$(cat "$data/$name.pid")" 2>/dev/null && printf 'alive '; done | sed 's/ $//')"
mount -o remount,size=8g "$mount_point"
check "with room again, writing goes on" demo network create somewhere
check "nothing half-made is left" bash -c "! openstack --os-cloud sovereign network show nowhere"
check "the network goes" demo network delete somewhere

check_equal "the steady server was never disturbed" "$steady_pid" "$(qemu_of "$steady")"
check "it is deleted" demo server delete "$steady"
check "and gone at last" until_true 30 gone "$steady"
check "the network too" demo network delete net
check "the books are right" "$root/sovereign" verify --data "$data"
touch "$data/control/images/content/stray"
check "a file that belongs to no image is named" bash -c "! found=\$('$root/sovereign' verify --data '$data') && grep -q stray <<<\"\$found\""
check "the cloud is destroyed" "$root/sovereign" down --data "$data" --destroy
[ $failed -eq 0 ]
