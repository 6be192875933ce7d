#!/bin/bash
# build.sh - makes the release in out/release: the one file, the systemd units, a README, checksums.
set -euo pipefail
root=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
. "$root/scripts/lib.sh"
case ${1:-} in
'') ;;
-h | --help) say "usage: ./sovereign build    makes out/release: one self-contained program with the test image in it, which needs no SDK" && exit 0 ;;
*) fail "build takes no arguments" 2 ;;
esac
image=$root/out/image/tiny.qcow2
release=$root/out/release
prepare_image "$image"
rm -rf "$release"
publish "$release" "-p:EmbedImage=$image"
mkdir -p "$release/systemd"
cp "$root"/packaging/systemd/*.service "$release/systemd/"
cp "$root/packaging/README.md" "$release/README.md"
(cd "$release" && find . -type f -not -name SHA256SUMS -printf '%P\n' | sort | xargs sha256sum > SHA256SUMS)
say "the release is in $release:"
(cd "$release" && find . -type f -printf '  %10s  %P\n' | sort -k2)
