//! Merging the frames of cold transcripts into larger blocks, which compress better and are fewer. No byte of content
//! changes: the block is compared with what it replaces before it does.

use std::sync::Arc;

use bytes::Bytes;
use muster_proto::ids::TranscriptId;
use ring::digest::{Context, SHA256, digest};

use crate::domain::time::Millis;
use crate::store::frames::{self, Extent, NewFrame, ZSTD};
use crate::store::transcripts::{self, unsigned};
use crate::store::{Db, Result, StoreError};

/// Raw bytes of a block: large enough for zstd's window to matter, small enough that one entry costs a millisecond.
const BLOCK_BYTES: u64 = 1024 * 1024;

/// A frame of this size gains nothing from being merged.
const LARGE_FRAME: u64 = 192 * 1024;

/// A transcript is cold when nothing was appended for this long.
pub const COLD_MS: Millis = 10 * 60 * 1000;

/// Frames looked at in one step.
const LOOK: u32 = 4096;

/// zstd level of blocks: about 12 % smaller than level 3 at a third of its speed, in the background.
const LEVEL: i32 = 9;

/// What one pass did.
#[derive(Debug, Default, Clone, Copy, PartialEq, Eq)]
pub struct Compacted {
    /// Frames that were merged away.
    pub frames: u64,
    /// Blocks that took their place.
    pub blocks: u64,
}

/// Compacts up to `most` cold transcripts.
pub async fn pass(db: &Db, now: Millis, most: u32) -> Result<Compacted> {
    let mut done = Compacted::default();
    for (id, from, committed) in transcripts::cold(db, now - COLD_MS, most).await? {
        let one = transcript(db, id, from, committed).await?;
        done.frames += one.frames;
        done.blocks += one.blocks;
    }
    Ok(done)
}

/// Compacts one transcript from where the last pass ended.
pub async fn transcript(db: &Db, id: TranscriptId, from: u64, committed: u64) -> Result<Compacted> {
    let mut done = Compacted::default();
    let mut at = from;
    loop {
        let extents = frames::extents(db, id, at, committed, LOOK).await?;
        for run in runs(&extents) {
            done.frames += run.len() as u64;
            done.blocks += 1;
            merge(db, id, run, committed).await?;
        }
        match extents.last() {
            Some(last) if extents.len() == LOOK as usize => at = unsigned(last.end_offset),
            _ => break,
        }
    }
    transcripts::compacted(db, id, committed).await?;
    Ok(done)
}

/// Neighbours that together make a block: two or more, of whole lines, none large already.
fn runs(extents: &[Extent]) -> Vec<&[Extent]> {
    let mut runs = Vec::new();
    let mut begin = 0;
    let mut bytes = 0;
    for (at, extent) in extents.iter().enumerate() {
        let size = unsigned(extent.end_offset - extent.start_offset);
        // A part of a line stays as it is: readers begin at whole lines.
        let mergeable = size < LARGE_FRAME && extent.line_count > 0;
        if !mergeable || bytes + size > BLOCK_BYTES {
            runs.push(&extents[begin..at]);
            (begin, bytes) = if mergeable { (at, 0) } else { (at + 1, 0) };
        }
        if mergeable {
            bytes += size;
        }
    }
    runs.push(&extents[begin..]);
    runs.retain(|run| run.len() > 1);
    runs
}

async fn merge(db: &Db, id: TranscriptId, run: &[Extent], committed: u64) -> Result<()> {
    let [first, .., last] = run else { return Ok(()) };
    let (start, end) = (unsigned(first.start_offset), unsigned(last.end_offset));
    let raw = read(db, id, start, end, committed).await?;
    let whole = Arc::new(raw);
    let (bytes, sha256) = compress(Arc::clone(&whole)).await?;
    let block = NewFrame {
        transcript: id,
        start,
        end,
        first_line: unsigned(first.first_line),
        line_count: run.iter().map(|extent| unsigned(extent.line_count)).sum(),
        codec: ZSTD,
        bytes,
    };
    let mut tx = db.begin().await?;
    let removed = frames::remove_range(&mut tx, id, start, end).await?;
    if removed != run.len() as u64 || sha256 != digest(&SHA256, &whole).as_ref() {
        return Err(StoreError::Corrupt(format!("transcript {id} changed while its block {start}..{end} was made")));
    }
    frames::insert(&mut tx, &[block]).await?;
    tx.commit().await
}

async fn read(db: &Db, id: TranscriptId, start: u64, end: u64, committed: u64) -> Result<Vec<u8>> {
    let mut raw = Vec::with_capacity(usize::try_from(end - start).unwrap_or(0));
    let mut at = start;
    while at < end {
        let before = at;
        for row in frames::from_offset(db, id, at, committed, 64).await? {
            if unsigned(row.start_offset) >= end {
                break;
            }
            raw.extend_from_slice(&row.raw()?);
            at = unsigned(row.end_offset);
        }
        // Nothing is there any more when it is deleted meanwhile.
        if at == before || raw.len() as u64 != at - start {
            return Err(StoreError::Corrupt(format!("transcript {id} has a hole before {at}")));
        }
    }
    Ok(raw)
}

/// Compresses off the event loop; returns the block and the digest of what it decompresses to.
async fn compress(raw: Arc<Vec<u8>>) -> Result<(Bytes, Vec<u8>)> {
    let work = move || -> std::io::Result<(Bytes, Vec<u8>)> {
        let block = zstd::bulk::compress(&raw, LEVEL)?;
        let mut check = Context::new(&SHA256);
        check.update(&zstd::bulk::decompress(&block, raw.len())?);
        Ok((Bytes::from(block), check.finish().as_ref().to_vec()))
    };
    crate::spawn::blocking(work)
        .await
        .map_err(|error| StoreError::Corrupt(format!("compression: {error}")))?
        .map_err(|error| StoreError::Corrupt(format!("compression: {error}")))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn extents(sizes: &[(i64, i64)]) -> Vec<Extent> {
        let mut at = 0;
        let extent = |(size, line_count): &(i64, i64)| {
            let start_offset = at;
            at += size;
            Extent { start_offset, end_offset: at, first_line: 0, line_count: *line_count }
        };
        sizes.iter().map(extent).collect()
    }

    fn lengths(sizes: &[(i64, i64)]) -> Vec<usize> {
        runs(&extents(sizes)).iter().map(|run| run.len()).collect()
    }

    #[test]
    fn small_neighbours_are_merged_and_the_rest_is_left_alone() {
        assert_eq!(lengths(&[(100, 1), (100, 2), (100, 1)]), [3]);
        assert_eq!(lengths(&[(100, 1)]), [0; 0]);
        assert_eq!(lengths(&[(100, 1), (100, 1), (250_000, 9), (100, 1)]), [2]);
        assert_eq!(lengths(&[(100, 1), (100, 0), (100, 1), (100, 1)]), [2]);
        assert_eq!(lengths(&[(150_000, 1); 10]), [6, 4]);
    }
}
