//! Message bodies: a string, or an array of blocks.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::transcript::lenient;

/// `message` of a user or assistant line.
#[derive(Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) model: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) content: Option<&'a RawValue>,
}

/// One block of a message, tool results and tool calls included.
#[derive(Deserialize)]
pub(super) struct Block<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "lenient::text")]
    pub(super) kind: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) text: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) thinking: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) content: Option<&'a RawValue>,
}

impl<'a> Message<'a> {
    /// The message of a line, as far as it has the shape of one.
    pub(super) fn of(raw: Option<&'a RawValue>) -> Option<Self> {
        serde_json::from_str(raw?.get()).ok()
    }

    /// Its text, when the content is a plain string.
    pub(super) fn text(&self) -> Option<Cow<'a, str>> {
        string(self.content?)
    }

    /// Its blocks, when the content is an array of them.
    pub(super) fn blocks(&self) -> Vec<Block<'a>> {
        self.content.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default()
    }
}

impl Block<'_> {
    /// `type` of the block; empty when it has none.
    pub(super) fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or_default()
    }

    /// Text of a tool result: a string, or the text blocks of an array.
    pub(super) fn result_text(&self) -> String {
        let Some(raw) = self.content else { return String::new() };
        if let Some(text) = string(raw) {
            return text.into_owned();
        }
        let blocks: Vec<Block<'_>> = serde_json::from_str(raw.get()).unwrap_or_default();
        let parts: Vec<&str> = blocks
            .iter()
            .map(|block| match block.kind() {
                "image" => "[image]",
                _ => block.text.as_deref().unwrap_or_default(),
            })
            .filter(|part| !part.is_empty())
            .collect();
        parts.join("\n")
    }
}

/// A JSON string's text; borrowed when nothing in it is escaped.
pub(super) fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|text| text.0)
}
