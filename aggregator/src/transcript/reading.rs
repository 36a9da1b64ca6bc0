//! What a coder's module makes of a line: collected once, kept only as deep as it was asked for.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::act::Act;
use super::block::{Block, Media, NoticeKind, Permission};
use super::preview::Preview;
use super::{Class, Depth, Entry, LineFacts, Role};
use crate::domain::time::Millis;

/// Most images of a line that can be fetched; what follows is only in the raw line.
pub const IMAGES: u32 = 1_000;

/// A line being read. Whoever reads it tells everything that stands there, in order; what the asked depth does not want
/// is dropped at once.
#[derive(Debug)]
pub struct Reading {
    depth: Depth,
    /// Who speaks.
    pub role: Option<Role>,
    /// What happened.
    pub acts: Vec<Act>,
    /// What the line says about its session.
    pub facts: LineFacts,
    preview: Preview,
    blocks: Vec<Block>,
    images: u32,
}

impl Reading {
    /// Nothing read yet.
    pub fn new(depth: Depth) -> Self {
        Self {
            depth,
            role: None,
            acts: Vec::new(),
            facts: LineFacts::default(),
            preview: Preview::default(),
            blocks: Vec::new(),
            images: 0,
        }
    }

    /// Whether any content is kept: when not, nobody needs to unpack a text for it.
    pub fn wants_content(&self) -> bool {
        self.depth != Depth::Facts
    }

    /// Whether whole blocks are kept.
    pub fn wants_blocks(&self) -> bool {
        self.depth == Depth::Full
    }

    /// Images told so far.
    pub fn images(&self) -> u32 {
        self.images
    }

    /// Words of a person or of the model.
    pub fn text(&mut self, text: Cow<'_, str>) {
        self.part(text, |text| Block::Text(text.into_owned()));
    }

    /// What the model thought.
    pub fn thinking(&mut self, text: Cow<'_, str>, duration_ms: Option<i64>) {
        self.part(text, |text| Block::Thinking { text: text.into_owned(), duration_ms });
    }

    /// A call of a tool; `about` is the input that says most.
    pub fn tool_use(&mut self, id: &str, name: &str, input: Option<&RawValue>, about: Option<&str>) {
        match self.depth {
            Depth::Facts => {}
            Depth::Glance => match (about, input.map(RawValue::get)) {
                (Some(about), _) => self.preview.push(&format!("{name}: {about}")),
                (None, None | Some("{}" | "null")) => self.preview.push(name),
                (None, Some(input)) => self.preview.push(&format!("{name}: {input}")),
            },
            Depth::Full => self.blocks.push(Block::ToolUse {
                id: id.to_owned(),
                name: name.to_owned(),
                input: input.map(RawValue::to_owned),
            }),
        }
    }

    /// The answer of a tool.
    pub fn tool_result(&mut self, result: ToolResult<'_>) {
        self.part(result.text, |text| Block::ToolResult {
            tool_use_id: result.tool_use_id.to_owned(),
            is_error: result.is_error,
            text: text.into_owned(),
            detail: result.detail.map(RawValue::to_owned),
            agent: result.agent.map(str::to_owned),
            permission: result.permission,
        });
    }

    /// An image; it gets the next number of the line.
    pub fn image(&mut self, media_type: &str, bytes: u64, url: Option<&str>) {
        if self.images >= IMAGES {
            return;
        }
        let index = self.images;
        self.images += 1;
        self.part(Cow::Borrowed("[image]"), |_| {
            Block::Image(Media { media_type: media_type.to_owned(), index, bytes, url: url.map(str::to_owned) })
        });
    }

    /// A document or attached file.
    pub fn document(&mut self, title: &str, text: Cow<'_, str>) {
        match self.depth {
            Depth::Facts => {}
            Depth::Glance => self.preview.push(&format!("[{title}]")),
            Depth::Full => self.blocks.push(Block::Document { title: title.to_owned(), text: text.into_owned() }),
        }
    }

    /// Something that the client tells the reader.
    pub fn notice(&mut self, kind: NoticeKind, text: Cow<'_, str>) {
        self.part(text, |text| Block::Notice { kind, text: text.into_owned() });
    }

    /// A few words for a glance, of which no block is made.
    pub fn remark(&mut self, text: &str) {
        if self.depth == Depth::Glance {
            self.preview.push(text);
        }
    }

    fn part<'a>(&mut self, text: Cow<'a, str>, block: impl FnOnce(Cow<'a, str>) -> Block) {
        match self.depth {
            Depth::Facts => {}
            Depth::Glance => self.preview.push(&text),
            Depth::Full => self.blocks.push(block(text)),
        }
    }

    /// The finished entry.
    pub fn entry(self, kind: &str, class: Class, frame: Frame<'_>) -> Entry {
        Entry {
            kind: kind.to_owned(),
            class,
            role: self.role,
            uuid: frame.uuid.map(str::to_owned),
            parent: frame.parent.map(str::to_owned),
            time: frame.time,
            acts: self.acts,
            // What a client keeps for itself is nothing to read or to find.
            blocks: if class == Class::Conversation { self.blocks } else { Vec::new() },
            preview: self.preview,
            facts: self.facts,
        }
    }
}

/// A tool's answer, as [`Reading::tool_result`] takes it.
#[derive(Debug, Default)]
pub struct ToolResult<'a> {
    /// Id of the use.
    pub tool_use_id: &'a str,
    /// It failed or was refused.
    pub is_error: bool,
    /// The answer in words.
    pub text: Cow<'a, str>,
    /// The client's own record.
    pub detail: Option<&'a RawValue>,
    /// Id of the subagent that the use began.
    pub agent: Option<&'a str>,
    /// Who let the tool run, or did not.
    pub permission: Option<Permission>,
}

/// What stands around a line's content.
#[derive(Debug, Default, Clone, Copy)]
pub struct Frame<'a> {
    /// The line's own id.
    pub uuid: Option<&'a str>,
    /// The line that it goes on from.
    pub parent: Option<&'a str>,
    /// When it was written.
    pub time: Option<Millis>,
}
