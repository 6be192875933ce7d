#!/bin/bash
# objects.sh - the object store as its stock clients know it: boto3, s3cmd, rclone and aws over S3, python-swiftclient and openstack over Swift; then a kill of the
# control plane while objects come in. Needs root, openstack.
set -uo pipefail
. "$(dirname "${BASH_SOURCE[0]}")/lib.sh"
begin
demo() { os sovereign "$@"; }
admin() { os sovereign-admin "$@"; }

check "a cloud starts" "$root/sovereign" up --data "$data" --listen "127.0.0.1:$port" --detach
export OS_CLIENT_CONFIG_FILE=$data/clouds.yaml S3_CA=$data/ca.pem
export S3_URL=https://localhost:$port AWS_CA_BUNDLE=$data/ca.pem AWS_DEFAULT_REGION=RegionOne AWS_EC2_METADATA_DISABLED=true

keys() { # keys NAME CLIENT...: an access key of this user, as NAME_key and NAME_secret
  local name=$1 pair
  shift
  pair=$("$@" ec2 credentials create -f json) || return 1
  declare -g "${name}_key=$(jq -r .access <<< "$pair")" "${name}_secret=$(jq -r .secret <<< "$pair")"
}
user() { # user NAME PROJECT ROLE: a user of its own with one role
  admin user create "$1" --password password --or-show >/dev/null && admin role add --user "$1" --project "$2" "$3"
}
as() { # as NAME PROJECT COMMAND...
  local name=$1 project=$2
  shift 2
  env -u OS_CLOUD OS_AUTH_URL="https://localhost:$port/identity/v3" OS_USERNAME="$name" OS_PASSWORD=password OS_PROJECT_NAME="$project" OS_USER_DOMAIN_NAME=Default \
    OS_PROJECT_DOMAIN_NAME=Default OS_CACERT="$data/ca.pem" OS_IDENTITY_API_VERSION=3 OS_CLIENT_CONFIG_FILE=/dev/null openstack "$@"
}

check "a second project" admin project create other
check "with a member" user stranger other member
check "and a reader of the first" user onlooker demo reader
keys a demo && keys b as stranger other && keys reader as onlooker demo
check "each has an access key" test -n "${a_key:-}" -a -n "${b_key:-}" -a -n "${reader_key:-}"
export S3_KEY_A=$a_key S3_SECRET_A=$a_secret S3_KEY_B=$b_key S3_SECRET_B=$b_secret S3_READER=$reader_key S3_READER_SECRET=$reader_secret
check_equal "the catalog has S3" "https://127.0.0.1:$port/" "$(demo catalog show object-store-s3 -f json | jq -r '.endpoints[] | select(.interface == "public") | .url')"
project=$(demo token issue -f value -c project_id) other=$(admin project show other -f value -c id)
check_equal "and Swift" "https://127.0.0.1:$port/object-store/v1/AUTH_$project" \
  "$(demo catalog show object-store -f json | jq -r '.endpoints[] | select(.interface == "public") | .url')"

# The suites print "test_name (...) ... ok"; each is a check of its own.
suite() { # suite FILE
  local line
  /usr/bin/python3 -Wignore "$root/tests/e2e/s3/$1" > "$work/$1.log" 2>&1
  while IFS= read -r line; do
    case $line in
    *') ... ok') ok "$1: ${line%% *}" ;;
    *') ... '*) not_ok "$1: ${line%% *}" "$(cat "$work/$1.log")" ;;
    esac
  done < "$work/$1.log"
  check "$1 came to its end" grep -q '^OK$' "$work/$1.log"
}
suite suite.py
export SWIFT_URL=https://localhost:$port/object-store/v1/AUTH_$project SWIFT_URL_B=https://localhost:$port/object-store/v1/AUTH_$other
SWIFT_TOKEN_A=$(demo token issue -f value -c id) SWIFT_TOKEN_B=$(as stranger other token issue -f value -c id) SWIFT_TOKEN_READER=$(as onlooker demo token issue -f value -c id)
export SWIFT_TOKEN_A SWIFT_TOKEN_B SWIFT_TOKEN_READER
suite swift_suite.py

