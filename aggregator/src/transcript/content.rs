//! Collects what a line says to a reader, as deep as it was asked for: a preview at a glance, blocks in full, and
//! nothing where only facts are wanted.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use serde_json::value::RawValue;

use super::Depth;
use super::block::{Block, Media, NoticeKind, Permission};
use super::preview::Preview;

/// Content of one line, being collected.
#[derive(Debug)]
pub(super) struct Content {
    depth: Depth,
    pub(super) preview: Preview,
    pub(super) blocks: Vec<Block>,
    images: u32,
}

impl Content {
    pub(super) fn new(depth: Depth) -> Self {
        Self { depth, preview: Preview::default(), blocks: Vec::new(), images: 0 }
    }

    /// Images so far.
    pub(super) fn images(&self) -> u32 {
        self.images
    }

    pub(super) fn text(&mut self, text: &str) {
        if !text.is_empty() {
            self.add(text, || Block::Text(text.to_owned()));
        }
    }

    pub(super) fn thinking(&mut self, text: &str) {
        self.add(text, || Block::Thinking { text: text.to_owned(), duration_ms: None });
    }

    pub(super) fn notice(&mut self, kind: NoticeKind, text: &str) {
        self.add(text, || Block::Notice { kind, text: text.to_owned() });
    }

    pub(super) fn document(&mut self, title: &str, text: &str) {
        self.add(title, || Block::Document { title: title.to_owned(), text: text.to_owned() });
    }

    /// `about` is the input that says most.
    pub(super) fn tool_use(&mut self, id: &str, name: &str, about: Option<&str>, input: impl FnOnce() -> Input) {
        match self.depth {
            Depth::Facts => {}
            Depth::Glance => match about {
                Some(about) => self.preview.push(&format!("{name}: {about}")),
                None => self.preview.push(name),
            },
            Depth::Full => {
                self.blocks.push(Block::ToolUse { id: id.to_owned(), name: name.to_owned(), input: input() });
            }
        }
    }

    pub(super) fn tool_result(&mut self, outcome: &Outcome<'_>) {
        self.add(outcome.text, || Block::ToolResult {
            tool_use_id: outcome.id.to_owned(),
            is_error: outcome.is_error,
            text: outcome.text.to_owned(),
            detail: outcome.detail.map(ToOwned::to_owned),
            agent: outcome.agent.map(str::to_owned),
            permission: outcome.permission,
        });
    }

    /// An image that lies in the line in base64, or elsewhere.
    pub(super) fn image(&mut self, image: &Image<'_>) {
        let index = self.images;
        self.images += 1;
        self.add("[image]", || Block::Image(image.media(index)));
    }

    fn add(&mut self, text: &str, block: impl FnOnce() -> Block) {
        match self.depth {
            Depth::Facts => {}
            Depth::Glance => self.preview.push(text),
            Depth::Full => self.blocks.push(block()),
        }
    }
}

/// Input of a tool: a JSON value.
pub(super) type Input = Option<Box<RawValue>>;

/// What a tool answered.
#[derive(Debug, Default)]
pub(super) struct Outcome<'a> {
    pub(super) id: &'a str,
    pub(super) is_error: bool,
    pub(super) text: &'a str,
    pub(super) detail: Option<&'a RawValue>,
    pub(super) agent: Option<&'a str>,
    pub(super) permission: Option<Permission>,
}

/// An image as a coder writes it down.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Image<'a> {
    /// In the line: media type and base64.
    Inline(&'a str, &'a str),
    /// At an address.
    At(&'a str),
}

impl<'a> Image<'a> {
    /// Reads `data:image/png;base64,…` or another address.
    pub(super) fn of_url(url: &'a str) -> Self {
        let inline = url.strip_prefix("data:").and_then(|data| data.split_once(";base64,"));
        inline.map_or(Self::At(url), |(media_type, base64)| Self::Inline(media_type, base64))
    }

    fn media(&self, index: u32) -> Media {
        match self {
            Self::Inline(media_type, base64) => {
                let padding = base64.bytes().rev().take_while(|byte| *byte == b'=').count();
                let bytes = (base64.len() / 4 * 3).saturating_sub(padding) as u64;
                Media { media_type: (*media_type).to_owned(), index, bytes, url: None }
            }
            Self::At(url) => Media { media_type: String::new(), index, bytes: 0, url: Some((*url).to_owned()) },
        }
    }

    /// Media type and bytes, where they lie in the line and are sound.
    pub(super) fn decode(&self) -> Option<(String, Vec<u8>)> {
        match self {
            Self::Inline(media_type, base64) => Some(((*media_type).to_owned(), STANDARD.decode(base64).ok()?)),
            Self::At(_) => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_image_in_the_line_has_its_size_and_bytes() {
        let image = Image::of_url("data:image/png;base64,aGVsbG8=");
        assert_eq!(image.media(2), Media { media_type: "image/png".into(), index: 2, bytes: 5, url: None });
        assert_eq!(image.decode(), Some(("image/png".to_owned(), b"hello".to_vec())));
        assert_eq!(Image::of_url("https://example.org/a.png").decode(), None);
        assert_eq!(Image::Inline("image/png", "!").decode(), None);
    }

    #[test]
    fn only_what_was_asked_for_is_collected() {
        for (depth, preview, blocks) in [(Depth::Facts, "", 0), (Depth::Glance, "hello", 0), (Depth::Full, "", 1)] {
            let mut content = Content::new(depth);
            content.text("hello");
            assert_eq!((content.preview.text.as_str(), content.blocks.len()), (preview, blocks));
        }
    }
}
