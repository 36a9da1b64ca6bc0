//! One session: everything that is known of it, and the view that is made of that.

use std::collections::{BTreeMap, BTreeSet, HashMap};

use muster_proto::ids::HostId;

use super::host::{CODERS, Coder, HostNow};
use crate::domain::alarm::Looping;
use crate::domain::context;
use crate::domain::session::SessionId;
use crate::domain::session_state::{
    End, Hooks, Leaving, Link, OpenCall, Presence, Process, SETTLE_MS, Sources, Tail, fuse,
};
use crate::domain::session_view::{RUNNING, Running, View};
use crate::domain::time::Millis;
use crate::live::endings::Ending;

/// Transcripts of one session that are kept: those with the latest lines.
const TRANSCRIPTS: usize = 128;

/// A process that nobody saw ends no session before so much time has passed since its latest word: short ones come and
/// go between two looks at the process table.
const UNSEEN_MS: i64 = 15_000;

/// A minute, for tokens.
const MINUTE_MS: i64 = 60_000;

/// Hosts by their ids.
pub(super) type Hosts = HashMap<HostId, HostNow>;

/// A folder of a host, and a coder.
pub(super) type Place = (HostId, String, String);

/// Sessions of which no process says that it holds them, by their places: the times of their latest words.
pub(super) type Crowds = HashMap<Place, Vec<Millis>>;

/// Everything that is known of a session, by the clocks of its hosts.
#[derive(Debug, Default)]
pub(super) struct Live {
    pub coder: String,
    /// Processes that hold it.
    pub held: BTreeSet<(HostId, String)>,
    /// The last process that held it and ended.
    pub ended: Option<Ended>,
    /// The process that seems to hold it, though it does not say so.
    pub guessed: Option<(HostId, String)>,
    hooks: BTreeMap<HostId, Hooks>,
    endings: BTreeMap<String, Ending>,
    /// Its transcripts were read from the archive.
    pub is_loaded: bool,
    /// What was last shown.
    pub shown: Option<View>,
}

/// The end of a process, by the clock of its host.
#[derive(Debug)]
pub(super) struct Ended {
    pub host: HostId,
    pub at: Millis,
    /// What the registry last said of it.
    pub left: Option<Leaving>,
    pub how: End,
}

impl Live {
    /// What a hook said.
    pub(super) fn hooks(&mut self, host: HostId) -> &mut Hooks {
        self.hooks.entry(host).or_default()
    }

    /// How one of its transcripts ends now.
    pub(super) fn end(&mut self, ending: Ending) {
        self.endings.insert(ending.transcript.clone(), ending);
        if self.endings.len() > TRANSCRIPTS {
            let oldest = self.endings.values().min_by_key(|ending| (ending.last_at, &ending.transcript));
            if let Some(oldest) = oldest.map(|ending| ending.transcript.clone()) {
                self.endings.remove(&oldest);
            }
        }
    }

    /// The clock of a host was set: what it told before was told by another one.
    pub(super) fn shift(&mut self, host: HostId, ms: i64) {
        if let Some(hooks) = self.hooks.get_mut(&host) {
            *hooks = std::mem::take(hooks).earlier(-ms);
        }
        for ending in self.endings.values_mut().filter(|ending| ending.host == host) {
            ending.last_at = ending.last_at.saturating_add(ms);
            ending.tail = std::mem::take(&mut ending.tail).earlier(-ms);
            if let Some(looping) = &mut ending.looping {
                looping.since = looping.since.saturating_add(ms);
            }
        }
        if let Some(ended) = self.ended.as_mut().filter(|ended| ended.host == host) {
            ended.at = ended.at.saturating_add(ms);
        }
    }

    /// Whether anything of it happened on this host.
    pub(super) fn is_on(&self, host: HostId) -> bool {
        self.held.iter().any(|(held, _)| *held == host)
            || self.ended.as_ref().is_some_and(|ended| ended.host == host)
            || self.hooks.contains_key(&host)
            || self.endings.values().any(|ending| ending.host == host)
    }

    /// The session's own conversation: of copies and earlier generations the one with the latest line.
    fn main(&self) -> Option<&Ending> {
        let mains = self.endings.values().filter(|ending| ending.agent.is_none());
        mains.max_by_key(|ending| (ending.last_at, &ending.transcript))
    }

    /// Its latest word, and the host that spoke it, in our clock.
    pub(super) fn latest(&self, hosts: &Hosts) -> Option<(Millis, HostId)> {
        let ours = |host: HostId, at: Millis| (hosts.get(&host).map_or(at, |now| now.ours(at)), host);
        let lines = self.endings.values().map(|ending| ours(ending.host, ending.last_at));
        let hooks = self.hooks.iter().filter_map(|(host, hooks)| Some(ours(*host, hooks.latest_at()?)));
        lines.chain(hooks).max()
    }

