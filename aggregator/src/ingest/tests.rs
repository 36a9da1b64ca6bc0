//! The entrance against a real store: positions, parts, group commits, links that replace each other.

use bytes::Bytes;
use muster_proto::fleet::{self, Codec, FileForm};
use muster_proto::ids::{HostId, TranscriptId};
use tokio_util::sync::CancellationToken;
use tokio_util::task::AbortOnDropHandle;

use super::acks::Ending;
use super::desk::archived_to;
use super::{Acks, Ingest, Intake};
use crate::access::By;
use crate::archive::{compact, delete, entries, raw};
use crate::domain::session::SessionId;
use crate::domain::time::now_ms;
use crate::live::{Activity, Hub, Topic, Wake};
use crate::store::hosts::{self, Facts};
use crate::store::testing::TestDb;
use crate::store::transcripts::{self, unsigned};
use crate::store::{Db, deletions, lines};
use crate::transcript::{Depth, Located};

pub(crate) struct Stand {
    pub(crate) db: Db,
    pub(crate) hub: Hub,
    pub(crate) ingest: Ingest,
    pub(crate) wake: Wake,
    pub(crate) unsearched: Wake,
    host: HostId,
    _writer: AbortOnDropHandle<()>,
    _database: TestDb,
}

impl Stand {
    pub(crate) async fn new(database: TestDb) -> Self {
        let db = database.db.clone();
        let host = HostId::new();
        let mut tx = db.begin().await.unwrap();
        hosts::insert(&mut tx, host, "box", b"key", &Facts::default(), 0).await.unwrap();
        tx.commit().await.unwrap();
        let hub = Hub::new(|topic, _, update| {
            let lines: Vec<u64> = update.entries.iter().map(|entry| entry.place.line).collect();
            let removed: Vec<&str> = update.removed_sessions.iter().map(SessionId::as_str).collect();
            if removed.is_empty() { format!("{topic} {lines:?}") } else { format!("{topic} without {removed:?}") }
        });
        let (wake, unsearched) = (Wake::default(), Wake::default());
        let followers = vec![wake.clone(), unsearched.clone()];
        let (ingest, writer) = Ingest::new(db.clone(), hub.clone(), Activity::default(), followers);
        let writer = AbortOnDropHandle::new(tokio::spawn(writer.run(CancellationToken::new())));
        Self { db, hub, ingest, wake, unsearched, host, _writer: writer, _database: database }
    }

    pub(crate) async fn link(&self) -> (Intake, Acks) {
        self.link_of(self.host).await
    }

    pub(crate) async fn link_of(&self, host: HostId) -> (Intake, Acks) {
        let acks = Acks::default();
        let epoch = hosts::take_link(&self.db, host, &Facts::default(), "[]", 0).await.unwrap();
        (self.ingest.link(host, epoch, acks.clone()).await.unwrap(), acks)
    }

    /// Another host beside the first, "box".
    pub(crate) async fn another_host(&self, name: &str) -> HostId {
        let (host, mut tx) = (HostId::new(), self.db.begin().await.unwrap());
        hosts::insert(&mut tx, host, name, name.as_bytes(), &Facts::default(), 0).await.unwrap();
        tx.commit().await.unwrap();
        host
    }

    /// Removes a transcript as if it had never been archived.
    pub(crate) async fn erase(&self, id: TranscriptId) {
        let id = || crate::vals![id.to_string()];
        self.db.execute("DELETE FROM frames WHERE transcript_id = $1", id()).await.unwrap();
        self.db.execute("DELETE FROM transcripts WHERE id = $1", id()).await.unwrap();
    }

    async fn archived(&self, id: TranscriptId) -> Vec<u8> {
        use futures_util::TryStreamExt as _;
        self.ingest.flushed().await.unwrap();
        let row = transcripts::get(&self.db, id).await.unwrap().unwrap();
        let committed = unsigned(row.committed_offset);
        let pieces: Vec<Bytes> = raw::stream(self.db.clone(), id, 0, committed, committed).try_collect().await.unwrap();
        pieces.concat()
    }
}

