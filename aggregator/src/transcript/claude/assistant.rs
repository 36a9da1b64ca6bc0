//! `assistant` lines: one block of a reply each; text, thinking or a tool call.

use std::borrow::Cow;
use std::collections::BTreeMap;

use serde_json::value::RawValue;

use super::Reading;
use super::content::{Block, Message, string};
use super::envelope::Envelope;
use crate::transcript::Role;
use crate::transcript::preview::Preview;

/// Model name on lines that no model wrote (API errors, placeholders).
const SYNTHETIC: &str = "<synthetic>";

/// Inputs that say what a tool call is about, most telling first.
const TELLING: [&str; 11] = [
    "command",
    "file_path",
    "pattern",
    "path",
    "query",
    "url",
    "description",
    "subject",
    "prompt",
    "skill",
    "notebook_path",
];

pub(super) fn read(line: &Envelope<'_>) -> Reading {
    let Some(message) = Message::of(line.message) else { return Reading::default() };
    let mut role = None;
    let mut preview = Preview::default();
    if let Some(text) = message.text() {
        role = Some(Role::Assistant);
        preview.push(&text);
    }
    for block in message.blocks() {
        role = role.or(Some(role_of(&block)));
        preview.push(&text_of(&block));
    }
    let model = message.model.filter(|model| model != SYNTHETIC).map(Cow::into_owned);
    Reading { role, preview, model, title: None }
}

fn role_of(block: &Block<'_>) -> Role {
    match block.kind() {
        "thinking" | "redacted_thinking" => Role::Thinking,
        "tool_use" | "server_tool_use" => Role::ToolUse,
        kind if kind.ends_with("_result") => Role::ToolResult,
        _ => Role::Assistant,
    }
}

fn text_of(block: &Block<'_>) -> String {
    match block.kind() {
        "thinking" => block.thinking.as_deref().unwrap_or_default().to_owned(),
        "redacted_thinking" => "[redacted]".to_owned(),
        "tool_use" | "server_tool_use" => tool_call(block),
        kind if kind.ends_with("_result") => block.result_text(),
        _ => block.text.as_deref().unwrap_or_default().to_owned(),
    }
}

/// `Bash: cargo test`: the tool's name and the input that says most.
fn tool_call(block: &Block<'_>) -> String {
    let name = block.name.as_deref().unwrap_or("tool");
    let inputs: BTreeMap<Cow<'_, str>, &RawValue> =
        block.input.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    let telling = TELLING.iter().find_map(|key| inputs.get(*key).and_then(|raw| string(raw)));
    match (telling, block.input) {
        (Some(text), _) => format!("{name}: {text}"),
        (None, Some(input)) if !inputs.is_empty() => format!("{name}: {}", input.get()),
        _ => name.to_owned(),
    }
}
