//! The room against a real store: what is archived is found, once, whatever happens in between.

use std::path::PathBuf;
use std::time::Duration;

use muster_proto::ids::{HostId, TranscriptId};
use tempfile::TempDir;
use tokio_util::task::AbortOnDropHandle;

use super::{Answer, Asked, Facet, Search, SearchError, Sort};
use crate::access::By;
use crate::archive::delete;
use crate::ingest::tests::{SESSION, Stand, frame, opened, opened_at, prompt};
use crate::live::Wake;
use crate::store::testing::{TestDb, both};

/// A store with an index beside it.
struct Room {
    stand: Stand,
    folder: TempDir,
    search: Search,
    follower: Option<AbortOnDropHandle<()>>,
}

impl Room {
    async fn new(database: TestDb) -> Self {
        let stand = Stand::new(database).await;
        let folder = tempfile::tempdir().unwrap();
        let (search, follower) = begin(&stand, folder.path().to_owned());
        Self { stand, folder, search, follower: Some(follower) }
    }

    /// Kills the follower wherever it is, and begins another one on the same files.
    async fn restart(&mut self) {
        let follower = self.follower.take().unwrap();
        follower.abort();
        assert!(follower.await.unwrap_err().is_cancelled());
        let (search, follower) = begin(&self.stand, self.folder.path().to_owned());
        (self.search, self.follower) = (search, Some(follower));
    }

    async fn find(&self, query: &str) -> Answer {
        self.search.find(Asked { query: query.to_owned(), limit: 50, ..Asked::default() }).await.unwrap()
    }

    /// Files of the index that hold a text.
    fn files_with(&self, text: &str) -> Vec<PathBuf> {
        let files = std::fs::read_dir(super::indexer::path_in(self.folder.path())).unwrap();
        let mut paths: Vec<PathBuf> = files.map(|file| file.unwrap().path()).collect();
        assert!(!paths.is_empty());
        // The index removes files while they are looked at.
        paths.retain(|path| {
            let bytes = std::fs::read(path).unwrap_or_default();
            bytes.windows(text.len()).any(|window| window == text.as_bytes())
        });
        paths
    }