/// Runs a test on the embedded database and on PostgreSQL.
macro_rules! on_both {
    ($test:ident) => {
        mod $test {
            #[tokio::test]
            async fn on_both_databases() {
                for database in crate::store::testing::both().await {
                    super::$test(super::Stand::new(database).await).await;
                }
            }
        }
    };
}

const PATH: &str = "/home/dev/.claude/projects/-srv/00000001-0000-4000-8000-000000000001.jsonl";
pub(crate) const SESSION: &str = "claude-00000001-0000-4000-8000-000000000001";

fn open(handle: u64, path: &str) -> fleet::Open {
    fleet::Open {
        handle,
        coder: "claude".to_owned(),
        root: "/home/dev/.claude/projects".to_owned(),
        path: path.to_owned(),
        form: FileForm::Lines.into(),
        ..fleet::Open::default()
    }
}

pub(crate) async fn opened(intake: &mut Intake) -> TranscriptId {
    opened_at(intake, PATH).await
}

pub(crate) async fn opened_at(intake: &mut Intake, path: &str) -> TranscriptId {
    intake.open(&open(1, path)).await.unwrap().transcript_id.parse().unwrap()
}

pub(crate) fn frame(id: TranscriptId, start_offset: u64, bytes: &[u8], more: bool) -> fleet::Frame {
    fleet::Frame {
        transcript_id: id.to_string(),
        start_offset,
        raw_bytes: u32::try_from(bytes.len()).unwrap(),
        codec: Codec::Raw.into(),
        bytes: Bytes::copy_from_slice(bytes),
        more,
    }
}

/// Offset and preview of every line.
fn ask(limit: usize) -> entries::Ask<impl Fn(&Located) -> ((u64, String), usize)> {
    let make = |located: &Located| ((located.place.offset, located.entry.preview.text.clone()), 0);
    entries::Ask { wanted: entries::Wanted::All, depth: Depth::Glance, limit, bytes: usize::MAX, make }
}

pub(crate) fn prompt(text: &str) -> String {
    format!("{{\"type\":\"user\",\"message\":{{\"content\":\"{text}\"}}}}\n")
}

on_both!(frames_land_once_wherever_they_begin);
async fn frames_land_once_wherever_they_begin(stand: Stand) {
    let (mut intake, acks) = stand.link().await;
    let id = opened(&mut intake).await;
    assert_eq!(intake.accept(frame(id, 0, b"one\ntwo\n", false)).await.unwrap(), None);
    let known = intake.accept(frame(id, 0, b"one\n", false)).await.unwrap().unwrap();
    assert_eq!((known.offset, known.line), (8, 2));
    assert_eq!(intake.accept(frame(id, 4, b"two\nthree\n", false)).await.unwrap(), None);
    let gap = intake.accept(frame(id, 99, b"x\n", false)).await.unwrap().unwrap();
    assert_eq!((gap.offset, gap.line), (14, 3));
    assert_eq!(stand.archived(id).await, b"one\ntwo\nthree\n");
    assert_eq!(acks.next().await.unwrap()[&id], 14);
}

on_both!(parts_of_a_line_commit_as_one);
async fn parts_of_a_line_commit_as_one(stand: Stand) {
    let (mut intake, _acks) = stand.link().await;
    let id = opened(&mut intake).await;
    intake.accept(frame(id, 0, b"first\n", false)).await.unwrap();
    intake.accept(frame(id, 6, b"long ", true)).await.unwrap();
    assert_eq!(stand.archived(id).await, b"first\n");
    // The link breaks; the next one cuts the parts elsewhere.
    let (mut intake, _acks) = stand.link().await;
    intake.accept(frame(id, 6, b"long li", true)).await.unwrap();
    intake.accept(frame(id, 13, b"ne\n", false)).await.unwrap();
    assert_eq!(stand.archived(id).await, b"first\nlong line\n");
}

