//! Appends, summed up for the eye: which session on which host grew by how much.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use muster_proto::ids::HostId;

use super::hub::Hub;
use super::recent::Recent;
use super::topic::Topic;
use super::update::{Append, Update};
use crate::domain::session::SessionId;
use crate::domain::time::now_ms;

/// How often sums are sent: four a second look continuous and cost the same at any rate of appends.
pub const INTERVAL: Duration = Duration::from_millis(250);

type Sums = HashMap<(HostId, Option<SessionId>), (u64, u64)>;

/// Sums since the last flush, bounded by the sessions that grow within [`INTERVAL`], and what hosts wrote in the last half
/// hour. Cloning gives another handle.
#[derive(Debug, Clone, Default)]
pub struct Activity(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    sums: Mutex<Sums>,
    recent: Mutex<Recent>,
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Activity {
    /// A session on a host grew.
    pub fn add(&self, host: HostId, session: Option<&SessionId>, lines: u64, bytes: u64) {
        let mut sums = locked(&self.0.sums);
        let sum = sums.entry((host, session.cloned())).or_default();
        sum.0 += lines;
        sum.1 += bytes;
    }

    /// Sends the sums to the fleet's topic and to each host's, and begins anew.
    pub fn flush(&self, hub: &Hub) {
        let sums = std::mem::take(&mut *locked(&self.0.sums));
        if sums.is_empty() {
            return;
        }
        let mut by_host: HashMap<HostId, Vec<Append>> = HashMap::new();
        for ((host, session), (lines, bytes)) in sums {
            by_host.entry(host).or_default().push(Append { host, session, lines, bytes });
        }
        let now = now_ms();
        for (host, activity) in &by_host {
            locked(&self.0.recent).add(*host, activity.iter().map(|append| append.lines).sum(), now);
            hub.publish(&Topic::Host(*host), &Update { activity: activity.clone(), ..Update::default() });
        }
        let activity = by_host.into_values().flatten().collect();
        hub.publish(&Topic::Fleet, &Update { activity, ..Update::default() });
    }

    /// The lines of each host that wrote in the last half hour; see [`Recent::lines`].
    pub fn recent(&self) -> Vec<(HostId, Vec<u64>)> {
        locked(&self.0.recent).lines(now_ms())
    }
}
