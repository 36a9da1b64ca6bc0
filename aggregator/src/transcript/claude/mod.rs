//! Claude Code, 2.0.76 to 2.1.329 and newer: one file per kind of line.
//!
//! A line's `type` decides which file reads it. What no file reads is a record that the client keeps for itself: its body
//! stays packed.

mod assistant;
mod attachment;
mod command;
mod content;
mod cost;
mod envelope;
mod image;
mod last_prompt;
pub mod layout;
mod limit;
pub mod meta;
mod mode;
mod notification;
mod outcome;
mod permission;
mod progress;
mod prompt;
mod pull_request;
mod queue;
mod system;
mod title;
mod todo;
mod tool_result;
mod tool_use;
mod usage;
mod user;
pub mod workflow;
mod worktree;

use std::borrow::Cow;

use super::reading::{Frame, Reading};
use super::{Class, Depth, Entry, LineFacts};
use crate::domain::session::TitleSource;
use crate::domain::time::{Millis, parse_rfc3339};
use envelope::Envelope;

/// Parses one line without its newline.
pub fn parse(bytes: &[u8], depth: Depth) -> Entry {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Entry::unreadable("not valid UTF-8");
    };
    let Some(mut line) = envelope(text) else {
        return Entry::unreadable("not a JSON object");
    };
    let time = line.timestamp.as_deref().and_then(parse_rfc3339);
    let mut reading = Reading::new(depth);
    reading.facts = facts(&line);
    let class = read(&mut line, text, time, &mut reading);
    let parent = line.parent_uuid.as_deref().or(line.logical_parent_uuid.as_deref());
    let kind = line.kind.as_deref().unwrap_or_default();
    reading.entry(kind, class, Frame { uuid: line.uuid.as_deref(), parent, time })
}

/// An image of a line, by its number among the line's images, with its media type as the line names it.
pub fn image(bytes: &[u8], index: u32) -> Option<(String, Vec<u8>)> {
    image::fetch(&envelope(std::str::from_utf8(bytes).ok()?)?, index)
}

fn envelope(text: &str) -> Option<Envelope<'_>> {
    // Arrays would pass as structures without names.
    text.trim_ascii_start().starts_with('{').then(|| serde_json::from_str(text).ok()).flatten()
}

fn read(line: &mut Envelope<'_>, text: &str, time: Option<Millis>, reading: &mut Reading) -> Class {
    match line.kind.as_deref().unwrap_or_default() {
        "user" => user::read(line, reading),
        "assistant" => assistant::read(line, time, reading),
        "system" => system::read(line, reading),
        "attachment" => return attachment::read(line, reading),
        kind => {
            bookkeeping(kind, text, reading);
            return Class::Bookkeeping;
        }
    }
    Class::Conversation
}

/// Records that the client keeps for itself, as far as they say something about the session.
fn bookkeeping(kind: &str, text: &str, reading: &mut Reading) {
    match kind {
        "custom-title" => title::read(TitleSource::Custom, text, reading),
        "agent-name" => title::read_name(text, reading),
        "mode" | "permission-mode" => mode::read(text, reading),
        "ai-title" => title::read(TitleSource::Ai, text, reading),
        "summary" => title::read(TitleSource::Summary, text, reading),
        "queue-operation" => queue::read(text, reading),
        "last-prompt" => last_prompt::read(text, reading),
        "cost-state" => cost::read(text, reading),
        "pr-link" => pull_request::read(text, reading),
        "worktree-state" | "relocated" => worktree::read(text, reading),
        "progress" => progress::read(text, reading),
        _ => {}
    }
}

fn facts(line: &Envelope<'_>) -> LineFacts {
    LineFacts {
        session: owned(line.session_id.as_ref()),
        cwd: owned(line.cwd.as_ref()),
        branch: owned(line.git_branch.as_ref()),
        version: owned(line.version.as_ref()),
        entrypoint: owned(line.entrypoint.as_ref()),
        mode: owned(line.permission_mode.as_ref()).filter(|_| !line.is_sidechain),
        internal: line.agent_id.as_deref().is_some_and(layout::is_internal),
        agent: owned(line.agent_id.as_ref()),
        ..LineFacts::default()
    }
}

fn owned(text: Option<&Cow<'_, str>>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(|text| text.as_ref().to_owned())
}

#[cfg(test)]
mod tests;
