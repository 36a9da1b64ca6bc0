//! Floor 3: full-text search. A follower of the archive with its own cursor per transcript, and the questions asked of it.
//!
//! The index is a cache of the archive in the data folder: deleted, damaged or of another version, it is built again while
//! searches go on with what there is. It holds words and places, no text: snippets are cut from the archive's own lines,
//! and what a transcript belongs to is looked up in the catalogue, so that a new title or project changes no document.

mod catalogue;
mod collect;
mod copies;
mod cursor;
mod dates;
mod document;
mod find;
mod follower;
mod indexer;
mod items;
mod lines;
mod loose;
mod open;
mod pass;
mod plan;
pub mod query;
mod role;
mod schema;
mod snippet;
mod spread;
mod terms;
mod words;

#[cfg(test)]
mod tests;

use std::path::PathBuf;
use std::sync::atomic::{AtomicBool, AtomicU64, Ordering};
use std::sync::{Arc, PoisonError, RwLock};

use muster_proto::ids::TranscriptId;
use tokio::sync::{Semaphore, mpsc, oneshot};

use catalogue::{Keys, Shelf};
use cursor::Pins;
use lines::Pieces;
use open::Opened;

pub use find::{Answer, Asked, Facet, Facets, Sort};
pub use follower::Follower;
pub use items::{Hit, SessionHits};

use crate::live::Wake;
use crate::store::{Db, StoreError};

/// Wishes that wait for the follower; who wishes more waits.
const WISHES: usize = 16;

/// Searches at the same time; the others wait. Each uses a processor, and memory for its counts.
const SEARCHES: usize = 4;

/// Why a search, or a wish, was not fulfilled.
#[derive(Debug, thiserror::Error)]
pub enum SearchError {
    /// Nothing is left of the query; in words for whoever wrote it.
    #[error("{0}")]
    Query(String),
    /// The cursor is none of ours.
    #[error("`cursor` must be the `next_cursor` of the page before")]
    Cursor,
    /// The index failed; it is looked after by itself.
    #[error("the search index failed: {0}")]
    Index(String),
    /// The archive failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The aggregator is stopping.
    #[error("the aggregator is stopping")]
    Stopping,
}

impl From<tantivy::TantivyError> for SearchError {
    fn from(error: tantivy::TantivyError) -> Self {
        Self::Index(error.to_string())
    }
}

/// How far the index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Progress {
    /// Archived bytes that were indexed.
    pub done_bytes: u64,
    /// Archived bytes.
    pub total_bytes: u64,
}

/// The room. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct Search(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    db: Db,
    folder: PathBuf,
    keys: Arc<Keys>,
    shelf: Shelf,
    opened: RwLock<Option<Arc<Opened>>>,
    pins: Pins,
    pieces: Pieces,
    room: Semaphore,
    wishes: mpsc::Sender<Wish>,
    done_bytes: AtomicU64,
    total_bytes: AtomicU64,
    /// The index is known to lack something for longer than a moment.
    behind: AtomicBool,
    /// A search failed on the index: it must be looked at.
    suspect: AtomicBool,
}

/// What the follower is asked to do between two passes.
#[derive(Debug)]
enum Wish {
    Forget(Vec<TranscriptId>, oneshot::Sender<()>),
    Rebuild(oneshot::Sender<()>),
}

impl Search {
    /// The room, with its index in `folder`, and the follower that the caller must run.
    pub fn new(db: Db, folder: PathBuf, wake: Wake) -> (Self, Follower) {
        let (wishes, waiting) = mpsc::channel(WISHES);
        let search = Self(Arc::new(Inner {
            db,
            folder,
            keys: Arc::default(),
            shelf: Shelf::default(),
            opened: RwLock::default(),
            pins: Pins::default(),
            pieces: Pieces::default(),
            room: Semaphore::new(SEARCHES),
            wishes,
            done_bytes: AtomicU64::new(0),
            total_bytes: AtomicU64::new(0),
            behind: AtomicBool::new(true),
            suspect: AtomicBool::new(false),
        }));
        let follower = Follower::new(search.clone(), wake, waiting);
        (search, follower)
    }

    /// Removes transcripts from the index, and their words from its files. Their rows in the store must be gone (or
    /// emptied) already, else they are indexed again. Returns when it is done.
    pub async fn forget(&self, ids: Vec<TranscriptId>) -> Result<(), SearchError> {
        self.0.pieces.clear();
        self.0.pins.clear();
        self.wish(|done| Wish::Forget(ids, done)).await?;
        self.0.pieces.clear();
        Ok(())
    }

    /// Throws the index away and has it built again, while searches go on with what there is. Returns when it has begun.
    pub async fn rebuild(&self) -> Result<(), SearchError> {
        self.wish(Wish::Rebuild).await
    }

    async fn wish(&self, wish: impl FnOnce(oneshot::Sender<()>) -> Wish) -> Result<(), SearchError> {
        let (done, waits) = oneshot::channel();
        self.0.wishes.send(wish(done)).await.map_err(|_| SearchError::Stopping)?;
        waits.await.map_err(|_| SearchError::Index("it is being built again; try later".to_owned()))
    }

    /// How far the index is, while it lacks something for longer than a moment.
    pub fn progress(&self) -> Option<Progress> {
        self.0.behind.load(Ordering::Relaxed).then(|| Progress {
            done_bytes: self.0.done_bytes.load(Ordering::Relaxed),
            total_bytes: self.0.total_bytes.load(Ordering::Relaxed),
        })
    }

    fn opened(&self) -> Option<Arc<Opened>> {
        self.0.opened.read().unwrap_or_else(PoisonError::into_inner).clone()
    }

    fn set_opened(&self, opened: Option<Arc<Opened>>) {
        self.0.pins.clear();
        *self.0.opened.write().unwrap_or_else(PoisonError::into_inner) = opened;
    }
}
