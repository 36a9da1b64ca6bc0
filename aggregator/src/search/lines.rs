//! Lines of the archive for snippets: read where they lie, with the last few pieces kept.

use std::collections::VecDeque;
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use muster_proto::ids::TranscriptId;

use crate::spawn::blocking;
use crate::store::frames::FrameRow;
use crate::store::lines::{self, LineStart};
use crate::store::{Db, Result, StoreError, frames};
use crate::transcript::lines::LineJoiner;

/// Bytes of pieces that are kept.
const KEPT_BYTES: usize = 24 * 1024 * 1024;

/// Pieces larger than this are not kept: one would push out all others.
const PIECE_BYTES: usize = 2 * 1024 * 1024;

/// A decompressed piece of a transcript.
#[derive(Debug, Clone)]
struct Piece {
    transcript: TranscriptId,
    first_line: u64,
    start: u64,
    /// Lines that end in it.
    lines: u64,
    bytes: Arc<Vec<u8>>,
}

/// The pieces that were read last.
#[derive(Debug, Default)]
pub(super) struct Pieces(Mutex<VecDeque<Piece>>);

impl Pieces {
    fn find(&self, transcript: TranscriptId, line: u64) -> Option<Piece> {
        let mut pieces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let holds = |piece: &Piece| {
            piece.transcript == transcript && (piece.first_line..piece.first_line + piece.lines).contains(&line)
        };
        let at = pieces.iter().position(holds)?;
        let piece = pieces.remove(at)?;
        pieces.push_front(piece.clone());
        Some(piece)
    }

    fn keep(&self, piece: Piece) {
        if piece.bytes.len() > PIECE_BYTES {
            return;
        }
        let mut pieces = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        pieces.push_front(piece);
        let mut bytes = 0;
        let kept = pieces.iter().take_while(|piece| {
            bytes += piece.bytes.len();
            bytes <= KEPT_BYTES
        });
        let kept = kept.count();
        pieces.truncate(kept);
    }

    /// Keeps nothing any more.
    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }

    /// One line, without its newline; `None` when there is none (any more) or it is too long to be parsed.
    pub(super) async fn line(
        &self,
        db: &Db,
        transcript: TranscriptId,
        line: u64,
        committed: u64,
    ) -> Result<Option<Vec<u8>>> {
        if let Some(piece) = self.find(transcript, line) {
            return Ok(line_in(&piece, line));
        }
        let Some(row) = frames::with_line(db, transcript, line, committed).await? else { return Ok(None) };
        let piece = blocking(move || raw(transcript, &row)).await.map_err(|error| broken(&error))??;
        let found = line_in(&piece, line);
        let start = LineStart { line: piece.first_line, offset: piece.start };
        if found.is_some() {
            self.keep(piece);
            return Ok(found);
        }
        // Larger than its piece: put together from several.
        let mut found = None;
        lines::scan(db, transcript, start, committed, |place, bytes| {
            if place.line < line {
                return ControlFlow::Continue(());
            }
            found = bytes.filter(|_| place.line == line).map(<[u8]>::to_vec);
            ControlFlow::Break(())
        })
        .await?;
        Ok(found)
    }
}

fn broken(error: &tokio::task::JoinError) -> StoreError {
    StoreError::Corrupt(format!("a piece could not be read: {error}"))
}

fn raw(transcript: TranscriptId, row: &FrameRow) -> Result<Piece> {
    use crate::store::transcripts::unsigned;
    Ok(Piece {
        transcript,
        first_line: unsigned(row.first_line),
        start: unsigned(row.start_offset),
        lines: unsigned(row.line_count),
        bytes: Arc::new(row.raw()?),
    })
}

fn line_in(piece: &Piece, line: u64) -> Option<Vec<u8>> {
    let mut joiner = LineJoiner::new(piece.first_line, piece.start);
    let mut found = None;
    joiner.push(&piece.bytes, |place, bytes| {
        if place.line == line {
            found = bytes.map(<[u8]>::to_vec);
        }
    });
    found
}
