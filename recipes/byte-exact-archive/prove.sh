#!/usr/bin/env bash
# Proves the recipe beside it: what is archived is what was written, byte for byte, also after the file is gone.
set -euo pipefail
. "$(dirname "$0")/../lib.sh"

PORT=$(free_port) DATA=$WORK/data URL=http://127.0.0.1:$PORT
SESSION=6f0e4d5c-8a53-4c0e-9d35-0b7d5f1c2a10
FILE=$(session_file "$WORK/projects" $SESSION)

say "A transcript with everything that breaks parsers: NUL bytes, invalid UTF-8, a line of 3 MB"
prompt $SESSION "Make the checkout page faster" >"$FILE"
printf 'null \000\000 and no UTF-8 \377\376\n' >>"$FILE"
{ head -c 3000000 /dev/zero | tr '\0' x; echo; } >>"$FILE"

start muster "$MUSTER" up --data "$DATA" --listen "127.0.0.1:$PORT" --root "claude=$WORK/projects" --no-open
wait_for "the aggregator" healthy
wait_for "the archive" archived "$FILE"
ID=$(transcript "$FILE" id)

say "It grows while it is followed"
for i in $(seq 20); do prompt $SESSION "Step $i" >>"$FILE"; done
wait_for "the new lines" archived "$FILE"

say "The archive's bytes are the file's bytes"
api "/transcripts/$ID/raw" >"$WORK/raw"
cmp "$FILE" "$WORK/raw" || fail "the archive differs from the file"
api "/transcripts/$ID/raw" -H 'Range: bytes=-100' | cmp - <(tail -c 100 "$FILE") || fail "the last 100 bytes differ"

say "verify asks the host for the digest of its file and compares"
"$MUSTER" verify --data "$DATA" --url "$URL"

say "The file is rewritten: the archive keeps both contents"
prompt $SESSION "A new beginning" >"$FILE"
wait_for "the new content" archived "$FILE"
[ "$(transcript "$FILE" generation)" = 1 ] || fail "the rewritten file is not a new generation"
api "/transcripts/$ID/raw" | cmp - "$WORK/raw" || fail "the first content is no longer what it was"

say "The file is deleted, as the coder does after 30 days: the archive keeps it"
SECOND=$(transcript "$FILE" id)
kept=$(sha256_of "$FILE")
rm "$FILE"
gone() { [ "$(api '/transcripts?state=gone&limit=1000' | json "it.items.some(t => t.id === '$SECOND')")" = true ]; }
wait_for "the transcript to be gone" gone
api "/transcripts/$SECOND/raw" >"$WORK/raw"
[ "$(sha256_of "$WORK/raw")" = "$kept" ] || fail "the archive of the deleted file differs"

say "What the host no longer has is still found, read and exported"
found() { [ "$(api '/search?q=is:gone%20beginning' | json 'it.items[0]?.session_id')" = "claude-$SESSION" ]; }
wait_for "the deleted session in the search" found
"$MUSTER" export "claude-$SESSION" --data "$DATA" --url "$URL" --format markdown --output "$WORK/kept.md"
grep -q "A new beginning" "$WORK/kept.md" || fail "the export lacks the prompt"

say "Deleted for good: nothing of it is left, and it does not come back"
api "/sessions/claude-$SESSION/delete" -X POST -H 'content-type: application/json' -d '{"reason":"proof"}' >/dev/null
[ "$(api '/transcripts?limit=1000' | json "it.items.filter(t => t.session_id === 'claude-$SESSION').length")" = 0 ] || fail "transcripts are left"
unfound() { [ "$(api '/search?q=beginning' | json it.total)" = 0 ]; }
wait_for "the search to forget it" unfound
prompt $SESSION "A new beginning" >"$FILE"
OTHER=$(session_file "$WORK/projects" 7a1e4d5c-8a53-4c0e-9d35-0b7d5f1c2a11)
prompt 7a1e4d5c-8a53-4c0e-9d35-0b7d5f1c2a11 "Something else" >"$OTHER"
wait_for "what came later" archived "$OTHER"
unfound || fail "the deleted session came back"
say "Proved."
