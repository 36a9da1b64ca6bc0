//! Gemini CLI: chats.
//!
//! A line is the head of the chat, an update of the head (`{"$set": …}`), a step back (`{"$rewindTo": …}`) or a message.
//! A message is appended again, whole and under the same id, whenever it grows: the last line of an id counts.

mod calls;
pub mod layout;
mod message;

use super::act::Act;
use super::block::NoticeKind;
use super::content::{Content, Image};
use super::object::Object;
use super::preview::title_of;
use super::{Class, Depth, Entry, LineFacts, Role};
use crate::domain::session::TitleSource;
use crate::domain::time::{Millis, parse_rfc3339};

/// What is made of a line.
#[derive(Debug)]
struct Reading {
    kind: &'static str,
    class: Class,
    role: Option<Role>,
    uuid: Option<String>,
    time: Option<Millis>,
    acts: Vec<Act>,
    content: Content,
    facts: LineFacts,
}

impl Reading {
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
    let mut reading = Reading {
        kind: "",
        class: Class::Bookkeeping,
        role: None,
        uuid: None,
        time: time_of(&line, "timestamp"),
        acts: Vec::new(),
        content: Content::new(depth),
        facts: LineFacts::default(),
    };
    let mut kind = line.word("type");
    if let Some(update) = line.object("$set") {
        reading.kind = "$set";
        reading.time = time_of(&update, "lastUpdated");
        head(&update, &mut reading);
    } else if line.raw("$rewindTo").is_some() {
        reading.kind = "$rewindTo";
        reading.said(Role::System);
        reading.content.notice(NoticeKind::Other, "went back to an earlier message");
    } else if line.raw("id").is_some() {
        message::read(kind.as_deref().unwrap_or_default(), &line, &mut reading);
    } else if line.raw("sessionId").is_some() {
        reading.kind = "head";
        reading.time = time_of(&line, "startTime");
        head(&line, &mut reading);
    }
    Entry {
        kind: kind.take().unwrap_or_else(|| reading.kind.to_owned()),
        class: reading.class,
        role: reading.role,
        uuid: reading.uuid,
        parent: None,
        time: reading.time,
        acts: reading.acts,
        preview: reading.content.preview,
        blocks: reading.content.blocks,
        facts: reading.facts,
    }
}

/// What the head of a chat, or an update of it, says.
fn head(head: &Object<'_>, reading: &mut Reading) {
    let session = head.word("sessionId");
    let facts = &mut reading.facts;
    if head.text("kind").as_deref() == Some("subagent") {
        // Its parent is told by the folder that it lies in.
        facts.agent = session;
    } else {
        facts.session = session;
    }
    facts.cwd = head.list("directories").into_iter().find_map(super::object::string).map(std::borrow::Cow::into_owned);
    let summary = head.text("summary");
    facts.title = summary.and_then(|text| title_of(&text)).map(|title| (TitleSource::Ai, title));
}

fn time_of(object: &Object<'_>, field: &str) -> Option<Millis> {
    object.text(field).as_deref().and_then(parse_rfc3339)
}

/// Media type and bytes of an image in a line, by its number there.
pub fn image(bytes: &[u8], index: u32) -> Option<(String, Vec<u8>)> {
    let line = Object::read(std::str::from_utf8(bytes).ok()?)?;
    let parts = message::shown(&line);
    let images = parts.iter().filter_map(message::inline);
    let (media_type, base64) = images.into_iter().nth(usize::try_from(index).ok()?)?;
    Image::Inline(&media_type, &base64).decode()
}

#[cfg(test)]
mod tests;
