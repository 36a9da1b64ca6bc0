//! How the agent stands, for `muster-agent status` and the service manager. Kept in memory only.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use muster_proto::fleet::{self, Welcome};
use serde::{Deserialize, Serialize};

use crate::identity::Identity;
use crate::platform::service;
use crate::watch::RootStatus;

/// The link, in one word.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LinkState {
    /// Being opened.
    #[default]
    Connecting,
    /// It stands.
    Up,
    /// Broken or not reached; the next attempt follows by itself.
    Waiting,
    /// Another agent has this host's identity.
    Superseded,
    /// The aggregator does not take this host.
    Refused,
}

/// The status document.
#[derive(Debug, Clone, Default, Serialize, Deserialize)]
pub struct AgentStatus {
    /// Version of the running agent.
    pub version: String,
    /// Its process.
    pub pid: u32,
    /// This host's name in the fleet.
    pub host_name: String,
    /// This host's id.
    pub host_id: String,
    /// Where the aggregator is.
    pub url: String,
    /// The link.
    pub link: LinkState,
    /// When the link came into this state, RFC 3339.
    pub link_since: String,
    /// Why there is no link; empty while it stands.
    pub link_error: String,
    /// Grows with every link of this host.
    pub epoch: u64,
    /// Version of the aggregator of the last link.
    pub aggregator_version: String,
    /// Bytes on disk that are not acknowledged.
    pub backlog_bytes: u64,
    /// Age of the oldest append that is not acknowledged.
    pub lag_ms: u64,
    /// Files followed.
    pub transcripts: u64,
    /// Memory of the agent in RAM.
    pub rss_bytes: u64,
    /// Folders that are followed.
    pub roots: Vec<RootStatus>,
    /// The last problem that still stands; empty when all is well.
    pub last_error: String,
}

#[derive(Default)]
struct Inner {
    status: AgentStatus,
    roots: Vec<fleet::Root>,
}

/// Where the parts of the agent note how they stand.
#[derive(Clone, Default)]
pub struct StatusBoard(Arc<Mutex<Inner>>);

impl StatusBoard {
    /// A board for the host with this identity.
    pub fn new(identity: &Identity) -> Self {
        let board = Self::default();
        {
            let status = &mut board.lock().status;
            env!("CARGO_PKG_VERSION").clone_into(&mut status.version);
            status.pid = std::process::id();
            status.host_name.clone_from(&identity.host_name);
            status.host_id.clone_from(&identity.host_id);
            status.url.clone_from(&identity.url);
            status.link_since = now();
        }
        board
    }

    /// The link changed.
    pub fn link(&self, state: LinkState, why: Option<String>) {
        let status = &mut self.lock().status;
        if status.link != state {
            status.link_since = now();
        }
        status.link = state;
        // While connecting, the reason of the last failure still tells most.
        if let Some(why) = why {
            service::status(&format!("no link: {why}"));
            status.link_error = why;
        }
    }

    /// The link stands.
    pub fn linked(&self, welcome: &Welcome) {
        let status = &mut self.lock().status;
        status.link = LinkState::Up;
        status.link_since = now();
        status.link_error.clear();
        status.epoch = welcome.epoch;
        status.host_name.clone_from(&welcome.host_name);
        status.aggregator_version.clone_from(&welcome.aggregator_version);
        service::status(&format!("linked as {} to {}", status.host_name, status.url));
    }

    /// The watching, as it stands now.
    pub fn watching(&self, state: &fleet::HostState, roots: Vec<RootStatus>) {
        let mut inner = self.lock();
        inner.roots.clone_from(&state.roots);
        let status = &mut inner.status;
        status.backlog_bytes = state.backlog_bytes;
        status.lag_ms = state.lag_ms;
        status.transcripts = state.transcripts;
        status.rss_bytes = state.rss_bytes;
        status.last_error.clone_from(&state.last_error);
        status.roots = roots;
    }

    /// The roots, for the hello of a link.
    pub fn roots(&self) -> Vec<fleet::Root> {
        self.lock().roots.clone()
    }

    /// A copy of the status.
    pub fn status(&self) -> AgentStatus {
        self.lock().status.clone()
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

fn now() -> String {
    jiff::Timestamp::now().strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
