//! The watching thread: drives the [`Follower`] with notices, messages and the clock, and says what it has to say.
//!
//! All file access happens here (digests on a thread of their own), so that a slow disk delays neither the link's pings nor the status.

use std::future::pending;
use std::sync::Arc;
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use muster_proto::fleet::{HostState, Up, Welcome, down, up};
use muster_proto::limits::STATE_INTERVAL_SECONDS;
use tokio::sync::mpsc::{self, Permit, Sender};

use crate::digest::DigestDesk;
use crate::platform::{clock, load, service};
use crate::status::StatusBoard;
use crate::watch::{Follower, Mailbox};

/// Messages of the aggregator that wait for the watcher. When full, the link reads no further, and the stream's own
/// flow control holds the aggregator back.
const INPUTS: usize = 64;

/// Between two states of this host while they change.
const STATE_APART: Duration = Duration::from_millis(250);

/// Between two states that differ in numbers only.
const NUMBERS_APART: Duration = Duration::from_secs(1);

/// Longest time spent on sending the rest when asked to end.
const DRAIN: Duration = Duration::from_secs(2);

enum Input {
    LinkUp(Welcome, Sender<Up>),
    Message(down::Kind),
    LinkDown,
    End,
}

/// The watching thread is gone.
#[derive(Debug, thiserror::Error)]
#[error("the watching thread has ended")]
pub struct Ended;

/// How other parts of the agent speak to the watching thread.
#[derive(Clone)]
pub struct WatcherHandle(Sender<Input>);

impl WatcherHandle {
    /// A link stands; `up` leads to the aggregator.
    pub async fn link_up(&self, welcome: Welcome, up: Sender<Up>) -> Result<(), Ended> {
        self.send(Input::LinkUp(welcome, up)).await
    }

    /// The aggregator said something.
    pub async fn received(&self, message: down::Kind) -> Result<(), Ended> {
        self.send(Input::Message(message)).await
    }

    /// The link is gone.
    pub async fn link_down(&self) -> Result<(), Ended> {
        self.send(Input::LinkDown).await
    }

    /// Send what is left, then end.
    pub async fn end(&self) -> Result<(), Ended> {
        self.send(Input::End).await
    }

    /// Waits until the watching thread has ended.
    pub async fn ended(&self) {
        self.0.closed().await;
    }

    async fn send(&self, input: Input) -> Result<(), Ended> {
        self.0.send(input).await.map_err(|_| Ended)
    }
}

/// The watching thread's state.
pub struct Watcher {
    follower: Follower,
    mailbox: Arc<Mailbox>,
    board: StatusBoard,
    inputs: mpsc::Receiver<Input>,
    up: Option<Sender<Up>>,
    digests: DigestDesk,
    /// The follower may have something to say.
    may_speak: bool,
    /// Something happened since the state was last taken.
    stirred: bool,
    state_taken: Instant,
    /// The state that was sent last, and when it was taken: so that the next one is not a moment too young.
    state_sent: Option<(Instant, HostState)>,
    unsent_state: Option<HostState>,
    ends_at: Option<Instant>,
    watchdog: Option<Duration>,
}

impl Watcher {
    /// Takes a first look at the roots. Nothing runs yet.
    pub fn new(
        mut follower: Follower,
        mailbox: Arc<Mailbox>,
        board: StatusBoard,
        digests: DigestDesk,
    ) -> (Self, WatcherHandle) {
        let (sender, inputs) = mpsc::channel(INPUTS);
        follower.tick(Instant::now());
        let mut watcher = Self {
            follower,
            mailbox,
            board,
            inputs,
            up: None,
            digests,
            may_speak: false,
            stirred: false,
            state_taken: Instant::now(),
            state_sent: None,
            unsent_state: None,
            ends_at: None,
            watchdog: service::watchdog_interval(),
        };
        watcher.take_state(Instant::now());
        (watcher, WatcherHandle(sender))
    }

    /// Starts the thread.
    pub fn start(self) -> std::io::Result<JoinHandle<()>> {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build()?;
        std::thread::Builder::new().name("muster-watch".into()).spawn(move || runtime.block_on(self.run()))
    }

    async fn run(mut self) {
        while !self.has_ended(Instant::now()) {
            self.turn().await;
        }
    }

    fn has_ended(&self, now: Instant) -> bool {
        self.ends_at.is_some_and(|at| now >= at || self.up.is_none() || (!self.may_speak && self.follower.is_drained()))
    }

    /// Waits for one thing to happen and deals with it.
    async fn turn(&mut self) {
        let wants_to_speak = self.may_speak || self.unsent_state.is_some();
        let speaker = self.up.clone().filter(|_| wants_to_speak);
        let deadline = self.deadline(Instant::now());
        tokio::select! {
            biased;
            input = self.inputs.recv() => self.take(input.unwrap_or(Input::End)),
            () = self.mailbox.noticed() => self.look(),
            permit = room_to_speak(speaker.as_ref()) => match permit {
                Some(permit) => self.speak(permit),
                None => self.lose_link(),
            },
            () = tokio::time::sleep_until(deadline.into()) => self.tick(),
        }
    }

