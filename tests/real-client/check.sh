#!/usr/bin/env bash
# The real Claude Code client in a terminal, offline, and what Muster says of it while a person looks at both.
#
#   CLAUDE=/path/to/claude tests/real-client/check.sh [--without-hooks]
#
# Not part of `make test`: the client is not ours to ship. Needs tmux, node, python3 and built programs (make build).
set -euo pipefail
. "$(dirname "$0")/../../recipes/lib.sh"

CLAUDE=${CLAUDE:?name the client: CLAUDE=/path/to/claude}
HOOKS=${1:-}
PORT=$(free_port) DATA=$WORK/data URL=http://127.0.0.1:$PORT
CODER=$WORK/home/.claude FOLDER=$WORK/shop
# A state must be shown this soon after the terminal shows it, milliseconds. The terminal is looked at every 20 ms.
SOON=${SOON:-500}
terminal() { tmux -L "muster-$$" "$@"; }
leave() {
  local code=$?
  set +e
  terminal kill-server 2>/dev/null
  (exit "$code") # `finish` ends the script with what it finds in $?
  finish
}
trap leave EXIT

for program in tmux node python3; do command -v $program >/dev/null || { echo "$program is needed" >&2; exit 1; }; done
mkdir -p "$CODER" "$FOLDER/build-cache"
git -C "$FOLDER" init -q
KEY=sk-ant-offline-0000
printf '{"hasCompletedOnboarding":true,"theme":"dark","customApiKeyResponses":{"approved":["%s"],"rejected":[]},"projects":{"%s":{"hasTrustDialogAccepted":true,"hasCompletedProjectOnboarding":true}}}' \
  $KEY "$FOLDER" >"$WORK/home/.claude.json"

start service node "$(dirname "$0")/service.mjs"
wait_for "the service" test -s "$WORK/service.log"
[ "$HOOKS" = --without-hooks ] ||
  HOME=$WORK/home "$AGENT" --state "$DATA/agent" hooks install --yes --root "claude=$CODER" >"$WORK/hooks.log"
start muster env HOME="$WORK/home" "$MUSTER" up --data "$DATA" --listen "127.0.0.1:$PORT" --root "claude=$CODER" --no-open
wait_for "the aggregator" healthy
wait_for "the agent's socket" test -S "$DATA/agent/hook.sock"
start states node --no-warnings --experimental-websocket "$REPO/examples/states/states.mjs" "$URL" "$(cat "$DATA/owner.token")"

# client: a new one in the terminal; nothing of this machine's environment reaches it, and it may speak to nobody else.
client() {
  terminal -f /dev/null new-session -d -s client -x 140 -y 45 "cd '$FOLDER' && exec env -i HOME='$WORK/home' PATH='$PATH' \
    TERM=xterm-256color LANG=C.UTF-8 ANTHROPIC_BASE_URL='http://127.0.0.1:$(cat "$WORK/service.log")' ANTHROPIC_API_KEY=$KEY \
    DISABLE_TELEMETRY=1 DISABLE_ERROR_REPORTING=1 DISABLE_AUTOUPDATER=1 CLAUDE_CODE_DISABLE_NONESSENTIAL_TRAFFIC=1 \
    '$CLAUDE' --permission-mode default"
  sees 'for shortcuts|shift\+tab|❯'
}
picture() { terminal capture-pane -p -t client; }
sees() {
  local end=$((SECONDS + 30))
  until picture | grep -qE "$1"; do [ $SECONDS -lt $end ] || { picture >&2; fail "the terminal never showed: $1"; }; sleep 0.02; done
}
types() { terminal send-keys -t client -l "$1" && sleep 0.3 && terminal send-keys -t client Enter; }
# A person needs a moment, and the client takes keys only a moment after it has drawn a dialog.
press() { sleep 1 && terminal send-keys -t client "$1"; }
# shown TURN: Muster says so since the person's last step (after line $mark of the log).
mark() { mark=$(wc -l <"$WORK/states.log"); }
shown() { tail -n +$((mark + 1)) "$WORK/states.log" | grep -q "\] $1"; }
# soon TURN WORDS: shown within $SOON of the terminal's showing WORDS. The end of a turn has a second more: its last words
# are drawn before the client ends it.
soon() {
  local began late most=$SOON
  [ "$1" != your_turn ] || most=$((most + 1000))
  sees "$2"
  began=$(date +%s%3N)
  until shown "$1"; do
    late=$(($(date +%s%3N) - began))
    [ $late -lt 5000 ] || { picture >&2; fail "5 s after the terminal showed \"$2\" nobody says $1"; }
    sleep 0.01
  done
  late=$(($(date +%s%3N) - began))
  printf '   %-17s %4s ms after the terminal\n' "$1" $late
  [ $late -le "$most" ] || fail "$1 was shown $late ms after the terminal showed it"
}
mark=0

say "$("$CLAUDE" --version 2>/dev/null || true)$([ -z "$HOOKS" ] || echo ', without hooks')"
client
mark; types "Remove the build cache"
soon needs_permission 'Do you want to'
mark; press Enter
soon your_turn 'It is gone'

say "A question"
mark; types "Ask me which store"
soon needs_answer 'Which store should'
mark; press Enter
soon your_turn 'Noted'

say "An interrupt"
mark; types "Run the long build"
sees 'Do you want to'
press Enter
mark; sees 'esc to interrupt|Running'
wait_for "the state: working" shown working
mark; press Escape
soon your_turn 'Interrupted'

say "kill -9 in the middle of a turn"
mark; types "Run the long build"
soon needs_permission 'Do you want to'
mark; press Enter
wait_for "the state: working" shown working
mark
began=$(date +%s%3N)
kill -KILL "$(terminal display -p -t client '#{pane_pid}')"
wait_for "the state: failed" shown failed
echo "   failed            $(($(date +%s%3N) - began)) ms after the kill, looked at every 100 ms"
say "Right all the time."
