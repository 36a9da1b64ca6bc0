//! The lines of an export in their order, a bounded batch at a time.

use std::ops::ControlFlow;

use crate::archive::conversation::Conversation;
use crate::store::lines::{self, LineStart};
use crate::store::transcripts::{TranscriptRow, unsigned};
use crate::store::{Db, Result};
use crate::transcript::lines::Place;

/// Raw bytes of a batch: what one export holds in memory, a few times over.
const BATCH: u64 = 1024 * 1024;

/// One file of an export, or what it adds to the conversation.
#[derive(Debug, Clone)]
pub(super) struct Part {
    /// The file.
    pub(super) file: TranscriptRow,
    /// Its first line that is exported.
    pub(super) from: u64,
    /// The coder's own id of the subagent whose conversation it is.
    pub(super) agent: Option<String>,
}

/// Whole lines of one part.
#[derive(Debug)]
pub(super) struct Batch {
    /// Number of the part.
    pub(super) part: usize,
    /// It begins with these lines.
    pub(super) begins: bool,
    /// The lines with their bytes; `None` where a line is too long to be looked through.
    pub(super) lines: Vec<(Place, Option<Vec<u8>>)>,
}

/// Reads an export from its beginning.
#[derive(Debug)]
pub(super) struct Source {
    db: Db,
    pub(super) parts: Vec<Part>,
    part: usize,
    /// Where the part goes on; `None` before its first line.
    next: Option<LineStart>,
}

impl Source {
    pub(super) fn new(db: Db, parts: Vec<Part>) -> Self {
        Self { db, parts, part: 0, next: None }
    }

    /// The next lines; `None` at the end. A part without lines is a batch too, so that it is not passed over.
    pub(super) async fn next(&mut self) -> Result<Option<Batch>> {
        let Some(part) = self.parts.get(self.part) else { return Ok(None) };
        let (id, committed) = (part.file.id()?, unsigned(part.file.committed_offset));
        let begins = self.next.is_none();
        let start = match self.next {
            Some(next) => Some(next),
            None => lines::start(&self.db, id, part.from, committed).await?,
        };
        let mut kept = Vec::new();
        let (from, mut bytes, mut full) = (part.from, 0, false);
        let end = match start {
            None => None,
            Some(start) => {
                let take = |place: Place, line: Option<&[u8]>| {
                    if place.line >= from {
                        bytes += place.bytes;
                        kept.push((place, line.map(<[u8]>::to_vec)));
                        full = bytes >= BATCH;
                    }
                    if full { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
                };
                Some(lines::scan(&self.db, id, start, committed, take).await?)
            }
        };
        let batch = Batch { part: self.part, begins, lines: kept };
        if full {
            self.next = end;
        } else {
            (self.part, self.next) = (self.part + 1, None);
        }
        Ok(Some(batch))
    }
}

/// The parts of a conversation.
pub(super) fn parts_of(conversation: &Conversation) -> Vec<Part> {
    let part =
        |part: &crate::archive::conversation::Part| Part { file: part.file.clone(), from: part.from, agent: None };
    conversation.parts().iter().map(part).collect()
}
