#!/usr/bin/env bash
# `make bench`: builds in release and prints the figures of README's performance section as a Markdown table.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

say "Building in release (several minutes the first time)"
cargo build --release --workspace --bins --locked
say "Measuring; leave the machine alone until the table appears"
MUSTER_BIN=$TARGET/release/muster MUSTER_AGENT_BIN=$TARGET/release/muster-agent "$TARGET/release/muster-bench" "$@"
