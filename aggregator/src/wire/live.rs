//! Messages of the WebSocket `/api/v1/live`.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::entry::Entry;
use super::fleet::{Host, Session, SessionRow};
use super::presence::SessionState;

/// What a page asks. One JSON text message each: `{"subscribe": {"topic": "fleet", "after": null}}`.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum LiveRequest {
    /// Follow a topic: `fleet`, `host:ID` or `session:ID`.
    Subscribe {
        /// Topic to follow.
        topic: String,
        /// Last revision that the page holds; `null` for a snapshot.
        #[serde(default)]
        #[ts(type = "number | null")]
        after: Option<u64>,
    },
    /// Follow it no longer.
    Unsubscribe {
        /// Topic to leave.
        topic: String,
    },
}

/// What the aggregator sends. Exactly one of `snapshot`, `update`, `resumed`, `resubscribe`, `error` is there.
///
/// After a subscription comes either one `snapshot`, or `resumed` when `after` could be served from memory; then
/// `update`s with growing revisions.
#[derive(Debug, Clone, Serialize, TS)]
pub struct LiveMessage {
    /// Topic that it belongs to.
    pub topic: String,
    /// Revision after this message; pass it as `after` when coming back.
    #[ts(type = "number")]
    pub revision: u64,
    /// Everything that the topic shows now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub snapshot: Option<Snapshot>,
    /// What changed.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub update: Option<Update>,
    /// `after` was found: nothing is missing, only the updates since then follow.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub resumed: Option<bool>,
    /// The page reads too slowly and was unsubscribed: subscribe again with the last revision it holds.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub resubscribe: Option<bool>,
    /// The subscription was refused, in words.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub error: Option<String>,
}

impl LiveMessage {
    /// A message that says nothing yet.
    pub fn new(topic: String, revision: u64) -> Self {
        Self { topic, revision, snapshot: None, update: None, resumed: None, resubscribe: None, error: None }
    }
}

/// All of a topic. Untagged: `hosts` is there for `fleet`, `session` and `entries` for `session:ID`
/// (`deleted` when it is in the archive no more), `host` for `host:ID`.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(untagged)]
pub enum Snapshot {
    /// Of `fleet`.
    Fleet {
        /// All hosts.
        hosts: Vec<Host>,
        /// The sessions with the latest activity, latest first, at most 500.
        sessions: Vec<SessionRow>,
        /// What they are doing, as far as anything is known.
        states: Vec<SessionState>,
    },
    /// Of `host:ID`.
    Host {
        /// The host.
        host: Box<Host>,
        /// Its sessions with the latest activity, at most 500.
        sessions: Vec<SessionRow>,
        /// What they are doing, as far as anything is known.
        states: Vec<SessionState>,
    },
    /// Of `session:ID`.
    Session {
        /// The session.
        session: Box<Session>,
        /// What it is doing; `null` when nothing is known, or it ended a while ago.
        state: Option<Box<SessionState>>,
        /// Its latest conversation entries in order, at most 200.
        entries: Vec<Entry>,
        /// There are earlier entries.
        has_earlier: bool,
    },
    /// Of `session:ID` when that session was deleted on purpose.
    Deleted {
        /// By whom and when.
        deleted: DeletedSession,
    },
}

/// A session that was deleted on purpose, as everybody may know it. Why stands in the audit trail.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct DeletedSession {
    /// Who deleted it, by name; `system` for a retention rule.
    pub by: String,
    /// When, RFC 3339.
    pub at: String,
}

/// A change of a topic. Every part is optional; applying an update twice is harmless.
#[derive(Debug, Clone, Default, Serialize, TS)]
pub struct Update {
    /// Topic `session:ID`: appended conversation entries.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Entry>>")]
    pub entries: Vec<Entry>,
    /// Topic `session:ID`: the session as it is now.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub session: Option<Box<Session>>,
    /// Topic `session:ID`: it was deleted on purpose; nothing of it is kept.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub deleted: Option<Box<DeletedSession>>,
    /// Topics `fleet`, `host:ID`: rows that are new or changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<SessionRow>>")]
    pub sessions: Vec<SessionRow>,
    /// All topics: what sessions are doing now, as far as it changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<SessionState>>")]
    pub states: Vec<SessionState>,
    /// All topics: sessions of which nothing is known any more: they ended a while ago.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub ended_states: Vec<String>,
    /// Topics `fleet`, `host:ID`: ids of sessions that are in the archive no more.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub removed_sessions: Vec<String>,
    /// Topics `fleet`, `host:ID`: hosts that are new or changed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Host>>")]
    pub hosts: Vec<Host>,
    /// Topic `fleet`: ids of hosts that were removed.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<String>>")]
    pub removed_hosts: Vec<String>,
    /// Topics `fleet`, `host:ID`: appends since the last such update (at most four a second).
    #[serde(skip_serializing_if = "Vec::is_empty")]
    #[ts(optional, as = "Option<Vec<Activity>>")]
    pub activity: Vec<Activity>,
}

/// What hosts wrote in the last half hour, of those that wrote anything.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct RecentActivity {
    /// Length of a step, milliseconds.
    pub step_ms: u32,
    /// By host.
    pub hosts: Vec<HostActivity>,
}

/// Lines that one host wrote, step by step.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct HostActivity {
    /// Host.
    pub host_id: String,
    /// Lines of each whole step, oldest first; the last one has just ended.
    pub lines: Vec<u32>,
}

/// Appends to one session on one host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Activity {
    /// Host that wrote.
    pub host_id: String,
    /// Session that grew; `null` for files of none.
    pub session_id: Option<String>,
    /// Lines appended.
    pub lines: u32,
    /// Bytes appended.
    #[ts(type = "number")]
    pub bytes: u64,
}
