#!/bin/sh
# watch.sh DIR - keeps the two processes of the cloud in DIR running: the control plane as the user sovereign without any
# privilege, the node agent as root. A process that ends is started again, after 0.2 s at first and at most 10 s.
# TERM stops both. Shell and not the program itself: a supervisor must be small and must not change with it.
set -u
umask 027
dir=$1
cd /
exec </dev/null >>"$dir/logs/watch.log" 2>&1
# File descriptors: connections and disks; the soft limit of a login is 1,024.
ulimit -n "$(ulimit -H -n)"
LOG_BYTES_MAX=16777216
STOP_SECONDS_MAX=15

say() { echo "$(date -u +%FT%TZ) $*"; }

clean() { # clean COMMAND...: runs it with a known environment
  exec env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin LANG=C.UTF-8 HOME=/nonexistent \
    DOTNET_BUNDLE_EXTRACT_BASE_DIR="$dir/bin/native" DOTNET_EnableDiagnostics=0 DOTNET_CLI_TELEMETRY_OPTOUT=1 "$@"
}

control() {
  clean setpriv --reuid sovereign --regid sovereign --clear-groups --inh-caps=-all --bounding-set=-all --no-new-privs \
    "$dir/bin/sovereign" serve --data "$dir"
}

agent() { clean "$dir/bin/sovereign" node --data "$dir"; }

keep() { # keep ROLE NAME: the function ROLE, again and again, with its pid in NAME.pid and what it says in logs/NAME.log
  role=$1 name=$2 child= stopping= pause=0.2
  trap 'stopping=1; [ -n "$child" ] && kill -TERM "$child" 2>/dev/null' TERM
  while [ -z "$stopping" ]; do
    begun=$(date +%s)
    "$role" >>"$dir/logs/$name.log" 2>&1 &
    child=$!
    echo "$child" > "$dir/$name.pid.new" && mv -f "$dir/$name.pid.new" "$dir/$name.pid"
    [ -n "$stopping" ] && kill -TERM "$child" 2>/dev/null
    wait "$child"; status=$?
    # A signal to this shell ends "wait" before the child has ended.
    while kill -0 "$child" 2>/dev/null; do wait "$child"; status=$?; done
    rm -f "$dir/$name.pid"
    child=
    [ -n "$stopping" ] && break
    [ $(($(date +%s) - begun)) -ge 60 ] && pause=0.2
    say "$name ended with status $status; starting it again in $pause s"
    sleep $pause & nap=$!
    wait $nap; kill $nap 2>/dev/null
    case $pause in 0.2) pause=1 ;; 1) pause=3 ;; *) pause=10 ;; esac
  done
}

bound() { # bound FILE: a log over its limit becomes FILE.1 and begins anew; it is open for appending, so its writer goes on
  [ "$(wc -c < "$1" 2>/dev/null || echo 0)" -gt $LOG_BYTES_MAX ] && cp -p "$1" "$1.1" && : > "$1"
}

echo $$ > "$dir/watch.pid.new" && mv -f "$dir/watch.pid.new" "$dir/watch.pid"
say "watching $dir"
stopping=
trap 'stopping=1' TERM INT
trap '' HUP
control_keeper=
[ -e "$dir/config.yaml" ] && { keep control sovereign & control_keeper=$!; }   # a machine that joined has only the agent
keep agent node & agent_keeper=$!
while [ -z "$stopping" ]; do
  for log in "$dir"/logs/*.log; do bound "$log"; done
  sleep 20 & sleeper=$!
  wait $sleeper
done
kill $sleeper 2>/dev/null
kill -TERM $control_keeper $agent_keeper 2>/dev/null
tenths=0
while { [ -n "$control_keeper" ] && kill -0 $control_keeper 2>/dev/null; } || kill -0 $agent_keeper 2>/dev/null; do
  [ $tenths -ge $((STOP_SECONDS_MAX * 10)) ] && break
  sleep 0.1
  tenths=$((tenths + 1))
done
for name in sovereign node; do
  [ -e "$dir/$name.pid" ] && kill -KILL "$(cat "$dir/$name.pid")" 2>/dev/null && say "$name did not stop in time and was killed"
  rm -f "$dir/$name.pid"
done
say "stopped"
rm -f "$dir/watch.pid"