    /// The view that all of this makes now.
    pub(super) fn view(&self, id: &SessionId, hosts: &Hosts, crowds: &Crowds, now: Millis) -> View {
        let latest = self.latest(hosts);
        let presence = self.presence(hosts, crowds, latest, now);
        let processes = match &presence {
            Presence::Living(processes) => processes.clone(),
            Presence::Untold | Presence::Disputed { .. } | Presence::Ended { .. } => Vec::new(),
        };
        let main = self.main();
        let skew = |host: HostId| hosts.get(&host).map_or(0, |now| now.skew);
        let home = processes.iter().max_by_key(|process| process.started_at).map(|process| process.host);
        let sources = Sources {
            presence,
            hooks: self.latest_hooks(hosts),
            tail: main.map(|main| main.tail.clone().earlier(skew(main.host))),
            link: self.link(hosts, home.or(latest.map(|(_, host)| host)), now),
        };
        let state = fuse(&sources, now);
        let is_over = matches!(sources.presence, Presence::Ended { .. });
        let registries = processes.iter().filter_map(|process| process.registry.as_ref());
        let progress_at = registries.map(|registry| registry.since).chain(latest.map(|(at, _)| at)).max().unwrap_or(0);
        let limit_resets_at = sources.tail.as_ref().and_then(|tail| tail.failure.as_ref()?.resets_at);
        let model = main.and_then(|main| main.model.clone());
        let context_tokens = main.and_then(|main| main.context_tokens);
        View {
            session: id.clone(),
            coder: self.coder.clone(),
            hosts: self.hosts(),
            has_transcript: !self.endings.is_empty(),
            waiting: if state.turn.needs_person() { sources.hooks.waiting_agents() } else { Vec::new() },
            state,
            running: if is_over { Vec::new() } else { self.running(&skew, sources.tail.as_ref()) },
            processes,
            progress_at,
            tokens_per_minute: self.tokens(&skew, now),
            context_window: context::window(model.as_deref(), context_tokens),
            model,
            context_tokens,
            limit_resets_at,
            loops: if is_over { Vec::new() } else { self.loops(&skew, main) },
            alarms: Vec::new(),
        }
    }

    /// What the conversation and its subagents at work call again and again.
    fn loops(&self, skew: &impl Fn(HostId) -> i64, main: Option<&Ending>) -> Vec<Looping> {
        let is_at_work = |agent: &String| main.is_none_or(|main| !main.tail.ended.contains(agent));
        let subagents = self.endings.values().filter(|ending| ending.agent.as_ref().is_some_and(is_at_work));
        let of = |ending: &Ending| {
            let looping = ending.looping.clone()?;
            let since = looping.since.saturating_sub(skew(ending.host));
            Some(Looping { subagent: ending.agent.clone(), since, ..looping })
        };
        main.into_iter().chain(subagents).filter_map(of).collect()
    }

    /// Hosts that it lives on or wrote on, in their order.
    pub(super) fn hosts(&self) -> Vec<HostId> {
        let held = self.held.iter().map(|(host, _)| *host);
        let wrote = self.endings.values().map(|ending| ending.host);
        held.chain(wrote).chain(self.hooks.keys().copied()).collect::<BTreeSet<HostId>>().into_iter().collect()
    }

    fn latest_hooks(&self, hosts: &Hosts) -> Hooks {
        let skew = |host: &HostId| hosts.get(host).map_or(0, |now| now.skew);
        let all = self.hooks.iter().map(|(host, hooks)| hooks.clone().earlier(skew(host)));
        all.max_by_key(Hooks::latest_at).unwrap_or_default()
    }

    fn link(&self, hosts: &Hosts, home: Option<HostId>, now: Millis) -> Link {
        let home = home.or_else(|| self.ended.as_ref().map(|ended| ended.host));
        home.and_then(|home| hosts.get(&home)).map_or(Link { heard_at: now, ..Link::default() }, |host| host.link)
    }

    fn presence(&self, hosts: &Hosts, crowds: &Crowds, latest: Option<(Millis, HostId)>, now: Millis) -> Presence {
        let living = self.held.iter().filter_map(|(host, key)| {
            let on = hosts.get(host)?;
            Some(process(*host, on, key, on.coders.get(key)?))
        });
        let mut living: Vec<Process> = living.collect();
        living.sort_by(|one, other| (one.started_at, &one.key).cmp(&(other.started_at, &other.key)));
        if !living.is_empty() {
            return Presence::Living(living);
        }
        if let Some(ended) = self.ended.as_ref().filter(|ended| ended.is_last(hosts, latest)) {
            let on = hosts.get(&ended.host);
            let left = ended.left.as_ref().map(|left| on.map_or_else(|| left.clone(), |on| on.left(left)));
            return Presence::Ended { at: ended.ours(hosts), left, how: ended.how };
        }
        self.guessed(hosts, crowds, latest, now)
    }

