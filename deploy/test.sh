#!/usr/bin/env bash
# Everything that must hold before a change is taken: form, lints, tests. Exit 0 only if all of it does.
set -uo pipefail
cd "$(dirname "${BASH_SOURCE[0]}")/.."
source deploy/packages.sh

usage() {
  cat <<'TEXT'
usage: deploy/test.sh [--soak] [--vm] [--only EXPRESSION]

  --soak             also the long tests (hours), which are ignored otherwise
  --vm               also the virtual machine whose plug is pulled while it burns (some twenty minutes; SHENLU_VM_CUTS
                     says how often, 20 otherwise); installs qemu, downloads a Debian kernel once
  --only EXPRESSION  only the tests that this nextest filter names, e.g. 'package(pipelines)'; no lints
TEXT
}

soak=no
vm=no
only=
while (($#)); do
  case $1 in
    --soak) soak=yes ;;
    --vm) vm=yes ;;
    --only)
      (($# > 1)) || refuse "--only wants a filter expression"
      only=$2
      shift
      ;;
    -h | --help)
      usage
      exit 0
      ;;
    *) refuse "unknown option $1 (see --help)" ;;
  esac
  shift
done

summary=()
failed=0

# A step that fails does not keep the later ones from being seen.
step() {
  local name=$1 began=$SECONDS verdict=passed
  shift
  say "$name"
  "$@" </dev/null || { verdict=FAILED failed=1; }
  summary+=("$(printf '%-10s %-7s %4d s' "$name" "$verdict" $((SECONDS - began)))")
}

# The page on the disc is plain JavaScript as it stands there; its types stand in its comments.
check_pages() {
  npm ci --no-audit --no-fund --prefix tests/players/page && npm run check --prefix tests/players/page
}

# The machine's packages before the rest is looked at, so that one installation takes all.
[[ $vm == no ]] || shenlu_packages+=("${machine_packages[@]}")
install_packages || exit 1
find_rust
install_nextest || exit 1

# The long tests are no reason to boot machines: those want packages of their own.
machines='package(shenlu) & binary(=vm)'
tests=(cargo nextest run --workspace --locked --no-fail-fast)
if [[ $soak == yes ]]; then
  tests+=(--profile soak --run-ignored all)
  only_tests="(${only:-all()}) - ($machines)"
else
  only_tests=${only:-all()}
fi
tests+=(-E "$only_tests")

if [[ -z $only ]]; then
  step formatting cargo fmt --all --check
  step lints cargo clippy --workspace --all-targets --locked -- -D warnings
  step pages check_pages
fi
step tests "${tests[@]}"
if [[ $vm == yes ]]; then
  step machine cargo nextest run --locked -p shenlu --test vm --run-ignored all --no-capture
fi

say "summary"
printf '%s\n' "${summary[@]}"
((failed == 0)) && echo "all passed" || echo "NOT passed"
exit "$failed"
