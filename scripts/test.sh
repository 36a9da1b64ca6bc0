#!/usr/bin/env bash
# Everything that has to hold before a change goes in. Without arguments all steps; else only the named ones:
#   scripts/test.sh rust e2e
# A failing step does not hide the ones after it, except that nothing is tested that could not be built.
set -uo pipefail
. "$(dirname "$0")/lib.sh"
cd "$ROOT" || exit 1

ALL_STEPS=(format web build lint licences rust units recipes e2e)
lines=()
failed=()

step_format() { cargo fmt --all --check; }

step_web() { scripts/web.sh build && npm --prefix web run --silent check && npm --prefix web test --silent; }

# One build serves the tests, the browser tests and the recipes.
step_build() { scripts/web.sh build && cargo build --workspace --all-targets --locked; }

step_lint() { cargo clippy --workspace --all-targets --locked -- -D warnings; }

step_licences() {
  if have cargo-deny; then
    cargo deny --locked check --hide-inclusion-graph licenses bans sources
  else
    skip "cargo-deny is not there (scripts/setup.sh test builds it): deny.toml was not checked"
  fi
}

step_rust() {
  if have cargo-nextest; then
    cargo nextest run --workspace --locked --no-fail-fast
  else
    cargo test --workspace --locked --no-fail-fast
  fi
}

step_units() {
  if have systemd-analyze; then deploy/check-units.sh; else skip "systemd-analyze is not on this machine"; fi
}

step_recipes() {
  local script
  for script in recipes/*/prove.sh; do
    note "$script"
    MUSTER_BIN=$TARGET/debug/muster MUSTER_AGENT_BIN=$TARGET/debug/muster-agent "$script" || return 1
  done
}

step_e2e() {
  CHROMIUM=$(browser) || { note "There is no Chromium; scripts/setup.sh says how to get it."; return 1; }
  export CHROMIUM
  MUSTER_BIN=$TARGET/debug/muster MUSTER_AGENT_BIN=$TARGET/debug/muster-agent npm --prefix web run --silent e2e
}

skip() {
  skipped=$1
  note "skipped: $1"
}

run_step() {
  local name=$1 started=$SECONDS outcome
  skipped=
  say "$name"
  if "step_$name"; then outcome=ok; else outcome=FAILED && failed+=("$name"); fi
  [ -z "$skipped" ] || outcome="skipped: $skipped"
  lines+=("$(printf '%-9s %5ds  %s' "$name" $((SECONDS - started)) "$outcome")")
  [ "$outcome" != FAILED ]
}

steps=("$@")
[ ${#steps[@]} -gt 0 ] || steps=("${ALL_STEPS[@]}")
for name in "${steps[@]}"; do
  declare -F "step_$name" >/dev/null || die "there is no step \"$name\"; there are: ${ALL_STEPS[*]}"
done
for name in "${steps[@]}"; do
  run_step "$name" || [ "$name" != build ] || break
done

say "Summary"
for line in "${lines[@]}"; do note "$line"; done
[ ${#failed[@]} -eq 0 ] || die "failed: ${failed[*]}"
say "All ${#lines[@]} steps are fine, in $((SECONDS / 60)) min $((SECONDS % 60)) s."