    /// Lines of the hits, once there are `count` of them and the index lacks nothing.
    async fn finds(&self, query: &str, count: u64) -> Vec<u64> {
        for _ in 0..200 {
            let answer = self.find(query).await;
            if answer.total == count && answer.partial.is_none() {
                let mut lines: Vec<u64> = answer.hits.iter().map(|hit| hit.line).collect();
                lines.sort_unstable();
                return lines;
            }
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
        panic!("{query}: {:?}", self.find(query).await);
    }
}

fn begin(stand: &Stand, folder: PathBuf) -> (Search, AbortOnDropHandle<()>) {
    let (search, follower) = Search::new(stand.db.clone(), folder, stand.unsearched.clone());
    (search, AbortOnDropHandle::new(tokio::spawn(follower.run())))
}

/// Archives lines behind `from`, and returns the offset after them.
async fn append(room: &Room, id: TranscriptId, from: u64, text: &str) -> u64 {
    let (mut intake, _acks) = room.stand.link().await;
    assert_eq!(intake.accept(frame(id, from, text.as_bytes(), false)).await.unwrap(), None);
    room.stand.ingest.flushed().await.unwrap();
    from + text.len() as u64
}

async fn new_transcript(room: &Room) -> TranscriptId {
    let (mut intake, _acks) = room.stand.link().await;
    let id = opened(&mut intake).await;
    room.stand.ingest.flushed().await.unwrap();
    id
}

/// A second conversation.
async fn another_transcript(room: &Room) -> TranscriptId {
    let (mut intake, _acks) = room.stand.link().await;
    let path = "/home/dev/.claude/projects/-srv/00000002-0000-4000-8000-000000000002.jsonl";
    let id = opened_at(&mut intake, path).await;
    room.stand.ingest.flushed().await.unwrap();
    id
}

#[tokio::test]
async fn what_is_archived_is_found() {
    for database in both().await {
        let room = Room::new(database).await;
        let id = new_transcript(&room).await;
        let end = append(&room, id, 0, &(prompt("fix the parseHTTPResponse bug") + &prompt("thanks"))).await;
        assert_eq!(room.finds("parse_http", 1).await, [0]);
        append(&room, id, end, &prompt("another bug in src/auth.rs")).await;
        assert_eq!(room.finds("bug", 2).await, [0, 2]);
        assert_eq!(room.finds("bug -auth", 1).await, [0]);
        let answer = room.find("\"src/auth.rs\" role:prompt").await;
        let hit = &answer.hits[0];
        assert_eq!((hit.transcript.as_str(), hit.line), (id.to_string().as_str(), 2));
        assert_eq!(hit.snippet.text, "another bug in src/auth.rs");
        assert_eq!(hit.snippet.highlights, [(15, 26)]);
        assert_eq!(answer.sessions[0].hits, 1);
    }
}

#[tokio::test]
async fn nothing_is_lost_or_doubled_by_restarts() {
    for database in both().await {
        let mut room = Room::new(database).await;
        let id = new_transcript(&room).await;
        let mut end = 0;
        for round in 1..=4_u64 {
            for _ in 0..5 {
                end = append(&room, id, end, &prompt("again and again")).await;
            }
            // At different moments: before anything is indexed, in the middle of it, and after it.
            if round % 2 == 0 {
                room.finds("again", round * 5).await;
            } else {
                room.search.0.pieces.clear();
                tokio::task::yield_now().await;
            }
            room.restart().await;
        }
        assert_eq!(room.finds("again", 20).await, (0..20).collect::<Vec<u64>>());
    }
}

#[tokio::test]
async fn a_deleted_index_is_built_again() {
    for database in both().await {
        let mut room = Room::new(database).await;
        let id = new_transcript(&room).await;
        append(&room, id, 0, &prompt("needle")).await;
        room.finds("needle", 1).await;
        room.search.rebuild().await.unwrap();
        room.finds("needle", 1).await;
        room.follower.take().unwrap().abort();
        std::fs::remove_dir_all(room.folder.path()).unwrap();
        let (search, follower) = begin(&room.stand, room.folder.path().to_owned());
        (room.search, room.follower) = (search, Some(follower));
        room.finds("needle", 1).await;
    }
}

#[tokio::test]
async fn a_damaged_index_is_built_again() {
    let [database, _] = both().await;
    let mut room = Room::new(database).await;
    let id = new_transcript(&room).await;
    append(&room, id, 0, &prompt("needle")).await;
    room.finds("needle", 1).await;
    let follower = room.follower.take().unwrap();
    follower.abort();
    assert!(follower.await.unwrap_err().is_cancelled());
    let path = super::indexer::path_in(room.folder.path()).join("meta.json");
    std::fs::write(path, "{ not json").unwrap();
    let (search, follower) = begin(&room.stand, room.folder.path().to_owned());
    (room.search, room.follower) = (search, Some(follower));
    room.finds("needle", 1).await;
}

#[tokio::test]
async fn forgotten_words_are_gone_from_the_disk() {
    let [database, _] = both().await;
    let room = Room::new(database).await;
    let id = new_transcript(&room).await;
    append(&room, id, 0, &prompt("xyzzyplugh stays secret")).await;
    room.finds("xyzzyplugh", 1).await;
    room.stand.erase(id).await;
    room.search.forget(vec![id]).await.unwrap();
    assert_eq!(room.find("xyzzyplugh").await.total, 0);
    assert_eq!(room.files_with("xyzzyplugh"), Vec::<PathBuf>::new());
}

#[tokio::test]
async fn forgotten_words_leave_the_disk_also_when_somebody_has_read_them() {
    let [database, _] = both().await;
    let room = Room::new(database).await;
    let id = new_transcript(&room).await;
    append(&room, id, 0, &prompt("xyzzyplugh stays secret")).await;
    room.finds("xyzzyplugh", 1).await;
    // That state of the index is kept for a next page. Nobody says what to forget: it is found out.
    room.stand.erase(id).await;
    room.stand.unsearched.mark(id);
    for _ in 0..400 {
        if room.files_with("xyzzyplugh").is_empty() {
            return;
        }
        tokio::time::sleep(Duration::from_millis(50)).await;
    }
    panic!("{:?}", room.files_with("xyzzyplugh"));
}

#[tokio::test]
async fn pages_hold_every_hit_once() {
    let [database, _] = both().await;
    let room = Room::new(database).await;
    let id = new_transcript(&room).await;
    let lines: String = (0..25).map(|number| prompt(&format!("common word {number}"))).collect();
    let mut end = append(&room, id, 0, &lines).await;
    room.finds("common", 25).await;
    for sort in [Sort::Best, Sort::Recent] {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let asked = Asked { query: "common".to_owned(), sort, limit: 7, cursor, ..Asked::default() };
            let answer = room.search.find(asked).await.unwrap();
            seen.extend(answer.hits.iter().map(|hit| hit.line));
            // What comes in between moves no page.
            end = append(&room, id, end, &prompt("later")).await;
            cursor = answer.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, (0..25).collect::<Vec<u64>>());
    }
}

