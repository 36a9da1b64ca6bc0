//! Lines on their way to pages, before they are committed.

use std::ops::ControlFlow;

use muster_proto::ids::TranscriptId;

use super::pieces::Piece;
use super::{Ingest, IngestError};
use crate::domain::session::SessionId;
use crate::live::{Topic, Update};
use crate::store::lines;
use crate::transcript::lines::{LineJoiner, Place};
use crate::transcript::{Class, Depth, Entry, Located, parse, parse_line};

/// Lines up to this size are told with all that they say, so that pages show them without asking. Longer ones are few.
const TOLD_WHOLE_BYTES: usize = 16 * 1024;

impl Ingest {
    /// Shows the conversation in some accepted pieces to the pages that follow the session. Nobody there: nothing is
    /// parsed. The pieces must be on their way to the writer already, so that whoever joins from here on finds them in
    /// the store.
    pub(super) async fn publish(
        &self,
        session: &SessionId,
        id: TranscriptId,
        coder: &str,
        pieces: &[Piece<'_>],
    ) -> Result<(), IngestError> {
        let topic = Topic::Session(session.clone());
        if !self.hub.is_followed(&topic) {
            return Ok(());
        }
        let mut entries = Vec::new();
        for piece in pieces {
            match (piece.at.mid_line, piece.after.mid_line) {
                (false, false) => whole_lines(id, coder, piece, &mut entries),
                // The end of a line that came in parts: rare and large, so it is read back instead of kept in memory.
                (true, false) => entries.extend(self.read_back(id, coder, piece).await?),
                (_, true) => {}
            }
        }
        if !entries.is_empty() {
            self.hub.publish(&topic, &Update { entries, ..Update::default() });
        }
        Ok(())
    }

    async fn read_back(&self, id: TranscriptId, coder: &str, last: &Piece<'_>) -> Result<Option<Located>, IngestError> {
        self.flushed().await?;
        let (line, committed) = (last.at.line, last.after.offset);
        let Some(start) = lines::start(&self.db, id, line, committed).await? else { return Ok(None) };
        let mut found = None;
        lines::scan(&self.db, id, start, committed, |place, bytes| {
            if place.line < line {
                return ControlFlow::Continue(());
            }
            found = conversation(id, coder, place, bytes);
            ControlFlow::Break(())
        })
        .await?;
        Ok(found)
    }
}

fn whole_lines(id: TranscriptId, coder: &str, piece: &Piece<'_>, entries: &mut Vec<Located>) {
    let mut joiner = LineJoiner::new(piece.at.line, piece.at.offset);
    joiner.push(piece.bytes, |place, bytes| entries.extend(conversation(id, coder, place, bytes)));
}

/// The entry of a line, when a reader wants to see it.
fn conversation(id: TranscriptId, coder: &str, place: Place, bytes: Option<&[u8]>) -> Option<Located> {
    let entry = bytes.map_or_else(|| Entry::oversized(place.bytes), |bytes| told(coder, bytes));
    (entry.class == Class::Conversation).then_some(Located { transcript: id, place, entry })
}

fn told(coder: &str, line: &[u8]) -> Entry {
    let glance = parse_line(coder, line);
    if glance.class != Class::Conversation || line.len() > TOLD_WHOLE_BYTES {
        return glance;
    }
    Entry { blocks: parse(coder, line, Depth::Full).blocks, ..glance }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(text: &str) -> String {
        format!(
            r#"{{"type":"assistant","message":{{"role":"assistant","content":[{{"type":"text","text":"{text}"}}]}}}}"#
        )
    }

    #[test]
    fn a_line_is_told_whole_unless_it_is_long() {
        let short = told("claude", reply("hello").as_bytes());
        assert_eq!((short.preview.text.as_str(), short.blocks.len()), ("hello", 1));
        let long = told("claude", reply(&"x".repeat(TOLD_WHOLE_BYTES)).as_bytes());
        assert!(long.preview.cut && long.blocks.is_empty());
    }
}
