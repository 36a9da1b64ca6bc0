//! Floor 3: what sessions are doing, right now. Hosts tell of living coders and of hooks, `derive` of how transcripts end;
//! `domain::session_state` says what follows. Everything here is in memory and bounded, and is told again after a restart:
//! hosts send whole lists when their links stand, and the archive knows its transcripts.

mod host;
mod live;
mod read;
mod room;
#[cfg(test)]
mod tests;

use std::collections::{BTreeMap, BTreeSet, HashMap};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use muster_proto::fleet;
use muster_proto::ids::HostId;
use tokio::sync::Notify;
use tokio::time::Instant;

pub use self::read::Greeting;
use self::room::{Change, Changes, LEAVES_MS, Room};
use crate::alarms::Alarms;
use crate::derive::Views;
use crate::domain::session::SessionId;
use crate::domain::session_state::Turn;
use crate::domain::session_view::View;
use crate::domain::time::now_ms;
use crate::live::endings::Ending;
use crate::live::{Endings, Hub, Topic, Update};
use crate::store::deletions::Tombstones;

/// How often all sessions are looked at for what only time changes.
const TICK: Duration = Duration::from_secs(1);

/// Changes are shown at most so often; one that needs a person does not wait.
const GATHER: Duration = Duration::from_millis(100);

/// Changes of nothing but ages and rates are shown at most so often.
const SLIGHT: Duration = Duration::from_secs(5);

/// Transcripts that are read when the room opens: the latest.
const LOADED: u32 = 5_000;

/// Transcripts that are read of one session.
const LOADED_OF_ONE: u32 = 128;

/// Sessions whose transcripts are read between two looks.
const LOADS: usize = 64;

/// What is not worth a word: the age of what a host shows.
const LATE_MS: u64 = 5_000;

/// The room. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct States(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    room: Mutex<Room>,
    bell: Notify,
    hub: Hub,
    views: Views,
    endings: Endings,
    alarms: Alarms,
}

/// Changes that wait to be shown, of each session the latest view.
#[derive(Debug, Default)]
struct Waiting {
    states: BTreeMap<SessionId, View>,
    slight: BTreeMap<SessionId, View>,
    ended: HashMap<SessionId, Vec<HostId>>,
}

impl States {
    /// Nothing is known yet. `endings` is where `derive` tells how transcripts end; of `deleted` sessions nothing is shown.
    pub fn new(hub: Hub, views: Views, endings: Endings, alarms: Alarms, deleted: Tombstones) -> Self {
        let room = Mutex::new(Room::new(now_ms(), deleted));
        Self(Arc::new(Inner { room, bell: Notify::new(), hub, views, endings, alarms }))
    }

    /// A link stands.
    pub fn linked(&self, host: HostId, greeting: &Greeting) {
        self.locked().linked(host, greeting, now_ms());
        self.0.bell.notify_one();
    }

    /// A host said how it is.
    pub fn heard(&self, host: HostId, clock_ms: i64, lag_ms: u64) {
        let late = if lag_ms >= LATE_MS { lag_ms } else { 0 };
        self.locked().heard(host, clock_ms, late, now_ms());
        self.0.bell.notify_one();
    }

    /// The link of a host ended.
    pub fn unlinked(&self, host: HostId) {
        self.locked().unlinked(host, now_ms());
        self.0.bell.notify_one();
    }

    /// A host was removed from the fleet.
    pub fn removed(&self, host: HostId) {
        self.locked().removed(host);
        self.0.bell.notify_one();
    }

    /// A host told of its living coders.
    pub fn coders(&self, host: HostId, coders: fleet::Coders) {
        self.locked().coders(host, coders, now_ms());
        self.0.bell.notify_one();
    }

    /// A coder on a host called a hook.
    pub fn hook(&self, host: HostId, event: fleet::HookEvent) {
        self.locked().hook(host, event, now_ms());
        self.0.bell.notify_one();
    }

    /// What all sessions are doing, in the order of their ids.
    pub fn all(&self) -> Vec<View> {
        self.locked().views()
    }

    /// What sessions on a host are doing.
    pub fn of_host(&self, host: HostId) -> Vec<View> {
        self.locked().views_of(host)
    }

    /// What a session is doing; `None` when nothing is known, or it ended a while ago.
    pub fn of(&self, session: &SessionId) -> Option<View> {
        self.locked().view(session)
    }

    /// Whether any coder is known to live on a host.
    pub fn lives_on(&self, host: HostId) -> bool {
        self.locked().lives_on(host)
    }

    /// Forgets sessions that were deleted, at once. One that goes on is told of again.
    pub fn forget(&self, sessions: &BTreeSet<SessionId>) {
        let mut room = self.locked();
        self.0.endings.forget(sessions);
        for session in sessions {
            room.forget(session);
        }
        drop(room);
        self.0.bell.notify_one();
    }

    /// Sessions by what they are doing.
    pub fn counts(&self) -> Vec<(Turn, usize)> {
        self.locked().counts()
    }

