//! What a session holds: turns, tool calls, subagents, and the content of its entries.

use serde::Serialize;
use ts_rs::TS;

use super::usage::Tokens;

/// A person's prompt and everything until the coder yields: one line of a session's outline.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Turn {
    /// Transcript that the prompt stands in.
    pub transcript_id: String,
    /// Line of the prompt.
    #[ts(type = "number")]
    pub line: u64,
    /// Beginning of the prompt, one line.
    pub text: String,
    /// It was typed while the coder was busy.
    pub queued: bool,
    /// When, RFC 3339.
    pub started_at: Option<String>,
    /// How long it took, milliseconds; `null` while it runs or where nobody knows.
    #[ts(type = "number | null")]
    pub duration_ms: Option<i64>,
    /// Tool calls in it.
    pub tool_calls: u32,
    /// Failed ones among them.
    pub tool_errors: u32,
    /// Tokens of all kinds.
    #[ts(type = "number")]
    pub tokens: i64,
    /// Cost in micro-dollars; `null` where no price is known.
    #[ts(type = "number | null")]
    pub cost_microdollars: Option<i64>,
    /// The turn in whose place it stands: a person went back before that one.
    pub instead_of: Option<TurnPlace>,
    /// The turn that the conversation went on from instead, when a person went back before this one: the model does not see
    /// this one any more.
    pub left_for: Option<TurnPlace>,
}

/// Where the prompt of a turn stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct TurnPlace {
    /// Transcript that it stands in.
    pub transcript_id: String,
    /// Its line.
    #[ts(type = "number")]
    pub line: u64,
}

/// How full the model's context was at one reply of the main conversation.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct ContextPoint {
    /// When, RFC 3339.
    pub at: String,
    /// Tokens that were sent, from a cache or not.
    #[ts(type = "number")]
    pub tokens: i64,
    /// Transcript that the reply stands in.
    pub transcript_id: String,
    /// Its line.
    #[ts(type = "number")]
    pub line: u64,
}

/// A use of a tool and its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct ToolCall {
    /// The coder's id of the use.
    pub id: String,
    /// The tool's name.
    pub name: String,
    /// When it was called, RFC 3339.
    pub started_at: Option<String>,
    /// How long it took, milliseconds; `null` while there is no outcome.
    #[ts(type = "number | null")]
    pub duration_ms: Option<i64>,
    /// It failed or was refused; `null` while there is no outcome.
    pub is_error: Option<bool>,
    /// Subagent that called; `null` for the main conversation.
    pub subagent_id: Option<String>,
    /// Transcript that the call stands in.
    pub transcript_id: String,
    /// Line of the use.
    #[ts(type = "number")]
    pub line: u64,
    /// Line of the outcome.
    #[ts(type = "number | null")]
    pub result_line: Option<u64>,
    /// The input that says most, one line.
    pub about: Option<String>,
    /// The file that it works on.
    pub path: Option<String>,
    /// It changes that file.
    pub writes: bool,
    /// Exit code of the program that it ran.
    #[ts(type = "number | null")]
    pub exit_code: Option<i64>,
    /// Lines added to files.
    #[ts(type = "number | null")]
    pub added: Option<i64>,
    /// Lines removed from files.
    #[ts(type = "number | null")]
    pub removed: Option<i64>,
    /// Subagent that the call began.
    pub started_subagent_id: Option<String>,
}

