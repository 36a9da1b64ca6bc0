#!/usr/bin/env bash
# `make dev`: an aggregator with this machine's agent, and Vite in front of it with hot reload of the web app.
# Both end together. Data goes to target/dev, so that experiments stay away from the data of `make run`.
set -euo pipefail
. "$(dirname "$0")/lib.sh"
cd "$ROOT"

api=${MUSTER_DEV_LISTEN:-127.0.0.1:4610}
page=${MUSTER_DEV_PAGE:-http://localhost:5173}

"$TARGET/debug/muster" --data "$ROOT/target/dev" --listen "$api" up --no-open --public-url "$page" "$@" &
aggregator=$!
trap 'kill "$aggregator" 2>/dev/null; wait "$aggregator" 2>/dev/null || true' EXIT

say "The web app with hot reload: $page (the sign-in link below leads there)"
MUSTER_DEV_TARGET="http://$api" npm --prefix web run --silent dev
