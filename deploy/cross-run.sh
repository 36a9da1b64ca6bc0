#!/bin/sh
# Runs an agent that was built for another machine against a real aggregator on this one: it joins, follows files that
# grow, and the archive must then hold the same bytes as the files.
#
# Usage: deploy/cross-run.sh AGENT [RUNNER...]        for example: ... qemu-aarch64 -L /usr/aarch64-linux-gnu
set -eu
agent=$1
shift

cd "$(dirname "$0")/.."
muster=${MUSTER_BIN:-${CARGO_TARGET_DIR:-target}/debug/muster}
[ -x "$muster" ] || { cargo build --locked -p muster; }

place=$(mktemp -d)
aggregator=
follower=
clean_up() {
    [ -z "$follower" ] || kill "$follower" 2>/dev/null || true
    [ -z "$aggregator" ] || kill "$aggregator" 2>/dev/null || true
    wait 2>/dev/null || true
    rm -rf "$place"
}
trap clean_up EXIT

until_true() { # what, then a command that succeeds in the end
    what=$1
    shift
    tries=0
    until "$@" >/dev/null 2>&1; do
        tries=$((tries + 1))
        if [ "$tries" -gt 150 ]; then
            echo "never came true: $what" >&2
            cat "$place"/*.log >&2
            exit 1
        fi
        sleep 0.2
    done
}

"$@" "$agent" --version

"$muster" serve --data "$place/data" --listen 127.0.0.1:0 --log info >"$place/aggregator.log" 2>&1 &
aggregator=$!
until_true "the aggregator is ready" grep -q 'aggregator ready' "$place/aggregator.log"
url=$(sed -n 's|.*aggregator ready.* url="\([^"]*\)".*|\1|p' "$place/aggregator.log" | head -n 1)
token=$("$muster" host add elsewhere --data "$place/data" 2>/dev/null | sed -n 's|^ *muster-agent join [^ ]* ||p')

"$@" "$agent" --state "$place/state" join "$url" "$token"

mkdir -p "$place/home/projects/p"
transcript=$place/home/projects/p/session.jsonl
echo '{"type":"user","n":0}' >"$transcript"
"$@" "$agent" --state "$place/state" --log warn run --root "claude=$place/home" >"$place/agent.log" 2>&1 &
follower=$!

link_is_up() { "$@" "$agent" --state "$place/state" status --json | grep -q '"link":"up"'; }
until_true "the link stands" link_is_up "$@"
for n in 1 2 3 4 5; do
    echo "{\"type\":\"user\",\"n\":$n}" >>"$transcript"
done

admin=$("$muster" token create check --role admin --data "$place/data" 2>/dev/null | tail -n 1)
verify() { "$muster" verify --data "$place/data" --url "$url" --token "$admin"; }
bytes=$(wc -c <"$transcript")
all_is_archived() { verify | grep -q "1 transcripts, $bytes bytes: 1 equal"; }
until_true "all $bytes bytes are archived" all_is_archived
"$@" "$agent" --state "$place/state" status
verify
kill "$follower"
wait "$follower" || { echo "the agent did not end well" >&2; exit 1; }
follower=
echo "it joined, followed, and ended; the archive holds the bytes of its file"
