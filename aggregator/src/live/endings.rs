//! How transcripts end now: what `derive` has read, for whoever watches sessions.

use std::collections::{BTreeSet, HashMap};
use std::sync::{Arc, Mutex, PoisonError};

use muster_proto::ids::HostId;
use tokio::sync::Notify;

use crate::domain::alarm::Looping;
use crate::domain::session::SessionId;
use crate::domain::session_state::Tail;
use crate::domain::time::Millis;

/// How one transcript ends.
#[derive(Debug, Clone)]
pub struct Ending {
    /// Transcript.
    pub transcript: String,
    /// Host on which it lies.
    pub host: HostId,
    /// Session.
    pub session: SessionId,
    /// Coder.
    pub coder: String,
    /// The subagent whose conversation it is; `None` for the session's own.
    pub agent: Option<String>,
    /// Working directory of the latest line.
    pub cwd: String,
    /// Model of the latest reply.
    pub model: Option<String>,
    /// Tokens that the context holds.
    pub context_tokens: Option<i64>,
    /// Latest line, by the host's clock.
    pub last_at: Millis,
    /// Its end.
    pub tail: Tail,
    /// What it calls again and again; of a subagent without its id.
    pub looping: Option<Looping>,
}

/// Endings that nobody has looked at yet: of each transcript the latest, so bounded by the transcripts that grew since.
/// Cloning gives another handle.
#[derive(Debug, Clone, Default)]
pub struct Endings(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    waiting: Mutex<HashMap<String, Ending>>,
    bell: Notify,
}

impl Endings {
    /// A transcript has grown.
    pub fn put(&self, ending: Ending) {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).insert(ending.transcript.clone(), ending);
        self.0.bell.notify_one();
    }

    /// What waits, and nothing when nothing does.
    pub fn take(&self) -> Vec<Ending> {
        let waiting = std::mem::take(&mut *self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner));
        waiting.into_values().collect()
    }

    /// Forgets what waits of these sessions.
    pub fn forget(&self, sessions: &BTreeSet<SessionId>) {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        waiting.retain(|_, ending| !sessions.contains(&ending.session));
    }

    /// Returns when something was put there since the last look.
    pub async fn changed(&self) {
        self.0.bell.notified().await;
    }
}
