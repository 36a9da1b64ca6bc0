//! The content of entries → what pages and scripts see, long texts cut.

use serde::Serialize;
use serde_json::Value;
use serde_json::value::RawValue;

use super::entry::Entry;
use super::history::{Block, Decider, NoticeKind, Permission};
use crate::transcript::{Located, block};

/// Where texts are cut.
#[derive(Debug, Clone, Copy)]
pub struct Cut {
    /// Bytes of a text.
    text: usize,
    /// Bytes of one string in the input of a tool, and of all of the input.
    input: (usize, usize),
    /// The same for the client's own record of an outcome, which mostly says again what the text says.
    detail: (usize, usize),
}

/// For a page of many entries: a screen never shows more of one text without being asked.
pub const PAGE: Cut = Cut { text: 64 * 1024, input: (32 * 1024, 64 * 1024), detail: (4 * 1024, 32 * 1024) };

/// For a single entry: the bound of a line is bound enough.
pub const WHOLE: Cut = Cut { text: usize::MAX, input: (usize::MAX, usize::MAX), detail: (usize::MAX, usize::MAX) };

/// An entry with its content.
pub fn full(located: &Located, cut: Cut) -> Entry {
    let blocks = located.entry.blocks.iter().map(|block| cut.block(block)).collect();
    Entry { blocks: Some(blocks), ..Entry::from(located) }
}

/// Bytes that a value takes as JSON.
pub fn size<T: Serialize>(value: &T) -> usize {
    struct Count(usize);
    impl std::io::Write for Count {
        fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
            self.0 += bytes.len();
            Ok(bytes.len())
        }
        fn flush(&mut self) -> std::io::Result<()> {
            Ok(())
        }
    }
    let mut count = Count(0);
    // Counting does not fail, and what is counted has no maps with other keys than strings.
    let _ = serde_json::to_writer(&mut count, value);
    count.0
}

impl Cut {
    fn block(self, block: &block::Block) -> Block {
        match block {
            block::Block::Text(text) => {
                let (text, cut) = self.text(text);
                Block::Text { text, cut }
            }
            block::Block::Thinking { text, duration_ms } => {
                let (text, cut) = self.text(text);
                Block::Thinking { text, cut, duration_ms: *duration_ms }
            }
            block::Block::ToolUse { id, name, input } => {
                let (input, cut) = value(input.as_deref(), self.input);
                Block::ToolUse { id: id.clone(), name: name.clone(), input, cut }
            }
            block::Block::ToolResult { tool_use_id, is_error, text, detail, agent, permission } => {
                let (text, text_cut) = self.text(text);
                let (detail, detail_cut) = value(detail.as_deref(), self.detail);
                Block::ToolResult {
                    tool_use_id: tool_use_id.clone(),
                    is_error: *is_error,
                    text,
                    detail,
                    cut: text_cut || detail_cut,
                    subagent_id: agent.clone(),
                    permission: permission.map(Permission::from),
                }
            }
            block::Block::Image(media) => Block::Image {
                media_type: media.media_type.clone(),
                index: media.index,
                bytes: media.bytes,
                url: media.url.clone(),
            },
            block::Block::Document { title, text } => {
                let (text, cut) = self.text(text);
                Block::Document { title: title.clone(), text, cut }
            }
            block::Block::Notice { kind, text } => {
                let (text, cut) = self.text(text);
                Block::Notice { kind: (*kind).into(), text, cut }
            }
        }
    }

    fn text(self, text: &str) -> (String, bool) {
        let kept = start_of(text, self.text);
        (kept.to_owned(), kept.len() < text.len())
    }
}

/// The start of a text, at most so many bytes, whole characters.
fn start_of(text: &str, bytes: usize) -> &str {
    &text[..text.floor_char_boundary(bytes)]
}

