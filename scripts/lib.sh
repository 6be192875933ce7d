# What the scripts of the source tree share. Sourced with $root set to the tree.

say() { printf '%s\n' "$*"; }

fail() { # fail REASON [EXIT-CODE]
  printf 'sovereign: %s\n' "$1" >&2
  exit "${2:-1}"
}

as_root() { # as_root COMMAND...: through sudo when this is not root
  if [ "$(id -u)" = 0 ]; then "$@"
  elif command -v sudo >/dev/null; then sudo "$@"
  else fail "needs root, and there is no sudo here. Run this as root, then start again:
  $*"; fi
}

need_packages() { # need_packages PROGRAM-OR-FILE=PACKAGE...: installs the packages of what is missing, with progress
  local item missing=() log
  for item in "$@"; do
    case ${item%%=*} in
    /*) [ -e "${item%%=*}" ] || missing+=("${item#*=}") ;;
    *) PATH=$PATH:/usr/sbin:/sbin command -v "${item%%=*}" >/dev/null || missing+=("${item#*=}") ;;
    esac
  done
  [ ${#missing[@]} -eq 0 ] && return
  command -v apt-get >/dev/null || fail "this machine lacks ${missing[*]} (names of Debian packages) and has no apt-get"
  say "installing OS packages: ${missing[*]}"
  log=$(mktemp)
  local install=(env DEBIAN_FRONTEND=noninteractive LC_ALL=C apt-get -o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -q -y --no-install-recommends
    install "${missing[@]}")
  if ! as_root "${install[@]}" >"$log" 2>&1; then
    as_root apt-get -o DPkg::Lock::Timeout=600 -q update >>"$log" 2>&1 || true
    as_root "${install[@]}" >>"$log" 2>&1 || { tail -5 "$log" >&2; fail "the OS packages could not be installed: apt-get install ${missing[*]}"; }
  fi
  rm -f "$log"
}

check_sdk() {
  [ "$(uname -s)-$(uname -m)" = Linux-x86_64 ] || fail "this is $(uname -s) on $(uname -m); there is a build for Linux on x86_64 only"
  local newest=
  command -v dotnet >/dev/null && newest=$(dotnet --list-sdks | awk '{ print $1 }' | sort -V | tail -1)
  [ "${newest%%.*}" -ge 10 ] 2>/dev/null || fail "a source tree needs the .NET SDK, version 10 or later (found: ${newest:-none}).
  Ubuntu:   sudo apt-get install dotnet-sdk-10.0
  others:   https://dotnet.microsoft.com/download/dotnet/10.0
  or take a release of Sovereign instead, which needs no SDK: one file, then  ./sovereign up"
}

digest() { # digest PATH...: of all files there, as a build leaves them
  (cd "$root" && find "$@" -type f -not -path 'src/*/bin/*' -not -path 'src/*/obj/*' -print0 | sort -z | xargs -0 sha256sum | sha256sum | cut -d' ' -f1)
}
source_key() { digest src Directory.Build.props Directory.Packages.props global.json .editorconfig BannedSymbols.txt; }

publish() { # publish DIRECTORY [MSBUILD-ARGUMENT...]: the program as one file in DIRECTORY, with progress
  local target=$1 log=$root/out/publish.log begun=$SECONDS
  shift
  check_sdk
  mkdir -p "$root/out"
  export DOTNET_CLI_TELEMETRY_OPTOUT=1 DOTNET_NOLOGO=1
  say "building the program (a minute or two the first time; log: $log)"
  # A package mirror can be slow or away: the first restore is where that shows.
  if ! dotnet restore "$root/src/Sovereign" -r linux-x64 --nologo -v q "$@" >"$log" 2>&1; then
    tail -5 "$log" >&2
    fail "the NuGet packages could not be fetched. A package mirror is needed; name yours with: dotnet nuget add source URL"
  fi
  say "  [$(printf %3d $((SECONDS - begun)))s] packages are there"
  # Analyzers speak to developers, in "sovereign test"; without them this takes half the time.
  if ! dotnet publish "$root/src/Sovereign" -c Release -r linux-x64 --self-contained --nologo -o "$target.new" \
    -p:RunAnalyzers=false -p:UseSharedCompilation=true "$@" 2>&1 | tee -a "$log" |
    while read -r line; do
      case $line in *' -> '*.dll) say "  [$(printf %3d $((SECONDS - begun)))s] compiled ${line%% ->*}" ;; esac
    done; then
    grep -E 'error' "$log" | sort -u | head -10 >&2
    fail "the build failed; see $log"
  fi
  mkdir -p "$target"
  mv -f "$target.new/sovereign" "$target/sovereign"
  rm -rf "$target.new"
  say "  [$(printf %3d $((SECONDS - begun)))s] built $target/sovereign"
}

prepare_image() { # prepare_image FILE: builds it when it is missing or its recipe is another
  local key
  key=$(digest scripts/build-tiny-image.sh scripts/tiny-image)
  [ -s "$1" ] && [ -s "$1.date" ] && [ "$(cat "$1.key" 2>/dev/null)" = "$key" ] && return
  say "building the test image from OS packages (half a minute)"
  as_root "$root/scripts/build-tiny-image.sh" "$1" </dev/null
  printf '%s\n' "$key" > "$1.key"
}

prepare_program_and_image() { # prepare_program_and_image PROGRAM IMAGE: builds what is missing or older than its source
  local stamp key
  stamp=$(dirname "$1")/source-key
  key=$(source_key)
  prepare_image "$2"
  if [ ! -x "$1" ] || [ "$(cat "$stamp" 2>/dev/null)" != "$key" ]; then
    publish "$(dirname "$1")"
    printf '%s\n' "$key" > "$stamp"
  fi
}

# A PostgreSQL server of the OS's packages for tests, on a socket in a directory of its own. No durability: what it holds ends with the run.
postgres_bin() { find /usr/lib/postgresql -maxdepth 2 -name bin 2>/dev/null | sort -V | tail -1; }
as_postgres() { if [ "$(id -u)" = 0 ]; then setpriv --reuid postgres --regid postgres --init-groups "$@"; else "$@"; fi; }
stop_postgres() { # stop_postgres DIRECTORY
  [ ! -s "$1/data/postmaster.pid" ] || as_postgres "$(postgres_bin)/pg_ctl" -D "$1/data" -m immediate stop >/dev/null 2>&1
}

start_postgres() { # start_postgres DIRECTORY: its socket is in DIRECTORY/socket; once
  local bin
  [ -s "$1/data/postmaster.pid" ] && return
  need_packages /usr/lib/postgresql=postgresql
  bin=$(postgres_bin)
  mkdir -p "$1/data" "$1/socket"
  chmod 755 "$1"
  [ "$(id -u)" = 0 ] && chown postgres: "$1/data" "$1/socket"
  if ! { (cd "$1" && as_postgres "$bin/initdb" -D "$1/data" -U sovereign -A trust -E UTF8 --locale=C &&
    as_postgres "$bin/pg_ctl" -D "$1/data" -w -l "$1/data/log" \
      -o "-k $1/socket -c listen_addresses= -c fsync=off -c max_connections=200" start); } >"$1/start.log" 2>&1; then
    tail -5 "$1/start.log"
    say "   PostgreSQL did not start"
    return 1
  fi
}
