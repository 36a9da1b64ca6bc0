//! Which coders live: the process table and the registries, put together.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::time::{Duration, Instant};

use muster_proto::fleet::{Coder, Job};

use super::entry::Entry;
use super::home::{self, Home, VARIABLES};
use super::hooks::Told;
use super::jobs;
use super::recognise::{Recognised, recognise};
use super::words::clip;
use crate::platform::clock;
use crate::platform::process::{self, Detail, Process, Table};

/// Living coders that are told of. When there are more, the rest is left out, and the registry's error says so.
pub(super) const CODERS: usize = 512;

/// A process may still become a coder for this long: a shell replaces itself, a script renames itself.
const YOUNG: Duration = Duration::from_secs(30);

/// An entry that was written this recently, but whose process is gone, is told as a coder for a moment: it died before
/// anybody looked, and nobody else would ever tell that its session has ended.
const JUST_NOW_MS: i64 = 30_000;

/// How long it is told of: long enough to be on the link before its end is.
const MOMENT: Duration = Duration::from_secs(1);

/// How long the dead are remembered, so that none is told of twice; longer than entries count as written just now.
const REMEMBERED: Duration = Duration::from_mins(1);

/// A coder that is no more.
struct Departed {
    at: Instant,
    /// It died before it was ever told of.
    untold: Option<Coder>,
    /// Its entry stayed behind: it did not leave by itself.
    killed: bool,
}

/// A living process that is, or may be, a coder.
struct Known {
    process: Process,
    detail: Detail,
    /// By its command line; only when it keeps its files in one of our homes.
    found: Option<Recognised>,
    tmux: String,
    /// Session that its hook named.
    told: String,
}

/// Processes and registries.
pub(super) struct Census {
    pub(super) table: Table,
    known: BTreeMap<u32, Known>,
    /// Processes that are none of ours, with the time of the first look.
    others: HashMap<u32, Instant>,
    /// By key.
    departed: HashMap<String, Departed>,
    /// Only entries of this machine and container say anything about processes that are not there.
    domain: Option<String>,
}

impl Default for Census {
    fn default() -> Self {
        Self {
            table: Table::default(),
            known: BTreeMap::new(),
            others: HashMap::new(),
            departed: HashMap::new(),
            domain: process::domain(),
        }
    }
}

impl Census {
    /// Whether anything lives whose end is to be noticed.
    pub(super) fn is_empty(&self) -> bool {
        self.known.is_empty() && self.departed.values().all(|departed| departed.untold.is_none())
    }

    /// Drops those that have ended; `true` when there were any.
    pub(super) fn check(&mut self, homes: &[Home], now: Instant) -> bool {
        let table = &mut self.table;
        let ended: Vec<u32> = self
            .known
            .iter()
            .filter(|(pid, known)| !table.is(**pid, known.process.stamp))
            .map(|(pid, _)| *pid)
            .collect();
        for known in ended.iter().filter_map(|pid| self.known.remove(pid)) {
            let mut registries = homes.iter().filter_map(|home| home.registry.as_ref());
            let killed = registries.any(|registry| registry.keeps(&known.process, known.detail.owner));
            self.departed.insert(known.process.key(), Departed { at: now, untold: None, killed });
        }
        self.departed.retain(|_, departed| now.saturating_duration_since(departed.at) < REMEMBERED);
        let mut told = false;
        for departed in self.departed.values_mut() {
            let is_over = now.saturating_duration_since(departed.at) >= MOMENT;
            told |= is_over && departed.untold.take().is_some();
        }
        told || !ended.is_empty()
    }

    /// Keys of those that ended lately; `true`: it was killed.
    pub(super) fn departed(&self) -> BTreeMap<String, bool> {
        self.departed.iter().map(|(key, departed)| (key.clone(), departed.killed)).collect()
    }

    /// The living processes, with their stamps.
    pub(super) fn living(&self) -> impl Iterator<Item = (u32, u64)> {
        self.known.values().map(|known| (known.process.pid, known.process.stamp))
    }

