#!/usr/bin/env bash
# Builds what the virtual machine test boots, from Debian's packages: the kernel of linux-image-amd64 with the
# modules that the guest needs, busybox, and xorriso with its libraries. Called by the test itself; asks
# nothing, does nothing when all is there, and may run any number of times.
#
#   build.sh base FOLDER        FOLDER/vmlinuz and FOLDER/base.cpio
#   build.sh agent BINARY FILE  a program with its libraries as a cpio archive, to be put behind the base
#   build.sh disk FILE MIB      an empty ext4 volume
set -euo pipefail
here=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
PATH=$PATH:/usr/sbin:/sbin

# Each with what it needs, in the order in which the guest loads them.
modules=(virtio_pci virtio_blk ext4 9pnet_virtio 9p uio target_core_mod target_core_user tcm_loop sr_mod sg isofs)
programs=(/usr/bin/xorriso /usr/bin/sha256sum /usr/bin/cksum)

refuse() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

scratch=
trap '[[ -z $scratch ]] || rm -rf "$scratch"' EXIT

# A program and the libraries that the loader would take, at their own places below a root.
place() {
  local root=$1 program=$2 file
  while read -r file; do
    [[ -e $root$file ]] || install -D --mode=755 "$(realpath "$file")" "$root$file"
  done < <(ldd "$program" | grep -o '/[^ ]*')
}

pack() {
  (cd "$1" && find . -print0 | LC_ALL=C sort -z | cpio --quiet --null --create --format=newc --owner=0:0) >"$2"
}

kernel_package() {
  apt-cache depends linux-image-amd64 | sed -n 's/^ *Depends: \(linux-image-.*\)/\1/p' | head -n 1
}

# The kernel's package, unpacked and never installed: the machine that tests keeps its own kernel.
unpack_kernel() {
  local package=$1 as_root=()
  [[ $EUID -ne 0 ]] || as_root=(-o APT::Sandbox::User=root)
  (cd "$scratch" && apt-get -q "${as_root[@]}" download "$package" >&2)
  dpkg-deb --extract "$scratch"/linux-image-*.deb "$scratch/kernel"
}

# Copies the modules and writes down the order in which they load.
place_modules() {
  local root=$1 tree=$scratch/kernel version name line file
  version=$(ls "$tree/lib/modules")
  depmod --basedir "$tree" "$version"
  mkdir -p "$root/modules"
  for name in "${modules[@]}"; do
    modprobe --dirname "$tree" --set-version "$version" --show-depends "$name"
  done | while read -r line file _; do
    [[ $line == insmod ]] || continue
    name=$(basename "$file" | sed 's/\.ko.*/.ko/')
    [[ ! -e $root/modules/$name ]] || continue
    case $file in
      *.xz) xz --decompress --stdout "$file" >"$root/modules/$name" ;;
      *) cp "$file" "$root/modules/$name" ;;
    esac
    printf '%s\n' "$name"
  done >"$scratch/order"
  mv "$scratch/order" "$root/modules/order"
}

base() {
  local folder=$1 stamp root
  [[ $(dpkg --print-architecture) == amd64 ]] || refuse "the guest is an amd64 machine that runs this machine's programs"
  stamp=$({ cat "$here/build.sh" "$here/init.sh"; dpkg-query -W -f='${Version}\n' xorriso busybox-static; } | sha256sum)
  [[ ! -e $folder/base.cpio || $(cat "$folder/stamp" 2>/dev/null) != "$stamp" ]] || return 0
  mkdir -p "$folder"
  scratch=$(mktemp -d "$folder/build.XXXXXX")
  root=$scratch/root
  local package
  package=$(kernel_package)
  [[ -n $package ]] || refuse "apt knows no linux-image-amd64; run: apt-get update"
  unpack_kernel "$package"
  mkdir -p "$root"/{bin,dev,proc,sys,tmp,run,room,plates,mnt,etc}
  install --mode=755 /bin/busybox "$root/bin/busybox"
  install --mode=755 "$here/init.sh" "$root/init"
  for program in "${programs[@]}"; do
    place "$root" "$program"
    install -D --mode=755 "$program" "$root$program"
  done
  # Names on a disc are Chinese: without its locale and its tables of characters xorriso would spoil them.
  mkdir -p "$root/usr/lib/locale" "$root/usr/lib/x86_64-linux-gnu/gconv"
  cp -r /usr/lib/locale/C.utf8 "$root/usr/lib/locale/"
  cp /usr/lib/x86_64-linux-gnu/gconv/{gconv-modules,gconv-modules.cache,UTF-16.so,ISO8859-1.so} \
    "$root/usr/lib/x86_64-linux-gnu/gconv/" 2>/dev/null || :
  place_modules "$root"
  pack "$root" "$scratch/base.cpio"
  mv "$scratch"/kernel/boot/vmlinuz-* "$folder/vmlinuz"
  mv "$scratch/base.cpio" "$folder/base.cpio"
  printf '%s\n' "$stamp" >"$folder/stamp"
}

agent() {
  local binary=$1 file=$2
  scratch=$(mktemp -d)
  mkdir -p "$scratch/root"
  place "$scratch/root" "$binary"
  strip -o "$scratch/root/agent" "$binary"
  pack "$scratch/root" "$file"
}

disk() {
  local file=$1 mib=$2
  truncate --size="${mib}M" "$file"
  mke2fs -q -t ext4 -F "$file"
}

case ${1-} in
  base | agent | disk) "$@" ;;
  *) refuse "usage: base FOLDER | agent BINARY FILE | disk FILE MIB" ;;
esac