on_both!(parts_that_are_turned_back_within_one_group_do_not_collide);
async fn parts_that_are_turned_back_within_one_group_do_not_collide(stand: Stand) {
    let (mut intake, acks) = stand.link().await;
    let id = opened(&mut intake).await;
    intake.accept(frame(id, 0, b"lo", true)).await.unwrap();
    assert_eq!(intake.accept(frame(id, 50, b"x", true)).await.unwrap().unwrap().offset, 0);
    intake.accept(frame(id, 0, b"long", true)).await.unwrap();
    intake.accept(frame(id, 4, b"\n", false)).await.unwrap();
    assert_eq!(stand.archived(id).await, b"long\n");
    assert_eq!(acks.next().await.unwrap()[&id], 5);
}

on_both!(a_torn_line_is_archived_as_it_is_and_goes_on_later);
async fn a_torn_line_is_archived_as_it_is_and_goes_on_later(stand: Stand) {
    let (mut intake, _acks) = stand.link().await;
    let id = opened(&mut intake).await;
    intake.accept(frame(id, 0, b"{\"torn", false)).await.unwrap();
    assert_eq!(stand.archived(id).await, b"{\"torn");
    let (mut intake, _acks) = stand.link().await;
    let next = prompt("next");
    intake.accept(frame(id, 6, b"\n", false)).await.unwrap();
    intake.accept(frame(id, 7, next.as_bytes(), false)).await.unwrap();
    stand.ingest.flushed().await.unwrap();
    let row = transcripts::get(&stand.db, id).await.unwrap().unwrap();
    assert_eq!((row.lines, row.mid_line), (2, false));
    let found = entries::forward(&stand.db, &row, 0, &ask(10)).await.unwrap();
    let offsets: Vec<(u64, u64)> = found.items.iter().map(|(line, (offset, _))| (*line, *offset)).collect();
    assert_eq!(offsets, [(0, 0), (1, 7)]);
}

on_both!(an_older_link_cannot_write);
async fn an_older_link_cannot_write(stand: Stand) {
    let (mut older, older_acks) = stand.link().await;
    let id = opened(&mut older).await;
    older.accept(frame(id, 0, b"one\n", false)).await.unwrap();
    stand.ingest.flushed().await.unwrap();
    let (mut newer, newer_acks) = stand.link().await;
    older.accept(frame(id, 4, b"OLD\n", false)).await.unwrap();
    older.gone(&fleet::Gone { transcript_id: id.to_string() }).await.unwrap();
    newer.accept(frame(id, 4, b"two\n", false)).await.unwrap();
    assert_eq!(stand.archived(id).await, b"one\ntwo\n");
    assert_eq!(newer_acks.next().await.unwrap()[&id], 8);
    older_acks.next().await.unwrap();
    assert_eq!(older_acks.next().await, Err(Ending::Superseded));
}

on_both!(a_replaced_file_is_a_new_generation_and_the_old_one_is_kept);
async fn a_replaced_file_is_a_new_generation_and_the_old_one_is_kept(stand: Stand) {
    let (mut intake, _acks) = stand.link().await;
    let old = opened(&mut intake).await;
    intake.accept(frame(old, 0, b"old\n", false)).await.unwrap();
    let again = fleet::Open { replaces: old.to_string(), ..open(2, PATH) };
    let new: TranscriptId = intake.open(&again).await.unwrap().transcript_id.parse().unwrap();
    intake.accept(frame(new, 0, b"new\n", false)).await.unwrap();
    assert_eq!((stand.archived(old).await, stand.archived(new).await), (b"old\n".to_vec(), b"new\n".to_vec()));
    let states = [old, new].map(|id| transcripts::get(&stand.db, id));
    let [old, new] = states;
    let (old, new) = (old.await.unwrap().unwrap(), new.await.unwrap().unwrap());
    assert_eq!((old.state.as_str(), old.generation, new.state.as_str(), new.generation), ("gone", 0, "live", 1));
}

