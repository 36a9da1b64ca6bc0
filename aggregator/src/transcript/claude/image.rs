//! `image` and `document` blocks: told by size, fetched by number.

use std::borrow::Cow;

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use serde::Deserialize;
use serde_json::value::RawValue;

use super::attachment::Attachment;
use super::content::{Block, Content};
use super::envelope::Envelope;
use crate::transcript::lenient;
use crate::transcript::reading::{IMAGES, Reading};

/// Where an image's or a document's bytes are.
#[derive(Deserialize, Default)]
struct Source<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    media_type: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    data: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    url: Option<Cow<'a, str>>,
}

impl<'a> Source<'a> {
    fn of(block: &Block<'a>) -> Self {
        let object = block.source.map(RawValue::get).filter(|text| text.starts_with('{'));
        object.and_then(|text| serde_json::from_str(text).ok()).unwrap_or_default()
    }

    fn media_type(&self) -> &str {
        self.media_type.as_deref().unwrap_or("image")
    }

    /// Size of the data when decoded, bytes.
    fn bytes(&self) -> u64 {
        let data = self.data.as_deref().unwrap_or_default().trim_end_matches('=');
        data.len() as u64 * 3 / 4
    }
}

/// Tells an image.
pub(super) fn tell(block: &Block<'_>, reading: &mut Reading) {
    // For counting nobody asks how large it is.
    let source = if reading.wants_content() { Source::of(block) } else { Source::default() };
    reading.image(source.media_type(), source.bytes(), source.url.as_deref());
}

/// Tells a document; its words stand in the line when it is plain text.
pub(super) fn tell_document(block: &Block<'_>, reading: &mut Reading) {
    if reading.wants_content() {
        let source = Source::of(block);
        let is_text = source.kind.as_deref() == Some("text");
        let title = block.title.as_deref().unwrap_or("document");
        reading.document(title, source.data.filter(|_| is_text).unwrap_or_default());
    }
}

/// The image with this number, and its media type.
pub(super) fn fetch(line: &Envelope<'_>, index: u32) -> Option<(String, Vec<u8>)> {
    if index >= IMAGES {
        return None;
    }
    let queued = line.attachment.and_then(Attachment::of).and_then(|attachment| attachment.prompt);
    let content = queued.map(Content::of);
    let message = line.message.as_ref().map(|message| &message.content);
    let blocks = content.as_ref().or(message)?.blocks();
    let mut left = index as usize;
    for block in blocks {
        let inner = if block.kind() == "image" { Content::Nothing } else { block.inner() };
        let inside = inner.blocks().iter().filter(|block| block.kind() == "image");
        let images: Vec<&Block<'_>> =
            Some(block).filter(|block| block.kind() == "image").into_iter().chain(inside).collect();
        match images.get(left) {
            Some(found) => return decode(found),
            None => left -= images.len(),
        }
    }
    None
}

fn decode(block: &Block<'_>) -> Option<(String, Vec<u8>)> {
    let source = Source::of(block);
    let bytes = STANDARD.decode(source.data.as_deref()?).ok()?;
    Some((source.media_type?.into_owned(), bytes))
}
