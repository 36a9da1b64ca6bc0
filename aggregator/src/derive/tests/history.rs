//! Real transcripts in random pieces and orders: rows, sessions and subagents are always the same.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use muster_proto::fleet::{self, FileForm};
use muster_proto::ids::TranscriptId;

use super::super::{Follower, graph, outline, subagents};
use super::derived;
use crate::domain::alarm::Settings;
use crate::ingest::Intake;
use crate::ingest::tests::{Stand, frame};
use crate::store::sessions::{self, Filter, SessionRow, Sort};
use crate::store::testing::{both, embedded, postgres};
use crate::store::{Db, tool_calls, transcripts, turns, usage};
use crate::transcript::testing::fixture;

/// Folders of real clients; each is read as the root of a host.
const ROOTS: [&str; 2] = ["transcripts/2.0.76/projects", "transcripts/2.1.197/projects"];

/// Below which the sessions lie that are read: with subagents, workflows and compactions among them.
const PROJECT: &str = "-srv-demo-api";

/// One file of a host.
struct File {
    path: String,
    bytes: Vec<u8>,
    id: Option<TranscriptId>,
    sent: usize,
}

/// Numbers that look random and are the same in every run.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % most as u64).unwrap()
    }
}

fn files(root: &Path) -> Vec<File> {
    let mut folders: Vec<PathBuf> = vec![root.join(PROJECT)];
    let mut files = Vec::new();
    while let Some(folder) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push(path);
            } else {
                let bytes = std::fs::read(&path).unwrap();
                let path = path.strip_prefix(root).unwrap().to_str().unwrap().to_owned();
                files.push(File { path, bytes, id: None, sent: 0 });
            }
        }
    }
    files.sort_by(|a, b| a.path.cmp(&b.path));
    files
}

impl File {
    async fn open(&mut self, intake: &mut Intake, root: &str) -> TranscriptId {
        if let Some(id) = self.id {
            return id;
        }
        let form = if self.path.ends_with('l') { FileForm::Lines } else { FileForm::Whole };
        let open = fleet::Open {
            handle: 1,
            coder: "claude".to_owned(),
            root: root.to_owned(),
            path: format!("{root}/{}", self.path),
            form: form.into(),
            ..fleet::Open::default()
        };
        let id = intake.open(&open).await.unwrap().transcript_id.parse().unwrap();
        self.id = Some(id);
        id
    }

    /// Sends the next bytes, up to the end of a line.
    async fn send(&mut self, intake: &mut Intake, root: &str, most: usize) {
        let id = self.open(intake, root).await;
        let rest = &self.bytes[self.sent..];
        let cut = rest[..most.min(rest.len())].iter().rposition(|byte| *byte == b'\n').map(|at| at + 1);
        let first = || rest.iter().position(|byte| *byte == b'\n').map(|at| at + 1);
        let end = cut.or_else(first).unwrap_or(rest.len());
        if end > 0 {
            intake.accept(frame(id, self.sent as u64, &rest[..end], false)).await.unwrap();
            self.sent += end;
        }
    }

    fn is_sent(&self) -> bool {
        self.id.is_some() && self.sent == self.bytes.len()
    }
}

/// Sends all files, each in pieces, and derives now and then.
async fn send_all(stand: &Stand, root: &str, files: &mut [File], dice: &mut Dice, in_pieces: bool) {
    let (mut intake, _acks) = stand.link().await;
    // Which of two equal copies counts is decided by the ids, which are given in the order of opening.
    for file in files.iter_mut() {
        file.open(&mut intake, root).await;
    }
    loop {
        let open: Vec<usize> = (0..files.len()).filter(|place| !files[*place].is_sent()).collect();
        if open.is_empty() {
            break;
        }
        let place = open[dice.below(open.len())];
        let most = if in_pieces { 1 + dice.below(60_000) } else { usize::MAX };
        files[place].send(&mut intake, root, most).await;
        if in_pieces && dice.below(5) == 0 {
            derived(stand).await;
        }
    }
    derived(stand).await;
}