    fn deadline(&self, now: Instant) -> Instant {
        let state = if self.stirred { STATE_APART } else { Duration::from_secs(STATE_INTERVAL_SECONDS) };
        let own = [Some(self.state_taken + state), self.follower.deadline(), self.ends_at];
        let watchdog = self.watchdog.map(|interval| now + interval);
        own.into_iter().chain([watchdog]).flatten().min().unwrap_or(now)
    }

    fn take(&mut self, input: Input) {
        let now = Instant::now();
        match input {
            Input::LinkUp(welcome, up) => {
                self.follower.link_up(&welcome, now);
                self.up = Some(up);
                self.state_sent = None;
                self.take_state(now);
            }
            Input::Message(down::Kind::Inspect(asked)) => {
                if let Some(up) = &self.up {
                    self.digests.inspect(asked, up.clone());
                }
            }
            Input::Message(message) => {
                if let (Some(job), Some(up)) = (self.follower.receive(message, now), &self.up) {
                    self.digests.take(job, up);
                }
            }
            Input::LinkDown => self.lose_link(),
            Input::End => {
                self.ends_at.get_or_insert(now + DRAIN);
                // The notice of the last append may still be under way.
                self.follower.sweep_all(now);
            }
        }
        self.stir();
    }

    fn lose_link(&mut self) {
        self.follower.link_down();
        self.up = None;
        self.unsent_state = None;
    }

    fn look(&mut self) {
        let dirty = self.mailbox.take();
        self.follower.notice(dirty, Instant::now());
        self.stir();
    }

    fn tick(&mut self) {
        let now = Instant::now();
        self.beat();
        if self.follower.deadline().is_some_and(|at| at <= now) {
            self.follower.tick(now);
            self.may_speak = true;
        }
        let interval = if self.stirred { STATE_APART } else { Duration::from_secs(STATE_INTERVAL_SECONDS) };
        if now.saturating_duration_since(self.state_taken) >= interval {
            self.take_state(now);
        }
    }

    /// Tells the service manager that this thread is alive.
    fn beat(&self) {
        if self.watchdog.is_some() {
            service::alive();
        }
    }

    fn stir(&mut self) {
        self.stirred = true;
        self.may_speak = true;
    }

    fn speak(&mut self, permit: Permit<'_, Up>) {
        let now = Instant::now();
        if let Some(state) = self.unsent_state.take() {
            self.state_sent = Some((self.state_taken, state.clone()));
            return permit.send(Up { kind: Some(up::Kind::State(state)) });
        }
        // Timers go on while there is much to say.
        if self.follower.deadline().is_some_and(|at| at <= now) {
            self.follower.tick(now);
        }
        match self.follower.next_message(now) {
            Some(kind) => permit.send(Up { kind: Some(kind) }),
            None => self.may_speak = false,
        }
        if now.saturating_duration_since(self.state_taken) >= STATE_APART {
            self.take_state(now);
        }
    }

    /// Takes this host's state; it is sent when it says something new.
    fn take_state(&mut self, now: Instant) {
        let behind = self.follower.behind(now);
        let state = HostState {
            clock_ms: clock::now_ms(),
            backlog_bytes: behind.bytes,
            lag_ms: behind.lag_ms,
            transcripts: self.follower.transcripts(),
            roots: self.follower.roots(),
            last_error: self.follower.last_error(),
            load_1m: load::one_minute(),
            processors: load::processors(),
            rss_bytes: load::resident_bytes(),
            ..HostState::default()
        };
        let state = self.board.complete(state);
        self.beat();
        self.state_taken = now;
        self.stirred = false;
        self.board.watching(&state, self.follower.root_statuses());
        if self.up.is_some() && self.is_news(&state, now) {
            self.unsent_state = Some(state);
        }
    }

    fn is_news(&self, state: &HostState, now: Instant) -> bool {
        let Some((at, last)) = &self.state_sent else { return true };
        let age = now.saturating_duration_since(*at);
        let words = |state: &HostState| (state.last_error.clone(), state.registry_error.clone());
        let facts = |state: &HostState| (state.backlog_bytes == 0, words(state), state.roots.clone(), state.hooks);
        let numbers = |state: &HostState| (state.backlog_bytes, state.transcripts);
        age >= Duration::from_secs(STATE_INTERVAL_SECONDS)
            || facts(state) != facts(last)
            || (age >= NUMBERS_APART && numbers(state) != numbers(last))
    }
}

/// Room for one message; `None`: the stream is closed.
async fn room_to_speak(up: Option<&Sender<Up>>) -> Option<Permit<'_, Up>> {
    match up {
        Some(up) => up.reserve().await.ok(),
        None => pending().await,
    }
}