# s3cmd
cat > "$work/s3cfg" <<EOF
[default]
access_key = $a_key
secret_key = $a_secret
host_base = localhost:$port
host_bucket = localhost:$port
bucket_location = RegionOne
ca_certs_file = $data/ca.pem
use_https = True
signurl_use_https = True
multipart_chunk_size_mb = 5
EOF
s3() { s3cmd -c "$work/s3cfg" --no-progress "$@"; }
head -c 12000000 /dev/urandom > "$work/big"
mkdir -p "$work/tree/sub" && echo one > "$work/tree/one" && echo two > "$work/tree/sub/two ö"
check "s3cmd makes a bucket" s3 mb s3://cmd-bucket
check "puts a large file in parts" s3 put "$work/big" s3://cmd-bucket/big
check "gets it" s3 get s3://cmd-bucket/big "$work/big.back" --force
check "which is the same" cmp "$work/big" "$work/big.back"
check "syncs a tree" s3 sync "$work/tree/" s3://cmd-bucket/tree/
check_equal "lists it" 2 "$(s3 ls -r s3://cmd-bucket/tree/ | wc -l)"
check "copies" s3 cp s3://cmd-bucket/tree/one s3://cmd-bucket/copy
check "moves" s3 mv s3://cmd-bucket/copy s3://cmd-bucket/moved
check "tells of an object" s3 info s3://cmd-bucket/moved
check "opens it to everybody" s3 setacl s3://cmd-bucket/moved --acl-public
check_equal "who can read it" one "$(curl -s --cacert "$data/ca.pem" "https://localhost:$port/cmd-bucket/moved")"
check "signs a URL" test one = "$(curl -s --cacert "$data/ca.pem" "$(s3 signurl s3://cmd-bucket/tree/one +60)")"
check "deletes all" s3 del -r -f s3://cmd-bucket
check "and the bucket" s3 rb s3://cmd-bucket

# rclone
rc() { # its own option names the authority; the variable of aws it can't read
  env -u AWS_CA_BUNDLE RCLONE_CONFIG_S_TYPE=s3 RCLONE_CONFIG_S_PROVIDER=Ceph RCLONE_CONFIG_S_ACCESS_KEY_ID=$a_key RCLONE_CONFIG_S_SECRET_ACCESS_KEY=$a_secret \
    RCLONE_CONFIG_S_ENDPOINT=$S3_URL RCLONE_CONFIG_S_REGION=RegionOne rclone --config /dev/null --ca-cert "$data/ca.pem" --s3-chunk-size 5M --s3-upload-cutoff 5M "$@"
}
check "rclone makes a bucket" rc mkdir s:rclone-bucket
check "copies a tree there" rc copy "$work/tree" s:rclone-bucket/tree
check "and a large file" rc copyto "$work/big" s:rclone-bucket/big
check "finds all of it the same" rc check "$work/tree" s:rclone-bucket/tree --download
check_equal "lists it" 3 "$(rc lsf -R --files-only s:rclone-bucket | wc -l)"
check "copies it back" rc copyto s:rclone-bucket/big "$work/big.rclone"
check "the same" cmp "$work/big" "$work/big.rclone"
echo changed > "$work/tree/one"
check "syncs a change" rc sync "$work/tree" s:rclone-bucket/tree
check_equal "which is there" changed "$(rc cat s:rclone-bucket/tree/one)"
check "purges" rc purge s:rclone-bucket

# aws
a() { AWS_ACCESS_KEY_ID=$a_key AWS_SECRET_ACCESS_KEY=$a_secret /usr/bin/aws --endpoint-url "$S3_URL" "$@"; }
check "aws makes a bucket" a s3 mb s3://aws-bucket
check "copies a large file" a s3 cp "$work/big" s3://aws-bucket/big
check "syncs a tree" a s3 sync "$work/tree" s3://aws-bucket/tree
check_equal "lists it" 3 "$(a s3 ls --recursive s3://aws-bucket | wc -l)"
check "copies back" a s3 cp s3://aws-bucket/big "$work/big.aws"
check "the same" cmp "$work/big" "$work/big.aws"
check "presigns" test changed = "$(curl -s --cacert "$data/ca.pem" "$(a s3 presign s3://aws-bucket/tree/one)")"
check "makes one for versions" a s3api create-bucket --bucket aws-versions
check "switches them on" a s3api put-bucket-versioning --bucket aws-versions --versioning-configuration Status=Enabled
check "tells so" grep -q Enabled <(a s3api get-bucket-versioning --bucket aws-versions)
check "suspends them" a s3api put-bucket-versioning --bucket aws-versions --versioning-configuration Status=Suspended
check "deletes it" a s3api delete-bucket --bucket aws-versions
check "removes all with the bucket" a s3 rb s3://aws-bucket --force

# openstack
check "openstack makes a container" demo container create stack
check "puts an object" demo object create stack "$work/tree/one" --name one
check_equal "lists it" one "$(demo object list stack -f value)"
check "shows it" demo object show stack one
check "saves it" demo object save stack one --file "$work/one.back"
check "the same" cmp "$work/tree/one" "$work/one.back"
check "sets a property" demo container set stack --property colour=blue
check "shows it" grep -q blue <(demo container show stack)
check "unsets it" demo container unset stack --property colour
check "sets one of an object" demo object set stack one --property size=big
check "the account is told" demo object store account show
check "deletes the object" demo object delete stack one
check "and the container" demo container delete stack

# A kill while objects come in: what was answered is there and whole, the rest is gone.
check "a bucket for the kill" a s3 mb s3://kill-bucket
cat > "$work/put.py" <<'EOF'
import boto3, hashlib, os, sys
from botocore.client import Config
s3 = boto3.client("s3", endpoint_url=os.environ["S3_URL"], aws_access_key_id=os.environ["S3_KEY_A"], aws_secret_access_key=os.environ["S3_SECRET_A"], region_name="RegionOne",
                  verify=os.environ["S3_CA"], config=Config(s3={"addressing_style": "path"}, retries={"max_attempts": 0}, connect_timeout=5, read_timeout=20))
number = 0
try:
    while True:
        body = os.urandom(1 + number * 7919 % 300000)
        key = "k%s-%d" % (sys.argv[1], number)
        s3.put_object(Bucket="kill-bucket", Key=key, Body=body)
        print(key, hashlib.md5(body).hexdigest(), flush=True)
        number += 1
except Exception:
    pass
EOF
for lane in 1 2 3 4; do /usr/bin/python3 -Wignore "$work/put.py" $lane > "$work/put.$lane" & done
until_true 30 test -s "$work/put.4"
sleep 1.5
kill -9 "$(cat "$data/sovereign.pid")"
wait $(jobs -p) 2>/dev/null
check "the control plane is killed and comes back" until_true 60 "$root/sovereign" status --data "$data"
cat "$work"/put.? | sort > "$work/answered"
[ -s "$work/answered" ] && ok "objects were answered before ($(wc -l < "$work/answered"))" || not_ok "no object was answered before the kill"
a s3api list-objects-v2 --bucket kill-bucket --output json | jq -r '.Contents[] | .Key + " " + (.ETag | gsub("\""; ""))' | sort > "$work/there"
check_equal "each that was answered is there, with the same content" "" "$(comm -23 "$work/answered" "$work/there")"
mkdir "$work/back"
check "all that is there can be read" rc copy s:kill-bucket "$work/back"
check_equal "and is what its tag says" "" "$(comm -13 <(cd "$work/back" && md5sum * | awk '{ print $2, $1 }' | sort) "$work/there")"
check_equal "nothing half-written is left" "" "$(ls "$data/control/objects/drafts")"
# A new master key: what was sealed before is read after it.
echo sealed > "$work/sealed"
check "an encrypted object" a s3 cp "$work/sealed" s3://kill-bucket/sealed --sse AES256
before=$(sha256sum < "$data/control/keys/master.key")
check "the cloud gets a new master key" "$root/sovereign" keys rotate --data "$data"
check "which is another" test "$before" != "$(sha256sum < "$data/control/keys/master.key")"
check_equal "the object is read with it" sealed "$(a s3 cp s3://kill-bucket/sealed -)"
kill -9 "$(cat "$data/sovereign.pid")"
check "the control plane starts with it" until_true 60 "$root/sovereign" status --data "$data"
check_equal "and reads the object" sealed "$(a s3 cp s3://kill-bucket/sealed -)"
check "the bucket goes with all in it" a s3 rb s3://kill-bucket --force
no_content() { [ -z "$(find "$data/control/objects/content" -type f)" ]; }
check "no content is left" until_true 30 no_content
check "the books are right" "$root/sovereign" verify --data "$data"
check "the cloud is destroyed" "$root/sovereign" down --data "$data" --destroy
[ $failed -eq 0 ]