/// Everything derived, without ids that differ from run to run.
async fn told(db: &Db) -> Vec<String> {
    let mut told = Vec::new();
    for session in sessions::page(db, Sort::Recent, all(), None, 1000).await.unwrap() {
        let paths: HashMap<String, String> =
            transcripts::of_session(db, &session.id).await.unwrap().into_iter().map(|row| (row.id, row.path)).collect();
        let mut lines: Vec<String> = Vec::new();
        lines.extend(turns::of_session(db, &session.id).await.unwrap().iter().map(|row| format!("{row:?}")));
        lines.extend(tool_calls::of_session(db, &session.id).await.unwrap().iter().map(|row| format!("{row:?}")));
        lines.extend(usage::places(db, &session.id).await.unwrap().iter().map(|row| format!("{row:?}")));
        lines.extend(usage::by_transcript(db, &session.id).await.unwrap().iter().map(|row| format!("{row:?}")));
        lines.extend(subagents::of_session(db, &session.id).await.unwrap().iter().map(|row| format!("{row:?}")));
        lines.extend(
            graph::of_session(db, &session, &Settings::default(), 0)
                .await
                .unwrap()
                .iter()
                .map(|node| format!("{node:?}")),
        );
        // A session whose lines have no time is as old as its arrival.
        let last_activity_at = session.first_activity_at.map_or(0, |_| session.last_activity_at);
        let session =
            SessionRow { hosts: String::new(), began_host: None, project_id: None, last_activity_at, ..session };
        lines.push(format!("{session:?}"));
        told.extend(lines.into_iter().map(|mut line| {
            for (id, path) in &paths {
                line = line.replace(id, path);
            }
            line
        }));
    }
    told.sort();
    told
}

fn all() -> Filter {
    Filter { empty: true, ..Filter::default() }
}

fn same(got: &[String], right: &[String]) {
    for (got, right) in got.iter().zip(right) {
        assert_eq!(got, right);
    }
    assert_eq!(got.len(), right.len());
}

#[tokio::test]
async fn rows_are_the_same_in_any_pieces_and_any_order_of_files() {
    for root in ROOTS {
        let folder = fixture(root);
        let whole = Stand::new(embedded().await).await;
        send_all(&whole, root, &mut files(&folder), &mut Dice(0), false).await;
        let right = told(&whole.db).await;
        assert!(right.len() > 50, "{}", right.len());
        for seed in 1..3 {
            let pieces = Stand::new(embedded().await).await;
            send_all(&pieces, root, &mut files(&folder), &mut Dice(seed), true).await;
            same(&told(&pieces.db).await, &right);
        }
        let other = Stand::new(postgres().await).await;
        send_all(&other, root, &mut files(&folder), &mut Dice(7), true).await;
        same(&told(&other.db).await, &right);
    }
}

#[tokio::test]
async fn what_is_derived_again_is_the_same_and_says_how_far_it_is() {
    for database in both().await {
        let stand = Stand::new(database).await;
        send_all(&stand, ROOTS[1], &mut files(&fixture(ROOTS[1])), &mut Dice(3), false).await;
        let right = told(&stand.db).await;
        let views =
            Follower::new(stand.db.clone(), stand.hub.clone(), stand.wake.clone(), crate::live::Endings::default())
                .views();
        assert_eq!(views.progress().await.unwrap(), None);
        assert!(views.rebuild().await.unwrap() > 5);
        let progress = views.progress().await.unwrap().unwrap();
        assert!(progress.done == 0 && progress.total > 0 && progress.behind > 5, "{progress:?}");
        same(&told(&stand.db).await, &right);
        derived(&stand).await;
        assert_eq!(views.progress().await.unwrap(), None);
        same(&told(&stand.db).await, &right);
    }
}

