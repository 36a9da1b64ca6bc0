//! How the agent stands, for `muster-agent status` and the service manager. Kept in memory only.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use muster_proto::fleet::{self, HookState, Welcome};
use serde::{Deserialize, Serialize};

use crate::identity::Identity;
use crate::platform::machine::Machine;
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
    /// Living coders.
    #[serde(default)]
    pub coders: Vec<CoderStatus>,
    /// What stands between us and their own registry; empty when all is well.
    #[serde(default)]
    pub registry_error: String,
    /// Whether the aggregator may stop coders on this host.
    #[serde(default)]
    pub allow_stop: bool,
}

/// A living coder.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CoderStatus {
    /// Coder: "claude", …
    pub coder: String,
    /// Its process.
    pub pid: u32,
    /// Its session; empty where nothing says.
    pub session: String,
    /// Its working directory.
    pub cwd: String,
    /// What its registry says: "busy", "waiting: permission prompt"; empty where it has none.
    pub says: String,
}

impl CoderStatus {
    /// What a person wants to see of it.
    pub fn of(coder: &fleet::Coder) -> Self {
        let says = coder.registry.as_ref().map(|registry| match registry.waiting_for.as_str() {
            "" => registry.status.clone(),
            waiting_for => format!("{}: {waiting_for}", registry.status),
        });
        Self {
            coder: coder.coder.clone(),
            pid: coder.pid,
            session: coder.session.clone(),
            cwd: coder.cwd.clone(),
            says: says.unwrap_or_default(),
        }
    }
}

/// What lives on this host beside the transcripts.
#[derive(Debug, Clone, Default)]
pub struct Surroundings {
    /// Memory and disk.
    pub machine: Machine,
    /// Whether the coders call our hook.
    pub hooks: HookState,
    /// What stands between us and the coders' own registry; empty when all is well.
    pub registry_error: String,
    /// Living coders.
    pub coders: Vec<CoderStatus>,
}

#[derive(Default)]
struct Inner {
    status: AgentStatus,
    machine: Machine,
    hooks: HookState,
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

    /// What lives on this host, as it stands now.
    pub fn surroundings(&self, surroundings: Surroundings) {
        let mut inner = self.lock();
        inner.machine = surroundings.machine;
        inner.hooks = surroundings.hooks;
        inner.status.registry_error = surroundings.registry_error;
        inner.status.coders = surroundings.coders;
    }

    /// What the host's own config lets the aggregator do.
    pub fn allow_stop(&self, allowed: bool) {
        self.lock().status.allow_stop = allowed;
    }

    /// Puts what is known beside the transcripts into a state of this host.
    pub fn complete(&self, state: fleet::HostState) -> fleet::HostState {
        let inner = self.lock();
        let Machine { memory, disk } = inner.machine;
        fleet::HostState {
            memory_total_bytes: memory.total,
            memory_available_bytes: memory.free,
            disk_total_bytes: disk.total,
            disk_free_bytes: disk.free,
            hooks: inner.hooks.into(),
            registry_error: inner.status.registry_error.clone(),
            ..state
        }
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
