//! The archived bytes of a transcript, exactly as the coder wrote them.

use bytes::Bytes;
use futures_util::Stream;
use futures_util::stream::try_unfold;
use muster_proto::ids::TranscriptId;

use crate::store::transcripts::unsigned;
use crate::store::{Db, Result, StoreError, frames};

/// Streams the bytes from `from` up to `to` (which must be committed), a few frames in memory at a time.
pub fn stream(
    db: Db,
    id: TranscriptId,
    from: u64,
    to: u64,
    committed: u64,
) -> impl Stream<Item = Result<Bytes>> + Send {
    try_unfold((db, from), move |(db, at)| async move {
        if at >= to {
            return Ok(None);
        }
        let rows = frames::from_offset(&db, id, at, committed, 1).await?;
        let Some(row) = rows.first() else {
            return Err(StoreError::Corrupt(format!("transcript {id} has no frame at {at}")));
        };
        let (start, end) = (unsigned(row.start_offset), unsigned(row.end_offset));
        let raw = Bytes::from(row.raw()?);
        let first = usize::try_from(at.saturating_sub(start)).unwrap_or(usize::MAX).min(raw.len());
        let last = usize::try_from(to.min(end).saturating_sub(start)).unwrap_or(usize::MAX).min(raw.len());
        if first >= last {
            return Err(StoreError::Corrupt(format!("transcript {id} has a hole at {at}")));
        }
        Ok(Some((raw.slice(first..last), (db, end))))
    })
}
