# start.sh DIRECTORY - starts what start_ceph configured; run by it.
ceph_dir=$1
. "$(dirname "$0")/lib.sh"
conf=$ceph_dir/ceph.conf
ceph-authtool --create-keyring "$ceph_dir/mon.keyring" --gen-key -n mon. --cap mon 'allow *'
ceph-authtool --create-keyring "$ceph_dir/client.admin.keyring" --gen-key -n client.admin --cap mon 'allow *' --cap osd 'allow *' --cap mgr 'allow *'
ceph-authtool "$ceph_dir/mon.keyring" --import-keyring "$ceph_dir/client.admin.keyring"
# By its map the monitor has this address, whatever other monitor the machine has.
address=$(sed -n 's/^mon host = //p' "$conf")
monmaptool --create --fsid "$(sed -n 's/^fsid = //p' "$conf")" --addv a "[$address]" "$ceph_dir/monmap"
ceph-mon --conf "$conf" --mkfs -i a --monmap "$ceph_dir/monmap" --keyring "$ceph_dir/mon.keyring"
ceph-mon --conf "$conf" -i a
ceph_admin auth get-or-create mgr.a mon 'allow profile mgr' osd 'allow *' mds 'allow *' -o "$ceph_dir/mgr.keyring"
ceph-mgr --conf "$conf" -i a
uuid=$(cat /proc/sys/kernel/random/uuid)
ceph_admin osd new "$uuid"
ceph_admin auth get-or-create osd.0 mon 'allow profile osd' mgr 'allow profile osd' osd 'allow *' -o "$ceph_dir/osd.keyring"
ceph-osd --conf "$conf" -i 0 --mkfs --osd-uuid "$uuid"
ceph-osd --conf "$conf" -i 0
for _ in $(seq 240); do
  said=$(ceph_admin -s)
  case $said in *'osd: 1 osds: 1 up'*) break ;; esac
  sleep 0.5
done
ceph_admin osd pool create volumes 8
ceph_rbd pool init volumes
ceph_admin auth get-or-create client.sovereign mon 'profile rbd' osd 'profile rbd pool=volumes' mgr 'profile rbd pool=volumes' \
  -o "$ceph_dir/client.sovereign.keyring"
