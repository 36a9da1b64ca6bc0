#!/usr/bin/env bash
# A whole fleet on one machine: an aggregator with TLS and two hosts, each an agent with a home of its own.
# Write into the printed folders (or point a coder's CLAUDE_CONFIG_DIR there) and watch the page. Ctrl-C ends all of it.
set -euo pipefail
. "$(dirname "$0")/../../recipes/lib.sh"

PORT=${PORT:-$(free_port)} DATA=$WORK/data URL=https://127.0.0.1:$PORT
start muster "$MUSTER" up --data "$DATA" --listen "127.0.0.1:$PORT" --tls --no-agent --no-open
wait_for "the aggregator" healthy

for host in vm-api vm-data; do
  home=$WORK/$host
  mkdir -p "$home/.claude/projects"
  join=$("$MUSTER" host add "$host" --data "$DATA" 2>/dev/null | grep -o 'muster-agent join .*' | head -n1)
  env -i HOME="$home" PATH="$(dirname "$AGENT"):$PATH" sh -c "$join" >/dev/null
  start "$host" env -i HOME="$home" PATH="$PATH" "$AGENT" run
  say "$host follows $home/.claude/projects"
done
say "Sign in: $(grep -o 'https://[^ ]*sign-in#[^ ]*' "$WORK/muster.log" | head -n1)"
say "Ctrl-C ends everything."
wait
