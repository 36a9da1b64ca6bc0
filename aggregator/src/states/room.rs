//! Everything that hosts and the archive say of sessions, brought together. A value without clock, threads or I/O: facts
//! and the time go in, views come out. Its tests replay what real clients did.

use std::collections::{BTreeSet, HashMap, HashSet};

use muster_proto::fleet;
use muster_proto::ids::HostId;

use super::host::{CLOCK_NOISE_MS, CODERS, Coder, HostNow, Measured};
use super::live::{Crowds, Ended, Hosts, Live};
use super::read;
use crate::domain::alarm::{Settings, alarms};
use crate::domain::session::SessionId;
use crate::domain::session_state::{End, Link, SETTLE_MS, Turn};
use crate::domain::session_view::View;
use crate::domain::time::{self, Millis};
use crate::live::endings::Ending;
use crate::store::deletions::Tombstones;

/// Without a living process and a word for so long, a session leaves.
pub(super) const LEAVES_MS: i64 = 30 * 60_000;

/// Sessions of a host that is away are kept so long, with the processes that it last told of.
const AWAY_LEAVES_MS: i64 = 24 * 60 * 60_000;

/// Sessions that are kept; of more, those with the latest words. A fleet of 100 hosts has a few thousand.
const SESSIONS: usize = 20_000;

/// How long after sources have settled a session is looked at again: a fact may be a little younger than its arrival.
const SETTLED_MS: i64 = 50;

/// What changed.
#[derive(Debug, Default)]
pub(super) struct Changes {
    /// Sessions whose view is another one.
    pub changed: Vec<Change>,
    /// Sessions of which nothing is known any more, with the hosts that they were on.
    pub ended: Vec<(SessionId, Vec<HostId>)>,
}

/// One session whose view is another one.
#[derive(Debug)]
pub(super) struct Change {
    /// As it is now.
    pub view: View,
    /// A person is needed, or something failed: it is shown at once.
    pub urgent: bool,
    /// Only ages and rates differ: it is shown when there is time.
    pub slight: bool,
}

/// The room's state.
#[derive(Debug)]
pub(super) struct Room {
    /// Since when it listens: hosts that have not linked yet are away since then.
    began: Millis,
    /// From when on something is wrong.
    thresholds: Settings,
    hosts: Hosts,
    sessions: HashMap<SessionId, Live>,
    /// Sessions to be looked at.
    dirty: HashSet<SessionId>,
    /// When to look at sessions again: sources that disagreed have settled then.
    due: HashMap<SessionId, Millis>,
    /// Sessions whose transcripts were never read.
    wanted: HashSet<SessionId>,
    /// Sessions that were shown and then deleted, with their hosts, until the next look tells of it.
    forgotten: Vec<(SessionId, Vec<HostId>)>,
    /// Sessions that people deleted: whatever hosts still tell of them, nothing is shown.
    deleted: Tombstones,
}

impl Room {
    pub(super) fn new(began: Millis, deleted: Tombstones) -> Self {
        Self {
            began,
            thresholds: Settings::default(),
            hosts: HashMap::new(),
            sessions: HashMap::new(),
            dirty: HashSet::new(),
            due: HashMap::new(),
            wanted: HashSet::new(),
            forgotten: Vec::new(),
            deleted,
        }
    }

    /// From now on these thresholds count, for whatever is looked at.
    pub(super) fn measure_by(&mut self, thresholds: Settings) {
        self.thresholds = thresholds;
    }

    /// A link stands: from now on its host tells of its coders, all of them first.
    pub(super) fn linked(&mut self, host: HostId, hello: &read::Greeting, now: Millis) {
        self.measure(host, time::told(hello.clock_ms) - now);
        let on = self.host(host);
        on.link = Link { away_since: None, lag_ms: 0, heard_at: now };
        on.listed = false;
        on.reports = hello.reports_coders;
        on.no_stop.clone_from(&hello.no_stop);
        self.touch_host(host);
    }

    /// A host said how it is. `late_ms` is the age of what it shows, where that is worth a word.
    pub(super) fn heard(&mut self, host: HostId, clock_ms: Millis, late_ms: u64, now: Millis) {
        let moved = self.measure(host, time::told(clock_ms) - now);
        let on = self.host(host);
        let was_late = std::mem::replace(&mut on.link.lag_ms, late_ms);
        on.link.heard_at = now;
        if moved || was_late != late_ms {
            self.touch_host(host);
        }
    }

