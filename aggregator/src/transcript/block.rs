//! The content of a line, for who reads, searches or exports it: whole, in the order in which it stands.

use serde_json::value::RawValue;

/// One part of a line's content.
#[derive(Debug, Clone)]
pub enum Block {
    /// Words of a person or of the model; markdown.
    Text(String),
    /// What the model thought.
    Thinking {
        /// The words; empty where the client does not keep them.
        text: String,
        /// How long it thought.
        duration_ms: Option<i64>,
    },
    /// The model calls a tool.
    ToolUse {
        /// Id that the result names.
        id: String,
        /// The tool's name.
        name: String,
        /// Its input as the coder wrote it: a JSON value.
        input: Option<Box<RawValue>>,
    },
    /// A tool answered.
    ToolResult {
        /// Id of the use.
        tool_use_id: String,
        /// It failed or was refused.
        is_error: bool,
        /// The answer in words.
        text: String,
        /// The client's own structured record of the outcome (`toolUseResult`), a JSON value.
        detail: Option<Box<RawValue>>,
        /// Id of the subagent that the use began.
        agent: Option<String>,
        /// Who let the tool run, or did not, where the line says so.
        permission: Option<Permission>,
    },
    /// An image.
    Image(Media),
    /// A document or attached file.
    Document {
        /// Its name.
        title: String,
        /// Its words, where the line has them.
        text: String,
    },
    /// Something that the client tells the reader.
    Notice {
        /// What it is about.
        kind: NoticeKind,
        /// Its words; may be empty.
        text: String,
    },
}

/// Whether a tool was let run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Permission {
    /// It was.
    pub allowed: bool,
    /// Who decided.
    pub by: Decider,
    /// The decision holds for later calls, too.
    pub lasts: bool,
}

/// Who lets tools run.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Decider {
    /// A person, in a dialog.
    Person,
    /// Settings, flags or the session's mode.
    Settings,
    /// A hook.
    Hook,
    /// The client by itself.
    Client,
}

/// An image in a line.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Media {
    /// For example `image/png`.
    pub media_type: String,
    /// Its number among the images of the line, from 0, by which it is fetched; see [`super::image`].
    pub index: u32,
    /// Its size when decoded, bytes.
    pub bytes: u64,
    /// Where it lies when it is not in the line.
    pub url: Option<String>,
}

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum NoticeKind {
    /// A slash or `!` command, as it was typed.
    Command,
    /// What a command answered.
    CommandOutput,
    /// The turn ended.
    TurnEnd,
    /// The conversation was compacted; the text is the summary where the line has it.
    Compaction,
    /// A person interrupted.
    Interrupt,
    /// A request to the model failed.
    ApiError,
    /// A hook spoke.
    Hook,
    /// Work in the background reported.
    Background,
    /// Text that the client put in on its own.
    Injected,
    /// Anything else.
    Other,
}
