//! What an export says of a conversation, in words that Markdown and HTML share: every text in it is masked already.

use std::collections::HashMap;

use serde_json::Value;

use super::left::Left;
use super::mask::Mask;
use super::source::{Batch, Part};
use crate::domain::time::{Millis, rfc3339};
use crate::domain::transcript::TranscriptKind;
use crate::store::sessions::SessionRow;
use crate::transcript::act::Act;
use crate::transcript::block::{Block, NoticeKind};
use crate::transcript::{self, Class, Depth, Entry, Role};

/// Tool calls whose names are remembered until their outcomes come.
const CALLS: usize = 4_096;

/// Images that can be shown in a page.
const IMAGES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// What stands above a conversation.
#[derive(Debug)]
pub(super) struct Head {
    pub(super) title: String,
    /// Names and values.
    pub(super) facts: Vec<(&'static str, String)>,
}

impl Head {
    pub(super) fn of(session: &SessionRow, mask: &Mask, now: Millis) -> Self {
        let text = |text: &str| mask.text(text).into_owned();
        let mut facts = vec![("Session", session.id.clone()), ("Coder", session.coder.clone())];
        let mut add =
            |name, value: Option<String>| facts.extend(value.filter(|value| !value.is_empty()).map(|v| (name, v)));
        add("Project", Some(text(&session.project_path)));
        add("Branch", session.branch.as_deref().map(text));
        add("Model", session.model.clone());
        add("Began", session.first_activity_at.map(rfc3339));
        add("Last activity", Some(rfc3339(session.last_activity_at)));
        add("Exported", Some(format!("{} by Muster", rfc3339(now))));
        Self { title: text(session.title.as_deref().unwrap_or("Untitled session")), facts }
    }
}

/// What stands above a part that is not the first.
pub(super) fn heading(number: usize, part: &Part) -> Option<String> {
    match &part.agent {
        Some(agent) => Some(format!("Subagent {agent}")),
        None if part.file.kind == TranscriptKind::Subagent.word() => Some("Subagent".to_owned()),
        None => (number > 0).then(|| "Continued on another host".to_owned()),
    }
}

/// Names of tools by the ids of their calls, so that an outcome can say whose it is.
#[derive(Debug, Default)]
pub(super) struct Names(HashMap<String, String>);

impl Names {
    fn note(&mut self, id: &str, name: &str) {
        if self.0.len() >= CALLS {
            self.0.clear();
        }
        self.0.insert(id.to_owned(), name.to_owned());
    }
}

/// One entry to be written.
#[derive(Debug)]
pub(super) struct Words {
    /// Its name in a page: transcript and line.
    pub(super) anchor: String,
    pub(super) role: Option<Role>,
    pub(super) time: Option<String>,
    pub(super) blocks: Vec<Said>,
}

/// One part of an entry.
#[derive(Debug)]
pub(super) enum Said {
    /// Markdown.
    Text(String),
    Thinking(String),
    Call {
        name: String,
        about: Option<String>,
        /// Names and values of the input.
        input: Vec<(String, String)>,
    },
    Outcome {
        /// The tool's name, when it is known.
        name: Option<String>,
        is_error: bool,
        text: String,
        agent: Option<String>,
    },
    /// Type, and the bytes when they can be shown.
    Image {
        media_type: String,
        size: u64,
        bytes: Option<Vec<u8>>,
    },
    Document {
        title: String,
        text: String,
    },
    Notice {
        kind: &'static str,
        text: String,
    },
}

/// Calls `each` with the entries of a batch that people read.
pub(super) fn entries(
    part: &Part,
    batch: &Batch,
    left: &Left,
    mask: &Mask,
    names: &mut Names,
    mut each: impl FnMut(Words),
) {
    let coder = &part.file.coder;
    for (place, bytes) in &batch.lines {
        let entry = match bytes {
            Some(bytes) => transcript::parse(coder, bytes, Depth::Full),
            None => Entry::oversized(place.bytes),
        };
        if entry.class == Class::Bookkeeping {
            continue;
        }
        let image = |index| transcript::image(coder, bytes.as_deref()?, index);
        let mut blocks = left.above(entry.uuid.as_deref(), mask);
        blocks.extend(entry.blocks.iter().map(|block| said(block, &entry, mask, names, image)));
        if blocks.is_empty() && !entry.preview.text.is_empty() {
            blocks.push(Said::Notice { kind: "Line", text: mask.text(&entry.preview.text).into_owned() });
        }
        if !blocks.is_empty() {
            let anchor = format!("{}-{}", part.file.id, place.line);
            each(Words { anchor, role: entry.role, time: entry.time.map(rfc3339), blocks });
        }
    }
}

fn said(
    block: &Block,
    entry: &Entry,
    mask: &Mask,
    names: &mut Names,
    image: impl Fn(u32) -> Option<(String, Vec<u8>)>,
) -> Said {
    let masked = |text: &str| mask.text(text).into_owned();
    match block {
        Block::Text(text) => Said::Text(masked(text)),
        Block::Thinking { text, .. } => Said::Thinking(masked(text)),
        Block::ToolUse { id, name, input } => {
            names.note(id, name);
            let about = entry.acts.iter().find_map(|act| match act {
                Act::ToolUse(call) if call.id == *id => call.about.as_deref(),
                _ => None,
            });
            let input = input.as_ref().map(|raw| mask.line(raw.get().as_bytes()).into_owned());
            Said::Call { name: masked(name), about: about.map(masked), input: fields(input.as_deref()) }
        }
        Block::ToolResult { tool_use_id, is_error, text, agent, .. } => Said::Outcome {
            name: names.0.get(tool_use_id).cloned(),
            is_error: *is_error,
            text: masked(text),
            agent: agent.clone(),
        },
        Block::Image(media) => {
            let shown = image(media.index).filter(|(media_type, _)| IMAGES.contains(&media_type.as_str()));
            let media_type = shown.as_ref().map_or(&media.media_type, |(media_type, _)| media_type).clone();
            Said::Image { media_type, size: media.bytes, bytes: shown.map(|(_, bytes)| bytes) }
        }
        Block::Document { title, text } => Said::Document { title: masked(title), text: masked(text) },
        Block::Notice { kind, text } => Said::Notice { kind: notice(*kind), text: masked(text) },
    }
}

/// The input of a tool as names and values: strings as they are, the rest as JSON.
fn fields(input: Option<&[u8]>) -> Vec<(String, String)> {
    let text = |value: Value| match value {
        Value::String(text) => text,
        other => serde_json::to_string_pretty(&other).unwrap_or_default(),
    };
    match input.and_then(|json| serde_json::from_slice(json).ok()) {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Object(fields)) => fields.into_iter().map(|(name, value)| (name, text(value))).collect(),
        Some(other) => vec![("input".to_owned(), text(other))],
    }
}