on_both!(whoever_joins_finds_a_line_in_the_store_or_gets_it_as_an_update);
async fn whoever_joins_finds_a_line_in_the_store_or_gets_it_as_an_update(stand: Stand) {
    let (mut intake, _acks) = stand.link().await;
    let id = opened(&mut intake).await;
    let topic = Topic::parse(&format!("session:{SESSION}")).unwrap();
    let mut page = stand.hub.page();
    page.join(&topic, None);
    let (first, long) = (prompt("first"), prompt(&"long ".repeat(50)));
    intake.accept(frame(id, 0, first.as_bytes(), false)).await.unwrap();
    assert_eq!(page.next().await.unwrap().as_str(), format!("{topic} [0]"));
    let (head, tail) = long.as_bytes().split_at(20);
    let at = first.len() as u64;
    intake.accept(frame(id, at, head, true)).await.unwrap();
    intake.accept(frame(id, at + 20, tail, false)).await.unwrap();
    assert_eq!(page.next().await.unwrap().as_str(), format!("{topic} [1]"));
}

on_both!(compaction_changes_no_byte_and_every_line_is_still_found);
async fn compaction_changes_no_byte_and_every_line_is_still_found(stand: Stand) {
    let (mut intake, _acks) = stand.link().await;
    let id = opened(&mut intake).await;
    let mut whole = Vec::new();
    for n in 0..200_u64 {
        let line = prompt(&format!("prompt {n} {}", "x".repeat(usize::try_from(1 + n * 37 % 900).unwrap())));
        let (head, tail) = line.as_bytes().split_at(if n % 17 == 0 { 10 } else { 0 });
        if !head.is_empty() {
            intake.accept(frame(id, whole.len() as u64, head, true)).await.unwrap();
        }
        intake.accept(frame(id, (whole.len() + head.len()) as u64, tail, false)).await.unwrap();
        whole.extend_from_slice(line.as_bytes());
    }
    stand.ingest.flushed().await.unwrap();
    let done = compact::transcript(&stand.db, id, 0, whole.len() as u64).await.unwrap();
    assert!(done.frames > done.blocks && done.blocks > 0, "{done:?}");
    assert_eq!(stand.archived(id).await, whole);
    let again = compact::pass(&stand.db, now_ms() + compact::COLD_MS * 2, 10).await.unwrap();
    assert_eq!(again.blocks, 0);
    let row = transcripts::get(&stand.db, id).await.unwrap().unwrap();
    for line in [0, 1, 16, 17, 18, 100, 199] {
        let start = lines::start(&stand.db, id, line, whole.len() as u64).await.unwrap().unwrap();
        assert!(start.line <= line);
        let found = entries::forward(&stand.db, &row, line, &ask(1)).await.unwrap();
        let (number, (_, text)) = &found.items[0];
        assert_eq!(*number, line);
        assert!(text.starts_with(&format!("prompt {line} ")));
    }
    let last = entries::backward(&stand.db, &row, 0, u64::MAX, &ask(30)).await.unwrap();
    let numbers: Vec<u64> = last.items.iter().map(|(line, _)| *line).collect();
    assert_eq!(numbers, (170..200).collect::<Vec<u64>>());
    assert!(last.more);
}

on_both!(what_the_protocol_forbids_is_refused_in_words);
async fn what_the_protocol_forbids_is_refused_in_words(stand: Stand) {
    let (mut intake, _acks) = stand.link().await;
    let id = opened(&mut intake).await;
    for (frame, word) in [
        (fleet::Frame { raw_bytes: 9, ..frame(id, 0, b"one\n", false) }, "claims 9"),
        (fleet::Frame { codec: 0, ..frame(id, 0, b"one\n", false) }, "codec"),
        (fleet::Frame { codec: Codec::Zstd.into(), ..frame(id, 0, b"one\n", false) }, "decompress"),
        (fleet::Frame { raw_bytes: u32::MAX, ..frame(id, 0, b"one\n", false) }, "bound"),
        (fleet::Frame { transcript_id: "x".to_owned(), ..frame(id, 0, b"one\n", false) }, "transcript id"),
    ] {
        let error = intake.accept(frame).await.unwrap_err().to_string();
        assert!(error.contains(word), "{error}");
    }
    for open in [
        fleet::Open { coder: "../x".to_owned(), ..open(3, PATH) },
        fleet::Open { path: String::new(), ..open(3, PATH) },
        fleet::Open { path: "a\0b".to_owned(), ..open(3, PATH) },
    ] {
        assert!(intake.open(&open).await.is_err());
    }
}

