#!/bin/bash
# test.sh [SUITE...] [--long] - runs the tests; without a suite, all that CI runs. The last line is "N passed, N failed".
# Suites: format, unit (each tests/*.Tests, by its own name too; on SQLite and PostgreSQL), postgres (the kernel's alone), e2e (tests/e2e/*.sh, by name too).
# Two suites run side by side, the longest first; what one says is printed when it ends.
# --long runs the full forms, for which suites look at SOVEREIGN_TEST_LONG: every crash point, more seeds, more kills; they have ten times the budget.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/scripts/lib.sh"
. "$root/tests/e2e/ceph/lib.sh"
cd "$root" || exit 1
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 LC_ALL=C.UTF-8 HOME=${HOME:-/root}

# Seconds that a suite may take on a machine with two cores, while another runs beside it; "default" is for unit suites that are not named here.
declare -A budget=([format]=120 [build]=600 [program]=300 [default]=200 [postgres]=400
  [Sovereign.Cloud.Tests]=1200 [Sovereign.Node.Tests]=800 [Sovereign.Image.Tests]=600 [Sovereign.Kernel.Tests]=400 [Sovereign.Volume.Tests]=400
  [Sovereign.Network.Tests]=400 [Sovereign.ObjectStore.Tests]=500 [Sovereign.Compute.Tests]=400 [Sovereign.Identity.Tests]=300
  [e2e]=450 [e2e/kills]=900 [e2e/nodes]=900 [e2e/volumes]=900 [e2e/tempest]=900 [e2e/backups]=400 [e2e/ceph]=900 [e2e/side-by-side]=900
  [e2e/tempest-admin]=900 [e2e/tempest-scenarios]=1800)
work= lanes=2

cleanup() {
  [ -n "$work" ] || return
  stop_postgres "$work/postgres"
  stop_ceph "$work/ceph"
  # The compilers' server outlives a build, to make the next one faster.
  [ ! -e "$work/compiled" ] || dotnet build-server shutdown --vbcscompiler >/dev/null 2>&1
  rm -rf "$work"
}
trap cleanup EXIT

