#!/usr/bin/env bash
# Proves the recipe beside it: an archive moves from the embedded database to PostgreSQL and stays the same, byte for byte.
# The PostgreSQL of this proof is a private one, in a temporary folder, from the installed programs.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

PG=$(dirname "$(printf '%s\n' /usr/lib/postgresql/*/bin/initdb "$(readlink -f "$(command -v initdb)")" | grep -v '\*' | head -n1)")
PORT=$(free_port) PG_PORT=$(free_port)
URL=http://127.0.0.1:$PORT
SESSION=9c1d2e3f-5b6a-4789-8abc-def012345678
FILE=$(session_file "$WORK/projects" $SESSION)
for i in $(seq 200); do prompt $SESSION "Line $i"; done >"$FILE"

say "A team starts small: the embedded database"
DATA=$WORK/data
start muster "$MUSTER" up --data "$DATA" --listen "127.0.0.1:$PORT" --root "claude=$WORK/projects" --no-open
wait_for "the aggregator" healthy
wait_for "the archive" archived "$FILE"
ID=$(transcript "$FILE" id)
stop "$started"

say "A PostgreSQL"
mkdir "$WORK/pg"
as_postgres=()
if [ "$(id -u)" -eq 0 ]; then # PostgreSQL refuses to run as root
  chown nobody "$WORK/pg" && chmod 755 "$WORK"
  as_postgres=(setpriv --reuid=nobody --regid=nogroup --clear-groups)
fi
(cd / && "${as_postgres[@]}" "$PG/initdb" -D "$WORK/pg/data" -U muster --auth=trust --no-sync >"$WORK/initdb.log")
start postgres "${as_postgres[@]}" "$PG/postgres" -D "$WORK/pg/data" -k "$WORK/pg" -p "$PG_PORT" -c listen_addresses=127.0.0.1
wait_for "PostgreSQL" "$PG/pg_isready" -h 127.0.0.1 -p "$PG_PORT" -U muster
"$PG/createdb" -h 127.0.0.1 -p "$PG_PORT" -U muster muster
DATABASE=postgres://muster@127.0.0.1:$PG_PORT/muster

say "backup here, restore there"
"$MUSTER" backup "$WORK/fleet.backup" --data "$DATA"
"$MUSTER" restore "$WORK/fleet.backup" --data "$DATA" --database "$DATABASE"

say "The same fleet, now on PostgreSQL"
start muster-pg "$MUSTER" up --data "$DATA" --database "$DATABASE" --listen "127.0.0.1:$PORT" --root "claude=$WORK/projects" --no-open
wait_for "the aggregator" healthy
api "/transcripts/$ID/raw" | cmp - "$FILE" || fail "the archive changed on its way to PostgreSQL"
prompt $SESSION "And it goes on" >>"$FILE"
wait_for "a new line" archived "$FILE"
"$MUSTER" verify --data "$DATA" --url "$URL"
say "Proved."
