#!/bin/bash
# test.sh [SUITE...] [--long] - runs the tests; without a suite, all that CI runs. The last line is "N passed, N failed".
# Suites: format, unit (each tests/*.Tests, by its own name too; on SQLite and PostgreSQL), postgres (the kernel's alone), e2e (tests/e2e/*.sh, by name too).
# --long runs the full forms, for which suites look at SOVEREIGN_TEST_LONG: every crash point, more seeds, more kills; they have ten times the budget.
set -uo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/scripts/lib.sh"
cd "$root" || exit 1
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 LC_ALL=C.UTF-8 HOME=${HOME:-/root}

# Seconds that a suite may take on a machine with two cores; "default" is for unit suites that are not named here.
declare -A budget=([format]=90 [build]=600 [default]=120 [e2e]=300 [e2e/client-commands]=300 [e2e/kills]=600 [e2e/nodes]=700 [e2e/volumes]=600 [e2e/tempest]=900 [postgres]=400
  [e2e/tempest-admin]=900 [e2e/tempest-scenarios]=1800
  [Sovereign.Kernel.Tests]=400 [Sovereign.Identity.Tests]=240
  [Sovereign.Image.Tests]=480 [Sovereign.Placement.Tests]=120 [Sovereign.Network.Tests]=300 [Sovereign.Compute.Tests]=300 [Sovereign.Node.Tests]=500 [Sovereign.Volume.Tests]=240
  [Sovereign.Cloud.Tests]=1000)
passed_total=0 failed_total=0 rows=() lost=() work=

cleanup() {
  [ -n "$work" ] && stop_postgres "$work/postgres"
  [ -n "$work" ] && rm -rf "$work"
}
trap cleanup EXIT

