//! Entries of one transcript: read from the frames when somebody looks, so that nothing has to be stored twice.

use std::collections::VecDeque;
use std::ops::ControlFlow;

use muster_proto::ids::TranscriptId;

use crate::store::lines::{self, LineStart};
use crate::store::transcripts::{TranscriptRow, unsigned};
use crate::store::{Db, Result, frames};
use crate::transcript::lines::Place;
use crate::transcript::{Class, Depth, Entry, Located, parse};

/// Which entries a reader wants.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Wanted {
    /// Every line.
    All,
    /// What was said and done.
    Conversation,
}

/// What a reader asks for: how much, how deep, and what is made of each entry.
#[derive(Debug, Clone, Copy)]
pub struct Ask<F> {
    /// Which entries.
    pub wanted: Wanted,
    /// How much of each line.
    pub depth: Depth,
    /// Entries at most.
    pub limit: usize,
    /// Bytes of what is made of them at most; one entry is given however large it is.
    pub bytes: usize,
    /// Makes the reader's item of an entry, and says how many bytes it takes.
    pub make: F,
}

/// Entries as the reader wants them.
#[derive(Debug)]
pub struct Found<T> {
    /// The items with their lines, in order.
    pub items: VecDeque<(u64, T)>,
    /// Bytes that they take.
    pub bytes: usize,
    /// There are more in the direction that was asked.
    pub more: bool,
}

impl<T> Default for Found<T> {
    fn default() -> Self {
        Self { items: VecDeque::new(), bytes: 0, more: false }
    }
}

impl<T> Found<T> {
    /// Whether one more item of this size goes beyond what was asked for.
    fn is_full<F>(&self, ask: &Ask<F>, bytes: usize) -> bool {
        self.items.len() >= ask.limit || (!self.items.is_empty() && self.bytes + bytes > ask.bytes)
    }
}

/// Raw bytes that one step of a backward search reads, to begin with; they double with every step.
const STEP_BACK: u64 = 256 * 1024;

/// Extents looked at for one step back.
const EXTENTS: u32 = 256;

struct Reader<'a, F> {
    db: &'a Db,
    id: TranscriptId,
    coder: &'a str,
    committed: u64,
    ask: &'a Ask<F>,
}

impl<'a, T, F> Reader<'a, F>
where
    F: Fn(&Located) -> (T, usize),
{
    fn new(db: &'a Db, row: &'a TranscriptRow, ask: &'a Ask<F>) -> Result<Self> {
        Ok(Self { db, id: row.id()?, coder: &row.coder, committed: unsigned(row.committed_offset), ask })
    }

    /// The item of a line; `None` when the reader does not want it.
    fn item(&self, place: Place, bytes: Option<&[u8]>) -> Option<(T, usize)> {
        let entry = match bytes {
            Some(bytes) => parse(self.coder, bytes, self.ask.depth),
            None => Entry::oversized(place.bytes),
        };
        let shown = self.ask.wanted == Wanted::All || entry.class != Class::Bookkeeping;
        shown.then(|| (self.ask.make)(&Located { transcript: self.id, place, entry }))
    }

    async fn start(&self, line: u64) -> Result<Option<LineStart>> {
        lines::start(self.db, self.id, line, self.committed).await
    }

    /// Where a step back from line `end` begins so that it reads about `bytes`.
    async fn step(&self, end: u64, bytes: u64) -> Result<u64> {
        let (mut begin, mut read) = (end, 0);
        for extent in frames::extents_before(self.db, self.id, end, self.committed, EXTENTS).await? {
            if read >= bytes && unsigned(extent.first_line) < begin {
                break;
            }
            begin = unsigned(extent.first_line);
            read += unsigned(extent.end_offset - extent.start_offset);
        }
        Ok(begin)
    }
}

/// Entries from line `from` on.
pub async fn forward<T, F>(db: &Db, row: &TranscriptRow, from: u64, ask: &Ask<F>) -> Result<Found<T>>
where
    F: Fn(&Located) -> (T, usize),
{
    let reader = Reader::new(db, row, ask)?;
    let mut found = Found::default();
    let Some(start) = reader.start(from).await? else { return Ok(found) };
    lines::scan(db, reader.id, start, reader.committed, |place, bytes| {
        if place.line < from {
            return ControlFlow::Continue(());
        }
        if found.items.len() < ask.limit {
            let Some((item, size)) = reader.item(place, bytes) else { return ControlFlow::Continue(()) };
            if !found.is_full(ask, size) {
                found.items.push_back((place.line, item));
                found.bytes += size;
                return ControlFlow::Continue(());
            }
        }
        found.more = true;
        ControlFlow::Break(())
    })
    .await?;
    Ok(found)
}

/// The last entries from line `from` on and before line `before`, in ascending order.
pub async fn backward<T, F>(db: &Db, row: &TranscriptRow, from: u64, before: u64, ask: &Ask<F>) -> Result<Found<T>>
where
    F: Fn(&Located) -> (T, usize),
{
    let reader = Reader::new(db, row, ask)?;
    let mut found = Found::default();
    let mut end = before.min(unsigned(row.lines));
    let mut step = STEP_BACK;
    while end > from && !found.more {
        let begin = reader.step(end, step).await?.clamp(from, end - 1);
        let Some(start) = reader.start(begin).await? else { break };
        let mut kept: Vec<(Place, Option<Vec<u8>>)> = Vec::new();
        lines::scan(db, reader.id, start, reader.committed, |place, bytes| {
            if place.line >= end {
                return ControlFlow::Break(());
            }
            if place.line >= begin {
                kept.push((place, bytes.map(<[u8]>::to_vec)));
            }
            ControlFlow::Continue(())
        })
        .await?;
        // From the end, so that nothing is parsed that nobody sees.
        for (place, bytes) in kept.into_iter().rev() {
            let Some((item, size)) = reader.item(place, bytes.as_deref()) else { continue };
            if found.is_full(ask, size) {
                found.more = true;
                break;
            }
            found.items.push_front((place.line, item));
            found.bytes += size;
        }
        end = begin;
        step = step.saturating_mul(2);
    }
    Ok(found)
}

/// Where a line lies, and its bytes without the newline (`None` when it is too long to be parsed). The last line may
/// lack its newline.
pub async fn line(db: &Db, row: &TranscriptRow, number: u64) -> Result<Option<(Place, Option<Vec<u8>>)>> {
    let (id, committed) = (row.id()?, unsigned(row.committed_offset));
    let Some(start) = lines::start(db, id, number, committed).await? else { return Ok(None) };
    let mut found = None;
    let end = lines::scan(db, id, start, committed, |place, bytes| {
        if place.line == number {
            found = Some((place, bytes.map(<[u8]>::to_vec)));
        }
        if place.line < number { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
    .await?;
    let torn = found.is_none() && end.line == number && end.offset < committed;
    if torn {
        let place = Place { line: number, offset: end.offset, bytes: committed - end.offset };
        return Ok(Some((place, None)));
    }
    Ok(found)
}
