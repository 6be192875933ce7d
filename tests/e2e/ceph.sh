#!/bin/bash
# ceph.sh - volumes in a pool of a real Ceph cluster that this script starts, on two nodes: a server boots from one, another is attached, written, kept, grown, backed
# up; an encrypted one leaves no plain text in the cluster; volumes and servers go from node to node, with agents that are killed; at the end the pool is empty.
# Needs root, python3-openstackclient, ssh, jq, the packages of tests/e2e/ceph/lib.sh.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
. "$root/scripts/lib.sh"
. "$(dirname "${BASH_SOURCE[0]}")/nodes/setup.sh"
. "$(dirname "${BASH_SOURCE[0]}")/ceph/lib.sh"
begin
second_machine
cluster=$(mktemp -d /var/tmp/sovereign-e2e-ceph.XXXXXX)
eval "$(declare -f after_down | sed 's/^after_down/network_down/')"
after_down() { stop_ceph "$cluster"; rm -rf "$cluster"; network_down; }

admin() { os sovereign-admin --os-compute-api-version 2.74 --os-volume-api-version 3.64 "$@"; }
guest() { # guest COMMAND...
  ssh -o BatchMode=yes -o ConnectTimeout=3 -o StrictHostKeyChecking=no -o UserKnownHostsFile=/dev/null -o LogLevel=ERROR -i "$work/key" "cirros@$address" "$@" </dev/null
}
settled() {
  [ "$(admin server show "$1" -f json | jq -r '.status + " " + (.["OS-EXT-STS:task_state"] // "-" | tostring)')" = "$2 -" ] && return
  admin server show "$1" -f json | jq '{status, fault, "OS-EXT-STS:task_state"}'
  return 1
}
host_of() { admin server show "$1" -f json | jq -r '.["OS-EXT-SRV-ATTR:host"]'; }
is() { [ "$(admin "$1" "$2" show "$3" -f value -c status)" = "$4" ] || { admin "$1" "$2" show "$3" -f json; return 1; }; }   # is volume snapshot NAME STATUS
volume_is() { [ "$(admin volume show "$1" -f value -c status)" = "$2" ] || { admin volume show "$1" -f json | jq 'del(.volume_image_metadata)'; return 1; }; }
gone() { ! admin "$@" >/dev/null 2>&1; }
restore() { # the client orders the restore, and then (6.0) fails to show what it was told
  local said
  said=$(admin volume backup restore "$@" 2>&1) || [ "$said" = "cannot unpack non-iterable VolumeBackupsRestore object" ] || { echo "$said"; return 1; }
}
disk_of() { guest 'lsblk -b -d -n -o NAME,SIZE' | awk -v size="$1" '$2 == size { name = $1 } END { if (name == "") exit 1; print name }'; }
attached() { admin server add volume "$1" "$2" >/dev/null && until_true 60 disk_of "$3"; }   # attached SERVER VOLUME BYTES
detached() { admin server remove volume "$1" "$2" && until_true 60 volume_is "$2" available; }
reads() { # reads BYTES TEXT-LENGTH: what the guest's disk of that size begins with
  guest "sudo head -c $2 /dev/$(disk_of "$1")"
}
writes() { guest "printf '%s' '$2' | sudo dd of=/dev/$(disk_of "$1") conv=notrunc,fsync 2>/dev/null"; }   # writes BYTES TEXT
has_one_attachment() { [ "$(admin volume show "$1" -f json | jq '.attachments | length')" = 1 ]; }
in_pool() { ceph_rbd ls volumes | grep -c "$1"; }
pool_is_empty() { [ -z "$(ceph_rbd ls volumes)$(ceph_rbd trash ls volumes)" ] || { ceph_rbd ls volumes; ceph_rbd trash ls volumes; return 1; }; }
gib=1073741824