#[tokio::test]
async fn an_empty_query_shows_everything_with_facets() {
    let [database, _] = both().await;
    let room = Room::new(database).await;
    let id = new_transcript(&room).await;
    append(&room, id, 0, &(prompt("one") + &prompt("two"))).await;
    room.finds("", 2).await;
    let asked = Asked { facets: true, by_session: true, limit: 10, ..Asked::default() };
    let answer = room.search.find(asked).await.unwrap();
    let facets = answer.facets.unwrap();
    assert_eq!((facets.role[0].value.as_str(), facets.role[0].count), ("prompt", 2));
    assert_eq!((facets.host[0].name.as_str(), answer.total_sessions), ("box", 1));
    assert_eq!(answer.hits.len(), 2);
}

#[tokio::test]
async fn words_of_one_conversation_are_found_wherever_they_stand_in_it() {
    for database in both().await {
        let room = Room::new(database).await;
        let id = new_transcript(&room).await;
        let lines = prompt("rotate the keys") + &prompt("pytest hangs") + &prompt("thanks");
        append(&room, id, 0, &lines).await;
        // Words of one line are found there, and only there.
        assert_eq!(room.finds("rotate keys", 1).await, [0]);
        assert!(room.find("rotate keys").await.remarks.is_empty());
        assert_eq!(room.finds("keys pytest", 2).await, [0, 1]);
        assert_eq!(room.find("keys pytest").await.remarks, [super::spread::REMARK]);
        assert_eq!(room.finds("\"rotate the\" hangs", 2).await, [0, 1]);
        // Every word must be somewhere, and filters and exclusions hold for each line.
        assert_eq!(room.find("keys pytest nowhere").await.total, 0);
        assert_eq!(room.find("keys pytest -hangs").await.total, 0);
        assert_eq!(room.find("keys pytest role:reply").await.total, 0);
    }
}