    /// Takes a measurement of a host's clock; `true`: its times are other ones now.
    fn measure(&mut self, host: HostId, skew: i64) -> bool {
        let Measured { moved, set_ms } = self.host(host).set_skew(skew);
        if set_ms != 0 {
            self.sessions.values_mut().for_each(|live| live.shift(host, set_ms));
        }
        if moved {
            self.touch_host(host);
        }
        moved
    }

    /// A link ended.
    pub(super) fn unlinked(&mut self, host: HostId, now: Millis) {
        let on = self.host(host);
        on.link.away_since.get_or_insert(now);
        on.listed = false;
        self.touch_host(host);
    }

    /// A host was removed from the fleet, with everything that only it told.
    pub(super) fn removed(&mut self, host: HostId) {
        self.touch_host(host);
        self.hosts.remove(&host);
        for live in self.sessions.values_mut() {
            live.held.retain(|(held, _)| *held != host);
        }
    }

    /// A host told of its living coders.
    pub(super) fn coders(&mut self, host: HostId, told: fleet::Coders, now: Millis) {
        let clock = time::told(told.clock_ms);
        // Said just now: whoever sets a clock is noticed before what is told by it is compared.
        self.measure(host, clock - now);
        let keys: BTreeSet<String> = told.coders.iter().map(|coder| coder.key.clone()).collect();
        let on = self.host(host);
        let mut ended = told.ended;
        let killed: HashSet<String> = told.killed.into_iter().collect();
        if told.whole {
            on.listed = true;
            ended.extend(on.coders.keys().filter(|key| !keys.contains(*key)).cloned());
        }
        for key in ended {
            let how = if killed.contains(&key) { End::Killed } else { End::Left };
            self.coder_ended(host, &key, clock, how);
        }
        for coder in told.coders {
            if let Some((key, mut coder)) = read::coder(coder) {
                // What was written before the clock was set may lie ahead of it.
                coder.cap(clock);
                self.coder_lives(host, key, coder, clock);
            }
        }
        if told.whole {
            // Where no process says which session it holds, any of them may have begun or ended.
            self.touch_host(host);
        }
    }

    /// A hook was called.
    pub(super) fn hook(&mut self, host: HostId, told: fleet::HookEvent, now: Millis) {
        let Some(read::Called { session, coder, agent, mut event }) = read::hook(told) else { return };
        event.at = event.at.min(now.saturating_add(self.host(host).skew).saturating_add(CLOCK_NOISE_MS));
        let live = self.session(&session, &coder);
        live.hooks(host).take(&agent, event);
        self.touch(session);
    }

    /// A transcript ends otherwise now.
    pub(super) fn end(&mut self, ending: Ending, now: Millis) {
        let on = self.hosts.get(&ending.host);
        let at = on.map_or(ending.last_at, |on| on.ours(ending.last_at));
        let is_known = self.sessions.contains_key(&ending.session);
        // Old conversations are read too, when an archive is filled or understood anew.
        if !is_known && now - at > LEAVES_MS {
            return;
        }
        let id = ending.session.clone();
        let coder = ending.coder.clone();
        self.host(ending.host);
        self.session(&id, &coder).end(ending);
        self.touch(id);
    }

    /// Sessions whose transcripts are to be read from the archive, at most `most`.
    pub(super) fn wanted(&mut self, most: usize) -> Vec<SessionId> {
        let some: Vec<SessionId> = self.wanted.iter().take(most).cloned().collect();
        for id in &some {
            self.wanted.remove(id);
            if let Some(live) = self.sessions.get_mut(id) {
                live.is_loaded = true;
            }
        }
        some
    }

    /// Looks at the sessions of which something was told, or at all of them: then only time has passed.
    pub(super) fn look(&mut self, now: Millis, all: bool) -> Changes {
        let ids = self.take_due(now, all);
        let crowds = self.crowds();
        let mut changes = Changes::default();
        let forgotten = std::mem::take(&mut self.forgotten).into_iter();
        // One that was told of again already is shown anew instead.
        changes.ended.extend(forgotten.filter(|(id, _)| !self.sessions.contains_key(id)));
        for id in ids {
            let Some(live) = self.sessions.get_mut(&id) else { continue };
            if self.deleted.has(id.as_str()) || has_left(live, &self.hosts, now) {
                let hosts = live.hosts();
                let was_shown = live.shown.is_some();
                self.sessions.remove(&id);
                self.due.remove(&id);
                changes.ended.extend(was_shown.then_some((id, hosts)));
                continue;
            }
            let mut view = live.view(&id, &self.hosts, &crowds, now);
            let before = live.shown.as_ref().map_or(&[][..], |shown| shown.alarms.as_slice());
            view.alarms = alarms(&view, &self.thresholds, before, now);
            if let Some(change) = change(live.shown.as_ref(), &view) {
                changes.changed.push(change);
            }
            live.guessed = guessed(live, &view);
            live.shown = Some(view);
        }
        self.shrink(&mut changes);
        changes
    }