check "a Ceph cluster starts on the underlay" start_ceph "$cluster" "$net.1"
ceph_dir=$cluster
cat >> "$work/cloud.yaml" <<YAML
ceph_pool: volumes
ceph_conf: $cluster/ceph.conf
ceph_keyring: $cluster/client.sovereign.keyring
YAML
check "a cloud starts with it" "$root/sovereign" up --data "$data" --listen "$net.1:$port" --config "$work/cloud.yaml" --detach
export OS_CLIENT_CONFIG_FILE=$data/clouds.yaml
first=$(sovereign node list --json | jq -r '.nodes[0].name')
token=$(sovereign node token | head -1)
check "a second machine joins" within "$data/bin/sovereign" node join "https://$net.1:$port" "${token##* }" --name second --data "$data2" \
  --ceph-pool volumes --ceph-conf "$cluster/ceph.conf" --ceph-keyring "$cluster/client.sovereign.keyring"
check "its agent starts" within "$data2/bin/sovereign" node serve --data "$data2" --detach
check "and the node is up" until_true 60 node_is second up
check_equal "both nodes show the pool" "$(printf '%s@ceph\n' "$first" second | sort | paste -sd' ')" \
  "$(admin volume service list --service cinder-volume -f value -c Host | grep '@ceph' | sort | paste -sd' ')"
network_with_a_way_out admin
check "a small flavor" admin flavor create small --ram 128 --disk 1 --vcpus 1
check "a type for the pool" admin volume type create ceph --property volume_backend_name=ceph
check "and one that is encrypted" admin volume type create secret --property volume_backend_name=ceph --encryption-provider luks \
  --encryption-cipher aes-xts-plain64 --encryption-key-size 256 --encryption-control-location front-end

check "a volume of an image" admin volume create disk --type ceph --image tiny --size 1
check "is available" until_true 60 volume_is disk available
check "it is in the pool of a node" grep -qE '@ceph#' <<<"$(admin volume show disk -f value -c os-vol-host-attr:host)"
check_equal "as one image beside the cached one" "1 1" "$(in_pool '^volume\.') $(in_pool '^image\.')"
check "a server boots from it" admin server create one --volume disk --flavor small --network first --key-name first --host "$first"
check "the server is ACTIVE" until_true 90 settled one ACTIVE
address=$(admin floating ip create "$external" -f value -c floating_ip_address)
check "it has an address" admin server add floating ip one "$address"
check "ssh reaches the guest" until_true 150 guest true

check "a second volume" admin volume create data --type ceph --size 2
check "is available" until_true 30 volume_is data available
check "the running guest gets it" attached one data $((2 * gib))
check "and writes" writes $((2 * gib)) first-text
check "a snapshot of what it runs with" admin volume snapshot create --volume data --force point
check "is available" until_true 30 is volume snapshot point available
check "the guest writes on" writes $((2 * gib)) other-text
check "a volume of the snapshot" admin volume create copy --snapshot point --size 3
check "is available" until_true 30 volume_is copy available
check "the guest gets it" attached one copy $((3 * gib))
check_equal "it has what was" first-text "$(reads $((3 * gib)) 10)"
check "it is given back" detached one copy
check "the guest's disk grows while it runs" admin volume set data --size 4
check "the guest sees it" until_true 60 disk_of $((4 * gib))

check "an encrypted volume" admin volume create hidden --type secret --size 5
check "is available" until_true 60 volume_is hidden available
check "the guest gets it" attached one hidden $((5 * gib))
check "and writes a secret" writes $((5 * gib)) The-secret-that-nobody-may-read
check "and what is no secret on the other" writes $((4 * gib)) The-words-that-everybody-may-read
check_equal "the guest reads it" The-secret-that-nobody-may-read "$(reads $((5 * gib)) 31)"
check "it grows too" admin volume set hidden --size 6
check "the guest sees it" until_true 60 disk_of $((6 * gib))
sync
check "the plain words are in the cluster's file" grep -aq The-words-that-everybody-may-read "$cluster/osd/block"
check "the secret is not" bash -c "! grep -aq The-secret-that-nobody-may-read '$cluster/osd/block'"
check "the guest gives it back" detached one hidden
check "and gets it again" attached one hidden $((6 * gib))
check_equal "with its secret" The-secret-that-nobody-may-read "$(reads $((6 * gib)) 31)"
check "it is given back" detached one hidden