count() { # count SUITE PASSED FAILED SECONDS: one row of the table; a suite over its budget fails
  local limit=$((${budget[$1]:-${budget[${1%%/*}]:-${budget[default]}}} * scale)) note=
  passed_total=$((passed_total + $2)) failed_total=$((failed_total + $3))
  if [ "$4" -gt "$limit" ]; then note='over its budget' failed_total=$((failed_total + 1)); fi
  rows+=("$(printf '%-32s %6d passed %4d failed %5d s of %d s  %s' "$1" "$2" "$3" "$4" "$limit" "$note")")
  say "== ${rows[-1]}"
}

xunit() { # xunit SUITE EXECUTABLE: runs a test program and reads its counts from its report
  local begun=$SECONDS report=$work/$1.xml log=$work/$1.log status passed failed
  say "== $1"
  timeout $((1200 * scale)) "$2" -xml "$report" -noColor -noLogo >"$log" 2>&1 </dev/null
  status=$?
  passed=$(grep -o '<assembly [^>]*' "$report" 2>/dev/null | grep -o ' passed="[0-9]*"' | tr -dc '0-9\n' | paste -sd+ | bc)
  failed=$(grep -o '<assembly [^>]*' "$report" 2>/dev/null | grep -oE ' (failed|errors)="[0-9]*"' | tr -dc '0-9\n' | paste -sd+ | bc)
  if [ $status -ne 0 ] || [ -z "$passed" ]; then
    cat "$log"
    mapfile -t -O ${#lost[@]} lost < <(grep -h '\[FAIL\]' "$log")
    [ "${failed:-0}" -gt 0 ] || failed=1
  fi
  local skipped
  skipped=$(grep -o '<assembly [^>]*' "$report" 2>/dev/null | grep -oE ' skipped="[0-9]*"' | tr -dc '0-9')
  [ "${skipped:-0}" -eq 0 ] || say "   $skipped tests were skipped:" && grep -hE '\[SKIP\]' "$log" | sed 's/^/   /'
  count "$1" "${passed:-0}" "${failed:-0}" $((SECONDS - begun))
}

executable_of() { find "$root/out/bin/$1" -maxdepth 2 -type f -name "$1" -perm -u+x 2>/dev/null | head -1; }

build_all() { # once; a build that fails is one failure and ends the run
  [ -n "${built:-}" ] && return 0
  built=yes
  check_sdk
  local begun=$SECONDS
  say "== build"
  if ! dotnet build Sovereign.slnx -v q --nologo >"$work/build.log" 2>&1; then
    grep -E 'error' "$work/build.log" | sort -u | head -20
    count build 0 1 $((SECONDS - begun))
    finish
  fi
  count build 1 0 $((SECONDS - begun))
}

suite_format() {
  local begun=$SECONDS
  say "== format"
  check_sdk
  if dotnet format whitespace --folder . --exclude out --verify-no-changes >"$work/format.log" 2>&1; then count format 1 0 $((SECONDS - begun))
  else
    head -20 "$work/format.log"
    say "   to mend: dotnet format whitespace --folder . --exclude out"
    count format 0 1 $((SECONDS - begun))
  fi
}

suite_unit() { # suite_unit PROJECT [NAME]
  local program name=${2:-$1}
  need_packages bc=bc qemu-system-x86_64=qemu-system-x86 qemu-img=qemu-utils ip=iproute2 nft=nftables dnsmasq=dnsmasq-base conntrack=conntrack \
    openstack=python3-openstackclient ssh=openssh-client isoinfo=genisoimage curl=curl nc=netcat-openbsd swtpm=swtpm /usr/share/OVMF/OVMF_CODE_4M.fd=ovmf
  start_postgres "$work/postgres" || { count "$name" 0 1 0; return; }
  build_all
  if [ "$1" = Sovereign.Node.Tests ]; then
    prepare_program_and_image "$root/out/program/sovereign" "$root/out/image/tiny.qcow2" || { count "$name" 0 1 0; return; }
    export SOVEREIGN_TEST_IMAGE=$root/out/image/tiny.qcow2
  fi
  program=$(executable_of "$1")
  if [ -n "$program" ]; then SOVEREIGN_TEST_POSTGRES="Host=$work/postgres/socket;Username=sovereign;Database=postgres" xunit "$name" "$program"
  else
    say "   $1: the build made no program under out/bin/$1"
    count "$name" 0 1 0
  fi
}

suite_e2e() { # suite_e2e FILE: a script that says "ok ..." and "not ok ..." for each step
  local name begun=$SECONDS log status passed failed
  name=e2e/$(basename "$1" .sh)
  log=$work/$(basename "$1").log
  say "== $name"
  if [ "$(id -u)" != 0 ]; then
    say "   $name needs root: it makes namespaces and virtual machines"
    count "$name" 0 1 0
    return
  fi
  need_packages openstack=python3-openstackclient ssh=openssh-client jq=jq curl=curl nc=netcat-openbsd psql=postgresql-client
  [ "$name" != e2e/client-commands ] || need_packages /usr/lib/python3/dist-packages/osc_placement=python3-osc-placement
  [ "${name#e2e/tempest}" = "$name" ] || need_packages tempest=tempest stestr=python3-stestr subunit2csv=subunit
  prepare_program_and_image "$root/out/program/sovereign" "$root/out/image/tiny.qcow2" || { count "$name" 0 1 0; return; }
  begun=$SECONDS
  timeout $((${budget[$name]:-${budget[e2e]}} * scale)) bash "$1" </dev/null 2>&1 | tee "$log"
  status=${PIPESTATUS[0]}
  passed=$(grep -c '^ok ' "$log") failed=$(grep -c '^not ok ' "$log")
  [ "$status" -eq 0 ] || [ "$failed" -gt 0 ] || failed=1
  [ "$passed" -gt 0 ] || [ "$failed" -gt 0 ] || failed=1
  mapfile -t -O ${#lost[@]} lost < <(grep '^not ok ' "$log" | sed "s#^#    $name: #")
  count "$name" "$passed" "$failed" $((SECONDS - begun))
}

finish() {
  say ""
  printf '%s\n' "${rows[@]}"
  say ""
  [ ${#lost[@]} -eq 0 ] || printf '%s\n' "What failed:" "${lost[@]}" ""
  say "$passed_total passed, $failed_total failed"
  [ "$failed_total" -eq 0 ]
  exit
}

suites=() scale=1
for argument in "$@"; do
  case $argument in
  --long) scale=10; export SOVEREIGN_TEST_LONG=1 ;;
  -h | --help) sed -n '2,4s/^# //p' "${BASH_SOURCE[0]}"; exit 0 ;;
  -*) fail "test: there is no option '$argument'" 2 ;;
  *) suites+=("$argument") ;;
  esac
done
[ ${#suites[@]} -gt 0 ] || suites=(format unit e2e)
work=$(mktemp -d "${TMPDIR:-/tmp}/sovereign-test.XXXXXX")
chmod 755 "$work"
for suite in "${suites[@]}"; do
  case $suite in
  format) suite_format ;;
  unit) for project in tests/*.Tests; do suite_unit "$(basename "$project")"; done ;;
  postgres) suite_unit Sovereign.Kernel.Tests postgres ;;
  e2e)
    for script in tests/e2e/*.sh; do [ "$(basename "$script")" = lib.sh ] || suite_e2e "$script"; done
    if [ -n "${SOVEREIGN_TEST_LONG:-}" ]; then for script in tests/e2e/long/*.sh; do suite_e2e "$script"; done
    else say "== only by name or with --long: $(basename -s .sh tests/e2e/long/*.sh | paste -sd' ')"; fi ;;
  *)
    if [ -d "tests/$suite" ]; then suite_unit "$suite"
    elif [ -d "tests/Sovereign.$suite.Tests" ]; then suite_unit "Sovereign.$suite.Tests"
    elif [ -f "tests/e2e/$suite.sh" ]; then suite_e2e "tests/e2e/$suite.sh"
    elif [ -f "tests/e2e/long/$suite.sh" ]; then suite_e2e "tests/e2e/long/$suite.sh"
    else fail "there is no suite '$suite'; there are: format, unit, postgres, e2e, $(cd tests && ls -d *.Tests | tr '\n' ' ')" 2; fi
    ;;
  esac
done
finish
