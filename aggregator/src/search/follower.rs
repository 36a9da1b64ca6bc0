//! The follower: keeps the index at the archive's end, and mends it.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;
use std::time::{Duration, Instant};

use muster_proto::ids::TranscriptId;
use tantivy::TantivyError;
use tokio::sync::mpsc;

use super::catalogue::{Catalogue, Known};
use super::indexer::{self, Indexer};
use super::open::Opened;
use super::pass::{Pass, Passed};
use super::{Search, Wish};
use crate::live::Wake;
use crate::spawn::blocking;
use crate::store::StoreError;

/// Transcripts of one pass.
const PASS: usize = 64;

/// How long appends are gathered before they are indexed and committed: a commit costs about 10 ms of a processor,
/// whether of one line or of a thousand.
const GATHER: Duration = Duration::from_millis(250);

/// The most that gathering grows to, where commits take long: what was appended is found within a second.
const GATHER_MOST: Duration = Duration::from_millis(600);

/// How often a backlog is committed, so that what was read of it is found. Each commit makes a segment, to be merged.
const COMMIT_BACKLOG: Duration = Duration::from_secs(5);

/// How soon after a change names and titles are read again; derived facts come a little later than the bytes.
const NAMES: Duration = Duration::from_millis(1_500);

/// How often everything is compared with the archive although nothing was heard: wake-ups can get lost, and another
/// aggregator may write to the same database.
const COMPARE: Duration = Duration::from_secs(30);

/// Reading all names takes at most one part in this many of the time.
const SHARE: u32 = 20;

/// Missing bytes from which on a search is called partial.
const PARTIAL_BYTES: u64 = 8 * 1024 * 1024;

/// Pause after a failure.
const RETRY: Duration = Duration::from_secs(3);

