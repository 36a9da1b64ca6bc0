//! What a session is doing, fused of everything that is said about it: the coder's registry, hooks, the last lines of
//! its transcripts, the process table and the link of its host.
//!
//! Pure: no clock, no I/O, and no order of events. What is known lies in [`Sources`], every fact with the time at which
//! it became true; [`fuse`] makes a [`State`] of it. The rules stand in `docs/STATES.md`; recordings of real
//! clients are played through them in `states/tests`.

mod background;
mod decide;
mod hooks;
mod speak;
mod tail;
#[cfg(test)]
mod tests;

use muster_proto::ids::HostId;

pub use background::Background;
pub use decide::fuse;
pub use hooks::{Event, Hooks, Kind};
pub use tail::{Failure, Last, OpenCall, Spent, Tail, Task, TaskKind};

use super::time::Millis;

/// Sources follow each other within this; what they still disagree on afterwards is unknown. Measured with the real
/// client: a registry follows a hook within 100 ms, a line follows within 300 ms, and an archived line is read within 200.
pub const SETTLE_MS: i64 = 1_500;

/// A host that is away for so long may do anything meanwhile; shorter is a reconnect.
pub const AWAY_MS: i64 = 60_000;

/// A host speaks every ten seconds at least; one that has missed two of them is silent, and may be asleep.
pub const SILENT_HOST_MS: i64 = 25_000;

/// Without a registry and a process, work of which nothing was heard for so long is no work that anybody knows of.
pub const SILENT_MS: i64 = 15 * 60_000;

/// Who has the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Turn {
    /// The coder works.
    Working,
    /// The coder waits until a person allows or refuses something.
    NeedsPermission,
    /// The coder waits for the answer to a question, or for the approval of a plan.
    NeedsAnswer,
    /// The coder has yielded and lives.
    YourTurn,
    /// The coder has yielded and its process has ended.
    Done,
    /// The last turn ended by an error, a limit or the death of the process.
    Failed,
    /// Nothing says, or the sources disagree.
    Unknown,
}

impl Turn {
    /// Every state.
    pub const ALL: [Self; 7] = [
        Self::Working,
        Self::NeedsPermission,
        Self::NeedsAnswer,
        Self::YourTurn,
        Self::Done,
        Self::Failed,
        Self::Unknown,
    ];

    /// The word of the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Working => "working",
            Self::NeedsPermission => "needs_permission",
            Self::NeedsAnswer => "needs_answer",
            Self::YourTurn => "your_turn",
            Self::Done => "done",
            Self::Failed => "failed",
            Self::Unknown => "unknown",
        }
    }

    /// The state that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|turn| turn.word() == word)
    }

    /// A dialog stands open.
    pub fn needs_person(self) -> bool {
        matches!(self, Self::NeedsPermission | Self::NeedsAnswer)
    }
}

/// Where a statement comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Source {
    /// The coder's own registry of living sessions.
    Registry,
    /// A hook that the coder called.
    Hook,
    /// The last lines of the transcripts.
    Transcript,
    /// The process table of the host.
    Process,
    /// The link of the host.
    Heartbeat,
}

/// A session's state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct State {
    /// Who has the turn.
    pub turn: Turn,
    /// Since when.
    pub since: Millis,
    /// Why, in a few words; `None` when the state says it all.
    pub reason: Option<String>,
    /// Who says so.
    pub source: Source,
    /// When that was said.
    pub source_at: Millis,
    /// What every source says, the one that counts first.
    pub sources: Vec<Says>,
    /// What runs beside the turn.
    pub background: Background,
}

/// What one source says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Says {
    /// Source.
    pub source: Source,
    /// The state that it speaks for.
    pub turn: Option<Turn>,
    /// In words.
    pub text: String,
    /// When.
    pub at: Millis,
}

/// Everything that is known of a session, in one clock.
#[derive(Debug, Clone, Default)]
pub struct Sources {
    /// Its processes.
    pub presence: Presence,
    /// What its hooks said.
    pub hooks: Hooks,
    /// The end of its conversation.
    pub tail: Option<Tail>,
    /// The link of its host.
    pub link: Link,
}

/// What is known of a session's processes.
#[derive(Debug, Clone, Default)]
pub enum Presence {
    /// Nobody tells: the host's agent is too old, or has not spoken yet.
    #[default]
    Untold,
    /// These live; never none.
    Living(Vec<Process>),
    /// Some live that do not say which session they hold, and fewer than sessions that they could hold: nobody can tell
    /// which of those are over.
    Disputed {
        /// How many live.
        processes: usize,
        /// How many sessions they could hold; more than there are processes.
        sessions: usize,
    },
    /// None lives any more.
    Ended {
        /// Since when, as far as anybody saw it.
        at: Millis,
        /// What the registry last said of the last one, and until when.
        left: Option<Leaving>,
        /// How it went.
        how: End,
    },
}

/// How a session was left by its last process.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum End {
    /// By itself, as far as anybody knows: last lines may still come.
    Left,
    /// It was killed: no last lines will come.
    Killed,
    /// Nobody ever saw one: it was too short for that, or it runs where the agent cannot look, in a container perhaps.
    Unseen,
}

/// A living process of a coder.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Names it on its host for ever.
    pub key: String,
    /// Host.
    pub host: HostId,
    /// Process id.
    pub pid: u32,
    /// When it began.
    pub started_at: Millis,
    /// Working directory.
    pub cwd: String,
    /// Terminal; empty where there is none.
    pub terminal: String,
    /// Pane of tmux; empty where there is none.
    pub tmux: String,
    /// `interactive`, `bg`, `print`; empty where nothing says.
    pub kind: String,
    /// What the coder's registry says of it.
    pub registry: Option<Registry>,
    /// It has left the registry: it is about to end.
    pub leaving: Option<Leaving>,
    /// Why it cannot be stopped from here.
    pub no_stop: Option<String>,
}

/// The last entry of a process that has left its coder's registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Leaving {
    /// When.
    pub at: Millis,
    /// The entry as it was.
    pub registry: Registry,
}

/// An entry of a coder's registry.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Registry {
    /// As the coder writes it; empty while it starts.
    pub status: String,
    /// What it waits for; empty otherwise.
    pub waiting_for: String,
    /// What its background job says of itself: what it needs, else what it does or did; empty where it is none.
    pub job: String,
    /// Since when.
    pub since: Millis,
}

/// What is known of the link of a session's host.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Link {
    /// It does not stand, since then.
    pub away_since: Option<Millis>,
    /// Age of what is shown, milliseconds, where that is worth a word.
    pub lag_ms: u64,
    /// When it last spoke.
    pub heard_at: Millis,
}
