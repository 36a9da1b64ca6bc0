//! Codex: rollouts of the command line, the IDE extension and the desktop app.
//!
//! A line is `{timestamp, type, payload}`; rollouts before 0.5 hold bare payloads. What was said stands in
//! `response_item` lines; `event_msg` lines repeat it for the screen, so of those only what stands nowhere else is
//! taken: ends of turns, tokens, outcomes, titles.

mod agents;
mod calls;
mod event;
mod item;
pub mod layout;
mod meta;
mod outcome;
mod patch;
mod prompt;

use std::fmt::Write as _;

use ring::digest::{SHA256, digest};

use super::act::Act;
use super::content::{Content, Image};
use super::object::Object;
use super::{Class, Depth, Entry, LineFacts, Role};
use crate::domain::time::parse_rfc3339;

/// What a kind's file makes of a line.
#[derive(Debug)]
struct Reading {
    class: Class,
    role: Option<Role>,
    uuid: Option<String>,
    acts: Vec<Act>,
    content: Content,
    facts: LineFacts,
}

impl Reading {
    fn new(depth: Depth) -> Self {
        Self {
            class: Class::Bookkeeping,
            role: None,
            uuid: None,
            acts: Vec::new(),
            content: Content::new(depth),
            facts: LineFacts::default(),
        }
    }

    /// A person reads this line.
    fn said(&mut self, role: Role) {
        self.class = Class::Conversation;
        self.role = Some(role);
    }
}

/// Parses one line without its newline.
pub fn parse(bytes: &[u8], depth: Depth) -> Entry {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Entry::unreadable("not valid UTF-8");
    };
    let Some(line) = Object::read(text) else {
        return Entry::unreadable("not a JSON object");
    };
    let outer = line.word("type").unwrap_or_default();
    let payload = line.object("payload");
    let time = line.text("timestamp").as_deref().and_then(parse_rfc3339);
    let inner = payload.as_ref().and_then(|payload| payload.word("type"));
    let mut reading = Reading::new(depth);
    match (outer.as_str(), &payload) {
        ("session_meta", Some(payload)) => meta::session(payload, &mut reading),
        ("turn_context", Some(payload)) => meta::turn(payload, &mut reading),
        ("response_item", Some(payload)) => {
            item::read(inner.as_deref().unwrap_or_default(), payload, bytes, &mut reading);
        }
        ("event_msg", Some(payload)) => {
            event::read(inner.as_deref().unwrap_or_default(), payload, time, &mut reading);
        }
        ("compacted", Some(payload)) => item::compacted(payload, &mut reading),
        (_, Some(_)) => {}
        // A bare payload: the head of a rollout has an id and a time, but no type.
        ("", None) => meta::session(&line, &mut reading),
        (kind, None) => item::read(kind, &line, bytes, &mut reading),
    }
    if reading.class == Class::Conversation && reading.uuid.is_none() && time.is_some() {
        reading.uuid = Some(made_up(bytes));
    }
    Entry {
        kind: inner.unwrap_or(outer),
        class: reading.class,
        role: reading.role,
        uuid: reading.uuid,
        parent: None,
        time,
        acts: reading.acts,
        preview: reading.content.preview,
        blocks: reading.content.blocks,
        facts: reading.facts,
    }
}

/// An id for a line that has none: made of its bytes, so that a copy of the session on another host has the same. Only
/// where the line has its time, or a prompt said twice would be one.
fn made_up(line: &[u8]) -> String {
    let digest = digest(&SHA256, line);
    digest.as_ref().iter().take(16).fold("line-".to_owned(), |mut id, byte| {
        // Writing to a string never fails.
        let _ = write!(id, "{byte:02x}");
        id
    })
}

/// Media type and bytes of an image in a line, by its number there.
pub fn image(bytes: &[u8], index: u32) -> Option<(String, Vec<u8>)> {
    let line = Object::read(std::str::from_utf8(bytes).ok()?)?;
    let payload = line.object("payload");
    let payload = payload.as_ref().unwrap_or(&line);
    if let Some(base64) = calls::generated(payload) {
        return Image::Inline(calls::GENERATED, &base64).decode().filter(|_| index == 0);
    }
    let parts = ["content", "output"].iter().flat_map(|field| payload.objects(field));
    let urls = parts.filter_map(|part| item::image_url(&part));
    let url = urls.into_iter().nth(usize::try_from(index).ok()?)?;
    Image::of_url(&url).decode()
}

#[cfg(test)]
mod tests;
