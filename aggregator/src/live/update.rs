//! What a topic tells its pages. Applying an update twice is harmless.

use muster_proto::ids::HostId;

use super::presence::HostView;
use crate::domain::session::SessionId;
use crate::domain::session_view::View;
use crate::store::deletions::DeletionRow;
use crate::store::sessions::SessionRow;
use crate::store::transcripts::TranscriptRow;
use crate::transcript::Located;

/// A change of a topic; every part may be empty.
#[derive(Debug, Clone, Default)]
pub struct Update {
    /// Appended entries, on a session's topic.
    pub entries: Vec<Located>,
    /// The session as it is now, on a session's topic.
    pub session: Option<Box<(SessionRow, Vec<TranscriptRow>)>>,
    /// The session was deleted on purpose, on its topic.
    pub deleted: Option<Box<DeletionRow>>,
    /// Sessions that are new or changed.
    pub sessions: Vec<SessionRow>,
    /// Sessions that are in the archive no more.
    pub removed_sessions: Vec<SessionId>,
    /// What sessions are doing, as far as it changed.
    pub states: Vec<View>,
    /// Sessions of which nothing is known any more.
    pub ended_states: Vec<SessionId>,
    /// Hosts that are new or changed.
    pub hosts: Vec<HostView>,
    /// Hosts that were removed.
    pub removed_hosts: Vec<HostId>,
    /// Appends since the last such update.
    pub activity: Vec<Append>,
}

/// Appends to one session on one host.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Append {
    /// Host that wrote.
    pub host: HostId,
    /// Session that grew.
    pub session: Option<SessionId>,
    /// Lines appended.
    pub lines: u64,
    /// Bytes appended.
    pub bytes: u64,
}