#[tokio::test]
async fn half_remembered_words_are_found_when_asked_loosely() {
    for database in both().await {
        let room = Room::new(database).await;
        let (one, other) = (new_transcript(&room).await, another_transcript(&room).await);
        append(
            &room,
            one,
            0,
            &(prompt("Devices reset after 11.9 days, every one") + &prompt("14 refunds are missing")),
        )
        .await;
        append(&room, other, 0, &prompt("the device stays as it is")).await;
        room.finds("devices", 1).await;
        room.finds("device", 1).await;
        let loosely = async |query: &str| {
            let asked = Asked { query: query.to_owned(), limit: 50, loose: true, ..Asked::default() };
            let answer = room.search.find(asked).await.unwrap();
            let lines: Vec<u64> = answer.hits.iter().map(|hit| hit.line).collect();
            (lines, answer.hits[0].snippet.highlights.clone(), answer.remarks)
        };
        // Other forms of all words come before some of the words.
        let (lines, highlights, remarks) = loosely("device resets").await;
        assert_eq!((lines, remarks), (vec![0], vec![super::loose::FORMS.to_owned()]));
        assert_eq!(highlights, [(0, 7), (8, 13)]);
        // Fillers do not count, and what nothing holds is named.
        let (lines, _, remarks) = loosely("refund japan").await;
        assert_eq!(lines, [1]);
        assert_eq!(remarks, [format!("{}; nothing holds japan", super::loose::MOST)]);
        // What holds more of them comes first.
        let (lines, highlights, remarks) = loosely("device reboots after 12 days").await;
        assert_eq!((lines.len(), highlights), (2, vec![(0, 7), (25, 29)]));
        assert_eq!(remarks, [format!("{}; nothing holds reboots, 12", super::loose::MOST)]);
        // Without leave every word counts as it is written, and filters always hold.
        assert_eq!(room.find("refund japan").await.total, 0);
        let nothing = Asked { query: "refund japan role:reply".to_owned(), loose: true, ..Asked::default() };
        assert_eq!(room.search.find(nothing).await.unwrap().total, 0);
        // What is there as it stands is found alone.
        assert_eq!(loosely("the device").await, (vec![0], vec![(0, 3), (4, 10)], Vec::new()));
    }
}

#[tokio::test]
async fn words_of_different_conversations_are_not_put_together() {
    for database in both().await {
        let room = Room::new(database).await;
        let (one, other) = (new_transcript(&room).await, another_transcript(&room).await);
        append(&room, one, 0, &prompt("rotate the keys")).await;
        append(&room, other, 0, &prompt("pytest hangs")).await;
        room.finds("keys", 1).await;
        room.finds("pytest", 1).await;
        assert_eq!(room.find("keys pytest").await.total, 0);
    }
}

#[tokio::test]
async fn a_query_of_which_nothing_is_left_is_refused_in_words() {
    let [database, _] = both().await;
    let room = Room::new(database).await;
    let asked = Asked { query: "before:banana".to_owned(), limit: 5, ..Asked::default() };
    let error = room.search.find(asked).await.unwrap_err();
    assert!(matches!(&error, SearchError::Query(why) if why.contains("2026-11-21")), "{error}");
    let asked = Asked { query: "host:nowhere x".to_owned(), limit: 5, ..Asked::default() };
    room.finds("", 0).await;
    let remarks = room.search.find(asked).await.unwrap().remarks;
    assert_eq!(remarks, ["Nothing has `host:nowhere`; there is box"]);
}

#[tokio::test]
async fn a_follower_without_wake_ups_still_catches_up() {
    let [database, _] = both().await;
    let mut room = Room::new(database).await;
    let id = new_transcript(&room).await;
    room.follower = None;
    append(&room, id, 0, &prompt("silent")).await;
    let (search, follower) = Search::new(room.stand.db.clone(), room.folder.path().to_owned(), Wake::default());
    room.search = search;
    room.follower = Some(AbortOnDropHandle::new(tokio::spawn(follower.run())));
    room.finds("silent", 1).await;
}

#[tokio::test]
async fn what_follows_what_a_rule_deleted_is_found_alone() {
    for database in both().await {
        let mut room = Room::new(database).await;
        let id = new_transcript(&room).await;
        let end = append(&room, id, 0, &prompt("xyzzyplugh")).await;
        room.finds("xyzzyplugh", 1).await;
        // The index hears of it only when it begins the next time, and by then there is more than before.
        room.follower.take().unwrap().abort();
        let (db, tombstones) = (&room.stand.db, room.stand.ingest.tombstones());
        delete::empty(db, tombstones, SESSION, &By::cli(), "30 days").await.unwrap();
        append(&room, id, end, &(prompt("fresh words") + &prompt("and more of them"))).await;
        let (search, follower) = begin(&room.stand, room.folder.path().to_owned());
        (room.search, room.follower) = (search, Some(follower));
        assert_eq!(room.finds("fresh", 1).await, [0]);
        assert_eq!(room.finds("", 2).await, [0, 1]);
        assert_eq!(room.find("xyzzyplugh").await.total, 0);
        assert_eq!(room.find("fresh").await.hits[0].snippet.text, "fresh words");
    }
}