    /// Whether processes of other users are hidden from us (`ProtectProc=`, `hidepid=`) although some of these homes are theirs.
    pub(super) fn is_blind(&mut self, homes: &[Home]) -> bool {
        cfg!(target_os = "linux") && homes.iter().any(Home::is_anothers) && self.table.look(1).is_none()
    }

    /// Remembers those that died between writing their entry and our look at it.
    fn bury(&mut self, homes: &[Home], now: Instant) {
        if self.is_blind(homes) {
            return;
        }
        let clock_ms = clock::now_ms();
        for (home, entry) in entries(homes) {
            let Some(stamp) = entry.stamp else { continue };
            let is_here = self.domain.as_ref().is_some_and(|domain| *domain == entry.domain);
            let key = format!("{}-{stamp}", entry.pid);
            let is_new = (clock_ms - entry.says.updated_ms).abs() < JUST_NOW_MS && !self.departed.contains_key(&key);
            if is_here && is_new && self.departed.len() < CODERS && !self.table.is(entry.pid, stamp) {
                let untold = Some(of_entry(&key, &home.coder, entry));
                let killed = home.registry.as_ref().is_some_and(|registry| registry.has_file(entry.pid));
                self.departed.insert(key, Departed { at: now, untold, killed });
            }
        }
    }

    /// Looks for coders among the processes that were not looked at yet, or at `all` of them.
    pub(super) fn scan(&mut self, homes: &[Home], all: bool, now: Instant) {
        let pids: HashSet<u32> = self.table.pids().into_iter().collect();
        self.others.retain(|pid, _| pids.contains(pid));
        for pid in pids {
            let seen = *self.others.entry(pid).or_insert(now);
            let is_young = now.saturating_duration_since(seen) < YOUNG;
            if !self.known.contains_key(&pid) && (all || is_young) {
                self.examine(pid, homes);
            }
        }
        for pid in self.known.keys() {
            self.others.remove(pid);
        }
    }

    /// Takes a process in when it is a coder of one of our homes.
    fn examine(&mut self, pid: u32, homes: &[Home]) {
        let args = self.table.detail(pid).args;
        if recognise(&args).is_none() {
            return;
        }
        if let Some(known) = self.look(pid, homes).filter(|known| known.found.is_some()) {
            self.known.insert(pid, known);
        }
    }

    fn look(&mut self, pid: u32, homes: &[Home]) -> Option<Known> {
        let process = self.table.look(pid)?;
        let detail = self.table.detail(pid);
        let variables = self.table.environment(pid, &VARIABLES);
        let ours =
            |found: &Recognised| homes.iter().any(|home| home.holds(found.coder, variables.as_ref(), detail.owner));
        let found = recognise(&detail.args).filter(ours);
        let tmux = home::tmux(variables.as_ref());
        // Between the looks the number may have passed on.
        self.table.is(pid, process.stamp).then_some(Known { process, detail, found, tmux, told: String::new() })
    }

    /// Takes in the processes that registries name, and forgets those that neither they nor their command lines do.
    pub(super) fn enlist(&mut self, homes: &[Home], now: Instant) {
        let entries: Vec<&Entry> = entries(homes).map(|(_, entry)| entry).collect();
        for entry in &entries {
            if !self.known.contains_key(&entry.pid)
                && let Some(known) = self.look(entry.pid, homes)
                && entry.is_of(&known.process, known.detail.owner)
            {
                self.known.insert(entry.pid, known);
            }
        }
        let named: HashSet<u32> = entries.iter().map(|entry| entry.pid).collect();
        self.known.retain(|pid, known| known.found.is_some() || named.contains(pid));
        self.bury(homes, now);
    }

    /// A hook told which process holds which session; `true` when that is news.
    pub(super) fn told(&mut self, told: &Told, homes: &[Home]) -> bool {
        if !self.known.contains_key(&told.pid) {
            self.examine(told.pid, homes);
        }
        let Some(known) = self.known.get_mut(&told.pid) else { return false };
        let fits = known.found.as_ref().is_some_and(|found| found.coder == told.coder) && known.told != told.session;
        if fits {
            known.told = clip(&told.session);
        }
        fits
    }

