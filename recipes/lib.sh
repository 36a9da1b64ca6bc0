# What the recipes share: a temporary folder, programs that end with the script, waiting for a condition. Sourced, never run.
# shellcheck shell=bash disable=SC2034

REPO=$(cd "$(dirname "${BASH_SOURCE[0]}")/.." && pwd)
MUSTER=${MUSTER_BIN:-$REPO/target/debug/muster}
AGENT=${MUSTER_AGENT_BIN:-$REPO/target/debug/muster-agent}
WORK=$(mktemp -d "${TMPDIR:-/tmp}/muster-recipe.XXXXXX")
running=()

[ -x "$MUSTER" ] && [ -x "$AGENT" ] || { echo "Build first: make build" >&2; exit 1; }

say() { printf -- '-- %s\n' "$*"; }
fail() {
  printf 'FAILED: %s\n' "$*" >&2
  for log in "$WORK"/*.log; do [ -f "$log" ] && { echo "--- $log"; tail -n 15 "$log"; } >&2; done
  exit 1
}

finish() {
  local code=$? i
  set +e
  for ((i = ${#running[@]} - 1; i >= 0; i--)); do kill "${running[i]}" 2>/dev/null && wait "${running[i]}" 2>/dev/null; done
  rm -rf "$WORK"
  exit "$code"
}
trap finish EXIT
trap 'exit 130' INT TERM

# start NAME COMMAND…: runs it until the script ends; its words go to $WORK/NAME.log. Leaves its process id in $started.
start() {
  local name=$1
  shift
  "$@" >"$WORK/$name.log" 2>&1 </dev/null &
  started=$!
  running+=("$started")
}

# stop PID: ends it now, politely, and waits for it.
stop() { kill "$1" && wait "$1" || true; }

# wait_for WORDS COMMAND…: until the command succeeds, at most 30 seconds.
wait_for() {
  local words=$1 end=$((SECONDS + 30))
  shift
  until "$@" >/dev/null 2>&1; do
    [ $SECONDS -lt $end ] || fail "waited 30 s for: $words"
    sleep 0.1
  done
}

free_port() { node -e 'const s = require("net").createServer().listen(0, "127.0.0.1", () => { console.log(s.address().port); s.close(); })'; }

# json EXPRESSION: what it says about the JSON on standard input, called `it`.
json() { node -e 'const it = JSON.parse(require("fs").readFileSync(0)); const x = eval(process.argv[1]); console.log(typeof x === "string" ? x : JSON.stringify(x))' "$1"; }

# api PATH [CURL OPTIONS…]: asks the aggregator at $URL with the owner token of $DATA.
api() {
  local path=$1
  shift
  curl -sS --fail-with-body --max-time 20 -H "Authorization: Bearer $(cat "$DATA/owner.token")" "$@" "$URL/api/v1$path"
}

healthy() { curl -sfk --max-time 2 "$URL/healthz"; }

sha256_of() { sha256sum <"$1" | cut -d' ' -f1; }

# session_file FOLDER SESSION: a project folder as the coder makes it, and in it the path of one session's transcript.
session_file() { mkdir -p "$1/-home-dev-shop" && echo "$1/-home-dev-shop/$2.jsonl"; }

# prompt SESSION TEXT: a line as the coder writes it for what a person typed.
prompt() {
  printf '{"type":"user","uuid":"%s","sessionId":"%s","timestamp":"%s","cwd":"/home/dev/shop","gitBranch":"main","version":"2.1.197","message":{"role":"user","content":"%s"}}\n' \
    "$(cat /proc/sys/kernel/random/uuid)" "$1" "$(date -u +%Y-%m-%dT%H:%M:%S.000Z)" "$2"
}

# archived FILE: the archive holds as many bytes of this path as the file has.
archived() { [ "$(transcript "$1" bytes)" = "$(stat -c %s "$1")" ]; }

# transcript FILE FIELD: that field of the live transcript at this path.
transcript() { api '/transcripts?state=live&limit=1000' | json "it.items.find(t => t.path === '$1')?.$2 ?? null"; }
