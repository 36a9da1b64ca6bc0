//! The thread that looks out for living coders: woken by changes of their registries, by hooks, by orders, and by a
//! clock that stands behind all of them.

use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use muster_proto::fleet::{HookState, Policy, Stop, StopOutcome, Stopped, Up};
use tokio::sync::mpsc::{self, error::TrySendError};
use tokio_stream::wrappers::ReceiverStream;

use super::census::{CODERS, Census};
use super::folders::Folders;
use super::home::{self, Home};
use super::hooks::Hooks;
use super::outbox::{Opener, Outbound, Outbox};
use super::registry::Registry;
use super::{jobs, stop};
use crate::platform::ends::Ends;
use crate::platform::machine::{self, Machine};
use crate::roots::RootSource;
use crate::status::{CoderStatus, StatusBoard, Surroundings};
use crate::watch::{Mailbox, SystemWatches, Watches};

/// Whether known processes still live, where the platform does not tell of their ends by itself, and whether a registry
/// that cannot be watched has changed. Each look at a process costs some 10 µs.
const CHECK: Duration = Duration::from_secs(1);

/// Everything is looked at: homes, registries, processes that are new, memory and disk.
const SWEEP: Duration = Duration::from_secs(10);

/// Every process is looked at, also those that were none of ours, and the whole list is told again.
const WHOLE: Duration = Duration::from_mins(1);

/// When something is about to end, it is looked at after these pauses too.
const SOON: [Duration; 4] =
    [Duration::from_millis(20), Duration::from_millis(80), Duration::from_millis(250), Duration::from_millis(600)];

/// Orders that wait; more are answered at once with the advice to try again.
const ORDERS: usize = 16;

/// What this host lets be done, and how it looks out.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Manners {
    /// Orders to stop a coder are obeyed.
    pub allow_stop: bool,
    /// Change notification is not relied on.
    pub rescan_only: bool,
}

/// How the link speaks with presence.
#[derive(Clone)]
pub struct LookoutHandle {
    orders: mpsc::Sender<Stop>,
    outbox: Outbox,
    allow_stop: bool,
}

impl LookoutHandle {
    /// What the hello says.
    pub fn policy(&self) -> Policy {
        Policy { stop: self.allow_stop }
    }

    /// What a new link says: `ups`, and before those what is to be said of coders, once the other side takes it.
    pub(crate) fn before(&self, ups: ReceiverStream<Up>) -> (Outbound, Opener) {
        self.outbox.before(ups)
    }

    /// Hands an order on. Never waits.
    pub fn order(&self, order: Stop) {
        if !self.allow_stop {
            return self.outbox.report(stop::refused(&order));
        }
        let request_id = order.request_id;
        let detail = match self.orders.try_send(order) {
            Ok(()) => return,
            Err(TrySendError::Full(_)) => "too many orders at once; try again",
            Err(TrySendError::Closed(_)) => "the agent is ending; try again when it runs",
        };
        self.outbox.report(Stopped { request_id, outcome: StopOutcome::Failed.into(), detail: detail.into() });
    }
}

/// The looking thread's state.
pub struct Lookout {
    source: RootSource,
    homes: Vec<Home>,
    census: Census,
    folders: Folders,
    mailbox: Arc<Mailbox>,
    hooks: Hooks,
    outbox: Outbox,
    orders: mpsc::Receiver<Stop>,
    board: StatusBoard,
    machine: Machine,
    calls_us: HookState,
    ends: Ends,
    checks: Vec<Instant>,
    check_at: Instant,
    sweep_at: Instant,
    whole_at: Instant,
}

