//! The end of a conversation, folded act by act: what says whose turn it is, and what runs.

use super::clean::clean;
use super::facts::Facts;
use super::join::relative;
use crate::domain::session::SessionId;
use crate::domain::session_state::{Failure, OpenCall, Spent, Tail, Task, TaskKind};
use crate::domain::time::Millis;
use crate::domain::transcript::TranscriptKind;
use crate::live::endings::Ending;
use crate::store::sessions::CursorRow;
use crate::transcript::act::{Act, ToolResult, ToolUse, Usage};
use crate::transcript::layout;

/// Bytes of an id or a name that are kept.
const ID_BYTES: usize = 200;

/// Bytes of a text of one line.
const TEXT_BYTES: usize = 4 * 160;

/// Tools that end a command in the background, which their input names.
const ENDS_SHELL: [&str; 3] = ["KillShell", "KillBash", "TaskStop"];

/// Takes the next act. `is_main` says that prompts are a person's.
pub(super) fn add(tail: &mut Tail, is_main: bool, at: Millis, act: &Act) {
    match act {
        Act::Prompt(prompt) if is_main => tail.prompted(at, prompt.queued),
        Act::TurnBegin => tail.prompted(at, true),
        Act::TurnEnd { duration_ms } => tail.yielded(at, duration_ms.is_some()),
        Act::Spoke => tail.spoke(at),
        Act::Interrupt => tail.interrupted(at),
        Act::StopHook => tail.sent_back(at),
        Act::ToolUse(used) => tail.called(open_call(used, at)),
        Act::ToolResult(result) => answered(tail, result, at),
        Act::AgentReport(report) => {
            if report.ok.is_some() {
                tail.reported(&clean(&report.id, ID_BYTES), report.tool_use_id.as_deref());
            }
            if is_main && report.prompts {
                tail.prompted(at, false);
            }
        }
        Act::Usage(usage) => used(tail, usage, at),
        Act::ApiError { text, resets_at } => {
            tail.failed(at, Failure { text: clean(text, TEXT_BYTES), resets_at: *resets_at });
        }
        Act::Prompt(_)
        | Act::Compaction { .. }
        | Act::PullRequest { .. }
        | Act::Todos(_)
        | Act::Todo(_)
        | Act::Searches { .. }
        | Act::EndsAt { .. }
        | Act::OwnCost { .. } => {}
    }
}

fn open_call(used: &ToolUse, at: Millis) -> OpenCall {
    OpenCall {
        id: clean(&used.id, ID_BYTES),
        name: clean(&used.name, ID_BYTES),
        about: used.about.as_deref().map(|about| clean(about, TEXT_BYTES)),
        at,
    }
}

fn answered(tail: &mut Tail, result: &ToolResult, at: Millis) {
    let id = clean(&result.id, ID_BYTES);
    let asked = tail.open.iter().find(|call| call.id == id && ENDS_SHELL.contains(&call.name.as_str()));
    if let Some(ended) = asked.and_then(|call| call.about.clone()).filter(|_| !result.is_error) {
        tail.reported(&ended, None);
    }
    tail.answered(&id, at);
    let agent = result.agent.as_ref().filter(|agent| agent.background);
    let begun = agent.map(|agent| {
        let name = if agent.id.is_empty() { agent.workflow.as_deref().unwrap_or_default() } else { &agent.id };
        (name, TaskKind::Subagent)
    });
    if let Some((name, kind)) = begun.or_else(|| result.shell.as_deref().map(|shell| (shell, TaskKind::Shell))) {
        tail.began(Task { id: clean(name, ID_BYTES), kind, call: id, at });
    }
}

fn used(tail: &mut Tail, usage: &Usage, at: Millis) {
    tail.replied(at);
    if !usage.copied {
        let kinds = [usage.input, usage.output, usage.cache_write_5m, usage.cache_write_1h];
        let tokens = kinds.iter().fold(0_i64, |sum, tokens| sum.saturating_add((*tokens).max(0)));
        tail.spent(Spent { reply: clean(&usage.message, ID_BYTES), at: usage.at.unwrap_or(at), tokens });
    }
}

/// How a transcript ends, as whoever watches sessions needs to know it; `None` for files of no session.
pub(super) fn ending(cursor: &CursorRow, session: Option<&str>, facts: &Facts) -> Option<Ending> {
    let session = SessionId::from_stored(session?);
    let agent = if cursor.kind == TranscriptKind::Subagent.word() {
        let place = relative(&cursor.root, &cursor.path);
        Some(layout::agent_of(&cursor.coder, place).or_else(|| facts.agent.clone()).unwrap_or_default())
    } else {
        None
    };
    Some(Ending {
        transcript: cursor.id.clone(),
        host: cursor.host_id.parse().ok()?,
        session,
        coder: cursor.coder.clone(),
        agent,
        cwd: facts.cwd.clone().unwrap_or_default(),
        model: facts.model.clone(),
        context_tokens: facts.context,
        last_at: facts.last_at.unwrap_or(0).max(facts.tail.at),
        tail: facts.tail.clone(),
        looping: facts.repeats.looping(),
    })
}
