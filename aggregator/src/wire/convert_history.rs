//! Turns, tool calls and subagents → what pages and scripts see.

use super::history::{ContextPoint, Subagent, SubagentState, ToolCall, Turn, TurnPlace};
use super::usage::Tokens;
use crate::derive::calls::Call;
use crate::derive::{outline, subagents};
use crate::domain::time::rfc3339;
use crate::store::context::ContextRow;
use crate::store::transcripts::unsigned;
use crate::store::usage::TranscriptSum;

impl From<&outline::Turn> for Turn {
    fn from(turn: &outline::Turn) -> Self {
        Self {
            transcript_id: turn.row.transcript_id.clone(),
            line: unsigned(turn.row.line),
            text: turn.row.text.clone(),
            queued: turn.row.queued,
            started_at: turn.row.started_at.map(rfc3339),
            duration_ms: turn.duration_ms,
            tool_calls: turn.calls,
            tool_errors: turn.errors,
            tokens: turn.tokens,
            cost_microdollars: turn.cost,
            instead_of: turn.instead_of.as_ref().map(TurnPlace::from),
            left_for: turn.left_for.as_ref().map(TurnPlace::from),
        }
    }
}

impl From<&outline::Prompt> for TurnPlace {
    fn from((transcript, line): &outline::Prompt) -> Self {
        Self { transcript_id: transcript.clone(), line: unsigned(*line) }
    }
}

impl From<&ContextRow> for ContextPoint {
    fn from(row: &ContextRow) -> Self {
        Self {
            at: rfc3339(row.at),
            tokens: row.tokens,
            transcript_id: row.transcript_id.clone(),
            line: unsigned(row.line),
        }
    }
}

impl From<&Call> for ToolCall {
    fn from(call: &Call) -> Self {
        let row = &call.row;
        Self {
            id: row.id.clone(),
            name: row.name.clone(),
            started_at: row.started_at.map(rfc3339),
            duration_ms: call.duration_ms(),
            is_error: row.is_error,
            subagent_id: call.caller.clone(),
            transcript_id: row.transcript_id.clone(),
            line: unsigned(row.line),
            result_line: row.result_line.map(unsigned),
            about: row.about.clone(),
            path: row.path.clone(),
            writes: row.writes,
            exit_code: row.exit_code,
            added: row.added,
            removed: row.removed,
            started_subagent_id: call.began().map(str::to_owned),
        }
    }
}

impl From<&subagents::Subagent> for Subagent {
    fn from(agent: &subagents::Subagent) -> Self {
        let usage = Tokens::from(&agent.used);
        let number = |count: i64| u32::try_from(count).unwrap_or(0);
        Self {
            id: agent.id.clone(),
            parent_tool_use_id: agent.call.clone(),
            parent_id: agent.parent.clone(),
            depth: agent.depth,
            kind: agent.kind.clone(),
            description: agent.description.clone(),
            tokens: usage.input_tokens
                + usage.output_tokens
                + usage.cache_read_input_tokens
                + usage.cache_creation_input_tokens,
            usage,
            cost_microdollars: agent.used.cost_microdollars,
            transcript_id: agent.transcript.clone(),
            workflow_id: agent.workflow.clone(),
            model: agent.model.clone(),
            state: agent.state.into(),
            internal: agent.internal,
            started_at: agent.started_at.map(rfc3339),
            duration_ms: agent.duration_ms,
            tool_calls: number(agent.calls),
            tool_errors: number(agent.errors),
            lines: unsigned(agent.lines),
        }
    }
}

impl From<&TranscriptSum> for Tokens {
    fn from(sum: &TranscriptSum) -> Self {
        Self {
            input_tokens: sum.input_tokens,
            output_tokens: sum.output_tokens,
            cache_read_input_tokens: sum.cache_read_tokens,
            cache_creation_input_tokens: sum.cache_write_5m_tokens + sum.cache_write_1h_tokens,
            cache_creation_5m_input_tokens: sum.cache_write_5m_tokens,
            cache_creation_1h_input_tokens: sum.cache_write_1h_tokens,
            thinking_tokens: sum.thinking_tokens,
            web_searches: sum.web_searches,
        }
    }
}

impl From<subagents::State> for SubagentState {
    fn from(state: subagents::State) -> Self {
        match state {
            subagents::State::Running => Self::Running,
            subagents::State::Done => Self::Done,
            subagents::State::Failed => Self::Failed,
            subagents::State::Unknown => Self::Unknown,
        }
    }
}
