#!/usr/bin/env bash
# Sets up, builds, records a demo interview without hands, then keeps the room open until Ctrl-C.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source deploy/packages.sh

usage() {
  cat <<'TEXT'
usage: deploy/run.sh [--once] [--seconds N] [further options of `shenlu demo`]

  --once       end after the demo interview, with its exit code
  --seconds N  how long the demo records (130)

Further options go to `shenlu demo`, e.g. --camera interviewee=rtsp://…
Every run keeps its files in a new folder under ./run/.
TEXT
}

once=no
seconds=130
further=()
while (($#)); do
  case $1 in
    --once) once=yes ;;
    --seconds)
      (($# > 1)) || refuse "--seconds wants a number"
      seconds=$2
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) further+=("$1") ;;
  esac
  shift
done
[[ $seconds =~ ^[1-9][0-9]*$ ]] || refuse "--seconds wants a whole number of seconds, not '$seconds'"

install_packages
find_rust

say "building (release)"
cargo build --release --locked --package shenlu

mkdir -p run
directory=$(mktemp -d "run/$(date +%Y%m%d-%H%M%S)-XXXX")
say "demo interview of $seconds seconds, files in $directory"
demo=(target/release/shenlu demo --seconds "$seconds" --dir "$directory")
[[ $once == yes ]] || demo+=(--stay)
exec "${demo[@]}" ${further[@]+"${further[@]}"}