/// Why the index has to be opened anew.
#[derive(Debug, thiserror::Error)]
pub(super) enum Failure {
    #[error("index: {0}")]
    Index(#[from] TantivyError),
    #[error("{0}")]
    Store(#[from] StoreError),
    #[error("indexing broke off: {0}")]
    Broken(#[from] tokio::task::JoinError),
    /// Somebody removed or damaged its files, or asked for it to be built again.
    #[error("{0}")]
    Unusable(&'static str),
}

/// The follower. Its state is in the index.
#[derive(Debug)]
pub struct Follower {
    search: Search,
    wake: Wake,
    wishes: mpsc::Receiver<Wish>,
}

/// The times of one stretch of following.
struct Times {
    committed: Instant,
    compared: Instant,
    compare_took: Duration,
    commit_took: Duration,
    changed: bool,
}

impl Follower {
    pub(super) fn new(search: Search, wake: Wake, wishes: mpsc::Receiver<Wish>) -> Self {
        Self { search, wake, wishes }
    }

    /// Follows until the task is dropped, or everybody who could wish something is gone.
    pub async fn run(mut self) {
        loop {
            match self.follow().await {
                Ok(()) => return,
                Err(Failure::Unusable(why)) => {
                    tracing::warn!(reason = why, "the search index is built again");
                    self.close();
                    self.discard().await;
                }
                Err(error) => {
                    tracing::error!(error = %error, "the search index failed; it is opened again");
                    self.close();
                    tokio::time::sleep(RETRY).await;
                    self.discard_damaged().await;
                }
            }
        }
    }

    fn close(&self) {
        self.search.set_opened(None);
        self.search.0.behind.store(true, Ordering::Relaxed);
    }

    /// Opens the index and follows; returns when the room is gone.
    async fn follow(&mut self) -> Result<(), Failure> {
        let folder = self.search.0.folder.clone();
        let opening = blocking(move || {
            indexer::remove_others(&folder);
            Indexer::open(&folder)
        });
        let indexer = match opening.await? {
            Ok(indexer) => indexer,
            Err(TantivyError::IoError(error)) => return Err(TantivyError::IoError(error).into()),
            Err(TantivyError::LockFailure(error, why)) => return Err(TantivyError::LockFailure(error, why).into()),
            Err(error) => {
                tracing::warn!(error = %error, "the search index cannot be read");
                return Err(Failure::Unusable("it cannot be read"));
            }
        };
        let opened = Opened::new(indexer.reader().clone(), Arc::clone(&self.search.0.keys));
        self.search.set_opened(Some(Arc::new(opened)));
        let mut pass = Pass::new(self.search.clone(), indexer);
        let mut times = Times {
            committed: Instant::now(),
            compared: Instant::now(),
            compare_took: Duration::ZERO,
            commit_took: Duration::ZERO,
            changed: false,
        };
        pass = self.compare(pass, &mut times).await?;
        loop {
            let due = times.compared + times.next_compare();
            let mut wish = self.wishes.try_recv().ok();
            if wish.is_none() {
                tokio::select! {
                    () = self.wake.waiting() => {}
                    asked = self.wishes.recv() => match asked {
                        Some(asked) => wish = Some(asked),
                        None => return Ok(()),
                    },
                    () = tokio::time::sleep_until(due.into()) => {}
                }
            }
            if let Some(wish) = wish {
                pass = self.fulfil(pass, wish).await?;
            } else if !self.wake.is_empty() {
                pass = self.advance(pass, &mut times).await?;
            }
            if Instant::now() >= times.compared + times.next_compare() {
                pass = self.compare(pass, &mut times).await?;
            }
        }
    }

    /// Indexes what waits, and commits when it is time.
    async fn advance(&mut self, mut pass: Pass, times: &mut Times) -> Result<Pass, Failure> {
        if pass.finished && self.wake.len() < PASS {
            tokio::time::sleep((times.commit_took * 10).clamp(GATHER, GATHER_MOST)).await;
        }
        let ids = self.wake.take(PASS).await;
        let Passed { pass: done, unfinished } = pass.index(ids).await?;
        pass = done;
        pass.finished = unfinished.is_empty();
        for id in unfinished {
            self.wake.mark(id);
        }
        times.changed = true;
        let backlog = !self.wake.is_empty() && (!pass.finished || self.wake.len() >= PASS);
        if !backlog || times.committed.elapsed() >= COMMIT_BACKLOG {
            pass = self.commit(pass, times).await?;
        }
        let missing = pass.missing();
        let behind = self.search.0.behind.load(Ordering::Relaxed);
        self.search.0.behind.store(backlog && (behind || missing > PARTIAL_BYTES), Ordering::Relaxed);
        Ok(pass)
    }

    async fn commit(&self, pass: Pass, times: &mut Times) -> Result<Pass, Failure> {
        let began = Instant::now();
        let pass = pass.commit().await?;
        times.commit_took = began.elapsed();
        times.committed = Instant::now();
        if let Some(opened) = self.search.opened() {
            opened.prune();
        }
        self.search.0.pins.expire();
        Ok(pass)
    }

    async fn fulfil(&mut self, mut pass: Pass, wish: Wish) -> Result<Pass, Failure> {
        match wish {
            Wish::Forget(ids, done) => {
                let (catalogue, _) = Catalogue::load(&self.search.0.db, &self.search.0.keys).await?;
                self.search.0.shelf.put(catalogue);
                pass = pass.forget(ids.clone()).await?;
                // What they hold since then was perhaps read behind the old cursor, or not at all.
                for id in ids {
                    self.wake.mark(id);
                }
                // Whoever wished it may have gone away.
                let _ = done.send(());
            }
            Wish::Rebuild(done) => {
                // Whoever asks how far it is must not hear that nothing is missing.
                self.close();
                let _ = done.send(());
                return Err(Failure::Unusable("somebody asked for it"));
            }
        }
        Ok(pass)
    }

    /// Reads names anew, marks whatever is behind, and removes what the store has no more.
    async fn compare(&mut self, mut pass: Pass, times: &mut Times) -> Result<Pass, Failure> {
        let began = Instant::now();
        self.look_after().await?;
        let (catalogue, known) = Catalogue::load(&self.search.0.db, &self.search.0.keys).await?;
        let total: u64 = known.iter().map(|file| file.committed).sum();
        self.search.0.total_bytes.store(total, Ordering::Relaxed);
        let (behind, forgotten) = compared(&pass, &known);
        for id in behind {
            self.wake.mark(id);
        }
        self.search.0.shelf.put(catalogue);
        if !forgotten.is_empty() {
            pass = pass.forget(forgotten).await?;
        }
        let (titled, changed) = pass.titles().await?;
        pass = titled;
        if changed && self.wake.is_empty() {
            pass = self.commit(pass, times).await?;
        }
        pass = pass.sweep().await?;
        if self.wake.is_empty() {
            self.search.0.behind.store(false, Ordering::Relaxed);
        }
        *times = Times { compared: Instant::now(), compare_took: began.elapsed(), changed: false, ..*times };
        Ok(pass)
    }

    /// Whether the index's files are still there and whole, as far as there is a doubt.
    async fn look_after(&self) -> Result<(), Failure> {
        let folder = self.search.0.folder.clone();
        let suspect = self.search.0.suspect.swap(false, Ordering::Relaxed);
        match blocking(move || indexer::health(&folder, suspect)).await? {
            None => Ok(()),
            Some(why) => Err(Failure::Unusable(why)),
        }
    }

    async fn discard(&self) {
        let folder = self.search.0.folder.clone();
        let removed = blocking(move || indexer::remove(&folder)).await;
        if !matches!(removed, Ok(Ok(()))) {
            tracing::error!(folder = %self.search.0.folder.display(), "the search index cannot be removed; remove its folder by hand");
            tokio::time::sleep(RETRY).await;
        }
    }

    async fn discard_damaged(&self) {
        let folder = self.search.0.folder.clone();
        if let Ok(Some(why)) = blocking(move || indexer::health(&folder, true)).await {
            tracing::warn!(reason = why, "the search index is built again");
            self.discard().await;
        }
    }
}

impl Times {
    fn next_compare(&self) -> Duration {
        let rest = self.compare_took * SHARE;
        if self.changed { NAMES.max(rest) } else { COMPARE.max(rest) }
    }
}

/// Transcripts that are behind the archive, and those that it has no more (or other bytes of than were indexed).
fn compared(pass: &Pass, known: &[Known]) -> (Vec<TranscriptId>, Vec<TranscriptId>) {
    let known: HashMap<TranscriptId, &Known> =
        known.iter().filter_map(|file| Some((file.id.parse().ok()?, file))).collect();
    let is_behind =
        |id: &TranscriptId, file: &Known| pass.is_behind(*id, file.committed) || pass.is_outdated(*id, file.base);
    let behind = known.iter().filter(|(id, file)| is_behind(id, file)).map(|(id, _)| *id).collect();
    let less = |id: &TranscriptId, offset: u64| {
        known.get(id).is_none_or(|file| file.committed < offset || pass.is_outdated(*id, file.base))
    };
    let forgotten: HashSet<TranscriptId> =
        pass.offsets().filter(|(id, offset)| less(id, *offset)).map(|(id, _)| id).collect();
    (behind, forgotten.into_iter().collect())
}
