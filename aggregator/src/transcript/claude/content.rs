//! Message bodies: a string, or an array of blocks.

use std::borrow::Cow;

use serde::de::{Deserialize, Deserializer, SeqAccess, Visitor};
use serde_json::value::RawValue;

use super::usage::Usage;
use crate::transcript::lenient::{self, otherwise};
use crate::transcript::reading::Reading;

/// `message` of a user or assistant line.
#[derive(serde::Deserialize)]
pub(super) struct Message<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) model: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) stop_reason: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::object")]
    pub(super) usage: Option<Usage>,
    #[serde(borrow, default)]
    pub(super) content: Content<'a>,
}

/// What a message says.
#[derive(Default)]
pub(super) enum Content<'a> {
    /// Nothing that is known.
    #[default]
    Nothing,
    /// Plain text.
    Text(Cow<'a, str>),
    /// Blocks.
    Blocks(Vec<Block<'a>>),
}

/// One block of a message, tool results and tool calls included. Texts stay packed until somebody wants them.
#[derive(serde::Deserialize)]
pub(super) struct Block<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    text: Option<&'a RawValue>,
    #[serde(borrow, default)]
    thinking: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) name: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) title: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) tool_use_id: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) is_error: bool,
    #[serde(borrow, default)]
    pub(super) input: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) source: Option<&'a RawValue>,
}

impl<'a> Block<'a> {
    /// `type` of the block; empty when it has none.
    pub(super) fn kind(&self) -> &str {
        self.kind.as_deref().unwrap_or_default()
    }

    /// Its words.
    pub(super) fn text(&self) -> Cow<'a, str> {
        self.text.and_then(string).unwrap_or_default()
    }

    /// Its words, or what it is called: what was found on the web has only a title.
    fn words(&self) -> Cow<'a, str> {
        let text = self.text();
        if text.is_empty() { self.title.clone().unwrap_or_default() } else { text }
    }

    /// What was thought.
    pub(super) fn thinking(&self) -> Cow<'a, str> {
        self.thinking.and_then(string).unwrap_or_default()
    }

    /// What a tool result holds.
    pub(super) fn inner(&self) -> Content<'a> {
        self.content.map(Content::of).unwrap_or_default()
    }
}

impl<'a> Content<'a> {
    /// Content that stands somewhere else than in a message.
    pub(super) fn of(raw: &'a RawValue) -> Self {
        serde_json::from_str(raw.get()).unwrap_or_default()
    }

    /// Its blocks, when it has any.
    pub(super) fn blocks(&self) -> &[Block<'a>] {
        match self {
            Self::Blocks(blocks) => blocks,
            _ => &[],
        }
    }

    /// All words in it: the string, or those of its blocks on lines of their own.
    pub(super) fn words(self) -> Cow<'a, str> {
        match self {
            Self::Nothing => Cow::Borrowed(""),
            Self::Text(text) => text,
            Self::Blocks(blocks) => {
                let texts: Vec<Cow<'_, str>> =
                    blocks.iter().map(Block::words).filter(|text| !text.is_empty()).collect();
                Cow::Owned(texts.join("\n"))
            }
        }
    }
}

impl<'de: 'a, 'a> Deserialize<'de> for Content<'a> {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        struct Any;
        impl<'de> Visitor<'de> for Any {
            type Value = Content<'de>;
            otherwise!(Content::Nothing; bool numbers object);

            fn visit_borrowed_str<E>(self, text: &'de str) -> Result<Self::Value, E> {
                Ok(Content::Text(Cow::Borrowed(text)))
            }
            fn visit_str<E>(self, text: &str) -> Result<Self::Value, E> {
                Ok(Content::Text(Cow::Owned(text.to_owned())))
            }
            fn visit_seq<A: SeqAccess<'de>>(self, seq: A) -> Result<Self::Value, A::Error> {
                lenient::elements(seq).map(Content::Blocks)
            }
        }
        deserializer.deserialize_any(Any)
    }
}

/// A JSON string's text; borrowed when nothing in it is escaped.
pub(super) fn string(raw: &RawValue) -> Option<Cow<'_, str>> {
    #[derive(serde::Deserialize)]
    struct Text<'a>(#[serde(borrow)] Cow<'a, str>);
    serde_json::from_str::<Text<'_>>(raw.get()).ok().map(|text| text.0)
}

/// Tells the words of a block, when anybody wants them.
pub(super) fn tell_text(block: &Block<'_>, reading: &mut Reading) {
    if reading.wants_content() {
        reading.text(block.text());
    }
}
