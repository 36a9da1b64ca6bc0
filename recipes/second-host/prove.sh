#!/usr/bin/env bash
# Proves the recipe beside it. The second host is a second agent on this machine with a home of its own; it joins over
# TLS with the command that `host add` prints, exactly as another machine would.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

PORT=$(free_port) DATA=$WORK/data URL=https://127.0.0.1:$PORT
SESSION=0b9a7e52-4a11-4b0f-8f44-5f0a3c6d7e21
HOME_2=$WORK/home-2
mkdir -p "$HOME_2/.claude/projects"
api() { curl -sSk --fail-with-body --max-time 20 -H "Authorization: Bearer $(cat "$DATA/owner.token")" "${@:2}" "$URL/api/v1$1"; }

say "An aggregator that other machines can reach: TLS is on, with a certificate made at first start"
start muster "$MUSTER" up --data "$DATA" --listen "0.0.0.0:$PORT" --public-url "$URL" --no-agent --no-open
wait_for "the aggregator" healthy

say "The first machine prints a join command"
"$MUSTER" host add vm-api --data "$DATA" | tee "$WORK/host-add.txt"
JOIN=$(grep -o 'muster-agent join .*' "$WORK/host-add.txt" | head -n1)
[ -n "$JOIN" ] || fail "host add printed no join command"

say "The second machine runs it"
join() { env -i HOME="$HOME_2" PATH="$(dirname "$AGENT"):$PATH" sh -c "$JOIN"; }
join || fail "the join command did not work"
if env -i HOME="$WORK/home-3" PATH="$(dirname "$AGENT"):$PATH" sh -c "$JOIN" 2>"$WORK/again.txt"; then fail "the token worked twice"; fi
say "A second use of the same token: $(tail -n1 "$WORK/again.txt")"
start agent env -i HOME="$HOME_2" PATH="$PATH" "$AGENT" run

say "A session on the second host is in the first host's list"
FILE=$(session_file "$HOME_2/.claude/projects" $SESSION)
prompt $SESSION "Why is the queue slow?" >"$FILE"
wait_for "the session" archived "$FILE"
HOST=$(api /hosts | json "it.items.find(h => h.name === 'vm-api').id")
listed() { [ "$(api "/sessions?host=$HOST" | json 'it.items[0]?.title')" = "Why is the queue slow?" ]; }
wait_for "the session in the list of its host" listed
env -i HOME="$HOME_2" PATH="$PATH" "$AGENT" status

say "Whoever follows the live API gets the next line (examples/live-tail)"
NODE_TLS_REJECT_UNAUTHORIZED=0 start live-tail node --no-warnings --experimental-websocket "$REPO/examples/live-tail/live-tail.mjs" "$URL" "$(cat "$DATA/owner.token")"
followed() { prompt $SESSION "Look at the index" >>"$FILE" && grep -q 'human: Look at the index' "$WORK/live-tail.log"; }
wait_for "the line in the live tail" followed

say "Removed, the host is refused; its archive stays"
"$MUSTER" host remove vm-api --data "$DATA"
prompt $SESSION "Nobody takes this" >>"$FILE"
listed || fail "the archive of a removed host is gone"
refused() { env -i HOME="$HOME_2" PATH="$PATH" "$AGENT" status | grep -qiE 'removed|superseded'; }
wait_for "the agent to learn that it is not wanted" refused
say "Proved."