/// A JSON value with its strings cut to the first bound and all of it to the second; whether something was cut.
fn value(raw: Option<&RawValue>, (string, all): (usize, usize)) -> (Value, bool) {
    let Some(whole) = raw.and_then(|raw| serde_json::from_str(raw.get()).ok()) else { return (Value::Null, false) };
    let mut scissors = Scissors { string, room: all, cut: false };
    let value = scissors.value(whole);
    (value, scissors.cut)
}

/// Cuts a JSON value as it goes through it.
struct Scissors {
    string: usize,
    room: usize,
    cut: bool,
}

/// Bytes that a value takes beside its text: quotes, commas, names.
const AROUND: usize = 8;

impl Scissors {
    fn value(&mut self, value: Value) -> Value {
        self.room = self.room.saturating_sub(AROUND);
        match value {
            Value::String(text) => {
                let kept = start_of(&text, self.string.min(self.room)).len();
                self.room -= kept;
                self.cut |= kept < text.len();
                Value::String(if kept < text.len() { text[..kept].to_owned() } else { text })
            }
            Value::Array(items) => {
                let before = items.len();
                let kept: Vec<Value> = items.into_iter().map_while(|item| self.next(item)).collect();
                self.cut |= kept.len() < before;
                Value::Array(kept)
            }
            Value::Object(fields) => {
                let before = fields.len();
                let kept: serde_json::Map<String, Value> =
                    fields.into_iter().map_while(|(name, field)| Some((name, self.next(field)?))).collect();
                self.cut |= kept.len() < before;
                Value::Object(kept)
            }
            other => other,
        }
    }

    fn next(&mut self, value: Value) -> Option<Value> {
        (self.room > 0).then(|| self.value(value))
    }
}

impl From<block::NoticeKind> for NoticeKind {
    fn from(kind: block::NoticeKind) -> Self {
        match kind {
            block::NoticeKind::Command => Self::Command,
            block::NoticeKind::CommandOutput => Self::CommandOutput,
            block::NoticeKind::TurnEnd => Self::TurnEnd,
            block::NoticeKind::Compaction => Self::Compaction,
            block::NoticeKind::Interrupt => Self::Interrupt,
            block::NoticeKind::ApiError => Self::ApiError,
            block::NoticeKind::Hook => Self::Hook,
            block::NoticeKind::Background => Self::Background,
            block::NoticeKind::Injected => Self::Injected,
            block::NoticeKind::Other => Self::Other,
        }
    }
}

impl From<block::Permission> for Permission {
    fn from(permission: block::Permission) -> Self {
        let by = match permission.by {
            block::Decider::Person => Decider::Person,
            block::Decider::Settings => Decider::Settings,
            block::Decider::Hook => Decider::Hook,
            block::Decider::Client => Decider::Client,
        };
        Self { allowed: permission.allowed, by, lasts: permission.lasts }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn cut(json: &str, bounds: (usize, usize)) -> (Value, bool) {
        value(Some(&RawValue::from_string(json.to_owned()).unwrap()), bounds)
    }

    #[test]
    fn long_strings_are_cut_wherever_they_stand() {
        let (value, was_cut) = cut(r#"{"a":["0123456789",{"b":"日本語"}],"c":7}"#, (4, 1000));
        assert_eq!(value, serde_json::json!({"a": ["0123", {"b": "日"}], "c": 7}));
        assert!(was_cut);
        let json = r#"{"a":["0123",{"b":"日本語"}],"c":7}"#;
        assert_eq!(cut(json, (100, 1000)), (serde_json::from_str(json).unwrap(), false));
    }

    #[test]
    fn many_small_values_are_cut_too() {
        let json = serde_json::to_string(&vec!["0123456789"; 10_000]).unwrap();
        let (value, was_cut) = cut(&json, (100, 1000));
        assert!(was_cut && size(&value) < 2_000, "{}", size(&value));
    }

    #[test]
    fn a_text_that_fits_is_not_marked() {
        assert_eq!(PAGE.text("short"), ("short".to_owned(), false));
        let long = "é".repeat(64 * 1024);
        let (text, was_cut) = PAGE.text(&long);
        assert!(was_cut && text.len() == PAGE.text);
    }
}