on_both!(the_first_line_says_whose_conversation_it_is);
async fn the_first_line_says_whose_conversation_it_is(stand: Stand) {
    let (mut intake, _acks) = stand.link().await;
    let mut place = async |coder: &str, path: &str, first: &str| {
        let open = fleet::Open { coder: coder.to_owned(), root: "/r".to_owned(), ..open(1, path) };
        let id: TranscriptId = intake.open(&open).await.unwrap().transcript_id.parse().unwrap();
        intake.accept(frame(id, 0, format!("{first}\nmore\n").as_bytes(), false)).await.unwrap();
        intake
            .moved(&fleet::Moved {
                transcript_id: id.to_string(),
                root: "/r".into(),
                path: format!("{path}.moved.jsonl"),
            })
            .await
            .unwrap();
        stand.ingest.flushed().await.unwrap();
        let row = transcripts::get(&stand.db, id).await.unwrap().unwrap();
        (row.kind, row.session_id.unwrap_or_default())
    };
    let thread = "0199a213-9f10-7c22-9d01-77c0a1b2c3d4";
    let path = format!("/r/sessions/rollout-2026-10-01T09-00-00-{thread}.jsonl");
    let head = |more: &str| format!(r#"{{"type":"session_meta","payload":{{"id":"{thread}"{more}}}}}"#);
    let own = ("main".to_owned(), format!("codex-{thread}"));
    assert_eq!(place("codex", &path, &head("")).await, own);
    let subagent = head(r#","thread_source":"subagent","parent_thread_id":"p-1""#);
    assert_eq!(place("codex", &path, &subagent).await, ("subagent".to_owned(), "codex-p-1".to_owned()));
    let chat = "/r/shop/chats/session-2026-10-01T09-00-0a1b2c3d.jsonl";
    let head = r#"{"sessionId":"0a1b2c3d-whole","projectHash":"x","kind":"main"}"#;
    assert_eq!(place("gemini", chat, head).await, ("main".to_owned(), "gemini-0a1b2c3d-whole".to_owned()));
    assert_eq!(place("gemini", chat, "torn").await, ("main".to_owned(), String::new()));
}

on_both!(what_was_deleted_is_acknowledged_and_not_kept);
async fn what_was_deleted_is_acknowledged_and_not_kept(stand: Stand) {
    let (mut intake, acks) = stand.link().await;
    let id = opened(&mut intake).await;
    intake.accept(frame(id, 0, b"one\n", false)).await.unwrap();
    stand.ingest.flushed().await.unwrap();
    assert_eq!(acks.next().await.unwrap()[&id], 4);
    delete::bury(&stand.db, stand.ingest.tombstones(), SESSION, &By::cli(), "test").await.unwrap();
    delete::remove(&stand.db, SESSION).await.unwrap();
    // The link that stands goes on as if nothing had happened.
    assert_eq!(intake.accept(frame(id, 4, b"two\nthr", true)).await.unwrap(), None);
    assert_eq!(intake.accept(frame(id, 11, b"ee\n", false)).await.unwrap(), None);
    assert_eq!(acks.next().await.unwrap()[&id], 14);
    // The next one offers the file anew, also under a path that does not name the session.
    let (mut intake, acks) = stand.link().await;
    let again = opened(&mut intake).await;
    intake.accept(frame(again, 0, b"one\ntwo\nthree\n", false)).await.unwrap();
    assert_eq!(acks.next().await.unwrap()[&again], 14);
    let flat = open(2, "/home/dev/.claude/projects/-srv/agent-abc1234.jsonl");
    let flat: TranscriptId = intake.open(&flat).await.unwrap().transcript_id.parse().unwrap();
    let line =
        b"{\"type\":\"user\",\"sessionId\":\"00000001-0000-4000-8000-000000000001\",\"message\":{\"content\":\"x\"}}\n";
    intake.accept(frame(flat, 0, line, false)).await.unwrap();
    assert_eq!(acks.next().await.unwrap()[&flat], line.len() as u64);
    stand.ingest.flushed().await.unwrap();
    assert!(transcripts::get(&stand.db, again).await.unwrap().is_none());
    let row = transcripts::get(&stand.db, flat).await.unwrap().unwrap();
    assert_eq!(row.committed_offset, 0);
    assert!(transcripts::of_session(&stand.db, SESSION).await.unwrap().is_empty());
}

on_both!(what_follows_what_a_rule_deleted_is_archived);
async fn what_follows_what_a_rule_deleted_is_archived(stand: Stand) {
    let (mut intake, acks) = stand.link().await;
    let id = opened(&mut intake).await;
    intake.accept(frame(id, 0, b"old\nolder\n", false)).await.unwrap();
    stand.ingest.flushed().await.unwrap();
    assert_eq!(acks.next().await.unwrap()[&id], 10);
    let by = By::cli();
    let give_up = || delete::empty(&stand.db, stand.ingest.tombstones(), SESSION, &by, "90 days");
    let removed = give_up().await.unwrap();
    assert_eq!((removed.transcripts.as_slice(), removed.sessions.len()), ([id].as_slice(), 1));
    assert!(transcripts::of_session(&stand.db, SESSION).await.unwrap().is_empty());
    assert_eq!(stand.archived(id).await, b"");

    // The link that stands: what was deleted does not come back, whatever is sent again; what follows is kept.
    let back = intake.accept(frame(id, 0, b"old\n", false)).await.unwrap().unwrap();
    assert_eq!((back.offset, back.line), (10, 2));
    assert_eq!(intake.accept(frame(id, 4, b"older\nnew\n", false)).await.unwrap(), None);
    stand.ingest.flushed().await.unwrap();
    assert_eq!(acks.next().await.unwrap()[&id], 14);
    assert_eq!(stand.archived(id).await, b"new\n");

    // A link after a restart of either side: the host is told where to go on in its file.
    let row = transcripts::get(&stand.db, id).await.unwrap().unwrap();
    assert_eq!((archived_to(&row), row.base().line, row.lines, row.head_bytes), (14, 2, 1, 10));
    let (mut intake, acks) = stand.link().await;
    assert_eq!(intake.position(id), Some(14));
    let gap = intake.accept(frame(id, 20, b"later\n", false)).await.unwrap().unwrap();
    assert_eq!((gap.offset, gap.line), (14, 3));
    intake.accept(frame(id, 14, b"newer\n", false)).await.unwrap();
    stand.ingest.flushed().await.unwrap();
    assert_eq!(acks.next().await.unwrap()[&id], 20);
    assert_eq!(stand.archived(id).await, b"new\nnewer\n");

    // The rule again, and then a person: from there on nothing is kept.
    give_up().await.unwrap();
    intake.accept(frame(id, 20, b"last\n", false)).await.unwrap();
    stand.ingest.flushed().await.unwrap();
    assert_eq!((stand.archived(id).await, acks.next().await.unwrap()[&id]), (b"last\n".to_vec(), 25));
    delete::bury(&stand.db, stand.ingest.tombstones(), SESSION, &By::cli(), "a court order").await.unwrap();
    delete::remove(&stand.db, SESSION).await.unwrap();
    give_up().await.unwrap();
    let deleted = deletions::of_session(&stand.db, SESSION).await.unwrap().unwrap();
    assert_eq!(deleted.reason, "a court order", "a rule never weakens what a person decided");
    intake.accept(frame(id, 25, b"never\n", false)).await.unwrap();
    assert_eq!(acks.next().await.unwrap()[&id], 31);
    assert!(transcripts::get(&stand.db, id).await.unwrap().is_none());
}

on_both!(a_session_that_grows_while_a_rule_deletes_it_stays);
async fn a_session_that_grows_while_a_rule_deletes_it_stays(stand: Stand) {
    let (mut intake, _acks) = stand.link().await;
    let id = opened(&mut intake).await;
    intake.accept(frame(id, 0, b"old\n", false)).await.unwrap();
    stand.ingest.flushed().await.unwrap();
    let mut tx = stand.db.begin().await.unwrap();
    let stale = deletions::empty_transcript(&mut tx, &id.to_string(), 3).await.unwrap();
    assert!(stale.is_none());
    drop(tx);
    assert_eq!(stand.archived(id).await, b"old\n");
}
