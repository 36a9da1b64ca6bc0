#!/usr/bin/env bash
# `make fuzz [SECONDS=60]`: each fuzz target of tests/fuzz for a while. Needs cargo-fuzz; works with the pinned Rust.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$ROOT/tests/fuzz"

have cargo-fuzz || die "cargo-fuzz is missing." "cargo install cargo-fuzz --locked"
for target in $(cargo fuzz list); do
  say "fuzzing $target for ${1:-60} s"
  # Without a sanitizer the pinned compiler will do; the code is free of `unsafe`, so panics are what there is to find.
  cargo fuzz run --sanitizer none "$target" -- -max_total_time="${1:-60}" -rss_limit_mb=2048
done
