# What the scripts with Tempest share: a cloud of their own, accounts, images, flavors, a workspace, a run with its verdicts. Sourced after ../lib.sh.
tempest_dir=$root/tests/e2e/tempest
secret=e2e-secret-of-one-run

cloud_for_tempest() { # cloud_for_tempest ACCOUNTS [ADDRESS]: the cloud on that address, a second image, flavors, and that many accounts
  address=${2:-127.0.0.1}
  echo "unique_last_password_count: 2" >> "$work/cloud.yaml"
  check "a cloud starts" "$root/sovereign" up --data "$data" --listen "$address:$port" --config "$work/cloud.yaml" --detach
  export OS_CLIENT_CONFIG_FILE=$data/clouds.yaml OS_CLOUD=sovereign-admin
  external=$(openstack network list --external -f value -c Name | head -1)
  external_id=$(openstack network show "$external" -f value -c id)
  image_id=$(openstack image show tiny -f value -c id)
  image_alt_id=$(openstack image create tiny-too --disk-format qcow2 --public --property hw_disk_bus=virtio \
    --file "$root/out/image/tiny.qcow2" -f value -c id)
  openstack flavor create tempest-small --id tempest-small --ram 256 --disk 1 --vcpus 1 -f value -c id >/dev/null
  openstack flavor create tempest-large --id tempest-large --ram 320 --disk 2 --vcpus 2 -f value -c id >/dev/null
  check "$1 accounts" /usr/bin/python3 "$tempest_dir/accounts.py" "$1" $secret "$work/accounts.yaml"
}

workspace() { # workspace SECTIONS...: where Tempest runs, with the settings of this cloud and further ones (files of settings)
  mkdir -p "$work/tempest/etc" "$work/tempest/locks" "$work/tempest/logs"
  sed -e "s|@ADDRESS@|$address|g" -e "s|@PORT@|$port|g" -e "s|@CA@|$data/ca.pem|" -e "s|@WORK@|$work|g" -e "s|@EXTERNAL@|$external|" -e "s|@EXTERNAL_ID@|$external_id|" \
    -e "s|@IMAGE@|$image_id|" -e "s|@IMAGE_ALT@|$image_alt_id|" -e "s|@IMAGE_FILE@|$root/out/image/tiny.qcow2|" \
    "$tempest_dir/tempest.conf" "$@" > "$work/tempest/etc/tempest.conf"
  printf '[DEFAULT]\ntest_path=/usr/lib/python3/dist-packages/tempest/test_discover\ntop_dir=/usr/lib/python3/dist-packages\n' > "$work/tempest/.stestr.conf"
}

as_administrator() { # settings with which Tempest makes its own users and projects
  /usr/bin/python3 - "$data/clouds.yaml" <<'PYTHON'
import sys, yaml
auth = yaml.safe_load(open(sys.argv[1]))["clouds"]["sovereign-admin"]["auth"]
print("[auth]\nuse_dynamic_credentials = True\ncreate_isolated_networks = True\nadmin_domain_name = Default")
for setting in ("username", "password", "project_name"):
    print(f"admin_{setting} = {auth[setting]}")
PYTHON
}

words() { awk '!/^#/ && NF { print $1 }' "$1"; }       # the first word of each line

all_tests() { (cd "$work/tempest" && { [ -e .stestr ] || stestr init; } && stestr list) | sed 's/\[.*$//'; }

run_tempest() { # run_tempest LIST WORKERS: runs the tests whose ids stand in the file; one "ok" or "not ok" for each
  (cd "$work/tempest" && { [ -e .stestr ] || stestr init; } && stestr list) | awk -F'[' 'NR == FNR { wanted[$1]; next } $1 in wanted' "$1" - > "$work/ids"
  (cd "$work/tempest" && env -u OS_CLOUD tempest run --config-file etc/tempest.conf --load-list "$work/ids" --concurrency "$2" > "$work/tempest.log" 2>&1)
  (cd "$work/tempest" && stestr last --subunit 2>/dev/null | subunit2csv --no-passthrough 2>/dev/null) > "$work/tempest.csv"
  [ -z "${TEMPEST_KEEP:-}" ] || for kept in log csv; do cp "$work/tempest.$kept" "$TEMPEST_KEEP/$(basename "$1").$kept"; done
  /usr/bin/python3 "$tempest_dir/verdicts.py" "$1" "$work/tempest.csv" "$work/tempest.log" "$tempest_dir" > "$work/verdicts"
  local verdict id reason
  while IFS=$'\t' read -r verdict id reason; do
    if [ "$verdict" = ok ]; then ok "$id"; else not_ok "$id" "$reason"; fi
  done < "$work/verdicts"
}

one_node_for_tempest() { # one_node_for_tempest: after second_machine: a cloud of one node, and Tempest as its administrator
  cloud_for_tempest 0 "$net.1"
  # What a server that asks for any network is given one of.
  check "the external network is the default one" openstack network set --default "$external"
  check "so is a pool of addresses" openstack subnet pool create everybody --share --default --pool-prefix 10.64.0.0/12 --default-prefix-length 26
  as_administrator > "$work/administrator.conf"
  workspace "$work/administrator.conf"
}

two_nodes_for_tempest() { # two_nodes_for_tempest: after one_node_for_tempest: a second node joins
  local line
  line=$(sovereign node token | head -1)
  second_joins "${line##* }"
  workspace "$work/administrator.conf" "$tempest_dir/two-nodes.conf"
}
