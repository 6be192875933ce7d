# What the end-to-end scripts share. A script sources this, calls begin, and says each thing it proves with "check".
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/../.." && pwd)
passed=0 failed=0

ok() { passed=$((passed + 1)); printf 'ok %d - %s\n' $((passed + failed)) "$1"; }
not_ok() { failed=$((failed + 1)); printf 'not ok %d - %s\n' $((passed + failed)) "$1"; [ -z "${2:-}" ] || printf '%s\n' "$2" | tail -20 | sed 's/^/   | /'; }

check() { # check SENTENCE COMMAND...: one step; what it says is shown when it fails. A failed step ends the script.
  local sentence=$1 output
  shift
  if output=$("$@" 2>&1); then ok "$sentence"; else not_ok "$sentence" "$output"; exit 1; fi
}

check_equal() { # check_equal SENTENCE EXPECTED ACTUAL
  if [ "$2" = "$3" ]; then ok "$1"; else not_ok "$1" "expected: $2
actual:   $3"; fi
}

until_true() { # until_true SECONDS COMMAND...: again and again until it succeeds
  local end=$((SECONDS + $1))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || { echo "not within the time limit: $*"; "$@"; return 1; }
    sleep 0.3
  done
}

begin() { # begin: a directory that service users can reach, a free port, and the removal of all at the end
  data=$(mktemp -d /var/tmp/sovereign-e2e.XXXXXX)
  chmod 755 "$data"
  work=$(mktemp -d /tmp/sovereign-e2e-work.XXXXXX)
  port=$((20000 + RANDOM % 10000))
  trap end EXIT
  trap 'exit 130' INT TERM
}

before_down() { :; }   # what a script undoes before its cloud is removed
after_down() { :; }    # and after

end() {
  local status=$?
  before_down
  if [ -e "$data/config.yaml" ]; then
    if [ $status -ne 0 ] || [ $failed -gt 0 ]; then
      for log in "$data"/logs/*.log; do [ -s "$log" ] && printf '   | %s:\n' "$log" && tail -15 "$log" | sed 's/^/   | /'; done
    fi
    "$root/sovereign" down --data "$data" --destroy >/dev/null 2>&1
  fi
  after_down
  rm -rf "$work"
  [ -d "$data" ] && rmdir "$data" 2>/dev/null
  printf '%d ok, %d not ok\n' $passed $failed
  [ $status -eq 0 ] && [ $failed -gt 0 ] && status=1
  exit $status
}

network_with_a_way_out() { # network_with_a_way_out CLIENT...: the key, network and router "first" of this user, and ssh is let in; sets $external
  ssh-keygen -q -t ed25519 -N '' -f "$work/key"
  check "a key" "$@" keypair create first --public-key "$work/key.pub"
  check "a network" "$@" network create first
  check "a subnet" "$@" subnet create first --network first --subnet-range 10.77.0.0/24
  check "a router" "$@" router create first
  external=$("$@" network list --external -f value -c Name | head -1)
  check "with a way out" "$@" router set first --external-gateway "$external"
  check "and an interface in the subnet" "$@" router add subnet first first
  check "ssh is let in" "$@" security group rule create default --protocol tcp --dst-port 22
}

os() { openstack --os-cloud "$@"; }       # os CLOUD COMMAND...
