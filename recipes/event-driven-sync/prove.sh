#!/usr/bin/env bash
# Proves the recipe beside it: an append reaches archive, counts and search by itself, whatever is killed on the way.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

PORT=$(free_port) DATA=$WORK/data URL=http://127.0.0.1:$PORT
SESSION=2f1c7b0e-52f4-4f0e-8d6e-9c1f0a7b4e33
FILE=$(session_file "$WORK/projects" $SESSION)
serve() { start muster "$MUSTER" up --data "$DATA" --listen "127.0.0.1:$PORT" --root "claude=$WORK/projects" --no-open; SERVER=$started; }

prompts() { [ "$(api "/sessions/claude-$SESSION" | json it.human_prompts)" = "$1" ]; }
hits() { api "/search?q=role:prompt%20$1&limit=1" | json 'it.partial === null ? it.total : "partial"'; }
found() { [ "$(hits "$1")" = "$2" ]; }
# Each prompt counted once, each findable by its own word, and all by the common one.
all_there() {
  wait_for "the archive" archived "$FILE"
  wait_for "$1 prompts in the session's count" prompts "$1"
  wait_for "$1 hits for the common word" found "role:prompt%20limpet" "$1"
  wait_for "the last prompt by its own word" found "role:prompt%20step$1" 1
}

serve
wait_for "the aggregator" healthy

say "Twenty appends reach the archive, the counts and the index"
for i in $(seq 20); do prompt $SESSION "limpet step$i" >>"$FILE"; done
all_there 20

say "The aggregator is killed while lines are being written"
for i in $(seq 21 40); do
  prompt $SESSION "limpet step$i" >>"$FILE"
  [ "$i" = 30 ] && { pkill -KILL -P "$SERVER" || true; kill -KILL "$SERVER"; }
done
serve
wait_for "the aggregator again" healthy
all_there 40

say "The index is deleted: it is built again from the archive"
stop "$SERVER"
rm -rf "$DATA/search"
serve
wait_for "the aggregator again" healthy
all_there 40

say "Everything derived is thrown away and made again while serving"
"$MUSTER" reindex --data "$DATA" --url "$URL"
prompt $SESSION "limpet step41" >>"$FILE"
all_there 41

say "Nothing happens, and nothing runs"
AGENT_PID=$(pgrep -P "$SERVER" -x muster-agent)
ticks() { awk '{print $14 + $15}' "/proc/$AGENT_PID/stat"; }
before=$(ticks)
sleep 3
used=$(($(ticks) - before))
[ "$used" -le 1 ] || fail "the idle agent used $used ticks of processor time in 3 s"
"$MUSTER" verify --data "$DATA" --url "$URL"
say "Proved."