count() { # count SUITE PASSED FAILED SECONDS: one row of the table; a suite over its budget fails
  local limit=$((${budget[$1]:-${budget[${1%%/*}]:-${budget[default]}}} * scale)) note= failed=$3
  if [ "$4" -gt "$limit" ]; then note='over its budget' failed=$((failed + 1)); fi
  printf '%-32s %6d passed %4d failed %5d s of %d s  %s\n' "$1" "$2" "$failed" "$4" "$limit" "$note" >> "$work/rows"
  tail -1 "$work/rows" | sed 's/^/== /'
}

xunit() { # xunit SUITE EXECUTABLE: runs a test program and reads its counts from its report
  local begun=$SECONDS report=$work/$1.xml log=$work/$1.log status passed failed
  timeout $((1200 * scale)) "$2" -xml "$report" -noColor -noLogo >"$log" 2>&1 </dev/null
  status=$?
  passed=$(grep -o '<assembly [^>]*' "$report" 2>/dev/null | grep -o ' passed="[0-9]*"' | tr -dc '0-9\n' | paste -sd+ | bc)
  failed=$(grep -o '<assembly [^>]*' "$report" 2>/dev/null | grep -oE ' (failed|errors)="[0-9]*"' | tr -dc '0-9\n' | paste -sd+ | bc)
  if [ $status -ne 0 ] || [ -z "$passed" ]; then
    cat "$log"
    grep -h '\[FAIL\]' "$log" >> "$work/lost"
    [ "${failed:-0}" -gt 0 ] || failed=1
  fi
  local skipped
  skipped=$(grep -o '<assembly [^>]*' "$report" 2>/dev/null | grep -oE ' skipped="[0-9]*"' | tr -dc '0-9')
  [ "${skipped:-0}" -eq 0 ] || say "   $skipped tests were skipped:" && grep -hE '\[SKIP\]' "$log" | sed 's/^/   /'
  count "$1" "${passed:-0}" "${failed:-0}" $((SECONDS - begun))
}

executable_of() { find "$root/out/bin/$1" -maxdepth 2 -type f -name "$1" -perm -u+x 2>/dev/null | head -1; }

build_all() { # a build that fails is one failure and ends the run
  check_sdk
  local begun=$SECONDS
  say "== build"
  touch "$work/compiled"
  if ! dotnet build Sovereign.slnx -v q --nologo -p:UseSharedCompilation=true >"$work/build.log" 2>&1; then
    grep -E 'error' "$work/build.log" | sort -u | head -20
    count build 0 1 $((SECONDS - begun))
    finish
  fi
  count build 1 0 $((SECONDS - begun))
}

publish_all() { # the program and the image that the end-to-end scripts and the node's tests use
  local begun=$SECONDS
  say "== program"
  touch "$work/compiled"
  if ! (prepare_program_and_image "$root/out/program/sovereign" "$root/out/image/tiny.qcow2"); then
    count program 0 1 $((SECONDS - begun))
    finish
  fi
  count program 1 0 $((SECONDS - begun))
}

suite_format() {
  local begun=$SECONDS
  check_sdk
  if dotnet format whitespace --folder . --exclude out --verify-no-changes >"$work/format.log" 2>&1; then count format 1 0 $((SECONDS - begun))
  else
    head -20 "$work/format.log"
    say "   to mend: dotnet format whitespace --folder . --exclude out"
    count format 0 1 $((SECONDS - begun))
  fi
}

suite_unit() { # suite_unit PROJECT [NAME]
  local program
  export SOVEREIGN_TEST_IMAGE=$root/out/image/tiny.qcow2 SOVEREIGN_TEST_CEPH=$work/ceph
  program=$(executable_of "$1")
  if [ -n "$program" ]; then SOVEREIGN_TEST_POSTGRES="Host=$work/postgres/socket;Username=sovereign;Database=postgres" xunit "${2:-$1}" "$program"
  else
    say "   $1: the build made no program under out/bin/$1"
    count "${2:-$1}" 0 1 0
  fi
}

suite_e2e() { # suite_e2e FILE: a script that says "ok ..." and "not ok ..." for each step
  local name begun=$SECONDS log status passed failed
  name=e2e/$(basename "$1" .sh)
  log=$work/$(basename "$1").log
  if [ "$(id -u)" != 0 ]; then
    say "   $name needs root: it makes namespaces and virtual machines"
    count "$name" 0 1 0
    return
  fi
  timeout $((${budget[$name]:-${budget[e2e]}} * scale)) bash "$1" </dev/null 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  passed=$(grep -c '^ok ' "$log") failed=$(grep -c '^not ok ' "$log")
  [ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
  [ "$passed" -gt 0 ] || [ "$failed" -gt 0 ] || failed=1
  grep '^not ok ' "$log" | sed "s#^#    $name: #" >> "$work/lost"
  count "$name" "$passed" "$failed" $((SECONDS - begun))
}

prepare() { # prepare: what the suites in the list need
  local needs_build='' needs_program='' needs_ceph='' needs_s3='' suite
  for suite in "${queue[@]}"; do
    case $suite in
    *'unit Sovereign.Node.Tests'*) needs_build=yes needs_program=yes needs_ceph=yes ;;
    *'unit Sovereign.ObjectStore.Tests'*) needs_build=yes needs_s3=yes ;;
    *'e2e '*/objects.sh) needs_program=yes needs_s3=yes ;;
    *' unit '*) needs_build=yes ;;
    *' e2e '*) needs_program=yes ;;
    esac
  done
  [ -z "$needs_build$needs_program" ] || need_packages bc=bc qemu-system-x86_64=qemu-system-x86 qemu-img=qemu-utils ip=iproute2 nft=nftables dnsmasq=dnsmasq-base \
    conntrack=conntrack haproxy=haproxy openstack=python3-openstackclient ssh=openssh-client isoinfo=genisoimage curl=curl nc=netcat-openbsd swtpm=swtpm \
    /usr/share/OVMF/OVMF_CODE_4M.fd=ovmf jq=jq psql=postgresql-client
  case " ${queue[*]} " in *e2e/client-commands*) need_packages /usr/lib/python3/dist-packages/osc_placement=python3-osc-placement \
    /usr/lib/python3/dist-packages/barbicanclient=python3-barbicanclient ;; esac
  case " ${queue[*]} " in *e2e/client-commands* | *e2e/balancers*) need_packages /usr/lib/python3/dist-packages/octaviaclient=python3-octaviaclient ;; esac
  case " ${queue[*]} " in *e2e/*tempest*) need_packages tempest=tempest stestr=python3-stestr subunit2csv=subunit ping=iputils-ping ;; esac
  case " ${queue[*]} " in *e2e/on-postgres* | *e2e/side-by-side*) need_packages /usr/lib/postgresql=postgresql ;; esac
  case " ${queue[*]} " in *e2e/ceph*) ceph_packages ;; esac
  [ -z "$needs_s3" ] || need_packages /usr/lib/python3/dist-packages/boto3=python3-boto3 /usr/lib/python3/dist-packages/swiftclient=python3-swiftclient s3cmd=s3cmd rclone=rclone \
    /usr/bin/aws=awscli
  [ -z "$needs_ceph" ] || start_ceph "$work/ceph" || { count ceph 0 1 0; finish; }
  if [ -n "$needs_build" ]; then
    start_postgres "$work/postgres" || { count postgres 0 1 0; finish; }
    build_all
  fi
  [ -z "$needs_program" ] || publish_all
}

lane() { # lane: takes suites off the list and runs them until there are none
  local suite
  while true; do
    suite=$({ flock 9; head -1 "$work/queue"; sed -i 1d "$work/queue"; } 9>"$work/turn")
    [ -n "$suite" ] || return 0
    set -- $suite
    if [ "$lanes" = 1 ]; then
      say "== $(basename -s .sh "$3")"
      "suite_$2" "${@:3}"
    else
      say "== $(basename -s .sh "$3") begins"
      "suite_$2" "${@:3}" > "$work/said.$(basename "$3")" 2>&1
      { flock 9; cat "$work/said.$(basename "$3")"; } 9>"$work/saying"
    fi
  done
}

finish() { # a suite that ended without a row was cut off, and is a failure
  local passed failed name
  [ -z "$running" ] || for name in "${names[@]}"; do
    if ! grep -q "^$name " "$work/rows"; then
      count "$name" 0 1 0
      echo "    $name: it ended without a result" >> "$work/lost"
    fi
  done
  say ""
  cat "$work/rows"
  say ""
  [ ! -s "$work/lost" ] || { say "What failed:"; cat "$work/lost"; say ""; }
  passed=$(awk '{ sum += $2 } END { print sum + 0 }' "$work/rows") failed=$(awk '{ sum += $4 } END { print sum + 0 }' "$work/rows")
  say "$passed passed, $failed failed"
  [ "$failed" -eq 0 ]
  exit
}

add() { # add NAME KIND ARGUMENT...: a suite to be run, with its budget before it
  names+=("$1")
  queue+=("${budget[$1]:-${budget[${1%%/*}]:-${budget[default]}}} ${*:2}")
}
add_e2e() { add "e2e/$(basename -s .sh "$1")" e2e "$1"; }

suites=() scale=1 queue=() names=() running=
for argument in "$@"; do
  case $argument in
  --long) scale=10; export SOVEREIGN_TEST_LONG=1 ;;
  -h | --help) sed -n '2,5s/^# //p' "${BASH_SOURCE[0]}"; exit 0 ;;
  -*) fail "test: there is no option '$argument'" 2 ;;
  *) suites+=("$argument") ;;
  esac
done
[ ${#suites[@]} -gt 0 ] || suites=(format unit e2e)
for suite in "${suites[@]}"; do
  case $suite in
  format) add format format format ;;
  unit) for project in tests/*.Tests; do add "$(basename "$project")" unit "$(basename "$project")"; done ;;
  postgres) add postgres unit Sovereign.Kernel.Tests postgres ;;
  e2e)
    for script in tests/e2e/*.sh; do [ "$(basename "$script")" = lib.sh ] || add_e2e "$script"; done
    if [ -n "${SOVEREIGN_TEST_LONG:-}" ]; then for script in tests/e2e/long/*.sh; do add_e2e "$script"; done
    else say "== only by name or with --long: $(basename -s .sh tests/e2e/long/*.sh | paste -sd' ')"; fi ;;
  *)
    if [ -d "tests/$suite" ]; then add "$suite" unit "$suite"
    elif [ -d "tests/Sovereign.$suite.Tests" ]; then add "Sovereign.$suite.Tests" unit "Sovereign.$suite.Tests"
    elif [ -f "tests/e2e/$suite.sh" ]; then add_e2e "tests/e2e/$suite.sh"
    elif [ -f "tests/e2e/long/$suite.sh" ]; then add_e2e "tests/e2e/long/$suite.sh"
    else fail "there is no suite '$suite'; there are: format, unit, postgres, e2e, $(cd tests && ls -d *.Tests | tr '\n' ' ')" 2; fi
    ;;
  esac
done
[ ${#queue[@]} -gt 1 ] || lanes=1
work=$(mktemp -d "${TMPDIR:-/tmp}/sovereign-test.XXXXXX")
chmod 755 "$work"
: > "$work/rows"
: > "$work/lost"
prepare
printf '%s\n' "${queue[@]}" | sort -rn > "$work/queue"
running=yes
for _ in $(seq $lanes); do lane & done
wait
finish
