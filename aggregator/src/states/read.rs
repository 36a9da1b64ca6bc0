//! What hosts say, made plain and bounded before it is kept.

use muster_proto::fleet;

use super::host::Coder;
use crate::domain::session::SessionId;
use crate::domain::session_state::{Event, Kind, Registry};
use crate::domain::time::{self, Millis};

/// Bytes of a name, an id, a word.
const WORD: usize = 200;

/// Bytes of a path, or of a line of text.
const LINE: usize = 1_024;

/// What a host says of itself when its link begins.
#[derive(Debug, Clone, Default)]
pub struct Greeting {
    /// Its clock.
    pub clock_ms: Millis,
    /// Its agent tells of coders.
    pub reports_coders: bool,
    /// Why nothing can be stopped on it; `None` when its coders can be.
    pub no_stop: Option<String>,
}

/// A hook that was called.
pub(super) struct Called {
    pub session: SessionId,
    pub coder: String,
    /// The subagent in which it happened; empty for the main conversation.
    pub agent: String,
    pub event: Event,
}

/// A living coder with its key; `None` for one without.
pub(super) fn coder(told: fleet::Coder) -> Option<(String, Coder)> {
    let key = cut(told.key, WORD);
    let coder = cut(told.coder, WORD);
    let session = SessionId::new(&coder, &told.session);
    let job = told.job.map(|job| cut(job.detail, LINE)).unwrap_or_default();
    let registry = told.registry.map(|entry| Registry {
        job,
        status: cut(entry.status, WORD),
        waiting_for: cut(entry.waiting_for, WORD),
        since: time::told(if entry.since_ms > 0 { entry.since_ms } else { entry.updated_ms.max(told.started_ms) }),
    });
    (!key.is_empty() && !coder.is_empty()).then(|| {
        let coder = Coder {
            name: coder,
            session,
            pid: told.pid,
            started_at: time::told(told.started_ms),
            cwd: cut(told.cwd, LINE),
            terminal: cut(told.terminal, WORD),
            tmux: cut(told.tmux, WORD),
            // Whatever the registry calls it: it was started with its only prompt.
            kind: if told.entrypoint == "sdk-cli" { "print".to_owned() } else { cut(told.kind, WORD) },
            registry,
            leaving: None,
        };
        (key, coder)
    })
}

/// A call of a hook; `None` for events that say nothing of a turn.
pub(super) fn hook(told: fleet::HookEvent) -> Option<Called> {
    let kind = kind(&told)?;
    let coder = cut(told.coder, WORD);
    let session = SessionId::new(&coder, &told.session)?;
    let agent = cut(told.agent_id, WORD);
    // The client's own helpers have no type: they compact, or guess the next prompt.
    if !agent.is_empty() && told.agent_type.is_empty() {
        return None;
    }
    // A subagent's stop is its own end, not the turn's.
    let kind = if agent.is_empty() || kind != Kind::Stop { kind } else { Kind::AgentStop };
    let is_about_agent = matches!(kind, Kind::AgentStart | Kind::AgentStop);
    if agent.is_empty() && is_about_agent {
        return None;
    }
    let cause = if told.cause.is_empty() && kind == Kind::StopFailure { told.message } else { told.cause };
    let event = Event {
        at: time::told(told.at_ms),
        kind,
        tool: cut(told.tool_name, WORD),
        about: cut(told.about, LINE),
        call: cut(told.tool_use_id, WORD),
        cause: cut(cause, WORD),
        tasks: told.background_tasks,
    };
    Some(Called { session, coder, agent, event })
}

fn kind(told: &fleet::HookEvent) -> Option<Kind> {
    Some(match told.event.as_str() {
        "SessionStart" => Kind::Start,
        "UserPromptSubmit" => Kind::Prompt,
        "PreToolUse" => Kind::Calls,
        "PermissionRequest" | "Elicitation" => Kind::Asks,
        "PostToolUse" | "PostToolUseFailure" | "PermissionDenied" | "ElicitationResult" => Kind::Answers,
        "PostToolBatch" => Kind::Batch,
        "PreCompact" => Kind::Compacts,
        "PostCompact" => Kind::Compacted,
        "Stop" => Kind::Stop,
        "StopFailure" => Kind::StopFailure,
        "SubagentStart" => Kind::AgentStart,
        "SubagentStop" => Kind::AgentStop,
        "SessionEnd" => Kind::End,
        "Notification" => match told.notification.as_str() {
            "idle_prompt" => Kind::Idle,
            "permission_prompt" | "elicitation_dialog" => Kind::Notifies,
            // Clients before the type was told.
            "" if told.message.contains("permission") => Kind::Notifies,
            "" if told.message.contains("waiting for your input") => Kind::Idle,
            _ => return None,
        },
        _ => return None,
    })
}

/// The text without NUL and line ends, cut between characters after at most `bytes`.
fn cut(text: String, bytes: usize) -> String {
    if text.len() <= bytes && !text.contains(char::is_control) {
        return text;
    }
    let mut kept: String = text.chars().map(|c| if c.is_control() { ' ' } else { c }).collect();
    kept.truncate(kept.floor_char_boundary(bytes));
    kept
}
