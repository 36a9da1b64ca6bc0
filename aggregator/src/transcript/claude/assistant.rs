//! `assistant` lines: one block of a reply each; text, thinking or a tool call.

use std::borrow::Cow;

use super::content::{Block, Content, Message, tell_text};
use super::envelope::Envelope;
use super::{image, limit, tool_result, tool_use, usage};
use crate::domain::time::Millis;
use crate::transcript::Role;
use crate::transcript::act::Act;
use crate::transcript::block::NoticeKind;
use crate::transcript::preview::title_of;
use crate::transcript::reading::Reading;

pub(super) fn read(line: &Envelope<'_>, at: Option<Millis>, reading: &mut Reading) {
    let Some(message) = &line.message else { return };
    let is_synthetic = message.model.as_deref() == Some(usage::SYNTHETIC);
    if line.is_api_error_message || is_synthetic {
        return placeholder(line, message, at, reading);
    }
    reading.facts.model = message.model.as_deref().filter(|model| !model.is_empty()).map(str::to_owned);
    match &message.content {
        Content::Nothing => {}
        Content::Text(text) => {
            reading.role = Some(Role::Assistant);
            reading.text(Cow::Borrowed(text));
        }
        Content::Blocks(blocks) => blocks.iter().for_each(|block| tell(block, line, reading)),
    }
    reading.acts.extend(usage::of(line, message, at).map(|usage| Act::Usage(Box::new(usage))));
    if !line.is_sidechain && message.stop_reason.as_deref().is_some_and(yields) {
        reading.acts.push(Act::TurnEnd { duration_ms: None });
    }
}

/// Whether the coder waits for a person after this reply.
fn yields(stop_reason: &str) -> bool {
    matches!(stop_reason, "end_turn" | "stop_sequence" | "max_tokens" | "refusal" | "model_context_window_exceeded")
}

fn tell(block: &Block<'_>, line: &Envelope<'_>, reading: &mut Reading) {
    let role = match block.kind() {
        "thinking" => {
            let text = if reading.wants_content() { block.thinking() } else { Cow::Borrowed("") };
            reading.thinking(text, line.thinking_duration_ms);
            Role::Thinking
        }
        "redacted_thinking" => {
            reading.thinking(Cow::Borrowed(""), line.thinking_duration_ms);
            reading.remark("[redacted]");
            Role::Thinking
        }
        "tool_use" | "server_tool_use" | "mcp_tool_use" => {
            tool_use::tell(block, reading);
            Role::ToolUse
        }
        kind if kind.ends_with("_tool_result") => {
            tool_result::tell(block, None, None, reading);
            Role::ToolResult
        }
        "image" => {
            image::tell(block, reading);
            Role::Assistant
        }
        _ => {
            tell_text(block, reading);
            Role::Assistant
        }
    };
    reading.role = reading.role.or(Some(role));
}

/// A line that no model wrote: the error of a request, or what the client puts in where a reply is missing.
fn placeholder(line: &Envelope<'_>, message: &Message<'_>, at: Option<Millis>, reading: &mut Reading) {
    reading.role = Some(Role::System);
    let text = match &message.content {
        Content::Text(text) => Cow::Borrowed(text.as_ref()),
        Content::Blocks(blocks) => Cow::Owned(blocks.iter().map(Block::text).collect::<Vec<_>>().join("\n")),
        Content::Nothing => Cow::Borrowed(""),
    };
    if line.is_api_error_message {
        let resets_at = limit::resets_at(line.quota_limits, &text, at);
        reading.acts.push(Act::ApiError { text: title_of(&text).unwrap_or_default(), resets_at });
        reading.notice(NoticeKind::ApiError, text);
    } else {
        reading.notice(NoticeKind::Other, text);
    }
}
