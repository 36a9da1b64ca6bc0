//! The follower: reads what the archive has and it has not seen, folds it, and tells the pages.

use std::collections::HashMap;
use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use muster_proto::ids::{HostId, TranscriptId};

use super::facts::Facts;
use super::fold::Fold;
use super::join::{self, Joined, relative};
use super::notes::Notes;
use super::save::{self, Before, Stretch};
use super::tail;
use super::views::Views;
use crate::domain::session::SessionId;
use crate::domain::transcript::TranscriptKind;
use crate::live::{Endings, Hub, Topic, Update, Wake};
use crate::store::chat_folders;
use crate::store::db::Tx;
use crate::store::lines::{self, LineStart};
use crate::store::prices;
use crate::store::sessions::{self, CursorRow, Derived, SessionRow};
use crate::store::transcripts::{self, unsigned};
use crate::store::{Db, StoreError};
use crate::transcript::{Depth, Entry, PARSER_VERSION, layout, parse};

/// Transcripts of one pass: one transaction for all of them.
const PASS: usize = 64;

/// Raw bytes read of one transcript in one pass, so that a large one does not keep the others waiting.
const BYTES_PER_PASS: u64 = 8 * 1024 * 1024;

/// Raw bytes read of all transcripts of one pass: what it made is listed when it ends, and that should be soon, also
/// while a host's whole past arrives.
const PASS_BYTES: u64 = 16 * 1024 * 1024;

/// Largest file of notes that is read.
const NOTES_BYTES: u64 = 1024 * 1024;

/// Pause between passes: rows of the session list change at most so often, and the disk is left to the writer.
const PAUSE: Duration = Duration::from_millis(100);

/// When more sessions grow at once than one pass takes, passes follow each other sooner, but pause this many times as
/// long as they took: a thousand sessions with a line now and then must not keep a processor from the lines themselves.
const REST: u32 = 3;

/// How long to wait when the database fails before the same is tried again.
const RETRY: Duration = Duration::from_secs(2);

/// The follower. Its state is in the store.
#[derive(Debug)]
pub struct Follower {
    db: Db,
    hub: Hub,
    wake: Wake,
    views: Views,
    endings: Endings,
}

/// One transcript, read as far as this pass goes.
struct Read {
    cursor: CursorRow,
    found: Found,
    before: Before,
    derived: u64,
    /// Raw bytes that were read now.
    bytes: u64,
    unfinished: bool,
    /// It was never read before.
    first: bool,
}

/// What a transcript holds.
enum Found {
    /// A conversation.
    Conversation(Box<Fold>),
    /// Notes on other files of the session.
    Notes(Notes),
}

/// What became of the sessions that a pass touched.
#[derive(Default)]
struct Outcome {
    /// New or changed rows.
    changed: Vec<SessionRow>,
    /// Conversations of which a file beside them has said something new.
    again: Vec<TranscriptId>,
    /// Sessions whose rows went, each with the hosts (JSON) under which it was listed.
    removed: Vec<(SessionId, String)>,
}

impl Follower {
    /// Follows the archive, woken by `wake`; how transcripts end now goes to `endings`.
    pub fn new(db: Db, hub: Hub, wake: Wake, endings: Endings) -> Self {
        let views = Views::new(db.clone(), wake.clone());
        Self { db, hub, wake, views, endings }
    }

    /// What it derives, to be made again.
    pub fn views(&self) -> Views {
        self.views.clone()
    }

    /// Follows until the task is dropped.
    pub async fn run(self) {
        self.catch_up().await;
        loop {
            let ids = self.wake.take(PASS).await;
            let began = Instant::now();
            match self.pass(&ids).await {
                Ok(is_backlog) => {
                    if let Some(pause) = pause(is_backlog, self.wake.len(), began.elapsed()) {
                        tokio::time::sleep(pause).await;
                    }
                }
                Err(error) => {
                    tracing::error!(error = %error, "sessions could not be derived; trying again");
                    for id in ids {
                        self.wake.mark(id);
                    }
                    tokio::time::sleep(RETRY).await;
                }
            }
        }
    }

    /// Marks whatever was archived, or understood differently, while nobody followed.
    async fn catch_up(&self) {
        while let Err(error) = self.views.mark_behind().await {
            tracing::error!(error = %error, "the archive could not be looked through; trying again");
            tokio::time::sleep(RETRY).await;
        }
    }

