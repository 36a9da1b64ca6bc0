# Shared by the scripts of this folder: plain words, and where things are. Sourced, never run.
# shellcheck shell=bash disable=SC2034

ROOT=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
TARGET=${CARGO_TARGET_DIR:-$ROOT/target}
TOOLS=$ROOT/target/tools
NODE_MAJOR_WANTED=22
CARGO_DENY_WANTED=0.20.2

# A Node.js that set-up fetched for this checkout (where the system's is too old) goes before the system's.
for node_bin in "$TOOLS"/node/node_modules/node-linux-*/bin; do
  [ -d "$node_bin" ] && PATH=$node_bin:$PATH
done
# And tools of cargo, after the system's.
PATH=$PATH:$TOOLS/cargo/bin
export PATH

say() { printf '\033[1m==>\033[0m %s\n' "$*"; }
note() { printf '    %s\n' "$*"; }
die() {
  printf '\033[1mError:\033[0m %s\n' "$1" >&2
  shift
  for line in "$@"; do printf '       %s\n' "$line" >&2; done
  exit 1
}
have() { command -v "$1" >/dev/null 2>&1; }

# at_least WANTED FOUND: is version FOUND (digits and dots) the same as WANTED or newer?
at_least() { [ "$(printf '%s\n%s\n' "$1" "$2" | sort -V | head -n1)" = "$1" ]; }

# The browser of the browser tests; CHROMIUM names another.
browser() {
  local name
  for name in "${CHROMIUM:-}" chromium chromium-browser google-chrome google-chrome-stable; do
    if [ -n "$name" ] && have "$name"; then command -v "$name" && return; fi
  done
  return 1
}