/// A session begun by a tool call of another.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Subagent {
    /// The coder's own id of it.
    pub id: String,
    /// Tool call that began it; `null` for workflow members and where nobody knows.
    pub parent_tool_use_id: Option<String>,
    /// Subagent that began it; `null` when the main conversation did.
    pub parent_id: Option<String>,
    /// 1 for what the main conversation began, one more for each further step.
    pub depth: u32,
    /// Its type, for example `Explore`.
    #[serde(rename = "type")]
    pub kind: Option<String>,
    /// What it was begun for.
    pub description: Option<String>,
    /// Tokens of all kinds that its own conversation used.
    #[ts(type = "number")]
    pub tokens: i64,
    /// The same by kind.
    pub usage: Tokens,
    /// Cost in micro-dollars; `null` where no price is known.
    #[ts(type = "number | null")]
    pub cost_microdollars: Option<i64>,
    /// Its conversation; `null` when no file of it was found.
    pub transcript_id: Option<String>,
    /// Workflow run that it belongs to.
    pub workflow_id: Option<String>,
    /// Model of its latest reply.
    pub model: Option<String>,
    /// How it is.
    pub state: SubagentState,
    /// The client began it for its own ends (compaction, suggestions, warm-up): hidden unless asked for.
    pub internal: bool,
    /// First entry, RFC 3339.
    pub started_at: Option<String>,
    /// From its first entry to its last, milliseconds.
    #[ts(type = "number | null")]
    pub duration_ms: Option<i64>,
    /// Tool calls that it made.
    pub tool_calls: u32,
    /// Failed ones among them.
    pub tool_errors: u32,
    /// Lines of its transcript.
    #[ts(type = "number")]
    pub lines: u64,
}

/// How a subagent is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum SubagentState {
    /// It has not ended.
    Running,
    /// It ended well.
    Done,
    /// It failed, or was refused.
    Failed,
    /// Nothing says.
    Unknown,
}

/// One part of an entry's content.
#[derive(Debug, Clone, Serialize, TS)]
#[serde(tag = "type", rename_all = "snake_case")]
#[ts(rename = "EntryBlock")]
pub enum Block {
    /// Words of a person or of the model; markdown. Never HTML.
    Text {
        /// The words.
        text: String,
        /// They were cut; the raw line has them whole.
        cut: bool,
    },
    /// What the model thought.
    Thinking {
        /// The words; empty where the client does not keep them.
        text: String,
        /// They were cut.
        cut: bool,
        /// How long it thought.
        #[ts(type = "number | null")]
        duration_ms: Option<i64>,
    },
    /// The model calls a tool.
    ToolUse {
        /// Id that the result names.
        id: String,
        /// The tool's name.
        name: String,
        /// Its input as the coder wrote it, long strings cut.
        #[ts(type = "unknown")]
        input: serde_json::Value,
        /// Something in the input was cut.
        cut: bool,
    },
    /// A tool answered.
    ToolResult {
        /// Id of the use.
        tool_use_id: String,
        /// It failed or was refused.
        is_error: bool,
        /// The answer in words.
        text: String,
        /// The client's own record of the outcome, long strings cut; its shape depends on the tool.
        #[ts(type = "unknown")]
        detail: serde_json::Value,
        /// Something was cut.
        cut: bool,
        /// Subagent that the use began.
        subagent_id: Option<String>,
        /// Who let the tool run, or did not; `null` where nobody says.
        permission: Option<Permission>,
    },
    /// An image; its bytes are at `/api/v1/transcripts/{transcript_id}/lines/{line}/images/{index}`.
    Image {
        /// For example `image/png`.
        media_type: String,
        /// Its number among the images of the line, from 0.
        index: u32,
        /// Its size, bytes.
        #[ts(type = "number")]
        bytes: u64,
        /// Where it lies when it is not in the line.
        url: Option<String>,
    },
    /// A document or attached file.
    Document {
        /// Its name.
        title: String,
        /// Its words, where the line has them.
        text: String,
        /// They were cut.
        cut: bool,
    },
    /// Something that the client tells the reader.
    Notice {
        /// What it is about.
        kind: NoticeKind,
        /// Its words; may be empty.
        text: String,
        /// They were cut.
        cut: bool,
    },
}

/// Whether a tool was let run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
pub struct Permission {
    /// It was.
    pub allowed: bool,
    /// Who decided.
    pub by: Decider,
    /// The decision holds for later calls, too.
    pub lasts: bool,
}

/// Who lets tools run.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
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

/// What a notice is about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
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

/// A thing to do, from a session's list.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, serde::Deserialize, TS)]
pub struct Todo {
    /// What is to be done.
    pub text: String,
    /// `pending`, `active` or `done`.
    pub state: String,
}

/// Where one conversation goes on in another file, because it was continued on another host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Seam {
    /// Transcript that goes on.
    pub transcript_id: String,
    /// Host that it lies on.
    pub host_id: String,
    /// First line that is not a copy of what stands before.
    #[ts(type = "number")]
    pub line: u64,
}
