#!/usr/bin/env bash
# Proves the recipe beside it, with two hosts on this machine: each a home of its own and a real agent. Stand-ins for
# coders live on them: a process of that name with an entry in the coder's registry, and a transcript.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

PORT=$(free_port) DATA=$WORK/data URL=http://127.0.0.1:$PORT
declare -A agent_of coder_of id_of

# on HOST COMMAND…: runs it as that host.
on() { env -i HOME="$WORK/$1" PATH="$PATH" "${@:2}"; }
# join HOST: it joins with the command that `host add` prints, and runs its agent.
join() {
  local command
  mkdir -p "$WORK/$1/.claude/projects" "$WORK/$1/.claude/sessions"
  command=$("$MUSTER" host add "$1" --data "$DATA" | grep -o 'muster-agent join .*' | head -n1)
  # shellcheck disable=SC2086 # words
  on "$1" "$AGENT" ${command#muster-agent } >"$WORK/join-$1.log" 2>&1 || fail "$1 could not join"
  run_agent "$1"
  id_of[$1]=$(host "$1" id)
}
run_agent() { start "agent-$1" env -i HOME="$WORK/$1" PATH="$PATH" "$AGENT" run && agent_of[$1]=$started; }
host() { api /hosts | json "(h => h.$2)(it.items.find(h => h.name === '$1'))"; }
# alarm HOST KIND: it has this alarm.
alarm() { [ "$(host "$1" "alarms.some(a => a.kind === '$2')")" = true ]; }
is() { [ "$(host "$1" state)" = "$2" ]; }

# coder HOST SESSION: a process of that name, with its entry in the registry.
coder() {
  (exec -a claude env -i HOME="$WORK/$1" sleep 600) &
  running+=("$!") && coder_of[$2]=$!
  entry "$@" idle
}
# entry HOST SESSION STATUS [WAITING_FOR]: the coder's own entry, overwritten in place as it does.
entry() {
  local pid=${coder_of[$2]} now waiting=""
  now=$(date +%s%3N)
  [ -z "${4:-}" ] || waiting=",\"waitingFor\":\"$4\""
  printf '{"pid":%s,"sessionId":"%s","cwd":"/home/dev/shop","startedAt":%s,"procStart":"%s","version":"2.1.329","kind":"interactive","entrypoint":"cli","name":"shop","status":"%s"%s,"statusUpdatedAt":%s,"updatedAt":%s}' \
    "$pid" "$2" "$now" "$(awk '{print $22}' "/proc/$pid/stat")" "$3" "$waiting" "$now" "$now" >"$WORK/$1/.claude/sessions/$pid.json"
}
# turn SESSION: what it is doing, and says who.
turn() { api "/sessions/claude-$1/state" | json "$2"; }
does() { [ "$(turn "$1" it.turn)" = "$2" ]; }

ONE=6d0c2f4e-0a55-4c1e-9f0a-1b7e3d9c5a01 TWO=6d0c2f4e-0a55-4c1e-9f0a-1b7e3d9c5a02
start muster "$MUSTER" up --data "$DATA" --listen "127.0.0.1:$PORT" --no-agent --no-open
wait_for "the aggregator" healthy

say "Two hosts join: each is a point of the map, with what it is and how it is"
join laptop
join builder
for name in laptop builder; do
  wait_for "$name" is $name online
  [ "$(host $name os)" = linux ] || fail "$name does not say what it is"
  loaded() { [ "$(host $name 'load !== null && h.processors > 0 && h.disk_total_bytes > 0')" = true ]; }
  wait_for "what $name says of its machine" loaded
done
[ "$(host laptop hooks)" = none ] || fail "nobody says that the hooks are missing on laptop"

say "Coders begin to live on them: edges of the map, found by host"
coder laptop $ONE
coder builder $TWO
for pair in "laptop $ONE" "builder $TWO"; do
  # shellcheck disable=SC2086 # two words
  set -- $pair
  prompt "$2" "Why is the queue slow?" >"$(session_file "$WORK/$1/.claude/projects" "$2")"
  entry "$1" "$2" busy
  wait_for "the session on $1" does "$2" working
  lives() { [ "$(api "/states?host=${id_of[$1]}" | json "it.items.filter(s => s.processes.length).map(s => s.session_id)[0]")" = "claude-$2" ]; }
  wait_for "its place on the map" lives "$1" "$2"
done

say "One needs a person: the map says where, and who says so"
entry builder $TWO waiting "permission prompt"
wait_for "the dialog" does $TWO needs_permission
turn $TWO '`${it.turn}, says the ${it.source} (${it.sources.map(s => `${s.source}: ${s.says}`).join("; ")})`'

say "The agent of that host dies: what was known stays, and is said to be old"
kill -KILL "${agent_of[builder]}"
wait_for "builder to be offline" is builder offline
wait_for "the alarm, since a coder lives there" alarm builder offline
cut() { [ "$(turn $TWO 'it.turn + it.sources.some(s => s.source === "heartbeat" && s.says.includes("offline"))')" = needs_permissiontrue ]; }
wait_for "the word about the cut" cut
[ "$(turn $TWO 'it.processes[0].no_stop')" = "the host is offline" ] || fail "it may be stopped, it seems"

say "Meanwhile the person has answered; the agent comes back and tells"
entry builder $TWO busy
run_agent builder
wait_for "builder again" is builder online
wait_for "what happened meanwhile" does $TWO working
! alarm builder offline || fail "the alarm stays"

say "A coder is killed: it is told at once, because its entry stayed behind"
began=$(date +%s%3N)
kill -KILL "${coder_of[$TWO]}"
until does $TWO failed; do
  [ $(($(date +%s%3N) - began)) -lt 10000 ] || fail "nobody tells that it was killed"
done
echo "told within $(($(date +%s%3N) - began)) ms: $(turn $TWO 'it.sources.map(s => s.says).join("; ")')"

say "A host is removed: it leaves the map, and what was archived stays"
"$MUSTER" host remove laptop --data "$DATA" >"$WORK/remove.log"
gone() { [ "$(api /hosts | json "it.items.some(h => h.name === 'laptop')")" = false ]; }
wait_for "laptop to be gone" gone
[ "$(api "/sessions/claude-$ONE" | json it.human_prompts)" = 1 ] || fail "its archive is gone"
say "Proved."