check "a full backup of the running guest's disk" admin volume backup create --name full --force data
check "is available" until_true 90 is volume backup full available
check "the guest writes on" writes $((4 * gib)) Later-words
check "what changed is backed up" admin volume backup create --name more --incremental --force data
check "that is available" until_true 90 is volume backup more available
check_equal "it is incremental" true "$(admin volume backup show more -f json | jq -r .is_incremental)"
check "a volume is made of both" restore more restored
check "it is available" until_true 120 volume_is restored available

check "the data goes from the first node" detached one data
check "a server on the second node" admin server create two --image tiny --flavor small --network first --key-name first --host second
check "is ACTIVE" until_true 90 settled two ACTIVE
address_one=$address
address=$(admin floating ip create "$external" -f value -c floating_ip_address)
check "it has an address" admin server add floating ip two "$address"
check "ssh reaches it" until_true 150 guest true
check "it gets the data" attached two data $((4 * gib))
check_equal "as the other node's guest wrote it" Later-words "$(reads $((4 * gib)) 11)"
check "it is given back" detached two data
restored=$(admin volume show restored -f value -c size)
check "it gets what was restored" attached two restored $((restored * gib))
check_equal "with the later words" Later-words "$(reads $((restored * gib)) 11)"
check "it is given back" detached two restored
check "a type for several servers at once" admin volume type create several --property volume_backend_name=ceph --property 'multiattach=<is> True'
check "a volume of it" admin volume create both --type several --size 7
check "is available" until_true 30 volume_is both available
check "the second server gets it" attached two both $((7 * gib))
check "and the first one too, on the other node" admin --os-compute-api-version 2.60 server add volume one both
check "the second one writes" writes $((7 * gib)) by-the-second
address=$address_one
check "the first one has the disk" until_true 60 disk_of $((7 * gib))
check_equal "and reads what the second one wrote" by-the-second "$(reads $((7 * gib)) 13)"
check "the first one gives it back" admin server remove volume one both
check "the second one has it still" until_true 60 has_one_attachment both
check "and gives it back" detached two both
check "it goes" admin volume delete both

check "the second server goes" admin server delete --wait two

guest 'echo carried > marker && sync'
before=$(guest 'cut -d. -f1 /proc/uptime')
check "the server that boots from the pool goes to the other node while it runs" admin server migrate one --live-migration --shared-migration --host second
check "it is ACTIVE" until_true 150 settled one ACTIVE
check_equal "on the second node" second "$(host_of one)"
check "it answers" until_true 60 guest true
check "it was never rebooted" [ "$(guest 'cut -d. -f1 /proc/uptime')" -ge "$before" ]
check_equal "with its disk" carried "$(guest 'cat marker')"
check "it goes back, off" admin server migrate one
check "it waits for the confirmation" until_true 150 settled one VERIFY_RESIZE
check_equal "on the first node" "$first" "$(host_of one)"
check "it answers there" until_true 150 guest true
check_equal "with its disk" carried "$(guest 'cat marker')"
check "the move is confirmed" admin server migration confirm one
check "it is ACTIVE" until_true 60 settled one ACTIVE

agent=$(cat "$data/node.pid")
for name in killed1 killed2 killed3; do admin volume create $name --type secret --image tiny --size 1 >/dev/null; done
check "the agent is killed while it makes volumes" kill -9 "$agent"
for name in killed1 killed2 killed3; do check "$name is made all the same" until_true 150 volume_is $name available; done
check "nothing half made is left" bash -c "[ \"$(in_pool '^fresh\.')\" = 0 ]"

check "the server goes" admin server delete --wait one
check "its backups go" admin volume backup delete more
check "the changes first" until_true 60 gone volume backup show more
check "then the full one" admin volume backup delete full
check "which is gone" until_true 60 gone volume backup show full
check "the source goes before what was made of its snapshot" admin volume snapshot delete point
check "the snapshot is gone" until_true 60 gone volume snapshot show point
check "the volumes go" admin volume delete disk data hidden restored killed1 killed2 killed3
check "all but one" until_true 120 bash -c "[ \"\$(openstack --os-cloud sovereign-admin volume list -f value -c Name)\" = copy ]"
check "the last one goes" admin volume delete copy
check "it is gone" until_true 60 gone volume show copy
check "the pool is empty" until_true 60 pool_is_empty
