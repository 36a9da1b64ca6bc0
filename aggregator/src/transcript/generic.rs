//! Lines of coders whose format has no room of its own yet: archived and shown by their bare fields.

use std::borrow::Cow;

use serde::Deserialize;

use super::reading::{Frame, Reading};
use super::{Class, Depth, Entry, lenient};
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
pub(super) fn parse(bytes: &[u8], depth: Depth) -> Entry {
    let Ok(text) = std::str::from_utf8(bytes) else {
        return Entry::unreadable("not valid UTF-8");
    };
    // Arrays would pass as structures without names.
    let object = text.trim_start().starts_with('{').then_some(text);
    let Some(Ok(line)) = object.map(serde_json::from_str::<Line<'_>>) else {
        return Entry::unreadable("not a JSON object");
    };
    let mut reading = Reading::new(depth);
    reading.text(Cow::Borrowed(text));
    let time = line.timestamp.as_deref().and_then(parse_rfc3339);
    let frame = Frame { uuid: line.id.as_deref(), parent: None, time };
    reading.entry(line.kind.as_deref().unwrap_or_default(), Class::Conversation, frame)
}
