#!/usr/bin/env bash
# Proves the recipe beside it, with a stand-in for the coder that writes its registry and transcript and calls its hooks
# in the order and with the words of the real client.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

PORT=$(free_port) DATA=$WORK/data URL=http://127.0.0.1:$PORT
CODER=$WORK/home/.claude
SESSION=5c9e2d41-7d0a-4f6b-9a52-1f0c8e7b6a55
STATE=$DATA/agent
FILE=$(session_file "$CODER/projects" $SESSION)
mkdir -p "$CODER/sessions"
hooks() { "$AGENT" --state "$STATE" hooks "$@" --root "claude=$CODER"; }

say "Settings as a person has them"
cat >"$CODER/settings.json" <<'J'
{
  "model": "opus",
  "hooks": {
    "Stop": [
      { "hooks": [{ "type": "command", "command": "say done" }] }
    ]
  }
}
J
cp "$CODER/settings.json" "$WORK/settings-before.json"

say "Our entries come beside theirs; a second time changes nothing"
hooks install --dry-run
hooks install --yes >"$WORK/install.txt"
grep -q 'settings as they were' "$WORK/install.txt" || fail "no backup was named"
grep -q '"command": "say done"' "$CODER/settings.json" || fail "somebody else's hook is gone"
hooks install --yes | grep -q 'needs no change' || fail "a second installation changed something"
hooks status

start muster "$MUSTER" up --data "$DATA" --listen "127.0.0.1:$PORT" --root "claude=$CODER" --no-open
wait_for "the aggregator" healthy
wait_for "the agent's socket" test -S "$STATE/hook.sock"
start states node --no-warnings --experimental-websocket "$REPO/examples/states/states.mjs" "$URL" "$(cat "$DATA/owner.token")"

say "A coder starts, and a person asks for something"
(exec -a claude sleep 600) &
CODER_PID=$!
running+=("$CODER_PID")
# registry STATUS [WAITING_FOR]: the coder's own entry, overwritten in place as it does.
registry() {
  local started waiting=""
  started=$(awk '{print $22}' "/proc/$CODER_PID/stat")
  [ -z "${2:-}" ] || waiting=",\"waitingFor\":\"$2\""
  printf '{"pid":%s,"sessionId":"%s","cwd":"/home/dev/shop","startedAt":%s,"procStart":"%s","version":"2.1.329","kind":"interactive","entrypoint":"cli","name":"shop","status":"%s"%s,"statusUpdatedAt":%s,"updatedAt":%s}' \
    "$CODER_PID" $SESSION "$(date +%s%3N)" "$started" "$1" "$waiting" "$(date +%s%3N)" "$(date +%s%3N)" >"$CODER/sessions/$CODER_PID.json"
}
# hook EVENT [FIELDS]: calls what the settings name for this event, as the coder does.
hook() {
  local command said code=0
  command=$(json "it.hooks.$1.flatMap(e => e.hooks).map(h => h.command).find(c => c.includes('muster-agent'))" <"$CODER/settings.json")
  said=$(printf '{"hook_event_name":"%s","session_id":"%s","transcript_path":"%s","cwd":"/home/dev/shop"%s}' \
    "$1" $SESSION "$FILE" "${2:-}" | sh -c "$command" 2>&1) || code=$?
  [ "$code" = 0 ] && [ -z "$said" ] || fail "the hook for $1 ended with $code and said: $said"
}
# shown TURN: the live client shows it as the session's latest state.
shown() { grep -F "[" "$WORK/states.log" | tail -n1 | grep -q "\] $1"; }
call() {
  printf '{"type":"assistant","uuid":"%s","sessionId":"%s","timestamp":"%s","cwd":"/home/dev/shop","message":{"id":"msg_1","role":"assistant","model":"claude-opus-4-8","content":[{"type":"tool_use","id":"toolu_1","name":"Bash","input":{"command":"rm -rf build"}}],"stop_reason":"tool_use","usage":{"input_tokens":9,"output_tokens":7}}}\n' \
    "$(cat /proc/sys/kernel/random/uuid)" $SESSION "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)"
}
TOOL=',"tool_name":"Bash","tool_input":{"command":"rm -rf build","description":"Clean"}'

registry idle
hook SessionStart ',"source":"startup"'
registry busy
hook UserPromptSubmit ',"prompt":"Clean up"'
prompt $SESSION "Clean up" >>"$FILE"
wait_for "the state: working" shown working

say "It comes to a dialog"
hook PreToolUse "$TOOL,\"tool_use_id\":\"toolu_1\""
call >>"$FILE"
began=$(date +%s%3N)
hook PermissionRequest "$TOOL"
registry waiting "permission prompt"
until shown needs_permission; do
  [ $(($(date +%s%3N) - began)) -lt 5000 ] || fail "the dialog was not seen within 5 s"
  sleep 0.01
done
echo "seen by a live client $(($(date +%s%3N) - began)) ms after the coder asked: $(tail -n1 "$WORK/states.log")"
grep needs_permission "$WORK/states.log" | grep -q 'rm -rf build' || fail "nobody says what the dialog asks for"

say "A person answers, and the turn ends"
registry busy
hook PostToolUse "$TOOL,\"tool_use_id\":\"toolu_1\",\"tool_response\":{\"stdout\":\"\"}"
wait_for "the state: working" shown working
hook Stop ',"stop_hook_active":false,"last_assistant_message":"Done.","background_tasks":[]'
registry idle
wait_for "the state: your turn" shown your_turn

say "The agent dies; the coder does not notice"
MUSTER_PID=${running[0]}
pkill -KILL -P "$MUSTER_PID" -x muster-agent || true
kill -STOP "$MUSTER_PID"
began=$(date +%s%3N)
for _ in 1 2 3 4 5; do hook PreToolUse "$TOOL"; done
echo "five hooks without an agent took $(($(date +%s%3N) - began)) ms in all, with everything around them"
kill -CONT "$MUSTER_PID"
wait_for "the agent again" test -S "$STATE/hook.sock"

say "Our entries go, and the settings are what they were"
hooks uninstall --yes >/dev/null
cmp "$CODER/settings.json" "$WORK/settings-before.json" || fail "the settings are not what they were"
say "Proved."
