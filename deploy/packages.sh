# Installs what building, running and testing need on a bare Debian 12 with Rust.
# Sourced by run.sh, test.sh and bench.sh; asks nothing, changes nothing when all is present
# (so it works offline then), and may run any number of times.

# Compiler and GStreamer, then the programs the recorder and its tests start:
# xorriso burns, ffmpeg and vlc judge as foreign players, libarchive-tools and p7zip read discs, libfaketime
# sets a room's clock, iproute2 makes networks that a test can cut, fuse3 mounts the tests' forgetful disk where
# they do not run as root; poppler-utils and zbar-tools read printed labels back. tpm2-tools seal the device's keys where the machine has a TPM; swtpm is one for the tests.
shenlu_packages=(
  build-essential pkg-config clang
  libgstreamer1.0-dev libgstreamer-plugins-base1.0-dev libgstrtspserver-1.0-dev
  gstreamer1.0-tools gstreamer1.0-plugins-base gstreamer1.0-plugins-good gstreamer1.0-plugins-bad
  gstreamer1.0-plugins-ugly gstreamer1.0-libav gstreamer1.0-alsa gstreamer1.0-x
  fonts-noto-cjk fontconfig tzdata
  xorriso libarchive-tools p7zip-full
  ffmpeg chromium vlc-bin vlc-plugin-base
  poppler-utils zbar-tools
  sqlite3 curl openssl jq procps libfaketime iproute2 fuse3
  tpm2-tools swtpm
)

# They check the types of the page on the disc. A Node from elsewhere brings its own npm, which Debian's would break.
command -v npm >/dev/null || shenlu_packages+=(nodejs npm)

# Only for `test.sh --vm`: qemu is the machine, the rest makes what it boots. The kernel is no package of ours: it is
# downloaded and unpacked by tests/vm/build.sh, never installed.
machine_packages=(qemu-system-x86 busybox-static cpio kmod xz-utils e2fsprogs binutils)

say() { printf '\n== %s\n' "$*"; }

refuse() {
  printf '%s: %s\n' "${0##*/}" "$*" >&2
  exit 1
}

missing_packages() {
  local name
  for name in "${shenlu_packages[@]}"; do
    [[ $(dpkg-query -W -f='${db:Status-Status}' "$name" 2>/dev/null) == installed ]] || printf '%s\n' "$name"
  done
}

as_root() {
  if [[ $EUID -eq 0 ]]; then
    "$@"
  elif command -v sudo >/dev/null; then
    sudo --preserve-env=DEBIAN_FRONTEND "$@"
  else
    refuse "not root and no sudo; have an administrator run: $*"
  fi
}

install_packages() {
  command -v dpkg-query >/dev/null || refuse "this is not Debian; install by hand: ${shenlu_packages[*]}"
  local missing
  mapfile -t missing < <(missing_packages)
  if ((${#missing[@]} == 0)); then
    say "packages: all ${#shenlu_packages[@]} present"
    return
  fi
  say "packages: installing ${missing[*]}"
  export DEBIAN_FRONTEND=noninteractive
  as_root apt-get -q update </dev/null
  as_root apt-get -q install --yes --no-install-recommends "${missing[@]}" </dev/null
}

find_rust() {
  command -v cargo >/dev/null || PATH="$HOME/.cargo/bin:$PATH"
  command -v cargo >/dev/null || refuse "Rust is missing; install it as https://rustup.rs says, then run this again"
}

install_nextest() {
  cargo nextest --version >/dev/null 2>&1 && return
  say "cargo-nextest: building it (once, some minutes)"
  cargo install cargo-nextest --locked </dev/null
  PATH="$HOME/.cargo/bin:$PATH"
}
