//! Entries: transcript lines, parsed.

use serde::Serialize;
use ts_rs::TS;

use super::history::Block;

/// One transcript line.
#[derive(Debug, Clone, Serialize, TS)]
pub struct Entry {
    /// Transcript it stands in.
    pub transcript_id: String,
    /// Line number in the transcript, from 0.
    #[ts(type = "number")]
    pub line: u64,
    /// Byte offset of the line in the transcript.
    #[ts(type = "number")]
    pub offset: u64,
    /// Length in bytes, newline included.
    #[ts(type = "number")]
    pub bytes: u64,
    /// The coder's own word for the line, for example `user`; empty when the line cannot be read.
    #[serde(rename = "type")]
    pub kind: String,
    /// What it is to a reader.
    pub class: EntryClass,
    /// Who speaks, on conversation lines.
    pub role: Option<Role>,
    /// The line's own id; stays the same in forks and copies.
    pub uuid: Option<String>,
    /// When it was written, RFC 3339 in UTC.
    pub time: Option<String>,
    /// Plain text for a reader, at most 2,000 characters. Never HTML.
    pub preview: String,
    /// `preview` was cut.
    pub preview_cut: bool,
    /// The line that it answers or goes on from, by its id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub parent_uuid: Option<String>,
    /// Model that wrote it.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub model: Option<String>,
    /// Its content: where it was asked for (`detail=full`), and in appended lines that are not long.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub blocks: Option<Vec<Block>>,
}

/// A line in which a text was found.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct FoundPlace {
    /// Transcript that it stands in.
    pub transcript_id: String,
    /// Line number in the transcript, from 0.
    #[ts(type = "number")]
    pub line: u64,
    /// How often the text occurs in it.
    pub count: u32,
}

/// What a line is to a reader.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum EntryClass {
    /// Part of what was said and done.
    Conversation,
    /// A record that the client keeps for itself.
    Bookkeeping,
    /// Not what the client writes (torn, damaged, not JSON).
    Unreadable,
}

/// Who speaks.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
// In TypeScript all types share one file, where an actor's role is `Role`.
#[ts(rename = "EntryRole")]
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
    /// The client said it: injected text, commands, notices.
    System,
}