impl Lookout {
    /// Takes a first look. Nothing runs yet.
    pub fn new(source: RootSource, manners: Manners, board: StatusBoard) -> (Self, LookoutHandle, Hooks) {
        board.allow_stop(manners.allow_stop);
        let (outbox, mailbox) = (Outbox::default(), Arc::new(Mailbox::default()));
        let (sender, orders) = mpsc::channel(ORDERS);
        let hooks = Hooks::new(outbox.clone());
        let now = Instant::now();
        let mut lookout = Self {
            source,
            homes: Vec::new(),
            census: Census::default(),
            folders: Folders::new(watches(&mailbox, manners)),
            mailbox,
            hooks: hooks.clone(),
            outbox: outbox.clone(),
            orders,
            board,
            machine: Machine::default(),
            calls_us: HookState::Unspecified,
            ends: Ends::default(),
            checks: Vec::new(),
            check_at: now,
            sweep_at: now,
            whole_at: now,
        };
        lookout.tick(now);
        let handle = LookoutHandle { orders: sender, outbox, allow_stop: manners.allow_stop };
        (lookout, handle, hooks)
    }

    /// Starts the thread; it ends when nobody can give it orders any more.
    pub fn start(self) -> std::io::Result<JoinHandle<()>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
        std::thread::Builder::new().name("muster-presence".into()).spawn(move || runtime.block_on(self.run()))
    }

    async fn run(mut self) {
        while self.turn().await {}
    }

    /// Waits for one thing to happen and deals with it; `false`: it is over.
    async fn turn(&mut self) -> bool {
        let deadline = self.deadline();
        self.ends.hold(self.census.living());
        tokio::select! {
            biased;
            order = self.orders.recv() => match order {
                Some(order) => self.obey(&order),
                None => return false,
            },
            () = self.mailbox.noticed() => self.look(),
            () = self.hooks.told() => self.listen(),
            () = self.ends.next() => self.tick(Instant::now()),
            () = tokio::time::sleep_until(deadline.into()) => self.tick(Instant::now()),
        }
        true
    }

    fn deadline(&self) -> Instant {
        let retries = self.homes.iter().filter_map(|home| home.registry.as_ref()?.deadline());
        let check = Some(self.check_at).filter(|_| !self.census.is_empty() || self.has_unwatched());
        let clock = [self.sweep_at, self.whole_at].into_iter().chain(check);
        self.checks.iter().copied().chain(retries).chain(clock).min().unwrap_or(self.sweep_at)
    }

    fn has_unwatched(&self) -> bool {
        self.homes.iter().filter_map(|home| home.registry.as_ref()).any(|registry| !self.folders.has(registry.folder()))
    }

    fn registries(&mut self) -> impl Iterator<Item = &mut Registry> {
        self.homes.iter_mut().filter_map(|home| home.registry.as_mut())
    }

    fn obey(&mut self, order: &Stop) {
        let coder = self.outbox.coder(&order.key);
        let report = stop::obey(order, coder.as_ref(), &mut self.census.table);
        self.outbox.report(report);
        self.check_soon();
    }

    fn check_soon(&mut self) {
        let now = Instant::now();
        self.checks = SOON.iter().map(|pause| now + *pause).collect();
    }

    /// Looks where a change was noticed.
    fn look(&mut self) {
        let (dirty, now) = (self.mailbox.take(), Instant::now());
        if dirty.everything {
            self.sweep(now);
            return self.publish();
        }
        let mut changed = false;
        for path in &dirty.paths {
            // One folder has one registry.
            let noticed = self.registries().any(|registry| registry.notice(path, now));
            changed |= noticed || path.ends_with("state.json");
            // A coder takes its entry back a moment before its process ends.
            if noticed && !path.exists() {
                self.check_soon();
            }
        }
        if changed {
            self.publish();
        }
    }

    fn listen(&mut self) {
        let mut changed = false;
        for told in self.hooks.drain() {
            changed |= self.census.told(&told, &self.homes);
        }
        if changed {
            self.publish();
        }
    }

    fn tick(&mut self, now: Instant) {
        let mut retried = false;
        for registry in self.registries() {
            retried |= registry.retry(now);
        }
        let due = self.checks.iter().any(|at| *at <= now);
        self.checks.retain(|at| *at > now);
        if self.whole_at <= now {
            self.whole_at = now + WHOLE;
            self.census.scan(&self.homes, true, now);
            self.outbox.whole();
        }
        if self.sweep_at <= now {
            self.sweep(now);
            return self.publish();
        }
        let changed = (self.check_at <= now || due) && self.check(now);
        if changed || retried {
            self.publish();
        }
    }

    fn sweep(&mut self, now: Instant) {
        self.sweep_at = now + SWEEP;
        self.homes = home::find(&self.source, std::mem::take(&mut self.homes));
        let first = self.homes.first().map_or(Path::new("/"), |home| &home.folder);
        self.machine = Machine { memory: machine::memory(), disk: machine::disk(first) };
        self.calls_us = home::hooks(&self.homes);
        self.hooks.admit(self.homes.iter().flat_map(Home::owned).collect());
        self.watch();
        for registry in self.registries() {
            registry.sweep(now);
        }
        self.census.scan(&self.homes, false, now);
        self.check(now);
    }

    /// Drops what has ended, and looks at what cannot be watched; `true`: something may have changed.
    fn check(&mut self, now: Instant) -> bool {
        self.check_at = now + CHECK;
        let mut changed = self.watch();
        for registry in self.homes.iter_mut().filter_map(|home| home.registry.as_mut()) {
            if !self.folders.has(registry.folder()) {
                registry.sweep(now);
                changed = true;
            }
        }
        self.census.check(&self.homes, now) || changed
    }

    /// Watches the folders that matter now; what came into one before it was watched is looked at. `true`: there are new ones.
    fn watch(&mut self) -> bool {
        let registries = self.homes.iter().filter_map(|home| home.registry.as_ref());
        let wanted: Vec<PathBuf> =
            registries.map(|registry| registry.folder().to_path_buf()).chain(self.jobs()).collect();
        let new = self.folders.set(&wanted);
        for registry in self.homes.iter_mut().filter_map(|home| home.registry.as_mut()) {
            if new.iter().any(|folder| folder == registry.folder()) {
                registry.sweep(Instant::now());
            }
        }
        !new.is_empty()
    }

    /// Folders of the background jobs of living sessions.
    fn jobs(&self) -> Vec<PathBuf> {
        let living = self.outbox.living();
        let of = |home: &Home| {
            let entries = home.registry.iter().flat_map(Registry::entries);
            let entries = entries.filter(|entry| living.iter().any(|coder| coder.pid == entry.pid));
            entries.filter_map(|entry| jobs::folder(&home.folder, entry)).collect::<Vec<_>>()
        };
        self.homes.iter().flat_map(of).collect()
    }

    fn publish(&mut self) {
        self.census.enlist(&self.homes, Instant::now());
        let coders = self.census.coders(&self.homes);
        let registry_error = self.error(coders.len());
        self.board.surroundings(Surroundings {
            machine: self.machine,
            hooks: self.calls_us,
            registry_error,
            coders: coders.values().map(CoderStatus::of).collect(),
        });
        self.outbox.coders(coders, self.census.departed());
    }

    /// What stands between us and the truth about living coders.
    fn error(&mut self, coders: usize) -> String {
        if self.census.is_blind(&self.homes) {
            return "processes of other users are hidden from this agent (ProtectProc= of its unit, hidepid= of /proc); their \
                    living coders are not told of"
                .into();
        }
        let registries = self.homes.iter().filter_map(|home| home.registry.as_ref());
        let error = registries.map(Registry::error).find(|error| !error.is_empty());
        let crowded = || (coders >= CODERS).then(|| format!("{CODERS} coders live here; more are not told of"));
        error.or_else(crowded).unwrap_or_default()
    }
}

/// Change notification, where it is wanted and to be had.
fn watches(mailbox: &Arc<Mailbox>, manners: Manners) -> Option<Box<dyn Watches>> {
    if manners.rescan_only {
        return None;
    }
    match SystemWatches::new(mailbox.clone()) {
        Ok(watches) => Some(Box::new(watches)),
        Err(error) => {
            tracing::warn!(%error, "no change notification for registries; they are looked at every second");
            None
        }
    }
}
