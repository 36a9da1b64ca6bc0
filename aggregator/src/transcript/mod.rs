//! Floor 1: bytes → entries. A line in, a value out; parsing never fails and never keeps more than a reader needs.
//!
//! One folder per coder, in it one file per kind of line. A line that nobody understands is still an entry: its bytes
//! stay in the archive, its kind is kept, and it is counted.

pub mod act;
pub mod block;
pub mod claude;
pub mod claude_ai;
pub mod codex;
mod content;
pub mod digest;
pub mod gemini;
pub mod generic;
mod halves;
pub mod layout;
pub mod lenient;
pub mod lines;
pub mod object;
pub mod preview;
pub mod reading;

use act::Act;
use block::Block;

use crate::domain::session::TitleSource;
use crate::domain::time::Millis;
use lines::Place;
use muster_proto::ids::TranscriptId;
use preview::Preview;

/// Raised when the same bytes would now be understood differently: everything derived is then derived again.
pub const PARSER_VERSION: i64 = 8;

/// Longer lines are archived and counted, but not parsed: the memory for one would exceed the whole aggregator's.
pub const ENTRY_BYTES: usize = 16 * 1024 * 1024;

/// What a line is to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Class {
    /// Part of what was said and done.
    Conversation,
    /// A record that the client keeps for itself.
    Bookkeeping,
    /// Not what the client writes (torn, damaged, not JSON).
    Unreadable,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Role {
    /// A person typed it.
    Human,
    /// The coder's model wrote it.
    Assistant,
    /// The model calls a tool.
    ToolUse,
    /// What a tool answered.
    ToolResult,
    /// The model thinks.
    Thinking,
    /// The client said it.
    System,
}

/// How much of a line is wanted, so that nobody pays for what he does not read.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Depth {
    /// What it says happened, for counting: preview and blocks stay empty.
    Facts,
    /// And a preview, for lists and live pages.
    Glance,
    /// And its whole content in blocks, for reading, searching and exporting; the preview stays empty.
    Full,
}

/// One line, understood as far as it can be.
#[derive(Debug, Clone)]
pub struct Entry {
    /// The coder's own word for the line; empty when the line has none.
    pub kind: String,
    /// What it is to a reader.
    pub class: Class,
    /// Who speaks, on conversation lines.
    pub role: Option<Role>,
    /// The line's own id.
    pub uuid: Option<String>,
    /// The line that it answers or goes on from, by its id.
    pub parent: Option<String>,
    /// When it was written.
    pub time: Option<Millis>,
    /// What it says happened. Bookkeeping can say so too (titles, costs, queued prompts).
    pub acts: Vec<Act>,
    /// Its content; empty unless [`Depth::Full`] was asked for.
    pub blocks: Vec<Block>,
    /// Plain text for a reader.
    pub preview: Preview,
    /// What the line says about its session.
    pub facts: LineFacts,
}

/// An entry and where it stands.
#[derive(Debug, Clone)]
pub struct Located {
    /// Transcript that it stands in.
    pub transcript: TranscriptId,
    /// Its line there.
    pub place: Place,
    /// What the line says.
    pub entry: Entry,
}

/// What one line says about its session.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct LineFacts {
    /// The coder's own id of the session.
    pub session: Option<String>,
    /// Working directory.
    pub cwd: Option<String>,
    /// Git branch.
    pub branch: Option<String>,
    /// Version of the client.
    pub version: Option<String>,
    /// How the client was started.
    pub entrypoint: Option<String>,
    /// Model that answered.
    pub model: Option<String>,
    /// A title, and where it comes from.
    pub title: Option<(TitleSource, String)>,
    /// The name under which a person started it.
    pub name: Option<String>,
    /// The coder's own id of the subagent whose conversation this is.
    pub agent: Option<String>,
    /// The thread whose replies the lines from here on tell of, where usage lines do not say so themselves: it stands in
    /// for the id of the request.
    pub thread: Option<String>,
    /// Address of the repository that the working directory belongs to.
    pub repository: Option<String>,
    /// The directory that the working directory is a worktree of.
    pub worktree_of: Option<String>,
    /// What the client may do without asking, in its own words.
    pub mode: Option<String>,
    /// The client began this conversation for its own ends (compaction, suggestions, warm-up).
    pub internal: bool,
}

impl Entry {
    /// A line that cannot be read, with the reason as its preview.
    pub fn unreadable(reason: &str) -> Self {
        Self {
            kind: String::new(),
            class: Class::Unreadable,
            role: None,
            uuid: None,
            parent: None,
            time: None,
            acts: Vec::new(),
            blocks: Vec::new(),
            preview: Preview::cut(reason),
            facts: LineFacts::default(),
        }
    }

    /// A line too long to be parsed.
    pub fn oversized(bytes: u64) -> Self {
        Self::unreadable(&format!("line of {bytes} bytes, too long to show; the archive holds it whole"))
    }
}

/// Parses one line (without its newline) of the given coder's transcript, for a glance.
pub fn parse_line(coder: &str, line: &[u8]) -> Entry {
    parse(coder, line, Depth::Glance)
}

/// Parses one line (without its newline) of the given coder's transcript, as deep as wanted.
pub fn parse(coder: &str, line: &[u8], depth: Depth) -> Entry {
    if line.len() > ENTRY_BYTES {
        return Entry::oversized(line.len() as u64);
    }
    let line = &halves::mended(line);
    match coder {
        "claude" => claude::parse(line, depth),
        "claude-ai" => claude_ai::parse(line, depth),
        "codex" => codex::parse(line, depth),
        "gemini" => gemini::parse(line, depth),
        _ => generic::parse(line, depth),
    }
}

/// An image of a line, by its number among the line's images ([`block::Media::index`]), with its media type. Only
/// pictures that a browser shows without running anything in them; `None` when there is no such image.
pub fn image(coder: &str, line: &[u8], index: u32) -> Option<(String, Vec<u8>)> {
    if line.len() > ENTRY_BYTES {
        return None;
    }
    let line = &halves::mended(line);
    let found = match coder {
        "claude" => claude::image(line, index),
        "codex" => codex::image(line, index),
        "gemini" => gemini::image(line, index),
        _ => None,
    };
    found.filter(|(media_type, _)| is_raster(media_type))
}

fn is_raster(media_type: &str) -> bool {
    matches!(media_type, "image/png" | "image/jpeg" | "image/gif" | "image/webp" | "image/bmp" | "image/avif")
}

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
