//! `tool_result` blocks, with what the client itself noted of the outcome (`toolUseResult`).

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::content::{Block, Content};
use super::image;
use super::outcome::Outcome;
use super::permission::refusal_in;
use crate::transcript::act::{Act, AgentStart, ToolResult};
use crate::transcript::block::Permission;
use crate::transcript::digest;
use crate::transcript::reading::{self, Reading};

/// Tells one result. `detail` is the client's own note of it, `permission` who let the tool run, or did not.
pub(super) fn tell(
    block: &Block<'_>,
    detail: Option<&RawValue>,
    permission: Option<Permission>,
    reading: &mut Reading,
) {
    let id = block.tool_use_id.as_deref().unwrap_or_default();
    let is_error = block.is_error || permission.is_some_and(|permission| !permission.allowed);
    let outcome = detail.map(Outcome::of).unwrap_or_default();
    // Packed texts cost nothing: a string is only unpacked when it is shown.
    let is_string = block.content.is_some_and(|raw| raw.get().starts_with('"'));
    let inner = if is_string && !reading.wants_content() { Content::Nothing } else { block.inner() };
    let agent = outcome.agent().or_else(|| agent_in_words(detail, &inner));
    let exit_code = if is_error { failed_with(block.content, &inner) } else { outcome.exit_code() };
    reading.acts.extend(outcome.todos());
    let searches = outcome.searches().filter(|_| !id.is_empty());
    reading.acts.extend(searches.map(|count| Act::Searches { call: id.to_owned(), count }));
    let result = ToolResult {
        id: id.to_owned(),
        is_error,
        duration_ms: outcome.duration_ms(),
        exit_code,
        changed: outcome.changed(),
        digest: digest::of_outcome(block.content.map_or("", RawValue::get)),
        agent,
        shell: outcome.shell(),
    };
    if reading.wants_content() {
        show(&result, detail, permission, inner, reading);
    }
    reading.acts.push(Act::ToolResult(result));
}

/// Tells the words of a result, and its images after them.
fn show(
    result: &ToolResult,
    detail: Option<&RawValue>,
    permission: Option<Permission>,
    inner: Content<'_>,
    reading: &mut Reading,
) {
    let (text, images) = match inner {
        Content::Blocks(blocks) => {
            let (images, others): (Vec<_>, Vec<_>) = blocks.into_iter().partition(|block| block.kind() == "image");
            (Content::Blocks(others).words(), images)
        }
        other => (other.words(), Vec::new()),
    };
    let refusal = || result.is_error.then(|| refusal_in(&text)).flatten();
    let permission = permission.or_else(refusal);
    reading.tool_result(reading::ToolResult {
        tool_use_id: &result.id,
        is_error: result.is_error,
        text,
        detail,
        agent: result.agent.as_ref().map(|agent| agent.id.as_str()).filter(|id| !id.is_empty()),
        permission,
    });
    for block in &images {
        image::tell(block, reading);
    }
}

/// Code in `Exit code 3` at the start of a failed command's answer; a string may still be packed.
fn failed_with(content: Option<&RawValue>, inner: &Content<'_>) -> Option<i64> {
    match (content?.get().strip_prefix('"'), inner.blocks()) {
        (Some(packed), _) => exit_code(packed),
        (None, blocks) => exit_code(&blocks.first()?.text()),
    }
}

fn exit_code(text: &str) -> Option<i64> {
    let code = text.strip_prefix("Error: ").unwrap_or(text).strip_prefix("Exit code ")?;
    let digits = code.len() - code.trim_start_matches(|c: char| c.is_ascii_digit() || c == '-').len();
    code[..digits].parse().ok()
}

/// The subagent that a result names in words only: inside of subagents some clients note nothing else.
fn agent_in_words(detail: Option<&RawValue>, inner: &Content<'_>) -> Option<AgentStart> {
    const LAUNCHED: &str = "Async agent launched successfully.\n";
    if detail.is_some_and(|raw| raw.get().starts_with('{')) {
        return None;
    }
    inner.blocks().iter().find_map(|block| {
        let text: Cow<'_, str> = block.text();
        let background = text.starts_with(LAUNCHED);
        let id = text.strip_prefix(LAUNCHED).unwrap_or(&text).strip_prefix("agentId: ")?;
        let id: String = id.chars().take_while(char::is_ascii_alphanumeric).collect();
        (id.len() >= 7).then_some(AgentStart { id, background, ..AgentStart::default() })
    })
}
