//! Floor 3: the heart of the corridor. `accept(frame)` → position check → single writer, group commit → ack → publish.
//!
//! Publishing does not wait for the disk, the ack does: a line shown and then lost in a crash is sent again, because it
//! was never acknowledged, and lands at the same place.

pub mod acks;
pub mod desk;
pub mod intake;
pub mod pieces;
pub mod position;
mod publish;
mod writer;

use std::sync::Arc;
use std::sync::atomic::{AtomicU64, Ordering};

use muster_proto::ids::HostId;
use tokio::sync::{Semaphore, mpsc, oneshot};

pub use acks::Acks;
pub use desk::Desks;
pub use intake::Intake;
pub use writer::Writer;

use crate::live::{Activity, Hub, Wake};
use crate::store::deletions::Tombstones;
use crate::store::{Db, StoreError};
use writer::Write;

/// Writes that wait for the writer. When full, links wait, their windows fill, and agents stop reading files.
const QUEUE: usize = 4096;

/// Stored bytes that wait for the writer, over all links: the aggregator's share of memory for frames in flight.
const QUEUE_BYTES: usize = 48 * 1024 * 1024;

/// Why a link cannot go on.
#[derive(Debug, thiserror::Error)]
pub enum IngestError {
    /// The agent sent what the protocol does not allow.
    #[error("protocol violation: {0}")]
    Protocol(String),
    /// The store failed or refused.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The aggregator is stopping.
    #[error("the aggregator is stopping")]
    Stopping,
}

/// Entrance of the archive. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct Ingest {
    db: Db,
    hub: Hub,
    activity: Activity,
    queue: mpsc::Sender<Write>,
    room: Arc<Semaphore>,
    counters: Arc<Counters>,
    tombstones: Tombstones,
}

/// Sums since the start, for `/metrics`.
#[derive(Debug, Default)]
pub struct Counters {
    /// Frames committed.
    pub frames: AtomicU64,
    /// Raw bytes committed.
    pub bytes: AtomicU64,
    /// Lines committed.
    pub lines: AtomicU64,
    /// Group commits.
    pub commits: AtomicU64,
    /// Group commits that failed.
    pub failures: AtomicU64,
    /// 1 while the store refuses what is to be written (disk full, database away).
    pub broken: AtomicU64,
}

impl Ingest {
    /// An entrance and the writer behind it, which the caller must run. It wakes the `followers` after each commit.
    pub fn new(db: Db, hub: Hub, activity: Activity, followers: Vec<Wake>) -> (Self, Writer) {
        let (queue, waiting) = mpsc::channel(QUEUE);
        let counters = Arc::new(Counters::default());
        let writer = Writer::new(db.clone(), waiting, followers, Arc::clone(&counters));
        let room = Arc::new(Semaphore::new(QUEUE_BYTES));
        (Self { db, hub, activity, queue, room, counters, tombstones: Tombstones::default() }, writer)
    }

    /// The intake of a link that has just been taken under `epoch`: everything accepted for older links is committed or
    /// refused before it looks at the store.
    pub async fn link(&self, host: HostId, epoch: i64, acks: Acks) -> Result<Intake, IngestError> {
        self.flushed().await?;
        Intake::load(self.clone(), host, epoch, acks).await
    }

    /// Returns when everything accepted before the call is committed (or was refused).
    pub async fn flushed(&self) -> Result<(), IngestError> {
        let (done, waits) = oneshot::channel();
        self.queue.send(Write::Flush(done)).await.map_err(|_| IngestError::Stopping)?;
        waits.await.map_err(|_| IngestError::Stopping)
    }

    /// The sessions of which nothing is archived any more.
    pub fn tombstones(&self) -> &Tombstones {
        &self.tombstones
    }

    /// Sums since the start.
    pub fn counters(&self) -> &Counters {
        &self.counters
    }

    /// A link could not even begin: the store takes nothing, whether or not frames have shown it yet.
    pub fn refused(&self, error: &StoreError) {
        if matches!(error, StoreError::Sql(_)) {
            self.counters.broken.store(1, Ordering::Relaxed);
        }
    }

    /// Whether the store refused what was last to be written.
    pub fn is_broken(&self) -> bool {
        self.counters.broken.load(Ordering::Relaxed) != 0
    }

    async fn enqueue(&self, write: Write) -> Result<(), IngestError> {
        self.queue.send(write).await.map_err(|_| IngestError::Stopping)
    }
}

#[cfg(test)]
pub(crate) mod tests;