    /// No process says that it holds the session. One may, all the same, when its coder keeps no registry.
    fn guessed(&self, hosts: &Hosts, crowds: &Crowds, latest: Option<(Millis, HostId)>, now: Millis) -> Presence {
        let Some((at, host)) = latest else { return Presence::Untold };
        let Some(on) = hosts.get(&host).filter(|on| on.reports && on.listed) else { return Presence::Untold };
        let cwd = self.main().map_or("", |main| main.cwd.as_str());
        let began_before = |at: Millis, coder: &Coder| on.ours(coder.started_at) <= at;
        let could: Vec<_> =
            on.could_hold(&self.coder, cwd).filter(|(_, coder)| began_before(at, coder)).take(CODERS).collect();
        let is_rival = |latest: &&Millis| could.iter().any(|(_, coder)| began_before(**latest, coder));
        let crowd = self.place(host).and_then(|place| crowds.get(&place));
        let sessions = crowd.map_or(1, |crowd| crowd.iter().filter(is_rival).count());
        match could.as_slice() {
            [] if now - at > UNSEEN_MS => Presence::Ended { at, left: None, how: End::Unseen },
            [] => Presence::Untold,
            several if several.len() < sessions => Presence::Disputed { processes: several.len(), sessions },
            [(key, coder)] => Presence::Living(vec![process(host, on, key, coder)]),
            _ => Presence::Untold,
        }
    }

    /// Where a process could hold it without saying so, and its latest word; `None` when who holds it is known, or that
    /// nobody does.
    pub(super) fn unclaimed(&self, hosts: &Hosts) -> Option<(Place, Millis)> {
        let latest = self.latest(hosts)?;
        let is_known = !self.held.is_empty() || self.ended.as_ref().is_some_and(|end| end.is_last(hosts, Some(latest)));
        Some((self.place(latest.1).filter(|_| !is_known)?, latest.0))
    }

    /// `None` where its folder is not known.
    fn place(&self, host: HostId) -> Option<Place> {
        let cwd = self.main().map(|main| main.cwd.clone()).filter(|cwd| !cwd.is_empty())?;
        Some((host, self.coder.clone(), cwd))
    }

    fn running(&self, skew: &impl Fn(HostId) -> i64, main: Option<&Tail>) -> Vec<Running> {
        let of = |tail: &Tail, skew: i64, subagent: Option<&String>| -> Vec<Running> {
            let running = |call: &OpenCall| Running {
                id: call.id.clone(),
                name: call.name.clone(),
                about: call.about.clone(),
                started_at: call.at.saturating_sub(skew),
                subagent: subagent.cloned(),
            };
            tail.open.iter().map(running).collect()
        };
        let mut all = main.map(|main| of(main, 0, None)).unwrap_or_default();
        let is_at_work = |agent: &str| main.is_none_or(|main| !main.ended.iter().any(|ended| ended == agent));
        for ending in self.endings.values() {
            if let Some(agent) = ending.agent.as_ref().filter(|agent| is_at_work(agent)) {
                all.extend(of(&ending.tail, skew(ending.host), Some(agent)));
            }
        }
        all.sort_by(|one, other| (one.started_at, &one.id).cmp(&(other.started_at, &other.id)));
        all.dedup_by(|one, other| one.id == other.id);
        all.truncate(RUNNING);
        all
    }

    fn tokens(&self, skew: &impl Fn(HostId) -> i64, now: Millis) -> i64 {
        let of = |ending: &Ending| ending.tail.tokens_since(now - MINUTE_MS + skew(ending.host));
        let subagents = self.endings.values().filter(|ending| ending.agent.is_some());
        self.main().into_iter().chain(subagents).map(of).fold(0, i64::saturating_add)
    }
}

impl Ended {
    /// When, in our clock.
    pub(super) fn ours(&self, hosts: &Hosts) -> Millis {
        hosts.get(&self.host).map_or(self.at, |on| on.ours(self.at))
    }

    /// Its last lines arrive a little later; what comes much later is written by somebody else.
    fn is_last(&self, hosts: &Hosts, latest: Option<(Millis, HostId)>) -> bool {
        latest.is_none_or(|(latest, _)| latest <= self.ours(hosts) + SETTLE_MS)
    }
}

fn process(host: HostId, on: &HostNow, key: &str, coder: &Coder) -> Process {
    let offline = on.link.away_since.map(|_| "the host is offline".to_owned());
    Process {
        key: key.to_owned(),
        host,
        pid: coder.pid,
        started_at: on.ours(coder.started_at),
        cwd: coder.cwd.clone(),
        terminal: coder.terminal.clone(),
        tmux: coder.tmux.clone(),
        kind: coder.kind.clone(),
        registry: coder.registry.as_ref().map(|entry| on.entry(entry)),
        leaving: coder.leaving.as_ref().map(|left| on.left(left)),
        no_stop: offline.or_else(|| on.no_stop.clone()),
    }
}
