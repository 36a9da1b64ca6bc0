//! `attachment` lines. Two of their types are conversation: `queued_command`, a prompt typed while the coder was busy (in
//! some versions the only record of it) or the report of background work; and files that were attached.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::content::{Content, string};
use super::envelope::{Envelope, Origin};
use super::notification;
use super::prompt::Prompt;
use crate::transcript::act::{Act, AgentReport};
use crate::transcript::reading::Reading;
use crate::transcript::{Class, Role, lenient};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Attachment<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    command_mode: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::object")]
    origin: Option<Origin<'a>>,
    #[serde(default, deserialize_with = "lenient::flag")]
    is_meta: bool,
    #[serde(borrow, default)]
    pub(super) prompt: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    filename: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    display_path: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    snippet: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::object")]
    content: Option<Attached<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    task_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    status: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Attached<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::object")]
    file: Option<File<'a>>,
}

#[derive(Deserialize)]
struct File<'a> {
    #[serde(borrow, default)]
    content: Option<&'a RawValue>,
}

#[derive(Deserialize)]
struct Typed<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<Cow<'a, str>>,
}

impl<'a> Attachment<'a> {
    /// The body, as far as it has the shape of one.
    pub(super) fn of(raw: &'a RawValue) -> Option<Self> {
        serde_json::from_str(raw.get()).ok()
    }
}

/// The type of an attachment. The client writes it first; most bodies are large and nothing else in them is wanted.
fn type_of(raw: &RawValue) -> Cow<'_, str> {
    let first = raw.get().strip_prefix(r#"{"type":""#).and_then(|rest| rest.split_once('"'));
    match first {
        Some((kind, _)) if !kind.contains('\\') => Cow::Borrowed(kind),
        _ => serde_json::from_str::<Typed<'_>>(raw.get()).ok().and_then(|typed| typed.kind).unwrap_or_default(),
    }
}

pub(super) fn read(line: &Envelope<'_>, reading: &mut Reading) -> Class {
    let Some(raw) = line.attachment else { return Class::Bookkeeping };
    let kind = type_of(raw);
    let wanted = matches!(kind.as_ref(), "queued_command" | "file" | "edited_text_file" | "task_status");
    let attachment = if wanted { Attachment::of(raw) } else { None };
    match (kind.as_ref(), attachment) {
        ("queued_command", Some(attachment)) => queued(&attachment, line.is_sidechain, reading),
        ("file" | "edited_text_file", Some(attachment)) => file(attachment, reading),
        ("task_status", Some(attachment)) => {
            reading.acts.extend(status(&attachment));
            reading.remark(&kind);
            return Class::Bookkeeping;
        }
        _ => {
            reading.remark(&kind);
            return Class::Bookkeeping;
        }
    }
    Class::Conversation
}

fn queued(attachment: &Attachment<'_>, is_sidechain: bool, reading: &mut Reading) {
    let background = attachment.command_mode.as_deref() == Some("task-notification")
        || attachment.origin.as_ref().is_some_and(Origin::is_background);
    let content = attachment.prompt.map(Content::of).unwrap_or_default();
    let prompt = Prompt::read(content, background, reading);
    reading.role = Some(Role::System);
    if is_sidechain || background || attachment.is_meta {
        return;
    }
    if let Some(act) = prompt.act(true) {
        reading.role = Some(Role::Human);
        reading.acts.push(act);
    }
}

fn file(attachment: Attachment<'_>, reading: &mut Reading) {
    reading.role = Some(Role::System);
    if reading.wants_content() {
        let title = attachment.filename.or(attachment.display_path).unwrap_or(Cow::Borrowed("file"));
        let words = attachment.content.and_then(|content| content.file?.content).and_then(string);
        reading.document(&title, words.or(attachment.snippet).unwrap_or_default());
    }
}

/// How background work is, told again after the conversation was compacted or resumed.
fn status(attachment: &Attachment<'_>) -> Option<Act> {
    let id = attachment.task_id.as_deref().filter(|id| !id.is_empty())?.to_owned();
    let ok = attachment.status.as_deref().and_then(notification::outcome);
    Some(Act::AgentReport(AgentReport { id, tool_use_id: None, ok, prompts: false }))
}