    /// When something settles next.
    pub(super) fn next_due(&self) -> Option<Millis> {
        self.due.values().min().copied()
    }

    /// A session was deleted: nothing is known of it any more.
    pub(super) fn forget(&mut self, id: &SessionId) {
        self.due.remove(id);
        self.wanted.remove(id);
        self.dirty.remove(id);
        let Some(live) = self.sessions.remove(id) else { return };
        if live.shown.is_some() {
            self.forgotten.push((id.clone(), live.hosts()));
        }
    }

    /// Whether anything is known of a session.
    pub(super) fn knows(&self, id: &SessionId) -> bool {
        self.sessions.contains_key(id)
    }

    /// Views as they were last looked at, in the order of their ids.
    pub(super) fn views(&self) -> Vec<View> {
        ordered(self.shown())
    }

    /// Views of sessions on a host, in the order of their ids.
    pub(super) fn views_of(&self, host: HostId) -> Vec<View> {
        ordered(self.shown().filter(|view| view.hosts.contains(&host)))
    }

    /// Whether any process is shown to live on a host.
    pub(super) fn lives_on(&self, host: HostId) -> bool {
        self.shown().any(|view| view.processes.iter().any(|process| process.host == host))
    }

    fn shown(&self) -> impl Iterator<Item = &View> {
        self.sessions.values().filter_map(|live| live.shown.as_ref())
    }

    /// The view of one session.
    pub(super) fn view(&self, id: &SessionId) -> Option<View> {
        self.sessions.get(id)?.shown.clone()
    }

    /// Sessions by the turn that is shown of them.
    pub(super) fn counts(&self) -> Vec<(Turn, usize)> {
        let of = |turn: Turn| {
            let is_so = |live: &&Live| live.shown.as_ref().is_some_and(|view| view.state.turn == turn);
            (turn, self.sessions.values().filter(is_so).count())
        };
        Turn::ALL.into_iter().map(of).collect()
    }

    fn host(&mut self, host: HostId) -> &mut HostNow {
        let began = self.began;
        self.hosts.entry(host).or_insert_with(|| HostNow::away(began))
    }

    fn session(&mut self, id: &SessionId, coder: &str) -> &mut Live {
        let live = self.sessions.entry(id.clone()).or_default();
        if live.coder.is_empty() {
            coder.clone_into(&mut live.coder);
        }
        if !live.is_loaded {
            self.wanted.insert(id.clone());
        }
        live
    }

    fn take_due(&mut self, now: Millis, all: bool) -> Vec<SessionId> {
        let mut ids = std::mem::take(&mut self.dirty);
        for id in &ids {
            self.due.insert(id.clone(), now + SETTLE_MS + SETTLED_MS);
        }
        self.due.retain(|id, at| {
            let is_due = *at <= now;
            if is_due {
                ids.insert(id.clone());
            }
            !is_due
        });
        if all {
            return self.sessions.keys().cloned().collect();
        }
        ids.into_iter().collect()
    }

    fn touch(&mut self, id: SessionId) {
        self.dirty.insert(id);
    }

    fn touch_host(&mut self, host: HostId) {
        let on = self.sessions.iter().filter(|(_, live)| live.is_on(host)).map(|(id, _)| id.clone());
        self.dirty.extend(on.collect::<Vec<SessionId>>());
    }

    fn coder_lives(&mut self, host: HostId, key: String, mut coder: Coder, clock: Millis) {
        let on = self.host(host);
        let before = on.coders.get(&key).cloned();
        if before.is_none() && on.coders.len() >= CODERS {
            return;
        }
        if let Some(before) = &before {
            coder.follow(before, clock);
        }
        let (session, name) = (coder.session.clone(), coder.name.clone());
        on.coders.insert(key.clone(), coder);
        let is_known = before.is_some();
        if let Some(before) = before
            && let Some(left) = before.session.clone().filter(|left| Some(left) != session.as_ref())
        {
            self.let_go(&left, &key, Ended { host, at: clock, left: before.left(clock), how: End::Left });
        }
        if let Some(id) = session {
            let live = self.session(&id, &name);
            live.held.insert((host, key));
            live.ended = None;
            self.touch(id);
        } else if !is_known {
            self.touch_host(host);
        }
    }