#[tokio::test]
async fn a_copy_of_a_session_counts_once_and_takes_over_when_the_other_is_forgotten() {
    for database in both().await {
        let stand = Stand::new(database).await;
        let folder = fixture(ROOTS[1]);
        let mut first = files(&folder);
        send_all(&stand, "/a", &mut first, &mut Dice(0), false).await;
        let id = "claude-00000002-0000-4000-8000-000000000002";
        let alone = sessions::get(&stand.db, id).await.unwrap().unwrap();
        assert!(
            alone.human_prompts > 0 && alone.tool_calls > 0 && alone.tokens > 0 && alone.subagents > 0,
            "{alone:?}"
        );
        let turns_alone = outline::of_session(&stand.db, id).await.unwrap().len();
        send_all(&stand, "/b", &mut files(&folder), &mut Dice(0), false).await;
        let twice = sessions::get(&stand.db, id).await.unwrap().unwrap();
        assert_eq!(twice, SessionRow { entries: twice.entries, conversation: twice.conversation, ..alone.clone() });
        assert_eq!(twice.entries, 2 * alone.entries);
        assert_eq!(outline::of_session(&stand.db, id).await.unwrap().len(), turns_alone);
        let mut tx = stand.db.begin().await.unwrap();
        for file in first.iter().filter_map(|file| file.id) {
            usage::forget(&mut tx, &file.to_string()).await.unwrap();
        }
        assert_eq!(usage::sums(&mut tx, &[id]).await.unwrap()[id].tokens, alone.tokens);
        tx.commit().await.unwrap();
    }
}

#[tokio::test]
async fn every_order_goes_on_where_the_page_before_ended() {
    for database in both().await {
        let mut tx = database.db.begin().await.unwrap();
        for number in 0..7_i64 {
            let row = SessionRow {
                id: format!("claude-{number}"),
                coder: if number == 6 { "codex" } else { "claude" }.to_owned(),
                hosts: "[]".to_owned(),
                title: (number % 3 != 0)
                    .then(|| format!("{}100% B{}", if number % 2 == 0 { "A" } else { "a" }, number % 4)),
                last_activity_at: number / 2,
                entries: number,
                human_prompts: number % 3,
                tokens: number % 2,
                cost_microdollars: (number % 2 == 0).then_some(number),
                gone: number == 5,
                extras: "{}".to_owned(),
                ..SessionRow::default()
            };
            sessions::upsert(&mut tx, vec![row]).await.unwrap();
        }
        tx.commit().await.unwrap();
        for sort in Sort::ALL {
            let whole = sessions::page(&database.db, sort, all(), None, 100).await.unwrap();
            assert_eq!(whole.len(), 7);
            let mut paged: Vec<SessionRow> = Vec::new();
            loop {
                let after = paged.last().map(|row| sort.place(&sort.cursor(row)).unwrap());
                let page = sessions::page(&database.db, sort, all(), after, 2).await.unwrap();
                if page.is_empty() {
                    break;
                }
                paged.extend(page);
            }
            assert_eq!(paged, whole, "{sort:?}");
        }
        let count =
            async |filter: Filter| sessions::page(&database.db, Sort::Recent, filter, None, 100).await.unwrap().len();
        assert_eq!(count(Filter::default()).await, 6);
        assert_eq!(count(Filter { gone: Some(true), ..all() }).await, 1);
        assert_eq!(count(Filter { coder: Some("codex".to_owned()), ..all() }).await, 1);
        assert_eq!(count(Filter { title: Some("A100%".to_owned()), ..all() }).await, 4);
        assert_eq!(count(Filter { title: Some("100_".to_owned()), ..all() }).await, 0);
        assert_eq!(count(Filter { project: Some(String::new()), ..all() }).await, 7);
        assert_eq!(count(Filter { project: Some("p".to_owned()), ..all() }).await, 0);
        let cheapest = sessions::page(&database.db, Sort::Cost, all(), None, 100).await.unwrap();
        assert_eq!((cheapest[0].cost_microdollars, cheapest[6].cost_microdollars), (Some(6), None));
    }
}