fn notice(kind: NoticeKind) -> &'static str {
    match kind {
        NoticeKind::Command => "Command",
        NoticeKind::CommandOutput => "Output of a command",
        NoticeKind::TurnEnd => "End of the turn",
        NoticeKind::Compaction => "The conversation was compacted",
        NoticeKind::Interrupt => "Interrupted",
        NoticeKind::ApiError => "A request to the model failed",
        NoticeKind::Hook => "Hook",
        NoticeKind::Background => "Background work",
        NoticeKind::Injected => "Put in by the client",
        NoticeKind::Other => "Notice",
    }
}

/// Who speaks, in a word.
pub(super) fn speaker(role: Option<Role>) -> &'static str {
    match role {
        Some(Role::Human) => "Prompt",
        Some(Role::Assistant) => "Reply",
        Some(Role::Thinking) => "Thinking",
        Some(Role::ToolUse) => "Tool call",
        Some(Role::ToolResult) => "Tool result",
        Some(Role::System) | None => "Client",
    }
}

/// A text without control characters and terminal escape sequences.
pub(super) fn readable(text: &str) -> String {
    transcript::preview::readable(text)
}

/// Bytes for people.
pub(super) fn size(bytes: u64) -> String {
    match bytes {
        0..=1023 => format!("{bytes} bytes"),
        1024..=1_048_575 => format!("{} KB", bytes / 1024),
        _ => format!("{} MB", bytes / 1_048_576),
    }
}
