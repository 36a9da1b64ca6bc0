//! Conversations over several files, on both databases.

use bytes::Bytes;
use muster_proto::ids::{HostId, TranscriptId};

use super::conversation::{Conversation, Slice};
use super::entries::{self, Ask, Wanted};
use super::find::{Needle, find};
use super::seams::Seams;
use super::{compact, delete, retention};
use crate::access::By;
use crate::domain::transcript::TranscriptKind;
use crate::store::deletions::Tombstones;
use crate::store::frames::{self, NewFrame, RAW};
use crate::store::hosts::{self, Facts};
use crate::store::retention::RuleRow;
use crate::store::testing::both;
use crate::store::transcripts::{self, Advance, NewTranscript, unsigned};
use crate::store::{self, Db};
use crate::transcript::{Depth, Located};

pub(crate) const SESSION: &str = "claude-s1";

/// A prompt with its own id and second.
fn said(id: &str, second: u32) -> String {
    format!(
        r#"{{"type":"user","uuid":"{id}","timestamp":"2026-01-01T00:00:{second:02}Z","message":{{"content":"words of {id}"}}}}"#
    )
}

fn record(text: &str) -> String {
    format!(r#"{{"type":"mode","mode":"{text}"}}"#)
}

pub(crate) async fn host(db: &Db, name: &str) -> HostId {
    let host = HostId::new();
    let mut tx = db.begin().await.unwrap();
    hosts::insert(&mut tx, host, name, b"key", &Facts::default(), 0).await.unwrap();
    tx.commit().await.unwrap();
    host
}

/// Archives a conversation of the session, three lines to a frame.
pub(crate) async fn archive(db: &Db, host: HostId, path: &str, lines: &[String]) -> TranscriptId {
    archive_kind(db, host, path, TranscriptKind::Main, lines).await
}

/// Archives a file of the session, three lines to a frame.
pub(crate) async fn archive_kind(
    db: &Db,
    host: HostId,
    path: &str,
    kind: TranscriptKind,
    lines: &[String],
) -> TranscriptId {
    let id = TranscriptId::new();
    let new = NewTranscript {
        id,
        host,
        coder: "claude".to_owned(),
        root: "/root".to_owned(),
        path: path.to_owned(),
        kind,
        in_lines: true,
        identity: (1, 1),
        session: Some(SESSION.to_owned()),
        size_bytes: 0,
    };
    let mut tx = db.begin().await.unwrap();
    transcripts::open(&mut tx, &[&new], 0).await.unwrap();
    tx.commit().await.unwrap();
    append(db, id, (0, 0), lines).await;
    id
}

/// Appends lines at an offset and line; returns where the next ones go.
async fn append(db: &Db, id: TranscriptId, at: (u64, u64), lines: &[String]) -> (u64, u64) {
    let (mut offset, mut line) = at;
    let mut frames = Vec::new();
    for some in lines.chunks(3) {
        let text: String = some.iter().flat_map(|line| [line.as_str(), "\n"]).collect();
        let (start, first_line) = (offset, line);
        offset += text.len() as u64;
        line += some.len() as u64;
        frames.push(NewFrame {
            transcript: id,
            start,
            end: offset,
            first_line,
            line_count: some.len() as u64,
            codec: RAW,
            bytes: Bytes::from(text),
        });
    }
    let none = (0, [0; 32]);
    let step = Advance { id, from: at.0, to: offset, lines: line, mid_line: false, head: none, tail: none };
    let mut tx = db.begin().await.unwrap();
    assert_eq!(transcripts::advance(&mut tx, &[step], 0).await.unwrap().len(), 1);
    frames::insert(&mut tx, &frames).await.unwrap();
    tx.commit().await.unwrap();
    (offset, line)
}

fn ask(limit: usize, wanted: Wanted) -> Ask<impl Fn(&Located) -> ((String, u64), usize) + Copy> {
    let make = |located: &Located| {
        let name = located.entry.uuid.clone().unwrap_or_else(|| located.entry.kind.clone());
        ((name, located.place.line), 10)
    };
    Ask { wanted, depth: Depth::Glance, limit, bytes: usize::MAX, make }
}

fn names(slice: Slice<(String, u64)>) -> Vec<String> {
    slice.items.into_iter().map(|(name, _)| name).collect()
}

async fn read(db: &Db, seams: &Seams) -> (Conversation, Vec<String>) {
    let whole = Conversation::of_session(db, seams, SESSION).await.unwrap().unwrap();
    let all = names(whole.forward(db, whole.start(), ask(1000, Wanted::Conversation)).await.unwrap());
    pages_agree(db, &whole, &all).await;
    (whole, all)
}

/// Pages of every size, forward and backward, are the whole.
async fn pages_agree(db: &Db, whole: &Conversation, all: &[String]) {
    for limit in [1, 2, 3, 1000] {
        let mut forward = Vec::new();
        let mut at = whole.start();
        loop {
            let page = whole.forward(db, at, ask(limit, Wanted::Conversation)).await.unwrap();
            let (last, more) = (page.last.clone(), page.more);
            forward.extend(names(page));
            let Some((transcript, line)) = last.filter(|_| more) else { break };
            at = whole.spot(&transcript, line + 1).unwrap();
        }
        assert_eq!(forward, all, "forward by {limit}");
        let mut backward = Vec::new();
        let mut at = whole.end();
        loop {
            let page = whole.backward(db, at, ask(limit, Wanted::Conversation)).await.unwrap();
            let (first, more) = (page.first.clone(), page.more);
            backward.splice(0..0, names(page));
            let Some((transcript, line)) = first.filter(|_| more) else { break };
            at = whole.spot(&transcript, line).unwrap();
        }
        assert_eq!(backward, all, "backward by {limit}");
    }
}

fn seam_lines(whole: &Conversation) -> Vec<u64> {
    whole.parts().iter().skip(1).map(|part| part.from).collect()
}

#[tokio::test]
async fn copies_that_diverged_read_as_one_conversation() {
    for test in both().await {
        let (db, seams) = (&test.db, Seams::default());
        let [one, other] = [host(db, "one").await, host(db, "other").await];
        let shared = [said("a", 1), record("x"), said("b", 2)];
        let later = archive(db, one, "/p/s1.jsonl", &[&shared[..], &[said("later", 9)]].concat()).await;
        let earlier =
            archive(db, other, "/q/s1.jsonl", &[&shared[..], &[said("earlier", 5), said("c", 6)]].concat()).await;
        let (whole, all) = read(db, &seams).await;
        assert_eq!(all, ["a", "b", "earlier", "c", "later"]);
        assert_eq!(seam_lines(&whole), [3]);
        // A shared line is found where it is shown, whichever file names it.
        let shown = whole.spot(&later.to_string(), 2).unwrap();
        assert_eq!(Some(shown), whole.spot(&earlier.to_string(), 2));
        let page = whole.forward(db, shown, ask(2, Wanted::All)).await.unwrap();
        assert_eq!(page.first, Some((earlier.to_string(), 2)));
        assert_eq!(whole.spot("unknown", 0), None);
    }
}

#[tokio::test]
async fn what_went_on_elsewhere_follows_what_it_began_as() {
    for test in both().await {
        let (db, seams) = (&test.db, Seams::default());
        let [one, other, third] = [host(db, "one").await, host(db, "other").await, host(db, "third").await];
        let lines = [said("a", 1), said("b", 2), record("end"), said("c", 3), said("d", 4), said("e", 5)];
        archive(db, other, "/q/s1.jsonl", &lines[..5]).await;
        let first = archive(db, one, "/p/s1.jsonl", &lines[..3]).await;
        archive(db, third, "/r/s1.jsonl", &lines).await;
        archive(db, third, "/copy/s1.jsonl", &lines[..2]).await;
        let (whole, all) = read(db, &seams).await;
        assert_eq!(all, ["a", "b", "c", "d", "e"]);
        // A page that is remembered must not outlive what it was made of.
        let bytes = lines[..3].iter().map(|line| line.len() as u64 + 1).sum();
        append(db, first, (bytes, 3), &[said("own", 8)]).await;
        let (later, all) = read(db, &seams).await;
        assert_eq!(all, ["a", "b", "c", "d", "e", "own"]);
        assert!(later.parts().len() >= 2 && whole.parts().len() >= 2);
    }
}

#[tokio::test]
async fn a_copy_that_was_written_anew_is_the_same_conversation() {
    for test in both().await {
        let (db, seams) = (&test.db, Seams::default());
        let [one, other] = [host(db, "one").await, host(db, "other").await];
        archive(db, one, "/p/s1.jsonl", &[said("lost", 1), said("a", 1)]).await;
        archive(db, one, "/p/s1.jsonl", &[record("x"), said("a", 1), said("b", 2)]).await;
        let anew = [record("y"), said("a", 1).replace("words", "word"), record("z"), said("b", 2), said("c", 3)];
        archive(db, other, "/q/s1.jsonl", &anew).await;
        let (whole, all) = read(db, &seams).await;
        assert_eq!(all, ["a", "b", "c"], "and the generation that was replaced is not read");
        assert_eq!(seam_lines(&whole), [4]);
    }
}

#[tokio::test]
async fn a_page_ends_before_it_grows_too_large() {
    for test in both().await {
        let db = &test.db;
        let one = host(db, "one").await;
        let lines: Vec<String> = (0..20).map(|at| said(&format!("n{at}"), at)).collect();
        archive(db, one, "/p/s1.jsonl", &lines).await;
        let whole = Conversation::of_session(db, &Seams::default(), SESSION).await.unwrap().unwrap();
        let small = |bytes| Ask { bytes, ..ask(100, Wanted::All) };
        let page = whole.forward(db, whole.start(), small(45)).await.unwrap();
        assert_eq!((page.items.len(), page.more), (4, true));
        let page = whole.backward(db, whole.end(), small(45)).await.unwrap();
        assert_eq!((page.items.len(), page.first.map(|(_, line)| line)), (4, Some(16)));
        let page = whole.forward(db, whole.start(), small(1)).await.unwrap();
        assert_eq!(page.items.len(), 1, "an entry that is too large by itself is still given");
        let page = whole.backward(db, whole.line(3), small(1000)).await.unwrap();
        assert_eq!((page.items.len(), page.more), (3, false));
    }
}

#[tokio::test]
async fn a_line_is_found_by_its_number() {
    for test in both().await {
        let db = &test.db;
        let one = host(db, "one").await;
        let lines: Vec<String> = (0..8).map(|at| said(&format!("n{at}"), at)).collect();
        let id = archive(db, one, "/p/s1.jsonl", &lines).await;
        let row = transcripts::get(db, id).await.unwrap().unwrap();
        for (number, line) in lines.iter().enumerate() {
            let (place, bytes) = entries::line(db, &row, number as u64).await.unwrap().unwrap();
            assert_eq!(bytes.as_deref(), Some(line.as_bytes()));
            assert_eq!(place.bytes, line.len() as u64 + 1);
        }
        assert!(entries::line(db, &row, 8).await.unwrap().is_none());
        assert!(entries::line(db, &row, u64::MAX).await.unwrap().is_none());
    }
}

#[tokio::test]
async fn a_text_is_found_in_order_and_once_where_it_was_copied() {
    for test in both().await {
        let (db, seams) = (&test.db, Seams::default());
        let [one, other] = [host(db, "one").await, host(db, "other").await];
        let first = archive(db, one, "/p/s1.jsonl", &[said("a", 1), record("words of a"), said("b", 2)]).await;
        let second =
            archive(db, other, "/q/s1.jsonl", &[said("a", 1), record("words of a"), said("b", 2), said("c", 3)]).await;
        let whole = Conversation::of_session(db, &seams, SESSION).await.unwrap().unwrap();
        let hits = find(db, &whole, &Needle::new("WORDS OF").unwrap(), whole.start()).await.unwrap();
        let places: Vec<(String, u64)> = hits.hits.into_iter().map(|hit| (hit.transcript, hit.line)).collect();
        assert_eq!(places, [(first.to_string(), 0), (first.to_string(), 2), (second.to_string(), 3)]);
        assert_eq!(hits.stopped_at, None);
    }
}

/// Whether any file of a folder holds these bytes.
fn is_in_files(folder: &std::path::Path, wanted: &str) -> bool {
    let files = std::fs::read_dir(folder).unwrap().flatten();
    files
        .into_iter()
        .any(|file| memchr::memmem::find(&std::fs::read(file.path()).unwrap(), wanted.as_bytes()).is_some())
}

#[tokio::test]
async fn what_is_deleted_is_in_no_file_of_the_database() {
    let folder = tempfile::tempdir().unwrap();
    let db = Db::open(None, &folder.path().join("muster.db")).await.unwrap();
    let one = host(&db, "one").await;
    let lines: Vec<String> = (0..200).map(|at| said(&format!("unspeakable-{at}"), at % 60)).collect();
    let id = archive(&db, one, "/p/s1.jsonl", &lines).await;
    archive(&db, one, "/p/s2.jsonl", &[said("other", 1)]).await;
    assert!(is_in_files(folder.path(), "unspeakable-7"), "the test looks for what is not there in the first place");
    // Compaction leaves free pages behind, in which the lines stood before.
    let row = transcripts::get(&db, id).await.unwrap().unwrap();
    compact::transcript(&db, id, 0, unsigned(row.committed_offset)).await.unwrap();
    let tombstones = Tombstones::default();
    delete::bury(&db, &tombstones, SESSION, &By::cli(), "a court order").await.unwrap();
    assert!(tombstones.has(SESSION));
    assert_eq!(delete::remove(&db, SESSION).await.unwrap().transcripts.len(), 2);
    assert!(!is_in_files(folder.path(), "unspeakable"));
    assert!(is_in_files(folder.path(), "a court order"), "why it was deleted stays");
    db.close().await;
    assert!(!is_in_files(folder.path(), "unspeakable"));
}

#[tokio::test]
async fn a_deletion_that_was_interrupted_is_finished() {
    for test in both().await {
        let db = &test.db;
        let one = host(db, "one").await;
        let lines: Vec<String> = (0..600).map(|at| said(&format!("n{at}"), at % 60)).collect();
        let id = archive(db, one, "/p/s1.jsonl", &lines).await;
        delete::bury(db, &Tombstones::default(), SESSION, &By::cli(), "test").await.unwrap();
        assert_eq!(delete::finish(db).await.unwrap().transcripts, [id]);
        assert!(transcripts::get(db, id).await.unwrap().is_none());
        assert!(frames::extents(db, id, 0, u64::MAX / 2, 10).await.unwrap().is_empty());
        assert_eq!(delete::finish(db).await.unwrap().transcripts, []);
        let again = Tombstones::default();
        again.refresh(db).await.unwrap();
        assert!(again.has(SESSION) && !again.has("claude-other"));
    }
}

#[tokio::test]
async fn a_rule_means_old_sessions_of_its_host_and_project_only() {
    const DAY: i64 = 24 * 3_600_000;
    for test in both().await {
        let db = &test.db;
        let [one, other] = [host(db, "one").await, host(db, "other").await];
        archive(db, one, "/p/s1.jsonl", &[said("a", 1)]).await;
        let sql = "INSERT INTO sessions (id, coder, hosts, project_path, last_activity_at, entries, conversation, \
            unreadable, subagents, gone, project_id) VALUES ($1, 'claude', '[]', '', $2, 1, 1, 0, 0, FALSE, $3)";
        db.execute(sql, crate::vals![SESSION, 10 * DAY, "p1"]).await.unwrap();
        let rule = |host: Option<HostId>, project: Option<&str>, days| RuleRow {
            id: "r".to_owned(),
            host_id: host.map(|host| host.to_string()),
            project_id: project.map(str::to_owned),
            days,
            enabled: true,
        };
        let now = 40 * DAY + 1;
        for (rule, sessions) in [
            (rule(None, None, 30), 1),
            (rule(None, None, 31), 0),
            (rule(Some(one), None, 30), 1),
            (rule(Some(other), None, 30), 0),
            (rule(None, Some("p1"), 30), 1),
            (rule(Some(one), Some("p2"), 30), 0),
        ] {
            let (sum, examples) = retention::preview(db, &rule, now).await.unwrap();
            assert_eq!((sum.sessions, examples.len()), (sessions, usize::try_from(sessions).unwrap()), "{rule:?}");
            assert_eq!(sum.bytes > 0, sessions > 0);
        }
        assert!(retention::due(db, now).await.unwrap().is_empty(), "without a rule everything is kept");
        let mut tx = db.begin().await.unwrap();
        store::retention::insert(&mut tx, &rule(None, None, 30), "ann", 0).await.unwrap();
        tx.commit().await.unwrap();
        assert_eq!(retention::due(db, now).await.unwrap()[0].0, SESSION);
        let mut tx = db.begin().await.unwrap();
        let off = RuleRow { enabled: false, ..rule(None, None, 30) };
        assert!(store::retention::update(&mut tx, &off).await.unwrap());
        tx.commit().await.unwrap();
        assert!(retention::due(db, now).await.unwrap().is_empty());
        // A copy on another host: no longer a session of the first host alone.
        archive(db, other, "/q/s1.jsonl", &[said("a", 1)]).await;
        let (sum, _) = retention::preview(db, &rule(Some(one), None, 30), now).await.unwrap();
        assert_eq!(sum.sessions, 0);
    }
}
