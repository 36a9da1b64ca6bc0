//! One pass over what waits: archived pieces in, documents out, on a thread beside the event loop.

use std::collections::{HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use muster_proto::ids::TranscriptId;
use tantivy::TantivyError;

use super::Search;
use super::catalogue::Catalogue;
use super::follower::Failure;
use super::indexer::{FindCall, Indexer, Source};
use crate::domain::transcript::TranscriptKind;
use crate::spawn::blocking;
use crate::store::StoreError;
use crate::store::frames::{self, FrameRow};
use crate::store::search::{self, FileRow};
use crate::store::transcripts::unsigned;
use crate::transcript::lines::LineJoiner;

/// Pieces fetched at once: at most some megabytes.
const FETCH: u32 = 8;

/// Raw bytes of small transcripts that are indexed in one go.
const BATCH_BYTES: u64 = 4 * 1024 * 1024;

/// Raw bytes of one transcript in one pass, so that a large one does not keep the others waiting.
const BYTES_PER_PASS: u64 = 16 * 1024 * 1024;

/// The index and what is known of transcripts while it is open.
pub(super) struct Pass {
    search: Search,
    indexer: Indexer,
    /// Archived bytes of each transcript when it was last read: more than what was indexed where a line is torn.
    seen: HashMap<TranscriptId, u64>,
    /// Transcripts with pieces that cannot be read; they are left alone until the next start.
    damaged: HashSet<TranscriptId>,
    /// The last pass read every transcript to its end.
    pub(super) finished: bool,
}

/// A pass and what it left over.
pub(super) struct Passed {
    pub(super) pass: Pass,
    /// Transcripts that were not read to their end.
    pub(super) unfinished: Vec<TranscriptId>,
}

/// Consecutive pieces of one transcript.
struct Chunk {
    source: Source,
    joiner: LineJoiner,
    /// Offset of the first byte that is not given to the joiner yet.
    from: u64,
    rows: Vec<FrameRow>,
}

/// What indexing a chunk gave.
enum Outcome {
    Done(Chunk),
    /// A piece of it cannot be read.
    Damaged(TranscriptId, StoreError),
}

impl Pass {
    pub(super) fn new(search: Search, indexer: Indexer) -> Self {
        Self { search, indexer, seen: HashMap::new(), damaged: HashSet::new(), finished: true }
    }

    /// Whether the archive has more of a transcript than was read.
    pub(super) fn is_behind(&self, id: TranscriptId, committed: u64) -> bool {
        let offset = self.indexer.cursor(id).offset;
        let seen = self.seen.get(&id).copied().unwrap_or(0);
        committed > offset.max(seen) && !self.damaged.contains(&id)
    }

    /// Whether what was indexed of a transcript is deleted: a rule emptied it, and it begins anew at `base`.
    pub(super) fn is_outdated(&self, id: TranscriptId, base: u64) -> bool {
        self.indexer.cursors.get(&id).is_some_and(|cursor| cursor.base != base)
    }

    /// How far each transcript is indexed.
    pub(super) fn offsets(&self) -> impl Iterator<Item = (TranscriptId, u64)> {
        self.indexer.cursors.iter().map(|(id, cursor)| (*id, cursor.offset))
    }

    /// Archived bytes that are not indexed, as far as known; notes how far it is for whoever asks.
    pub(super) fn missing(&self) -> u64 {
        let done = self.offsets().map(|(_, offset)| offset).sum::<u64>();
        self.search.0.done_bytes.store(done, Ordering::Relaxed);
        self.search.0.total_bytes.fetch_max(done, Ordering::Relaxed).saturating_sub(done)
    }

    /// Reads these transcripts on.
    pub(super) async fn index(mut self, ids: Vec<TranscriptId>) -> Result<Passed, Failure> {
        let (mut batch, mut bytes, mut unfinished) = (Vec::new(), 0, Vec::new());
        let mut files = search::some(&self.search.0.db, &ids).await?;
        let is_outdated =
            |(id, file): (&TranscriptId, &FileRow)| self.is_outdated(*id, unsigned(file.base_offset)).then_some(*id);
        let outdated: Vec<TranscriptId> = files.iter().filter_map(is_outdated).collect();
        if !outdated.is_empty() {
            self = self.forget(outdated).await?;
        }
        for id in ids {
            let Some(file) = files.remove(&id) else { continue };
            self.learn(&file);
            let committed = unsigned(file.committed_offset);
            if !self.is_behind(id, committed) {
                continue;
            }
            let chunk = self.begin(id, &file, committed).await?;
            let end = chunk.rows.last().map_or(committed, |row| unsigned(row.end_offset));
            bytes += end.saturating_sub(chunk.from);
            self.seen.insert(id, committed);
            if end >= committed {
                batch.push(chunk);
                if bytes >= BATCH_BYTES {
                    (self, _) = self.apply(std::mem::take(&mut batch)).await?;
                    bytes = 0;
                }
                continue;
            }
            let long;
            (self, long) = self.long(chunk, committed).await?;
            if !long {
                self.seen.remove(&id);
                unfinished.push(id);
            }
        }
        (self, _) = self.apply(batch).await?;
        Ok(Passed { pass: self, unfinished })
    }

    /// A new file is found at once, under its session's id, before its names are read.
    fn learn(&self, file: &FileRow) {
        let catalogue = self.search.0.shelf.get();
        let key = self.search.0.keys.number(&file.id);
        let session = catalogue.place(key).map(|place| catalogue.session(place).id.clone());
        if session != file.session_id {
            let mut catalogue: Catalogue = (*catalogue).clone();
            catalogue.learn(file, &self.search.0.keys);
            self.search.0.shelf.put(catalogue);
        }
    }

    async fn begin(&self, id: TranscriptId, file: &FileRow, committed: u64) -> Result<Chunk, StoreError> {
        let cursor = self.indexer.cursor(id);
        let source = Source {
            id,
            key: file.id.as_str().into(),
            coder: file.coder.clone(),
            subagent: file.kind == TranscriptKind::Subagent.word(),
            base: unsigned(file.base_offset),
        };
        let rows = frames::from_offset(&self.search.0.db, id, cursor.offset, committed, FETCH).await?;
        Ok(Chunk { source, joiner: LineJoiner::new(cursor.line, cursor.offset), from: cursor.offset, rows })
    }

    /// Reads a long transcript on, at least to the end of a line; says whether to its end.
    async fn long(mut self, mut chunk: Chunk, committed: u64) -> Result<(Self, bool), Failure> {
        let (id, began) = (chunk.source.id, chunk.from);
        loop {
            let mut chunks;
            (self, chunks) = self.apply(vec![chunk]).await?;
            let Some(done) = chunks.pop() else { return Ok((self, true)) };
            chunk = done;
            let between_lines = chunk.joiner.place().1 == chunk.from;
            if chunk.from >= committed || (chunk.from - began >= BYTES_PER_PASS && between_lines) {
                return Ok((self, chunk.from >= committed));
            }
            chunk.rows = frames::from_offset(&self.search.0.db, id, chunk.from, committed, FETCH).await?;
            if chunk.rows.is_empty() {
                return Ok((self, true));
            }
        }
    }

    /// Indexes chunks beside the event loop, and gives them back.
    async fn apply(mut self, chunks: Vec<Chunk>) -> Result<(Self, Vec<Chunk>), Failure> {
        if chunks.is_empty() {
            return Ok((self, chunks));
        }
        let db = self.search.0.db.clone();
        let runtime = tokio::runtime::Handle::current();
        let Self { search, mut indexer, seen, damaged, finished } = self;
        let work = move || {
            let find = |transcript: &str, call: &str| {
                // A call of which nothing is known is indexed without its tool.
                runtime.block_on(search::tool(&db, transcript, call)).unwrap_or_default()
            };
            let outcomes: Result<Vec<Outcome>, TantivyError> =
                chunks.into_iter().map(|chunk| index(&mut indexer, chunk, &find)).collect();
            (indexer, outcomes)
        };
        let (indexer, outcomes) = blocking(work).await?;
        self = Self { search, indexer, seen, damaged, finished };
        let mut done = Vec::new();
        for outcome in outcomes? {
            match outcome {
                Outcome::Done(chunk) => done.push(chunk),
                Outcome::Damaged(id, error) => {
                    tracing::error!(transcript.id = %id, error = %error, "a transcript cannot be searched to its end");
                    self.damaged.insert(id);
                }
            }
        }
        Ok((self, done))
    }

    /// Makes everything durable and searchable.
    pub(super) async fn commit(self) -> Result<Self, Failure> {
        self.with(Indexer::commit).await
    }

    /// Removes transcripts and the titles of sessions that the catalogue has no more, and their words from the disk.
    pub(super) async fn forget(mut self, ids: Vec<TranscriptId>) -> Result<Self, Failure> {
        for id in &ids {
            self.seen.remove(id);
            self.damaged.remove(id);
        }
        self.search.0.pieces.clear();
        let catalogue: Arc<Catalogue> = self.search.0.shelf.get();
        let pass = self
            .with(move |indexer| {
                let known: HashSet<&str> = catalogue.sessions.iter().map(|session| session.id.as_str()).collect();
                let mut gone = indexer.titled();
                gone.retain(|session| !known.contains(session.as_str()));
                indexer.forget(&ids, &gone)
            })
            .await?;
        // States that a next page was to be read from hold the replaced files.
        pass.search.0.pins.clear();
        pass.sweep().await
    }

    /// Removes files that were replaced. What a search reads just now stays until the next time.
    pub(super) async fn sweep(self) -> Result<Self, Failure> {
        self.search.0.pins.expire();
        self.with(Indexer::sweep).await
    }

    /// Makes the titles what the catalogue says; tells whether one has changed.
    pub(super) async fn titles(self) -> Result<(Self, bool), Failure> {
        let catalogue: Arc<Catalogue> = self.search.0.shelf.get();
        let was_dirty = self.indexer.is_dirty();
        let pass = self
            .with(move |indexer| {
                let mut left: HashSet<String> = indexer.titled().into_iter().collect();
                for session in &catalogue.sessions {
                    left.remove(&session.id);
                    indexer.set_title(&session.id, session.title.as_deref(), session.last_activity)?;
                }
                for session in left {
                    indexer.set_title(&session, None, 0)?;
                }
                Ok(())
            })
            .await?;
        let changed = pass.indexer.is_dirty() && !was_dirty;
        Ok((pass, changed))
    }

    /// Does something with the index beside the event loop.
    async fn with<F>(self, work: F) -> Result<Self, Failure>
    where
        F: FnOnce(&mut Indexer) -> Result<(), TantivyError> + Send + 'static,
    {
        let Self { search, mut indexer, seen, damaged, finished } = self;
        let (indexer, outcome) = blocking(move || {
            let outcome = work(&mut indexer);
            (indexer, outcome)
        })
        .await?;
        outcome?;
        Ok(Self { search, indexer, seen, damaged, finished })
    }
}

fn index(indexer: &mut Indexer, mut chunk: Chunk, find: FindCall<'_>) -> Result<Outcome, TantivyError> {
    for row in std::mem::take(&mut chunk.rows) {
        let raw = match row.raw() {
            Ok(raw) => raw,
            Err(error) => return Ok(Outcome::Damaged(chunk.source.id, error)),
        };
        let skip = chunk.from.saturating_sub(unsigned(row.start_offset));
        let skip = usize::try_from(skip).unwrap_or(usize::MAX).min(raw.len());
        indexer.add(&chunk.source, &mut chunk.joiner, &raw[skip..], find)?;
        chunk.from = unsigned(row.end_offset);
    }
    Ok(Outcome::Done(chunk))
}
