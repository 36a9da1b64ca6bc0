//! For tests of other rooms: what `derive` would tell of a transcript's end, without an archive.

use muster_proto::ids::HostId;

use super::facts::Facts;
use super::fold::Fold;
use super::tail;
use crate::domain::transcript::TranscriptKind;
use crate::live::endings::Ending;
use crate::store::sessions::CursorRow;
use crate::transcript::{Depth, parse};

/// A transcript that grows line by line.
pub(crate) struct Growing {
    cursor: CursorRow,
    fold: Fold,
}

impl Growing {
    /// An empty transcript of Claude Code at a path below its root.
    pub(crate) fn new(host: HostId, path: &str, session: &str, is_subagent: bool) -> Self {
        Self::of("claude", host, path, session, is_subagent)
    }

    /// An empty transcript of a coder.
    pub(crate) fn of(coder: &str, host: HostId, path: &str, session: &str, is_subagent: bool) -> Self {
        let kind = if is_subagent { TranscriptKind::Subagent } else { TranscriptKind::Main };
        let cursor = CursorRow {
            id: path.to_owned(),
            coder: coder.to_owned(),
            host_id: host.to_string(),
            root: "/root".to_owned(),
            path: format!("/root/{path}"),
            kind: kind.word().to_owned(),
            generation: 0,
            session_id: Some(session.to_owned()),
            joined_session: None,
            state: String::new(),
            committed_offset: 0,
            derived_offset: 0,
            derived_version: 0,
            facts: String::new(),
        };
        Self { fold: Fold::new(path, !is_subagent, Facts::default()), cursor }
    }

    /// Appends a line; returns how the transcript ends now.
    pub(crate) fn add(&mut self, line: &str) -> Ending {
        self.fold.add(parse(&self.cursor.coder, line.as_bytes(), Depth::Facts));
        tail::ending(&self.cursor, self.cursor.session_id.as_deref(), &self.fold.facts).expect("a file of a session")
    }
}
