//! `event_msg` lines. What they repeat of the conversation is left alone.

use super::agents::{self, Activity};
use super::{Reading, outcome, patch};
use crate::domain::session::TitleSource;
use crate::domain::time::Millis;
use crate::transcript::Role;
use crate::transcript::act::{Act, AgentReport, ToolResult, Usage};
use crate::transcript::block::NoticeKind;
use crate::transcript::object::Object;
use crate::transcript::preview::title_of;

pub(super) fn read(kind: &str, payload: &Object<'_>, time: Option<Millis>, reading: &mut Reading) {
    match kind {
        "token_count" => reading.acts.extend(usage(payload, time)),
        "task_complete" | "turn_complete" => {
            let duration_ms = payload.number("duration_ms");
            reading.said(Role::System);
            reading.acts.push(Act::TurnEnd { duration_ms });
            reading.content.notice(NoticeKind::TurnEnd, &ended(duration_ms));
        }
        "turn_aborted" => aborted(payload, reading),
        "error" => {
            let text = payload.word("message").unwrap_or_default();
            reading.said(Role::System);
            reading.content.notice(NoticeKind::ApiError, &text);
            reading.acts.push(Act::ApiError { text: title_of(&text).unwrap_or_default(), resets_at: None });
        }
        "thread_name_updated" => {
            let name = payload.text("thread_name").or_else(|| payload.text("name"));
            reading.facts.title = name.and_then(|name| title_of(&name)).map(|name| (TitleSource::Custom, name));
        }
        "task_started" | "turn_started" => reading.acts.push(Act::TurnBegin),
        "thread_rolled_back" => {
            reading.said(Role::System);
            reading.content.notice(NoticeKind::Other, &rolled_back(payload.number("num_turns")));
        }
        "sub_agent_activity" => reading.acts.extend(activity(payload)),
        "item_completed" => {
            let item = payload
                .object("item")
                .filter(|item| matches!(item.text("type").as_deref(), Some("SubAgentActivity" | "sub_agent_activity")));
            reading.acts.extend(item.as_ref().and_then(activity));
        }
        "entered_review_mode" | "exited_review_mode" => {
            reading.said(Role::System);
            reading.content.notice(NoticeKind::Other, &kind.replace('_', " "));
        }
        kind if kind.ends_with("_end") => reading.acts.extend(result(kind, payload)),
        _ => {}
    }
}

/// `turn ended after 2.2 s`
fn ended(duration_ms: Option<i64>) -> String {
    match duration_ms {
        Some(ms) if ms < 60_000 => format!("turn ended after {}.{} s", ms / 1000, ms % 1000 / 100),
        Some(ms) => format!("turn ended after {} min {} s", ms / 60_000, ms % 60_000 / 1000),
        None => "turn ended".to_owned(),
    }
}

fn rolled_back(turns: Option<i64>) -> String {
    match turns {
        Some(1) => "went back by one turn".to_owned(),
        Some(turns) => format!("went back by {turns} turns"),
        None => "went back to an earlier turn".to_owned(),
    }
}

/// What happened to a subagent: the call that began it has an outcome, or it reported its end.
fn activity(payload: &Object<'_>) -> Option<Act> {
    Some(match agents::activity(payload)? {
        Activity::Began { call, thread } => {
            let agent = Some(outcome::agent_start(thread, None));
            Act::ToolResult(ToolResult { id: call, agent, ..ToolResult::default() })
        }
        Activity::Ended { thread, ok } => {
            Act::AgentReport(AgentReport { id: thread, tool_use_id: None, ok: Some(ok), prompts: false })
        }
    })
}

fn aborted(payload: &Object<'_>, reading: &mut Reading) {
    let reason = payload.word("reason").unwrap_or_else(|| "interrupted".to_owned());
    reading.said(Role::System);
    if reason == "interrupted" {
        reading.acts.push(Act::Interrupt);
    }
    reading.acts.push(Act::TurnEnd { duration_ms: payload.number("duration_ms") });
    reading.content.notice(NoticeKind::Interrupt, &format!("turn aborted: {reason}"));
}

/// Tokens of one reply.
///
/// Nothing in the line names the reply, the thread or the model. What tells replies of one thread apart are the thread's
/// totals, which only grow: they are the message's id, and a line that is written again says the same. The thread comes
/// from the head of the rollout (`facts.thread`); a fork copies its parent's head together with the parent's lines, so
/// that copies have the same thread and the same totals wherever they lie.
fn usage(payload: &Object<'_>, at: Option<Millis>) -> Option<Act> {
    let info = payload.object("info")?;
    let (total, last) = (info.object("total_token_usage")?, info.object("last_token_usage")?);
    let count = |name: &str| last.number(name).unwrap_or(0).max(0);
    let (sent, cached, output) = (count("input_tokens"), count("cached_input_tokens"), count("output_tokens"));
    if sent == 0 && output == 0 {
        return None;
    }
    let of_thread = |name: &str| total.number(name).unwrap_or(0);
    Some(Act::Usage(Box::new(Usage {
        message: format!(
            "codex:{}:{}:{}:{}",
            of_thread("input_tokens"),
            of_thread("cached_input_tokens"),
            of_thread("output_tokens"),
            of_thread("total_tokens")
        ),
        at,
        input: (sent - cached).max(0),
        cache_read: cached.min(sent),
        output,
        thinking: count("reasoning_output_tokens").min(output),
        fills_context: true,
        ..Usage::default()
    })))
}

/// How a call went, as the client saw it.
fn result(kind: &str, payload: &Object<'_>) -> Option<Act> {
    let id = payload.word("call_id")?;
    let mut result = ToolResult { id, duration_ms: duration(payload), ..ToolResult::default() };
    match kind {
        "exec_command_end" => {
            result.exit_code = payload.number("exit_code");
            result.is_error = result.exit_code.is_some_and(|code| code != 0);
        }
        "patch_apply_end" => {
            result.is_error = payload.flag("success") == Some(false);
            result.changed = payload.object("changes").map(|changes| patch::changed(&changes));
        }
        "mcp_tool_call_end" => {
            let outcome = payload.object("result")?;
            let refused = outcome.object("Ok").and_then(|ok| ok.flag("isError").or_else(|| ok.flag("is_error")));
            result.is_error = outcome.raw("Err").is_some() || refused == Some(true);
        }
        "collab_agent_spawn_end" => {
            let id = payload.word("new_thread_id")?;
            let kind = payload.word("new_agent_role").or_else(|| payload.word("new_agent_nickname"));
            result.agent = Some(outcome::agent_start(id, kind));
        }
        _ => return None,
    }
    Some(Act::ToolResult(result))
}

/// `{"secs": 0, "nanos": 5000000}`, or milliseconds.
fn duration(payload: &Object<'_>) -> Option<i64> {
    let Some(parts) = payload.object("duration") else { return payload.number("duration_ms") };
    let nanos = parts.number("nanos").unwrap_or(0) / 1_000_000;
    Some(parts.number("secs")?.saturating_mul(1000).saturating_add(nanos))
}