    /// The living coders by key.
    pub(super) fn coders(&self, homes: &[Home]) -> BTreeMap<String, Coder> {
        let mut coders = BTreeMap::new();
        let mut listed = HashSet::new();
        for (home, entry) in entries(homes) {
            let Some(known) = self.known.get(&entry.pid) else { continue };
            if entry.is_of(&known.process, known.detail.owner) && coders.len() < CODERS {
                let job = jobs::folder(&home.folder, entry).and_then(|folder| jobs::read(&folder));
                coders.insert(known.process.key(), known.registered(&home.coder, entry, job));
                listed.insert(entry.pid);
            }
        }
        for known in self.known.values().filter(|known| !listed.contains(&known.process.pid)) {
            let Some(found) = &known.found else { continue };
            if !self.is_beside(known, found.coder, &listed) && coders.len() < CODERS {
                coders.insert(known.process.key(), known.unregistered(found));
            }
        }
        let untold = self.departed.values().filter_map(|departed| departed.untold.as_ref());
        coders.extend(untold.map(|coder| (coder.key.clone(), coder.clone())));
        coders
    }

    /// A process that only helps another one: the script that starts the coder's program, or a program that a coder
    /// with a registry entry starts under its own name.
    fn is_beside(&self, known: &Known, coder: &str, listed: &HashSet<u32>) -> bool {
        let is_same = |other: &Known| other.found.as_ref().is_some_and(|found| found.coder == coder);
        let starts_it = |other: &&Known| other.process.parent == known.process.pid && is_same(other);
        let parent = self.known.get(&known.process.parent);
        self.known.values().any(|other| starts_it(&other))
            || parent.is_some_and(|parent| is_same(parent) && listed.contains(&parent.process.pid))
    }
}

/// Every entry of every registry, with its home.
fn entries(homes: &[Home]) -> impl Iterator<Item = (&Home, &Entry)> {
    homes.iter().flat_map(|home| {
        home.registry.iter().flat_map(move |registry| registry.entries().map(move |entry| (home, entry)))
    })
}

/// What an entry says of a coder whose process is not there.
fn of_entry(key: &str, coder: &str, entry: &Entry) -> Coder {
    Coder {
        key: key.to_owned(),
        coder: coder.to_owned(),
        pid: entry.pid,
        started_ms: entry.started_ms,
        cwd: entry.cwd.clone(),
        session: entry.session.clone(),
        client_version: entry.version.clone(),
        entrypoint: entry.entrypoint.clone(),
        kind: entry.kind.clone(),
        registry: Some(entry.says.clone()),
        ..Coder::default()
    }
}

impl Known {
    fn process_alone(&self, coder: &str) -> Coder {
        let cwd = self.detail.cwd.as_ref().map(|cwd| clip(&cwd.to_string_lossy()));
        Coder {
            key: self.process.key(),
            coder: coder.to_owned(),
            pid: self.process.pid,
            started_ms: self.process.started_ms,
            cwd: cwd.unwrap_or_default(),
            terminal: self.process.terminal.clone(),
            tmux: self.tmux.clone(),
            ..Coder::default()
        }
    }

    fn registered(&self, coder: &str, entry: &Entry, job: Option<Job>) -> Coder {
        let alone = self.process_alone(coder);
        let prints = self.found.as_ref().is_some_and(|found| found.kind == "print");
        Coder {
            cwd: if entry.cwd.is_empty() { alone.cwd } else { entry.cwd.clone() },
            session: entry.session.clone(),
            client_version: entry.version.clone(),
            entrypoint: entry.entrypoint.clone(),
            kind: if prints { "print".to_owned() } else { entry.kind.clone() },
            registry: Some(entry.says.clone()),
            job,
            ..alone
        }
    }

    fn unregistered(&self, found: &Recognised) -> Coder {
        let session = if self.told.is_empty() { found.session.clone() } else { self.told.clone() };
        let with_person = !self.process.terminal.is_empty() && found.kind.is_empty();
        let kind = if with_person { "interactive" } else { found.kind };
        Coder { session, kind: kind.to_owned(), ..self.process_alone(found.coder) }
    }
}
