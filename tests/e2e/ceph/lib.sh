# A Ceph cluster of one machine for tests, of the OS's packages: a monitor, a manager and one OSD on a file. Sourced; needs lib.sh of scripts for need_packages.
# What it holds ends with it.
ceph_packages() {
  need_packages ceph-mon=ceph-mon ceph-mgr=ceph-mgr ceph-osd=ceph-osd ceph=ceph-common rbd=ceph-common \
    /usr/lib/x86_64-linux-gnu/qemu/block-rbd.so=qemu-block-extra
}

ceph_admin() { timeout 60 ceph --connect-timeout 20 --conf "$ceph_dir/ceph.conf" "$@"; }
ceph_rbd() { timeout 60 rbd --conf "$ceph_dir/ceph.conf" "$@"; }

# start_ceph DIRECTORY [ADDRESS]: its conf is DIRECTORY/ceph.conf; once. The pool "volumes" is for the user "sovereign", whose key is in
# DIRECTORY/client.sovereign.keyring.
start_ceph() {
  ceph_dir=$1
  local address=${2:-127.0.0.1} port fsid
  [ -s "$ceph_dir/mon.pid" ] && return
  ceph_packages
  mkdir -p "$ceph_dir/mon" "$ceph_dir/mgr" "$ceph_dir/osd" "$ceph_dir/run"
  chmod 755 "$ceph_dir"
  port=$((15000 + RANDOM % 10000))
  fsid=$(cat /proc/sys/kernel/random/uuid)
  cat > "$ceph_dir/ceph.conf" <<CONF
[global]
fsid = $fsid
mon host = v2:$address:$port
auth cluster required = cephx
auth service required = cephx
auth client required = cephx
osd pool default size = 1
osd pool default min size = 1
osd pool default pg num = 8
osd pool default pg autoscale mode = off
mon allow pool size one = true
mon warn on pool no redundancy = false
auth allow insecure global id reclaim = false
osd crush chooseleaf type = 0
[client.admin]
keyring = $ceph_dir/client.admin.keyring
[mon]
mon data = $ceph_dir/mon
mon data avail warn = 1
mon data avail crit = 0
[mgr]
mgr data = $ceph_dir/mgr
mgr initial modules =
[osd]
osd data = $ceph_dir/osd
public addr = $address
osd objectstore = bluestore
bluestore block size = 34359738368
bluestore fsck on mount = false
osd memory target = 1073741824
osd op num shards = 2
CONF
  for section in mon mgr osd; do
    sed -i "s#^\[$section\]#&\nkeyring = $ceph_dir/$section.keyring\nrun dir = $ceph_dir/run#;
      s#^\[$section\]#&\nadmin socket = $ceph_dir/run/\$name.asok\npid file = $ceph_dir/$section.pid\nlog file = $ceph_dir/$section.log#" \
      "$ceph_dir/ceph.conf"
  done
  if ! bash -eu "$root/tests/e2e/ceph/start.sh" "$ceph_dir" > "$ceph_dir/start.log" 2>&1; then
    tail -15 "$ceph_dir/start.log"
    echo "   Ceph did not start"
    return 1
  fi
}

stop_ceph() { # stop_ceph DIRECTORY: by the ids of its own processes
  local daemon pid
  for daemon in osd mgr mon; do
    pid=$(cat "$1/$daemon.pid" 2>/dev/null) || continue
    grep -qz "ceph-$daemon" "/proc/$pid/cmdline" 2>/dev/null && kill -9 "$pid" 2>/dev/null
  done
  return 0
}
