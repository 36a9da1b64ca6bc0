//! Lines of coders whose format has no room of its own yet: archived and shown by their bare fields.

use std::borrow::Cow;

use serde::Deserialize;

use super::preview::Preview;
use super::{Class, Entry, LineFacts, lenient};
use crate::domain::time::parse_rfc3339;

#[derive(Deserialize)]
struct Line<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    timestamp: Option<Cow<'a, str>>,
}

/// A line of which only type, id and time are understood; its text is shown as it is.
pub(super) fn parse_line(bytes: &[u8]) -> Entry {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Entry::unreadable("not valid UTF-8");
    };
    // Arrays would pass as structures without names.
    let object = text.trim_start().starts_with('{').then_some(text);
    let Some(Ok(line)) = object.map(serde_json::from_str::<Line<'_>>) else {
        return Entry::unreadable("not a JSON object");
    };
    Entry {
        kind: line.kind.map(Cow::into_owned).unwrap_or_default(),
        class: Class::Conversation,
        role: None,
        uuid: line.id.map(Cow::into_owned),
        parent: None,
        acts: Vec::new(),
        blocks: Vec::new(),
        time: line.timestamp.as_deref().and_then(parse_rfc3339),
        preview: Preview::cut(text),
        facts: LineFacts::default(),
    }
}
