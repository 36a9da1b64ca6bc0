//! `user` lines: prompts that a person typed, and everything that the client sends in a person's name.

use super::Reading;
use super::command::plain;
use super::content::{Block, Message};
use super::envelope::Envelope;
use crate::domain::session::TitleSource;
use crate::transcript::Role;
use crate::transcript::preview::{Preview, title_of};

/// Starts of texts that the client writes itself: commands with their output, and background results.
const CLIENT_TEXT: [&str; 8] = [
    "<command-name>",
    "<command-message>",
    "<local-command-stdout>",
    "<local-command-stderr>",
    "<bash-input>",
    "<bash-stdout>",
    "<task-notification>",
    "[Request interrupted by user",
];

pub(super) fn read(line: &Envelope<'_>) -> Reading {
    let Some(message) = Message::of(line.message) else { return Reading::default() };
    let blocks = message.blocks();
    if blocks.iter().any(|block| block.kind() == "tool_result") {
        return Reading { role: Some(Role::ToolResult), preview: results(&blocks), ..Reading::default() };
    }
    let text = message.text();
    let preview = match &text {
        Some(text) => Preview::cut(&plain(text)),
        None => prompt(&blocks),
    };
    let human = is_human(line, text.as_deref().unwrap_or(&preview.text));
    let title = if human { title_of(&preview.text).map(|title| (TitleSource::Prompt, title)) } else { None };
    Reading { role: Some(if human { Role::Human } else { Role::System }), preview, title, ..Reading::default() }
}

/// Whether a person typed this. Fields that say so exist only since 2.1; the tests work without them.
fn is_human(line: &Envelope<'_>, text: &str) -> bool {
    let notification = line.origin.is_some_and(|origin| origin.get().contains("task-notification"));
    let text = text.trim_start();
    !line.is_meta
        && !line.is_compact_summary
        && !notification
        && !CLIENT_TEXT.iter().any(|start| text.starts_with(start))
}

fn prompt(blocks: &[Block<'_>]) -> Preview {
    let mut preview = Preview::default();
    for block in blocks {
        match block.kind() {
            "image" => preview.push("[image]"),
            "document" => preview.push("[document]"),
            _ => preview.push(block.text.as_deref().unwrap_or_default()),
        }
    }
    preview
}

fn results(blocks: &[Block<'_>]) -> Preview {
    let mut preview = Preview::default();
    for block in blocks {
        match block.kind() {
            "tool_result" => preview.push(&block.result_text()),
            _ => preview.push(block.text.as_deref().unwrap_or_default()),
        }
    }
    preview
}