/// A conversation that began on one host and was carried to another, where each adds a line of its own.
async fn carried(room: &Room) -> HostId {
    let shared = prompt("shared words") + &prompt("shared again");
    let id = new_transcript(room).await;
    append(room, id, 0, &(shared.clone() + &prompt("only here"))).await;
    let desk = room.stand.another_host("desk").await;
    let (mut intake, _acks) = room.stand.link_of(desk).await;
    let copy = opened(&mut intake).await;
    let bytes = shared + &prompt("only there");
    assert_eq!(intake.accept(frame(copy, 0, bytes.as_bytes(), false)).await.unwrap(), None);
    room.stand.ingest.flushed().await.unwrap();
    desk
}

#[tokio::test]
async fn what_two_hosts_hold_is_found_once_and_names_both() {
    for database in both().await {
        let room = Room::new(database).await;
        let desk = carried(&room).await;
        room.finds("", 4).await;
        let query = "shared".to_owned();
        let asked = Asked { query, facets: true, limit: 10, ..Asked::default() };
        let answer = room.search.find(asked.clone()).await.unwrap();
        assert_eq!((answer.total, answer.hits.len(), answer.total_sessions, answer.sessions[0].hits), (2, 2, 1, 2));
        assert!(answer.hits.iter().all(|hit| hit.hosts.len() == 2 && hit.hosts.contains(&desk.to_string())));
        let facets = answer.facets.unwrap();
        let counts =
            |facets: &[Facet]| facets.iter().map(|facet| (facet.name.clone(), facet.count)).collect::<Vec<_>>();
        assert_eq!(facets.host.len(), 2);
        for Facet { value, count, .. } in &facets.host {
            // A facet says what its filter finds.
            assert_eq!((*count, room.find(&format!("shared host:{value}")).await.total), (2, 2), "{value}");
        }
        assert_eq!((counts(&facets.role), facets.coder[0].count), (vec![("prompt".to_owned(), 2)], 2));
        let grouped = room.search.find(Asked { by_session: true, ..asked }).await.unwrap();
        assert_eq!((grouped.hits.len(), grouped.total, grouped.sessions[0].hits), (2, 2, 2));
        let own = room.find("only").await;
        assert_eq!(own.hits.iter().map(|hit| hit.hosts.len()).collect::<Vec<_>>(), [1, 1]);
        // Names of hosts are read a little later than what they hold.
        assert_eq!((room.find("host:box").await.total, room.find(&format!("host:{desk}")).await.total), (3, 3));
    }
}

#[tokio::test]
async fn what_two_hosts_hold_stands_on_one_page() {
    let [database, _] = both().await;
    let room = Room::new(database).await;
    carried(&room).await;
    room.finds("", 4).await;
    for sort in [Sort::Best, Sort::Recent] {
        let (mut seen, mut cursor) = (Vec::new(), None);
        loop {
            let answer = room.search.find(Asked { sort, limit: 1, cursor, ..Asked::default() }).await.unwrap();
            assert_eq!(answer.total, 4);
            seen.extend(answer.hits.iter().map(|hit| (hit.line, hit.hosts.len())));
            cursor = answer.next_cursor;
            if cursor.is_none() {
                break;
            }
        }
        seen.sort_unstable();
        assert_eq!(seen, [(0, 2), (1, 2), (2, 1), (2, 1)]);
    }
}