    /// Reads these transcripts on; says whether there was more to them than what was just appended.
    async fn pass(&self, ids: &[TranscriptId]) -> Result<bool, StoreError> {
        let passing = self.views.passing.lock().await;
        let mut reads = Vec::new();
        let mut left = PASS_BYTES;
        let mut waiting = ids.iter();
        let mut cursors = sessions::cursors(&self.db, ids).await?;
        for id in waiting.by_ref() {
            // What a tool printed into a file of its own says nothing about the session.
            let is_told = |cursor: &CursorRow| cursor.kind != TranscriptKind::ToolResult.word();
            if let Some(cursor) = cursors.remove(id).filter(is_told) {
                let read = self.read(*id, cursor).await?;
                left = left.saturating_sub(read.bytes);
                reads.push((*id, read));
            }
            if left == 0 {
                break;
            }
        }
        let outcome = self.save(&mut reads).await?;
        self.tell_endings(&reads);
        let unfinished = reads.iter().filter(|(_, read)| read.unfinished).map(|(id, _)| id);
        for id in waiting.chain(unfinished).chain(&outcome.again) {
            self.wake.mark(*id);
        }
        self.publish(outcome).await?;
        drop(passing);
        Ok(left == 0 || reads.iter().any(|(_, read)| read.first || read.unfinished))
    }