    fn coder_ended(&mut self, host: HostId, key: &str, at: Millis, how: End) {
        let Some(coder) = self.host(host).coders.remove(key) else { return };
        if let Some(id) = coder.session.clone() {
            return self.let_go(&id, key, Ended { host, at, left: coder.left(at), how });
        }
        let seems = |live: &Live| live.guessed.as_ref().is_some_and(|(on, guessed)| *on == host && guessed == key);
        let held: Vec<SessionId> =
            self.sessions.iter().filter(|(_, live)| seems(live)).map(|(id, _)| id.clone()).collect();
        for id in held {
            self.let_go(&id, key, Ended { host, at, left: None, how });
        }
    }

    /// A process holds a session no longer: it ended, or went on in another one.
    fn let_go(&mut self, id: &SessionId, key: &str, ended: Ended) {
        let Some(live) = self.sessions.get_mut(id) else { return };
        live.held.remove(&(ended.host, key.to_owned()));
        if live.held.is_empty() {
            live.ended = Some(ended);
        }
        self.touch(id.clone());
    }

    /// Sessions whose processes are to be guessed; there are none where every coder says what it holds.
    fn crowds(&self) -> Crowds {
        let mut crowds = Crowds::new();
        if !self.hosts.values().any(HostNow::is_to_be_guessed) {
            return crowds;
        }
        for (place, latest) in self.sessions.values().filter_map(|live| live.unclaimed(&self.hosts)) {
            crowds.entry(place).or_default().push(latest);
        }
        crowds
    }

    /// Drops the sessions whose last words are the oldest.
    fn shrink(&mut self, changes: &mut Changes) {
        if self.sessions.len() <= SESSIONS {
            return;
        }
        let mut by_age: Vec<(bool, Option<Millis>, SessionId)> = self
            .sessions
            .iter()
            .map(|(id, live)| (!live.held.is_empty(), live.latest(&self.hosts).map(|(at, _)| at), id.clone()))
            .collect();
        by_age.sort_unstable();
        for (_, _, id) in by_age.into_iter().take(self.sessions.len() - SESSIONS) {
            let hosts = self.sessions.remove(&id).map(|live| live.hosts()).unwrap_or_default();
            changes.ended.push((id, hosts));
        }
    }
}

fn ordered<'a>(views: impl Iterator<Item = &'a View>) -> Vec<View> {
    let mut views: Vec<&View> = views.collect();
    views.sort_unstable_by(|one, other| one.session.cmp(&other.session));
    views.into_iter().cloned().collect()
}

/// The process that is shown of a session though none says that it holds it.
fn guessed(live: &Live, view: &View) -> Option<(HostId, String)> {
    let shown = view.processes.first().filter(|_| live.held.is_empty())?;
    Some((shown.host, shown.key.clone()))
}

/// Nothing lives of it, and nothing was heard for a while.
fn has_left(live: &Live, hosts: &Hosts, now: Millis) -> bool {
    let latest = live.latest(hosts).map(|(at, _)| at);
    let ended = live.ended.as_ref().map(|ended| ended.ours(hosts));
    let heard = latest.max(ended).unwrap_or(0);
    if live.held.is_empty() {
        return now - heard > LEAVES_MS;
    }
    let mut away = live.held.iter().map(|(host, _)| hosts.get(host).map_or(Some(0), |on| on.link.away_since));
    away.all(|away| away.is_some_and(|since| now - since.max(heard) > AWAY_LEAVES_MS))
}

/// What differs between what is shown and what is.
fn change(shown: Option<&View>, view: &View) -> Option<Change> {
    let Some(shown) = shown else {
        let urgent = view.state.turn.needs_person();
        return Some(Change { view: view.clone(), urgent, slight: false });
    };
    if shown == view {
        return None;
    }
    let is_serious = |turn: Turn| turn.needs_person() || turn == Turn::Failed;
    let turned = shown.state.turn != view.state.turn;
    let urgent = turned && (is_serious(view.state.turn) || is_serious(shown.state.turn));
    let mut same = view.clone();
    same.progress_at = shown.progress_at;
    same.tokens_per_minute = shown.tokens_per_minute;
    same.context_tokens = shown.context_tokens;
    same.loops.clone_from(&shown.loops);
    same.state.source_at = shown.state.source_at;
    same.state.sources.clone_from(&shown.state.sources);
    same.state.source = shown.state.source;
    Some(Change { view: view.clone(), urgent, slight: same == *shown })
}
