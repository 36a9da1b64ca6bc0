//! Entries → what is searched of them: whose words, of which tool, on which path.

use std::fmt;

use serde::de::{DeserializeSeed, Deserializer, MapAccess, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::role::Role;
use crate::transcript::act::Act;
use crate::transcript::block::{Block, NoticeKind};
use crate::transcript::{self, Class, Entry};

/// Bytes of text of one part that are searched. A line has 16 MiB at most; what people paste is far below this.
const TEXT_BYTES: usize = 8 * 1024 * 1024;

/// A part of an entry, searched as one document.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Part {
    /// Whose words.
    pub(super) role: Role,
    /// The tool failed.
    pub(super) is_error: bool,
    /// It has an image.
    pub(super) has_image: bool,
    /// The call that it belongs to, for tool inputs and results.
    pub(super) call: Option<String>,
    /// Name of the tool, where the line says it.
    pub(super) tool: Option<String>,
    /// Path that the tool works on.
    pub(super) path: Option<String>,
    /// The words.
    pub(super) text: String,
}

impl Part {
    fn new(role: Role) -> Self {
        Self { role, is_error: false, has_image: false, call: None, tool: None, path: None, text: String::new() }
    }

    fn push(&mut self, text: &str) {
        if text.is_empty() {
            return;
        }
        if !self.text.is_empty() {
            self.text.push('\n');
        }
        let room = TEXT_BYTES.saturating_sub(self.text.len());
        self.text.push_str(&text[..text.floor_char_boundary(room)]);
    }
}

/// The parts of an entry that was parsed in full; none for what is no conversation.
pub(super) fn parts(entry: Entry) -> Vec<Part> {
    if entry.class != Class::Conversation {
        return Vec::new();
    }
    let own = own_role(&entry);
    let mut parts: Vec<Part> = Vec::new();
    for block in entry.blocks {
        add(&mut parts, own, block);
    }
    for act in entry.acts {
        if let Act::ToolUse(tool) = act {
            let part = parts.iter_mut().find(|part| part.call.as_ref() == Some(&tool.id));
            if let Some(part) = part.filter(|part| part.role == Role::ToolInput) {
                part.path = tool.path;
            }
        }
    }
    parts.retain(|part| !part.text.is_empty() || part.has_image || part.call.is_some());
    parts
}

/// Whose words the plain text of an entry is.
fn own_role(entry: &Entry) -> Role {
    match entry.role {
        Some(transcript::Role::Human) => Role::Prompt,
        Some(transcript::Role::Assistant | transcript::Role::Thinking | transcript::Role::ToolUse) => Role::Reply,
        Some(transcript::Role::ToolResult) => Role::ToolResult,
        Some(transcript::Role::System) | None => Role::System,
    }
}

fn add(parts: &mut Vec<Part>, own: Role, block: Block) {
    match block {
        Block::Text(text) => of_role(parts, own).push(&text),
        Block::Thinking { text, .. } => of_role(parts, Role::Thinking).push(&text),
        Block::ToolUse { id, name, input } => {
            let mut part = Part { call: Some(id), tool: Some(name), ..Part::new(Role::ToolInput) };
            if let Some(input) = input {
                push_strings(&input, &mut part.text);
            }
            parts.push(part);
        }
        Block::ToolResult { tool_use_id, is_error, text, .. } => {
            let mut part = Part { call: Some(tool_use_id), is_error, ..Part::new(Role::ToolResult) };
            part.push(&text);
            parts.push(part);
        }
        Block::Image(_) => match parts.last_mut() {
            Some(part) => part.has_image = true,
            None => of_role(parts, own).has_image = true,
        },
        Block::Document { title, text } => {
            let part = of_role(parts, own);
            part.push(&title);
            part.push(&text);
        }
        Block::Notice { kind, text } => of_role(parts, notice_role(kind)).push(&text),
    }
}

/// A command is typed by a person; everything else is the client's.
fn notice_role(kind: NoticeKind) -> Role {
    if kind == NoticeKind::Command { Role::Prompt } else { Role::System }
}