    async fn read(&self, id: TranscriptId, cursor: CursorRow) -> Result<Read, StoreError> {
        let anew = cursor.derived_version != PARSER_VERSION;
        let kind = cursor.kind.parse::<TranscriptKind>().unwrap_or(TranscriptKind::ToolResult);
        if !kind.is_conversation() {
            return self.read_notes(id, cursor, kind).await;
        }
        let facts = if anew { Facts::default() } else { Facts::load(&cursor.facts) };
        let from = if anew { 0 } else { unsigned(cursor.derived_offset) };
        let before = match (from, cursor.derived_offset) {
            (0, 0) => Before::Nothing,
            (0, _) => Before::Outdated,
            _ => Before::Earlier,
        };
        let committed = unsigned(cursor.committed_offset);
        let start = LineStart { line: unsigned(facts.entries), offset: from };
        let mut fold = Box::new(Fold::new(&cursor.id, kind == TranscriptKind::Main, facts));
        let mut unfinished = false;
        let next = lines::scan(&self.db, id, start, committed, |place, bytes| {
            fold.add(
                bytes.map_or_else(|| Entry::oversized(place.bytes), |bytes| parse(&cursor.coder, bytes, Depth::Facts)),
            );
            if place.offset + place.bytes - from >= BYTES_PER_PASS && place.offset + place.bytes < committed {
                unfinished = true;
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })
        .await?;
        self.place(&cursor, &mut fold.facts).await?;
        let first = from == 0 && committed > 0;
        let (derived, bytes) = (next.offset, next.offset - from);
        Ok(Read { cursor, found: Found::Conversation(fold), before, derived, bytes, unfinished, first })
    }

    /// Finds the working directory of a conversation whose lines tell none.
    async fn place(&self, cursor: &CursorRow, facts: &mut Facts) -> Result<(), StoreError> {
        let file = layout::folder_file(&cursor.coder, &cursor.path).filter(|_| facts.cwd.is_none());
        let Some(file) = file else { return Ok(()) };
        let noted = chat_folders::noted(&self.db, &cursor.host_id, &file).await?;
        if let Some(folder) = noted.and_then(|noted| Notes::load(&noted).folder) {
            facts.works_in(folder);
        }
        Ok(())
    }

    /// Reads a file that travels whole. It is small, and is read again from its start when it has grown.
    async fn read_notes(&self, id: TranscriptId, cursor: CursorRow, kind: TranscriptKind) -> Result<Read, StoreError> {
        let committed = unsigned(cursor.committed_offset);
        let is_current = cursor.derived_version == PARSER_VERSION && unsigned(cursor.derived_offset) == committed;
        let notes = if is_current {
            Notes::load(&cursor.facts)
        } else {
            let bytes = lines::whole(&self.db, id, committed, NOTES_BYTES).await?;
            Notes::read(&cursor.coder, kind, relative(&cursor.root, &cursor.path), bytes.as_deref().unwrap_or_default())
        };
        let found = Found::Notes(notes);
        let (before, bytes) = (Before::Nothing, if is_current { 0 } else { committed });
        Ok(Read { cursor, found, before, derived: committed, bytes, unfinished: false, first: false })
    }

    /// Keeps cursors, facts and rows, and joins the sessions they belong to, in one transaction.
    async fn save(&self, reads: &mut [(TranscriptId, Read)]) -> Result<Outcome, StoreError> {
        let mut tx = self.db.begin_derived().await?;
        let prices = prices::table(&mut tx).await?;
        let stretches = reads.iter_mut().filter_map(|(_, read)| {
            let Found::Conversation(fold) = &mut read.found else { return None };
            Some(Stretch { transcript: &read.cursor.id, before: read.before, fold })
        });
        let mut touched = save::rows(&mut tx, &prices, stretches.collect()).await?;
        let mut derived = Vec::new();
        for (_, read) in &*reads {
            let session = session_of(read);
            for id in [&session, &read.cursor.joined_session].into_iter().flatten() {
                touched.insert((id.clone(), read.cursor.coder.clone()));
            }
            let facts = match &read.found {
                Found::Conversation(fold) => fold.facts.store(),
                Found::Notes(notes) => notes.store(),
            };
            derived.push(Derived {
                id: &read.cursor.id,
                offset: read.derived,
                version: PARSER_VERSION,
                facts,
                session,
            });
        }
        sessions::save_cursors(&mut tx, derived).await?;
        let mut outcome = Outcome { again: told_of(&mut tx, reads).await?, ..Outcome::default() };
        for (id, joined) in join::sessions(&mut tx, touched).await? {
            match joined {
                // No list shows a session without a line.
                Joined::Changed(row) if row.entries > 0 => outcome.changed.push(*row),
                Joined::Removed(hosts) => outcome.removed.push((SessionId::from_stored(id), hosts)),
                Joined::Changed(_) | Joined::Nothing => {}
            }
        }
        tx.commit().await?;
        Ok(outcome)
    }

    /// Lets whoever watches sessions know how their transcripts end now.
    fn tell_endings(&self, reads: &[(TranscriptId, Read)]) {
        // In the middle of a backlog a conversation ends nowhere.
        for (_, read) in reads.iter().filter(|(_, read)| !read.unfinished) {
            if let Found::Conversation(fold) = &read.found
                && let Some(ending) = tail::ending(&read.cursor, session_of(read).as_deref(), &fold.facts)
            {
                self.endings.put(ending);
            }
        }
    }

    async fn publish(&self, Outcome { changed, removed, .. }: Outcome) -> Result<(), StoreError> {
        let mut by_host: HashMap<HostId, Update> = HashMap::new();
        let mut fleet = Update::default();
        for (id, hosts) in removed {
            for host in hosts_of(&hosts) {
                by_host.entry(host).or_default().removed_sessions.push(id.clone());
            }
            fleet.removed_sessions.push(id);
        }
        for row in &changed {
            for host in hosts_of(&row.hosts) {
                by_host.entry(host).or_default().sessions.push(row.clone());
            }
            let topic = Topic::Session(SessionId::from_stored(row.id.as_str()));
            if self.hub.is_followed(&topic) {
                let files = transcripts::of_session(&self.db, &row.id).await?;
                let session = Some(Box::new((row.clone(), files)));
                self.hub.publish(&topic, &Update { session, ..Update::default() });
            }
        }
        for (host, update) in by_host {
            self.hub.publish(&Topic::Host(host), &update);
        }
        fleet.sessions = changed;
        if !(fleet.sessions.is_empty() && fleet.removed_sessions.is_empty()) {
            self.hub.publish(&Topic::Fleet, &fleet);
        }
        Ok(())
    }
}

/// The conversations whose working directory was just read; they wait to be joined again, also after a restart.
async fn told_of(tx: &mut Tx, reads: &[(TranscriptId, Read)]) -> Result<Vec<TranscriptId>, StoreError> {
    let mut again = Vec::new();
    for (_, Read { cursor, found, derived, .. }) in reads {
        let is_read = cursor.derived_version != PARSER_VERSION || unsigned(cursor.derived_offset) != *derived;
        let has_folder = matches!(found, Found::Notes(notes) if notes.folder.is_some());
        let told = layout::told_by(&cursor.coder, &cursor.path).filter(|_| is_read && has_folder);
        if let Some(beginning) = told {
            let ids = chat_folders::outdate(tx, &cursor.host_id, &cursor.coder, &beginning).await?;
            again.extend(ids.iter().filter_map(|id| id.parse::<TranscriptId>().ok()));
        }
    }
    Ok(again)
}

fn hosts_of(json: &str) -> Vec<HostId> {
    serde_json::from_str(json).unwrap_or_default()
}

/// How long to wait after a pass that took `took`, while `waiting` transcripts wait. A backlog is worked off without
/// pauses.
fn pause(is_backlog: bool, waiting: usize, took: Duration) -> Option<Duration> {
    match (is_backlog, waiting < PASS) {
        (true, false) => None,
        (false, false) => Some((took * REST).min(PAUSE)),
        (_, true) => Some(PAUSE),
    }
}

/// The session of a transcript: what its path says, else what its lines say (subagents of old clients).
fn session_of(read: &Read) -> Option<String> {
    let from_lines = || {
        let Found::Conversation(fold) = &read.found else { return None };
        let own = fold.facts.session.as_deref()?;
        SessionId::new(&read.cursor.coder, own).map(|id| id.to_string())
    };
    read.cursor.session_id.clone().or_else(from_lines)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_a_backlog_is_worked_off_without_pauses() {
        let took = Duration::from_millis(10);
        assert_eq!(pause(true, PASS, took), None);
        assert_eq!(pause(true, 0, took), Some(PAUSE));
        assert_eq!(pause(false, 0, took), Some(PAUSE));
        assert_eq!(pause(false, PASS, took), Some(took * REST));
        assert_eq!(pause(false, PASS, PAUSE), Some(PAUSE));
    }
}