    /// Watches until the task is dropped.
    pub async fn run(self) {
        self.open().await;
        let mut tick = tokio::time::interval(TICK);
        tick.set_missed_tick_behavior(tokio::time::MissedTickBehavior::Delay);
        let (mut waiting, mut shown_at, mut slight_at) = (Waiting::default(), Instant::now(), Instant::now());
        loop {
            let settles = self.settles_at();
            let is_tick = tokio::select! {
                () = self.0.bell.notified() => false,
                () = self.0.endings.changed() => false,
                () = tokio::time::sleep_until(shown_at + GATHER), if !waiting.is_empty() => false,
                () = tokio::time::sleep_until(settles.unwrap_or_else(Instant::now)), if settles.is_some() => false,
                _ = tick.tick() => true,
            };
            let urgent = waiting.add(self.look(is_tick).await);
            if slight_at.elapsed() >= SLIGHT {
                waiting.take_slight();
                slight_at = Instant::now();
            }
            if !waiting.is_empty() && (urgent || shown_at.elapsed() >= GATHER) {
                self.show(std::mem::take(&mut waiting.states), std::mem::take(&mut waiting.ended));
                shown_at = Instant::now();
            }
        }
    }

    /// When sources settle next that were told of.
    fn settles_at(&self) -> Option<Instant> {
        let due = self.locked().next_due()?;
        Some(Instant::now() + Duration::from_millis(due.saturating_sub(now_ms()).max(0).unsigned_abs()))
    }

    /// Reads how the conversations end that may still go on.
    async fn open(&self) {
        let now = now_ms();
        match self.0.views.endings_since(now - LEAVES_MS, LOADED).await {
            Ok(endings) => {
                let mut room = self.locked();
                for ending in endings {
                    room.end(ending, now);
                }
            }
            // Whatever goes on is told by its hosts, and each session is read when it is.
            Err(error) => tracing::warn!(error = %error, "the latest conversations could not be read"),
        }
    }

    async fn look(&self, all: bool) -> Changes {
        let now = now_ms();
        let wanted = {
            let mut room = self.locked();
            for ending in self.0.endings.take() {
                room.end(ending, now);
            }
            room.wanted(LOADS)
        };
        for id in wanted {
            match self.0.views.endings_of(&id, LOADED_OF_ONE).await {
                Ok(endings) => {
                    let mut room = self.locked();
                    // It may have been deleted while it was read.
                    let known: Vec<Ending> = endings.into_iter().filter(|read| room.knows(&read.session)).collect();
                    for ending in known {
                        room.end(ending, now);
                    }
                }
                Err(error) => tracing::warn!(session.id = %id, error = %error, "a conversation could not be read"),
            }
        }
        let mut room = self.locked();
        room.measure_by(self.0.alarms.settings());
        room.look(now_ms(), all)
    }

    fn show(&self, states: BTreeMap<SessionId, View>, ended: HashMap<SessionId, Vec<HostId>>) {
        let mut by_host: HashMap<HostId, Update> = HashMap::new();
        for view in states.values() {
            for host in &view.hosts {
                by_host.entry(*host).or_default().states.push(view.clone());
            }
            let update = || Update { states: vec![view.clone()], ..Update::default() };
            self.publish(&Topic::Session(view.session.clone()), update);
        }
        for (id, hosts) in &ended {
            for host in hosts {
                by_host.entry(*host).or_default().ended_states.push(id.clone());
            }
            let update = || Update { ended_states: vec![id.clone()], ..Update::default() };
            self.publish(&Topic::Session(id.clone()), update);
        }
        for (host, update) in by_host {
            self.publish(&Topic::Host(host), || update);
        }
        let (states, ended_states) = (states.into_values().collect(), ended.into_keys().collect());
        self.publish(&Topic::Fleet, || Update { states, ended_states, ..Update::default() });
    }

    fn publish(&self, topic: &Topic, update: impl FnOnce() -> Update) {
        if self.0.hub.is_followed(topic) {
            self.0.hub.publish(topic, &update());
        }
    }

    fn locked(&self) -> MutexGuard<'_, Room> {
        self.0.room.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Waiting {
    fn is_empty(&self) -> bool {
        self.states.is_empty() && self.ended.is_empty()
    }

    /// Takes changes; says whether one of them must be shown at once.
    fn add(&mut self, changes: Changes) -> bool {
        let mut is_urgent = false;
        for Change { view, urgent, slight } in changes.changed {
            is_urgent |= urgent;
            let id = view.session.clone();
            self.ended.remove(&id);
            if slight && !self.states.contains_key(&id) {
                self.slight.insert(id, view);
            } else {
                self.slight.remove(&id);
                self.states.insert(id, view);
            }
        }
        for (id, hosts) in changes.ended {
            self.states.remove(&id);
            self.slight.remove(&id);
            self.ended.insert(id, hosts);
        }
        is_urgent
    }

    fn take_slight(&mut self) {
        self.states.append(&mut self.slight);
    }
}
