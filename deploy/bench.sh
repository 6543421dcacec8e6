#!/usr/bin/env bash
# Runs the benchmarks beside ffmpeg and stock GStreamer and keeps the table in deploy/bench.md.
set -euo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source deploy/packages.sh

usage() {
  cat <<'TEXT'
usage: deploy/bench.sh [--quick] [further options of `shenlu bench`]

  --quick            one short round: a rough look, not kept in deploy/bench.md
  --rows cpu         only these rows (cpu, disc-hours); not kept either
  --rounds N         how often each contender runs (5)
  --seconds N        seconds measured of each run (15)

About fifteen minutes on two cores. Run it on a machine that does nothing else: what runs beside it is measured too.
TEXT
}

keep=yes
for argument in "$@"; do
  case $argument in
    -h | --help)
      usage
      exit 0
      ;;
    --quick | --rows | --rows=*) keep=no ;;
  esac
done

install_packages
find_rust

say "building (release)"
cargo build --release --locked --package shenlu

say "benchmarks"
bench=(target/release/shenlu bench)
[[ $keep == no ]] || bench+=(--write deploy/bench.md)
exec "${bench[@]}" "$@"
