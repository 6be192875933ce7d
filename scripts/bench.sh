#!/bin/bash
# bench.sh [NAME...] - measurements, each beside a baseline of the same run. Names: start, memory. Ends with a table; JSON in out/bench.json.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/scripts/lib.sh"
rounds=5
case ${1:-} in -h | --help) sed -n '2s/^# //p' "${BASH_SOURCE[0]}" && exit 0 ;; esac
names=("$@")
[ ${#names[@]} -gt 0 ] || names=(start memory)
for name in "${names[@]}"; do
  case $name in start | memory) ;; *) fail "there is no benchmark '$name'; there are: start memory" 2 ;; esac
done
[ "$(id -u)" = 0 ] || fail "bench starts a cloud and needs root: sudo ./sovereign bench"
prepare_program_and_image "$root/out/program/sovereign" "$root/out/image/tiny.qcow2" >&2
data=$(mktemp -d /var/tmp/sovereign-bench.XXXXXX)
chmod 755 "$data"
arguments=(--data "$data" --listen "127.0.0.1:${SOVEREIGN_TEST_PORT:-18449}")
trap '"$root/sovereign" down --data "$data" --destroy >/dev/null 2>&1' EXIT
results=()
seconds_of() { local begun=$EPOCHREALTIME; "$@" >/dev/null 2>&1 || fail "failed: $*"; awk "BEGIN { printf \"%.3f\", $EPOCHREALTIME - $begun }"; }
median() { printf '%s\n' "$@" | sort -n | sed -n "$((($# + 1) / 2))p"; }
result() { results+=("{\"name\":\"$1\",\"value\":$2,\"unit\":\"$3\",\"baseline\":$4,\"baseline_is\":\"$5\"}"); }

"$root/sovereign" up "${arguments[@]}" --detach >/dev/null
for name in "${names[@]}"; do
  case $name in
  start)
    starts=() empties=()
    for ((round = 0; round < rounds; round++)); do
      "$root/sovereign" down --data "$data" >/dev/null
      empties+=("$(seconds_of "$root/out/program/sovereign" --version)")
      starts+=("$(seconds_of "$root/sovereign" up "${arguments[@]}" --detach)")
    done
    result start "$(median "${starts[@]}")" seconds "$(median "${empties[@]}")" "the program started to say its version"
    ;;
  memory)
    for role in sovereign node; do
      result "memory-$role" "$(awk '/^VmRSS/ { print $2 / 1024 }' "/proc/$(cat "$data/$role.pid")/status")" MiB \
        "$(awk '/^VmRSS/ { print $2 / 1024 }' /proc/$$/status)" "this shell"
    done
    ;;
  esac
done
printf '[%s]\n' "$(IFS=,; echo "${results[*]}")" > "$root/out/bench.json"
printf '%-18s %10s %-8s %10s  %s\n' name value unit baseline 'baseline is'
for line in "${results[@]}"; do
  sed 's/{"name":"\(.*\)","value":\(.*\),"unit":"\(.*\)","baseline":\(.*\),"baseline_is":"\(.*\)"}/\1|\2|\3|\4|\5/' <<< "$line" |
    { IFS='|' read -r a b c d e; printf '%-18s %10s %-8s %10s  %s\n' "$a" "$b" "$c" "$d" "$e"; }
done
