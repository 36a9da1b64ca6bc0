//! Lines of archived transcripts, whole across the borders of frames, with bounded memory.

use std::ops::ControlFlow;

use muster_proto::ids::TranscriptId;

use super::db::{Db, Result};
use super::frames;
use super::transcripts::unsigned;
use crate::transcript::lines::{LineJoiner, Place};

/// Frames fetched at once: at most a few megabytes, and few enough round trips.
const FETCH: u32 = 4;

/// Where a line begins.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LineStart {
    /// Its number.
    pub line: u64,
    /// Its offset.
    pub offset: u64,
}

/// A line start at or before `line` from which it can be scanned for; `None` when the transcript is empty.
pub async fn start(db: &Db, id: TranscriptId, line: u64, committed: u64) -> Result<Option<LineStart>> {
    let Some(offset) = frames::start_of_line(db, id, line, committed).await? else { return Ok(None) };
    let extent = frames::extents(db, id, offset, committed, 1).await?;
    Ok(extent.first().map(|extent| LineStart { line: unsigned(extent.first_line), offset }))
}

/// Reads committed lines in order from a line's start and gives each to `each`, without its newline (`None` when it is
/// too long to keep), until it breaks or the lines end. Returns the start of the first line that was not given.
pub async fn scan<F>(db: &Db, id: TranscriptId, from: LineStart, committed: u64, mut each: F) -> Result<LineStart>
where
    F: FnMut(Place, Option<&[u8]>) -> ControlFlow<()>,
{
    let mut joiner = LineJoiner::new(from.line, from.offset);
    let mut next = from;
    let mut offset = from.offset;
    let mut stopped = false;
    while offset < committed && !stopped {
        let rows = frames::from_offset(db, id, offset, committed, FETCH).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            let (start, end) = (unsigned(row.start_offset), unsigned(row.end_offset));
            let raw = row.raw()?;
            let skip = usize::try_from(offset.saturating_sub(start)).unwrap_or(usize::MAX).min(raw.len());
            joiner.push(&raw[skip..], |place, line| {
                if !stopped {
                    stopped = each(place, line).is_break();
                    next = LineStart { line: place.line + 1, offset: place.offset + place.bytes };
                }
            });
            offset = end;
            if stopped {
                break;
            }
        }
    }
    Ok(next)
}

/// All committed bytes of a file; `None` when they are more than `most`.
pub async fn whole(db: &Db, id: TranscriptId, committed: u64, most: u64) -> Result<Option<Vec<u8>>> {
    if committed > most {
        return Ok(None);
    }
    let mut bytes = Vec::new();
    while (bytes.len() as u64) < committed {
        let rows = frames::from_offset(db, id, bytes.len() as u64, committed, FETCH).await?;
        if rows.is_empty() {
            break;
        }
        for row in rows {
            bytes.extend(row.raw()?);
        }
    }
    Ok(Some(bytes))
}
