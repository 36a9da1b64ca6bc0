//! Claude Code, 2.0.76 to 2.1.329 and newer: one file per kind of line.
//!
//! A line's `type` decides which file reads it. What no file reads is a record that the client keeps for itself.

mod assistant;
mod attachment;
mod bookkeeping;
mod command;
mod content;
mod envelope;
pub mod layout;
mod system;
mod user;

use std::borrow::Cow;

use super::preview::Preview;
use super::{Class, Depth, Entry, LineFacts, Role};
use crate::domain::time::parse_rfc3339;
use envelope::Envelope;

/// What a kind's file makes of a line.
#[derive(Default)]
struct Reading {
    role: Option<Role>,
    preview: Preview,
    model: Option<String>,
    title: Option<(crate::domain::session::TitleSource, String)>,
}

/// Parses one line without its newline.
pub fn parse(bytes: &[u8], _depth: Depth) -> Entry {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Entry::unreadable("not valid UTF-8");
    };
    // Arrays would pass as structures without names.
    let object = text.trim_start().starts_with('{').then_some(text);
    let Some(Ok(line)) = object.map(serde_json::from_str::<Envelope<'_>>) else {
        return Entry::unreadable("not a JSON object");
    };
    let (class, reading) = read(&line);
    Entry {
        kind: line.kind.as_deref().unwrap_or_default().to_owned(),
        class,
        role: reading.role,
        uuid: line.uuid.as_deref().map(str::to_owned),
        parent: None,
        acts: Vec::new(),
        blocks: Vec::new(),
        time: line.timestamp.as_deref().and_then(parse_rfc3339),
        preview: reading.preview,
        facts: LineFacts {
            session: owned(line.session_id),
            cwd: owned(line.cwd),
            branch: owned(line.git_branch),
            version: owned(line.version),
            entrypoint: owned(line.entrypoint),
            model: reading.model,
            title: reading.title,
            ..LineFacts::default()
        },
    }
}

fn read(line: &Envelope<'_>) -> (Class, Reading) {
    match line.kind.as_deref().unwrap_or_default() {
        "user" => (Class::Conversation, user::read(line)),
        "assistant" => (Class::Conversation, assistant::read(line)),
        "system" => (Class::Conversation, system::read(line)),
        "attachment" => attachment::read(line),
        kind => (Class::Bookkeeping, bookkeeping::read(kind, line)),
    }
}

fn owned(text: Option<Cow<'_, str>>) -> Option<String> {
    text.filter(|text| !text.is_empty()).map(Cow::into_owned)
}

#[cfg(test)]
mod tests;
