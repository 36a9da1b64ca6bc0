#!/usr/bin/env bash
# The web app's npm packages (`web.sh packages`) and its build (`web.sh build`), each only when something changed:
# stamps hold a digest of what went in, because a checkout's file times say nothing.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$ROOT/web"

packages_stamp=node_modules/.muster-packages
build_stamp=node_modules/.muster-build

digest() { { if have sha256sum; then sha256sum; else shasum -a 256; fi; } | cut -d' ' -f1; }
packages_digest() { cat package.json package-lock.json | digest; }
sources() {
  find . \( -path ./node_modules -o -path ./dist -o -path ./e2e -o -path ./test-results \) -prune -o -type f -print | LC_ALL=C sort
}
sources_digest() { { sources && sources | tr '\n' '\0' | xargs -0 cat; } | digest; }
fresh() { [ -f "$1" ] && [ "$(cat "$1")" = "$2" ]; }

packages() {
  local now
  now=$(packages_digest)
  fresh "$packages_stamp" "$now" && return
  say "Installing the web app's npm packages"
  npm ci --ignore-scripts --no-audit --no-fund --loglevel=error
  echo "$now" >"$packages_stamp"
}

build() {
  packages
  local now
  now=$(sources_digest)
  if fresh "$build_stamp" "$now" && [ -f dist/index.html ]; then return; fi
  say "Building the web app"
  npm run --silent build
  echo "$now" >"$build_stamp"
}

case "${1:-build}" in
  packages) packages ;;
  build) build ;;
  *) die "web.sh knows: packages, build" ;;
esac
