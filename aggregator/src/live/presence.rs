//! Which hosts are linked, and how they are doing.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use muster_proto::fleet;
use muster_proto::ids::HostId;

use super::hub::Hub;
use super::topic::Topic;
use super::update::Update;
use crate::domain::alarm::{Alarm, Link, Measured, Settings, host_alarms};
use crate::domain::time::{Millis, now_ms};
use crate::store::hosts::{HostRow, IMPORT, Totals};

/// What is shown of a host is "lagging" from this lag on: five seconds is when people begin to doubt a live view.
pub const LAGGING_MS: u64 = 5_000;

/// Whether a host's link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LinkState {
    /// Joined, but never linked.
    New,
    /// Linked, and what is shown is current.
    Online,
    /// Linked, but what is shown is old.
    Lagging,
    /// Not linked.
    Offline,
    /// No machine: imported files lie under it.
    Imported,
}

/// A host, as stored and as of now.
#[derive(Debug, Clone)]
pub struct HostView {
    /// What is stored.
    pub row: HostRow,
    /// How much the archive holds of it.
    pub totals: Totals,
    /// Whether its link stands.
    pub state: LinkState,
    /// Since when.
    pub since: Millis,
    /// What it last said of itself; default before the first word.
    pub said: Said,
    /// What is wrong with it.
    pub alarms: Vec<Alarm>,
}

/// What a host last said of itself.
#[derive(Debug, Clone, Default)]
pub struct Said {
    /// Bytes not archived yet.
    pub backlog_bytes: u64,
    /// How long the oldest of them has waited.
    pub lag_ms: u64,
    /// The host's clock minus ours.
    pub clock_skew_ms: i64,
    /// Load per processor.
    pub load: Option<f64>,
    /// Processors.
    pub processors: Option<u32>,
    /// Memory of the machine and what of it is available, bytes.
    pub memory: Option<(u64, u64)>,
    /// Disk on which its coders write and what of it is free, bytes.
    pub disk: Option<(u64, u64)>,
    /// Its agent tells of living coders.
    pub reports_coders: bool,
    /// Whether its coders call our hook.
    pub hooks: fleet::HookState,
    /// Last problem.
    pub last_error: Option<String>,
    /// Folders followed.
    pub roots: Vec<fleet::Root>,
}

#[derive(Debug)]
struct Now {
    state: LinkState,
    since: Millis,
    /// Link that said so; an older link that ends late must not mark the host offline.
    epoch: i64,
    said: Said,
    alarms: Vec<Alarm>,
}

impl Now {
    /// Measures the host by these thresholds; `lives` says that coders lived on it when it was last heard of.
    fn measure(&mut self, thresholds: &Settings, lives: bool) {
        let link = match self.state {
            LinkState::Offline => Link::Away { since: self.since, lives },
            _ => Link::Stands,
        };
        let Said { lag_ms, clock_skew_ms, disk, .. } = self.said;
        let measured = Measured { link, lag_ms, clock_skew_ms, disk };
        self.alarms = host_alarms(&measured, thresholds, &self.alarms, now_ms());
    }
}

/// All hosts' present state. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct Presence {
    started: Millis,
    hosts: Arc<Mutex<HashMap<HostId, Now>>>,
}

impl Default for Presence {
    fn default() -> Self {
        Self { started: now_ms(), hosts: Arc::default() }
    }
}

impl Presence {
    /// A link stands.
    pub fn linked(&self, host: HostId, epoch: i64, said: Said, thresholds: &Settings) {
        let mut now = Now { state: LinkState::Online, since: now_ms(), epoch, said, alarms: Vec::new() };
        now.measure(thresholds, false);
        self.locked().insert(host, now);
    }

    /// A linked host spoke of itself.
    pub fn heard(&self, host: HostId, epoch: i64, said: Said, thresholds: &Settings) {
        if let Some(now) = self.locked().get_mut(&host).filter(|now| now.epoch == epoch) {
            let state = if said.lag_ms >= LAGGING_MS { LinkState::Lagging } else { LinkState::Online };
            if now.state != state {
                now.state = state;
                now.since = now_ms();
            }
            now.said = said;
            now.measure(thresholds, false);
        }
    }

    /// A link ended; `false` when a newer one stands. `lives` says that coders live on the host, as far as is known.
    pub fn unlinked(&self, host: HostId, epoch: i64, lives: bool, thresholds: &Settings) -> bool {
        let mut hosts = self.locked();
        let Some(now) = hosts.get_mut(&host).filter(|now| now.epoch == epoch) else { return false };
        now.state = LinkState::Offline;
        now.since = now_ms();
        now.measure(thresholds, lives);
        true
    }

    /// A host was removed.
    pub fn removed(&self, host: HostId, hub: &Hub) {
        self.locked().remove(&host);
        hub.publish(&Topic::Fleet, &Update { removed_hosts: vec![host], ..Update::default() });
    }

    /// Hosts whose link stands.
    pub fn linked_hosts(&self) -> usize {
        self.locked().values().filter(|now| matches!(now.state, LinkState::Online | LinkState::Lagging)).count()
    }

    /// A stored host together with its present state.
    pub fn view(&self, mut row: HostRow, totals: Totals) -> HostView {
        let hosts = self.locked();
        let now = row.id.parse().ok().and_then(|id: HostId| hosts.get(&id));
        let (state, since, said) = match now {
            _ if row.os == IMPORT => (LinkState::Imported, row.enrolled_at, Said::default()),
            Some(now) => {
                if now.state != LinkState::Offline {
                    row.last_seen_at = Some(now_ms());
                }
                (now.state, now.since, now.said.clone())
            }
            None if row.last_seen_at.is_none() => (LinkState::New, row.enrolled_at, Said::default()),
            None => (LinkState::Offline, row.last_seen_at.unwrap_or(self.started), Said::default()),
        };
        let alarms = now.map(|now| now.alarms.clone()).unwrap_or_default();
        HostView { row, totals, state, since, said, alarms }
    }

    /// Tells all pages how a host is now.
    pub fn publish(&self, view: &HostView, hub: &Hub) {
        let update = Update { hosts: vec![view.clone()], ..Update::default() };
        hub.publish(&Topic::Fleet, &update);
        if let Ok(id) = view.row.id.parse() {
            hub.publish(&Topic::Host(id), &update);
        }
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<HostId, Now>> {
        self.hosts.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
