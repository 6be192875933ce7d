#!/bin/bash
# bench.sh [NAME...] [--long] - measurements, each beside its limit and a baseline of the same run. Ends with a table; JSON in out/bench.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/scripts/lib.sh"
case ${1:-} in -h | --help) sed -n '2s/^# //p' "${BASH_SOURCE[0]}" && exit 0 ;; esac
check_sdk
export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1 SOVEREIGN_ROOT=$root
mkdir -p "$root/out"
say "building the benchmarks (a minute the first time)"
dotnet build "$root/bench/Sovereign.Bench" -c Release -v q --nologo >"$root/out/bench-build.log" 2>&1 ||
  { grep -E 'error' "$root/out/bench-build.log" | sort -u | head -10 >&2; fail "the build failed; see $root/out/bench-build.log"; }
# These start a real cloud and so need the program itself.
case " $* " in
"  " | " --long " | *" start "* | *" boot "* | *" disks "* | *" volumes "* | *" images "*) prepare_program_and_image "$root/out/program/sovereign" "$root/out/image/tiny.qcow2" >&2 ;;
esac
exec "$root/out/bin/Sovereign.Bench/release/Sovereign.Bench" "$@"
