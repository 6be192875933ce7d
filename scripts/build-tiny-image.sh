#!/bin/bash
# build-tiny-image.sh FILE - builds the small bootable test image (qcow2) from the packages of this Debian or Ubuntu machine.
# Partition 1 boots (FAT with kernel and initrd; by BIOS with syslinux, by UEFI with systemd-boot), partition 2 is the root (ext4). What the guest runs is in
# scripts/tiny-image. Needs root and a package mirror; no loop device, mount or KVM: file systems are filled as files.
set -euo pipefail
export LC_ALL=C DEBIAN_FRONTEND=noninteractive PATH=/usr/sbin:/sbin:/usr/bin:/bin
umask 022
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
[ $# -eq 1 ] || { echo "usage: build-tiny-image.sh FILE" >&2; exit 2; }
[ "$(id -u)" = 0 ] || { echo "build-tiny-image.sh: needs root (it unpacks OS packages); run it through sudo" >&2; exit 1; }
mkdir -p "$(dirname "$1")"
target=$(cd "$(dirname "$1")" && pwd)/$(basename "$1")
work=$(mktemp -d "${TMPDIR:-/tmp}/tiny-image.XXXXXX")
trap 'rm -rf "$work"' EXIT
chmod 755 "$work"
unpacked=$work/unpacked root=$work/root initrd=$work/initrd
say() { printf 'image: [%3ds] %s\n' $SECONDS "$*"; }

need() { # need PROGRAM=PACKAGE...: installs the packages of missing programs
  local item missing=()
  for item in "$@"; do
    case ${item%%=*} in
    /*) [ -e "${item%%=*}" ] || missing+=("${item#*=}") ;;
    *) command -v "${item%%=*}" >/dev/null || missing+=("${item#*=}") ;;
    esac
  done
  [ ${#missing[@]} -eq 0 ] && return
  say "installing the image builder's packages: ${missing[*]}"
  local options=(-o DPkg::Lock::Timeout=600 -o Dpkg::Use-Pty=0 -qq -y --no-install-recommends)
  apt-get "${options[@]}" install "${missing[@]}" >/dev/null 2>&1 ||
    { apt-get -o DPkg::Lock::Timeout=600 -qq update && apt-get "${options[@]}" install "${missing[@]}" >/dev/null; }
}

fetch_packages() {
  local sources= file options=() release kernel
  for file in /etc/apt/sources.list.d/{debian,ubuntu}.sources /etc/apt/sources.list.d/debian.list /etc/apt/sources.list; do
    [ -s "$file" ] && { sources=$file; break; }
  done
  [ -n "$sources" ] || { echo "build-tiny-image.sh: no apt sources found under /etc/apt" >&2; exit 1; }
  for file in /etc/apt/apt.conf.d/*proxy* /etc/apt/apt.conf; do [ -s "$file" ] && options+=("--aptopt=$file"); done
  . /etc/os-release
  release=$VERSION_CODENAME
  case $ID in ubuntu) kernel=linux-image-kvm ;; *) kernel=linux-image-cloud-amd64 ;; esac
  # The variant "extract" unpacks packages and what they depend on, and configures nothing.
  mmdebstrap --quiet --variant=extract --include="$kernel,busybox-static,dropbear-bin,e2fsprogs,util-linux,curl,libc6,systemd-boot-efi" \
    "${options[@]}" "$release" "$unpacked" "$sources" >&2
}

copy_program() { # copy_program SOURCE [TARGET]: a program and the libraries that it loads, as the guest's own loader finds them
  local source=$1 destination=${2:-$1} library
  [ -e "$unpacked/$source" ] || source=usr/$source
  rm -f "${root:?}/$destination"
  install -D -m 755 "$unpacked/$source" "$root/$destination"
  for library in $("$loader" --library-path "$library_path" --list "$unpacked/$source" | awk '$3 ~ /^\// { print $3 }'); do
    [ -e "$root/lib/$(basename "$library")" ] || cp -L "$library" "$root/lib/"
  done
}

module_files() { # module_files NAME...: files of the modules and of those they need, in loading order
  local name
  for name in "$@"; do modprobe -d "$unpacked" -S "$kernel_version" --show-depends "$name" 2>/dev/null || true; done |
    awk '$1 == "insmod" && !seen[$2]++ { print $2 }'
}

fill_root() {
  mkdir -p "$root"/{bin,sbin,dev,proc,sys,run,tmp,mnt,root,etc/dropbear,home/cirros,lib,lib64,usr/{bin,sbin,lib},var/{lib/tiny,log}}
  ln -s ../run "$root/var/run"
  chmod 1777 "$root/tmp"
  chmod 700 "$root/root"
  local busybox=$unpacked/bin/busybox applet
  [ -e "$busybox" ] || busybox=$unpacked/usr/bin/busybox
  install -m 755 "$busybox" "$root/bin/busybox"
  for applet in $("$busybox" --list); do
    case $applet in busybox|wget|dpkg|dpkg-deb|rpm|rpm2cpio|mke2fs) ;; *) [ -e "$root/bin/$applet" ] || ln -s /bin/busybox "$root/bin/$applet" ;; esac
  done
  for applet in init reboot poweroff halt getty modprobe ip; do ln -sf /bin/busybox "$root/sbin/$applet"; done

  loader=$(readlink -f "$unpacked/lib64/ld-linux-x86-64.so.2" || true)
  [ -e "$loader" ] || loader=$unpacked/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
  [ -e "$loader" ] || loader=$unpacked/usr/lib/x86_64-linux-gnu/ld-linux-x86-64.so.2
  library_path=$unpacked/lib/x86_64-linux-gnu:$unpacked/usr/lib/x86_64-linux-gnu
  cp -L "$loader" "$root/lib64/ld-linux-x86-64.so.2"
  copy_program usr/sbin/dropbear
  copy_program usr/bin/dropbearkey
  copy_program usr/bin/dbclient usr/bin/ssh
  copy_program usr/bin/curl
  local program
  for program in sbin/resize2fs sbin/mke2fs sbin/blkid bin/lsblk; do copy_program $program; done
  ln -s mke2fs "$root/sbin/mkfs.ext4"
  ln -s ../sbin/sudo "$root/bin/sudo"
  local library
  for library in libnss_dns.so.2 libnss_files.so.2 libresolv.so.2; do
    cp -L "$(ls {"$unpacked","$unpacked/usr"}/lib/x86_64-linux-gnu/$library 2>/dev/null | head -1)" "$root/lib/"
  done

  cp -r "$here/tiny-image/root/." "$root/"
  : > "$root/etc/resolv.conf"
  printf 'NAME="Tiny"\nID=tiny\nVERSION_ID="1"\nPRETTY_NAME="Tiny test guest (Linux %s)"\n' "$kernel_version" > "$root/etc/os-release"
  local file
  # Boot drivers are in the initrd; these can be plugged or mounted later.
  module_files ${boot_modules[@]} virtio_console virtio_balloon button evdev sr_mod isofs vfat nls_cp437 nls_ascii nls_iso8859_1 ata_piix \
      8021q bridge veth xfs |
    while read -r file; do install -D -m 644 "$file" "$root/lib/modules/$kernel_version/${file#*"/lib/modules/$kernel_version/"}"; done
  cp "$unpacked/lib/modules/$kernel_version"/modules.{order,builtin,builtin.modinfo} "$root/lib/modules/$kernel_version/"
  depmod -b "$root" "$kernel_version"
  chown -R 0:0 "$root"
}

fill_initrd() {
  mkdir -p "$initrd"/{bin,lib,proc,sys,dev,newroot,run,etc}
  install -m 755 "$root/bin/busybox" "$initrd/bin/busybox"
  install -m 755 "$here/tiny-image/init" "$initrd/init"
  local file number=10
  for file in $(module_files ${boot_modules[@]}); do cp "$file" "$initrd/lib/$((number++))-$(basename "$file")"; done
  for file in "$initrd"/lib/*.{xz,zst,gz}; do      # newer releases compress modules; the guest's insmod reads plain ones
    case $file in *'*'*) ;; *.xz) unxz "$file" ;; *.zst) unzstd -q --rm "$file" ;; *.gz) gunzip "$file" ;; esac
  done
  (cd "$initrd" && find . -print0 | sort -z | cpio --null --quiet -o -H newc -R 0:0) | gzip -9nc > "$work/initrd.gz"
}

make_disk() {
  local boot_start=2048 boot_sectors=$((24 * 2048)) root_mib=64 root_start disk=$work/disk.img boot=$work/boot.img
  root_start=$((boot_start + boot_sectors))
  truncate -s ${root_mib}M "$work/root.img"
  # 4 KiB blocks and a resize inode for 1 TiB: the root grows online to the flavor's disk.
  mke2fs -q -F -t ext4 -b 4096 -m 1 -J size=4 -E lazy_itable_init=1,resize=268435456 -L tiny-root -d "$root" "$work/root.img"
  truncate -s $(((root_start + root_mib * 2048) * 512)) "$disk"
  printf 'label: dos\n%s,%s,e,*\n%s,%s,83\n' $boot_start $boot_sectors $root_start $((root_mib * 2048)) | sfdisk -q "$disk"
  dd if=/usr/lib/syslinux/mbr/mbr.bin of="$disk" bs=440 count=1 conv=notrunc status=none
  truncate -s $((boot_sectors * 512)) "$boot"
  mkfs.vfat -F 16 -n TINYBOOT -h $boot_start "$boot" >/dev/null
  # No "quiet": the console log is a thing that users read. The last two save time on emulated processors.
  local words="console=tty0 console=ttyS0,115200 net.ifnames=0 mitigations=off no_timer_check"
  printf 'DEFAULT tiny\nPROMPT 0\nTIMEOUT 0\nSERIAL 0 115200\nLABEL tiny\n KERNEL kernel\n INITRD initrd\n APPEND %s\n' "$words" > "$work/syslinux.cfg"
  printf 'title tiny\nlinux /kernel\ninitrd /initrd\noptions %s\n' "$words" > "$work/tiny.conf"
  mcopy -i "$boot" "$unpacked/boot/vmlinuz-$kernel_version" ::kernel
  mcopy -i "$boot" "$work/initrd.gz" ::initrd
  mcopy -i "$boot" "$work/syslinux.cfg" ::syslinux.cfg
  mmd -i "$boot" ::EFI ::EFI/BOOT ::loader ::loader/entries
  mcopy -i "$boot" "$unpacked/usr/lib/systemd/boot/efi/systemd-bootx64.efi" ::EFI/BOOT/BOOTX64.EFI
  mcopy -i "$boot" "$work/tiny.conf" ::loader/entries/tiny.conf
  syslinux --install "$boot"
  dd if="$boot" of="$disk" bs=512 seek=$boot_start conv=notrunc,sparse status=none
  dd if="$work/root.img" of="$disk" bs=512 seek=$root_start conv=notrunc,sparse status=none
  qemu-img convert -c -O qcow2 "$disk" "$target.new"
  date -u +%F > "$target.date"       # the image property image_build_date
  mv -f "$target.new" "$target"      # renamed at the end: an interrupted build leaves no half image
}

boot_modules=(virtio_pci virtio_blk virtio_net virtio_scsi sd_mod virtio_rng ext4)
need mmdebstrap=mmdebstrap qemu-img=qemu-utils mke2fs=e2fsprogs sfdisk=fdisk cpio=cpio depmod=kmod mcopy=mtools mkfs.vfat=dosfstools \
  syslinux=syslinux /usr/lib/syslinux/mbr/mbr.bin=syslinux-common
say "fetching and unpacking the guest's packages"
fetch_packages
kernel_version=$(ls "$unpacked/lib/modules" | head -1)
depmod -b "$unpacked" "$kernel_version"
say "filling the root and the initrd (Linux $kernel_version)"
fill_root
fill_initrd
say "making the disk"
make_disk
say "done: $target, $(du -h "$target" | cut -f1)"
