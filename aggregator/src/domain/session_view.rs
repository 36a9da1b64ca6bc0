//! A session as people watch it: its state, and what is measured of it. Alarms are made of this.

use muster_proto::ids::HostId;

use super::alarm::{Alarm, Looping};
use super::session::SessionId;
use super::session_state::{Process, State};
use super::time::Millis;

/// Calls without an outcome that are shown of a session.
pub const RUNNING: usize = 20;

/// One session that lives, or was active a short while ago.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct View {
    /// Session.
    pub session: SessionId,
    /// Coder.
    pub coder: String,
    /// Hosts on which it lives or wrote, in their order.
    pub hosts: Vec<HostId>,
    /// Lines of it arrived; a coder that was only started has said nothing yet.
    pub has_transcript: bool,
    /// What it is doing.
    pub state: State,
    /// Tool calls without an outcome, of the session and its subagents, oldest first, at most [`RUNNING`].
    pub running: Vec<Running>,
    /// Subagents whose own dialog stands open, by id.
    pub waiting: Vec<String>,
    /// Its living processes.
    pub processes: Vec<Process>,
    /// Latest line, hook or change of the registry: while it works, nothing has come since then.
    pub progress_at: Millis,
    /// Tokens of all kinds in the last minute, cache reads left out.
    pub tokens_per_minute: i64,
    /// Model of its latest reply.
    pub model: Option<String>,
    /// Tokens that its context holds.
    pub context_tokens: Option<i64>,
    /// Size of the model's context in tokens.
    pub context_window: Option<i64>,
    /// When the usage limit that stopped it ends.
    pub limit_resets_at: Option<Millis>,
    /// What it and its subagents at work call again and again.
    pub loops: Vec<Looping>,
    /// What is wrong with it.
    pub alarms: Vec<Alarm>,
}

/// A tool call without an outcome.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Running {
    /// The coder's id of the use.
    pub id: String,
    /// Tool.
    pub name: String,
    /// The input that says most.
    pub about: Option<String>,
    /// Since when.
    pub started_at: Millis,
    /// Subagent that called; `None` for the main conversation.
    pub subagent: Option<String>,
}
