//! Pages of entries: read from the frames when somebody looks, so that nothing has to be stored twice.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use muster_proto::ids::TranscriptId;

use crate::domain::transcript::{TranscriptKind, TranscriptState};
use crate::store::lines::{self, LineStart};
use crate::store::transcripts::{TranscriptRow, unsigned};
use crate::store::{Db, Result};
use crate::transcript::lines::Place;
use crate::transcript::{Class, Entry, Located, parse_line};

/// Which entries a reader wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Every line.
    All,
    /// What was said and done.
    Conversation,
}

/// The files that make up a session's conversation, oldest first: the live ones, else what is kept.
pub fn readable(files: &[TranscriptRow]) -> Vec<&TranscriptRow> {
    let mains: Vec<&TranscriptRow> = files.iter().filter(|file| file.kind == TranscriptKind::Main.word()).collect();
    let live = |file: &&TranscriptRow| file.state == TranscriptState::Live.word();
    if mains.iter().any(live) { mains.into_iter().filter(live).collect() } else { mains }
}

/// Entries of one transcript.
#[derive(Debug, Default)]
pub struct Found {
    /// The entries, in order.
    pub entries: Vec<Located>,
    /// There are more in the direction that was asked.
    pub more: bool,
}

/// How far back one step of a backward search reaches, in lines, to begin with; it doubles with every step.
const STEP_BACK: u64 = 400;

struct Reader<'a> {
    db: &'a Db,
    id: TranscriptId,
    coder: &'a str,
    committed: u64,
    wanted: Wanted,
}

impl<'a> Reader<'a> {
    fn new(db: &'a Db, row: &'a TranscriptRow, wanted: Wanted) -> Result<Self> {
        Ok(Self { db, id: row.id()?, coder: &row.coder, committed: unsigned(row.committed_offset), wanted })
    }

    fn entry(&self, place: Place, bytes: Option<&[u8]>) -> Option<Located> {
        let entry = bytes.map_or_else(|| Entry::oversized(place.bytes), |bytes| parse_line(self.coder, bytes));
        let shown = self.wanted == Wanted::All || entry.class != Class::Bookkeeping;
        shown.then_some(Located { transcript: self.id, place, entry })
    }

    async fn start(&self, line: u64) -> Result<Option<LineStart>> {
        lines::start(self.db, self.id, line, self.committed).await
    }
}

/// Up to `limit` entries from line `from` on.
pub async fn forward(db: &Db, row: &TranscriptRow, from: u64, limit: usize, wanted: Wanted) -> Result<Found> {
    let reader = Reader::new(db, row, wanted)?;
    let mut found = Found::default();
    let Some(start) = reader.start(from).await? else { return Ok(found) };
    lines::scan(db, reader.id, start, reader.committed, |place, bytes| {
        if place.line < from {
            return ControlFlow::Continue(());
        }
        if found.entries.len() == limit {
            found.more = true;
            return ControlFlow::Break(());
        }
        found.entries.extend(reader.entry(place, bytes));
        ControlFlow::Continue(())
    })
    .await?;
    Ok(found)
}

/// The last up to `limit` entries before line `before`, in ascending order.
pub async fn backward(db: &Db, row: &TranscriptRow, before: u64, limit: usize, wanted: Wanted) -> Result<Found> {
    let reader = Reader::new(db, row, wanted)?;
    let mut entries: VecDeque<Located> = VecDeque::new();
    let mut end = before.min(unsigned(row.lines) + u64::from(row.mid_line));
    let mut step = STEP_BACK.max(limit as u64);
    while end > 0 && entries.len() <= limit {
        let begin = end.saturating_sub(step);
        let Some(start) = reader.start(begin).await? else { break };
        let mut earlier = Vec::new();
        lines::scan(db, reader.id, start, reader.committed, |place, bytes| {
            if place.line >= end {
                return ControlFlow::Break(());
            }
            if place.line >= begin {
                earlier.extend(reader.entry(place, bytes));
            }
            ControlFlow::Continue(())
        })
        .await?;
        for located in earlier.into_iter().rev() {
            entries.push_front(located);
        }
        end = begin;
        step = step.saturating_mul(2);
    }
    let more = entries.len() > limit;
    entries.drain(..entries.len().saturating_sub(limit));
    Ok(Found { entries: entries.into(), more })
}
