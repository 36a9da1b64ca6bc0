#!/usr/bin/env bash
# Proves the recipe beside it: a line reaches every page once and in order, and a page that was away misses nothing.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

PORT=$(free_port) DATA=$WORK/data URL=http://127.0.0.1:$PORT
SESSION=9e4b1d7a-3c20-4e6f-8a11-5d2f7c9b0e44
FILE=$(session_file "$WORK/projects" $SESSION)
PAGES=20

start muster "$MUSTER" up --data "$DATA" --listen "127.0.0.1:$PORT" --root "claude=$WORK/projects" --no-open
wait_for "the aggregator" healthy
prompt $SESSION "line 1" >"$FILE"
known() { api "/sessions/claude-$SESSION"; }
wait_for "the session" known

say "$PAGES pages follow one session"
mkfifo "$WORK/orders"
node --no-warnings --experimental-websocket "$(dirname "$0")/pages.mjs" \
  "$URL" "$(cat "$DATA/owner.token")" "claude-$SESSION" $PAGES <"$WORK/orders" >"$WORK/pages.log" 2>&1 &
READER=$!
running+=("$READER")
exec 3>"$WORK/orders"
# hold COUNT FROM TO: these pages hold that many lines.
hold() { local page; for page in $(seq "$2" "$3"); do grep -qx "page $page holds $1" "$WORK/pages.log" || return 1; done; }
all() { wait_for "line $1 on pages $2 to $3" hold "$1" "$2" "$3"; }
write() { local i; for i in $(seq "$1" "$2"); do prompt $SESSION "line $i" >>"$FILE"; done; }
LAST=$((PAGES - 1))
all 1 0 $LAST

say "Lines are appended one by one, and a hundred at once"
write 2 20
all 20 0 $LAST
for i in $(seq 21 120); do prompt $SESSION "line $i"; done >"$WORK/batch" && cat "$WORK/batch" >>"$FILE"
all 120 0 $LAST

say "One page goes away, as a laptop whose lid is closed; the others go on"
echo drop >&3
wait_for "page $LAST to be away" grep -qx "page $LAST is away" "$WORK/pages.log"
write 121 140
all 140 0 $((LAST - 1))
! hold 140 $LAST $LAST || fail "the page that went away still gets lines"

say "It comes back with the revision that it holds, and gets what it missed and nothing else"
echo return >&3
all 140 $LAST $LAST

say "What one line costs from the append to the last of $PAGES pages"
began=$(date +%s%N)
write 141 141
all 141 0 $LAST
echo "$((($(date +%s%N) - began) / 1000000)) ms, looked at every 100 ms by this script; make bench measures it properly"

echo done >&3
wait "$READER" || fail "the pages ended badly: $(tail -n3 "$WORK/pages.log")"
held() { tail -n1 "$WORK/pages.log" | json "$1"; }
[ "$(held 'it.length')" = $PAGES ] || fail "pages are missing"
[ "$(held 'it.every(p => p.lines.length === 141 && p.lines.every((text, i) => text === `line ${i + 1}`))')" = true ] ||
  fail "a page holds other lines, or in another order"
[ "$(held 'it.at(-1).snapshots === 1 && it.at(-1).resumed === 1')" = true ] || fail "the page that was away got a snapshot"
[ "$(held 'it.slice(0, -1).every(p => p.snapshots === 1 && p.resumed === 0)')" = true ] || fail "a page needed two snapshots"
wait_for "the archive" archived "$FILE"
say "Proved."