fn of_role(parts: &mut Vec<Part>, role: Role) -> &mut Part {
    let at = parts.iter().position(|part| part.role == role && part.call.is_none());
    let at = at.unwrap_or_else(|| {
        parts.push(Part::new(role));
        parts.len() - 1
    });
    &mut parts[at]
}

/// All strings of a JSON value, each on a line of its own; names of fields are left out.
fn push_strings(value: &RawValue, text: &mut String) {
    let mut json = serde_json::Deserializer::from_str(value.get());
    // Deeper than a reader goes: what was found until then is searched.
    let _ = Strings(text).deserialize(&mut json);
}

struct Strings<'t>(&'t mut String);

impl<'de> DeserializeSeed<'de> for Strings<'_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for Strings<'_> {
    type Value = ();

    fn expecting(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        formatter.write_str("JSON")
    }

    fn visit_str<E>(self, text: &str) -> Result<(), E> {
        if !self.0.is_empty() {
            self.0.push('\n');
        }
        let room = TEXT_BYTES.saturating_sub(self.0.len());
        self.0.push_str(&text[..text.floor_char_boundary(room)]);
        Ok(())
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<(), A::Error> {
        while items.next_element_seed(Strings(self.0))?.is_some() {}
        Ok(())
    }

    fn visit_map<A: MapAccess<'de>>(self, mut fields: A) -> Result<(), A::Error> {
        while fields.next_key::<serde::de::IgnoredAny>()?.is_some() {
            fields.next_value_seed(Strings(self.0))?;
        }
        Ok(())
    }

    fn visit_bool<E>(self, _: bool) -> Result<(), E> {
        Ok(())
    }

    fn visit_i64<E>(self, _: i64) -> Result<(), E> {
        Ok(())
    }

    fn visit_u64<E>(self, _: u64) -> Result<(), E> {
        Ok(())
    }

    fn visit_f64<E>(self, _: f64) -> Result<(), E> {
        Ok(())
    }

    fn visit_unit<E>(self) -> Result<(), E> {
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn entry(role: transcript::Role, blocks: Vec<Block>) -> Entry {
        Entry { class: Class::Conversation, role: Some(role), blocks, ..Entry::unreadable("") }
    }

    fn raw(json: &str) -> Box<RawValue> {
        RawValue::from_string(json.to_owned()).unwrap()
    }

    #[test]
    fn a_line_gives_a_part_for_each_speaker() {
        let input = Some(raw(r#"{"file_path":"/src/a.rs","edits":[{"old":"x","n":1}],"deep":{"b":true,"c":null}}"#));
        let parts = parts(entry(
            transcript::Role::Assistant,
            vec![
                Block::Thinking { text: "hm".to_owned(), duration_ms: None },
                Block::Text("one".to_owned()),
                Block::ToolUse { id: "t1".to_owned(), name: "Edit".to_owned(), input },
                Block::Text("two".to_owned()),
            ],
        ));
        let short: Vec<_> = parts.iter().map(|part| (part.role, part.tool.as_deref(), part.text.as_str())).collect();
        assert_eq!(
            short,
            [
                (Role::Thinking, None, "hm"),
                (Role::Reply, None, "one\ntwo"),
                (Role::ToolInput, Some("Edit"), "/src/a.rs\nx"),
            ]
        );
    }

    #[test]
    fn a_line_of_a_client_is_searched() {
        let line = br#"{"type":"user","message":{"content":"find me"}}"#;
        let parts = parts(transcript::parse("claude", line, transcript::Depth::Full));
        assert_eq!((parts[0].role, parts[0].text.as_str()), (Role::Prompt, "find me"));
    }

    #[test]
    fn bookkeeping_is_never_searched() {
        let mut line = entry(transcript::Role::System, vec![Block::Text("secret".to_owned())]);
        line.class = Class::Bookkeeping;
        assert_eq!(parts(line), []);
    }

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let parts = parts(entry(transcript::Role::Human, vec![Block::Text("日".repeat(TEXT_BYTES))]));
        assert!(parts[0].text.len() <= TEXT_BYTES);
    }
}
