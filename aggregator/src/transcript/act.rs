//! What happened in a line: the countable facts of which turns, tool calls, subagents and usage are made.

use crate::domain::time::Millis;

/// One thing that a line says happened. A line can say several.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Act {
    /// A person's prompt; a turn begins, or a queued prompt joins the one that runs.
    Prompt(Prompt),
    /// The client says that a turn begins. Its prompt, if it has one, is told apart.
    TurnBegin,
    /// The coder yields.
    TurnEnd {
        /// How long the turn took by the client's clock, where it says so.
        duration_ms: Option<i64>,
    },
    /// The model has spoken, and the coder never writes whether the turn goes on: it may be over.
    Spoke,
    /// The model calls a tool.
    ToolUse(ToolUse),
    /// A tool answered.
    ToolResult(ToolResult),
    /// Tokens of one reply.
    Usage(Box<Usage>),
    /// The client searched the web by a request of its own, of which no line tells: it costs, and no reply shows it.
    Searches {
        /// What it did so for: the same in every copy of the thread.
        call: String,
        /// How often.
        count: i64,
    },
    /// A subagent in the background reported.
    AgentReport(AgentReport),
    /// A person interrupted the coder.
    Interrupt,
    /// The conversation was compacted.
    Compaction {
        /// Tokens in the context before it.
        tokens_before: Option<i64>,
    },
    /// A request to the model failed for good.
    ApiError {
        /// The client's words.
        text: String,
        /// When the usage limit ends that was hit.
        resets_at: Option<Millis>,
    },
    /// A hook sent the coder back to work.
    StopHook,
    /// A pull request belongs to the session.
    PullRequest {
        /// Its address.
        url: String,
    },
    /// The conversation ends with the line of this id now, whatever other lines stand behind it.
    EndsAt {
        /// The line's own id.
        id: String,
    },
    /// The list of things to do, as it now is.
    Todos(Vec<Todo>),
    /// One thing to do was made or changed.
    Todo(TodoChange),
    /// What the client itself thinks the session has cost so far, in micro-dollars. For a cross-check, never for sums.
    OwnCost {
        /// Micro-dollars.
        microdollars: i64,
    },
}

/// A prompt of a person.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Prompt {
    /// Its beginning, at most [`super::preview::TITLE_CHARS`] characters, one line.
    pub text: String,
    /// It was typed while the coder was busy.
    pub queued: bool,
    /// Images that came with it.
    pub images: u32,
}

/// A use of a tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ToolUse {
    /// Id that the result names.
    pub id: String,
    /// The tool's name as the coder writes it.
    pub name: String,
    /// The input that says most, at most [`super::preview::TITLE_CHARS`] characters, one line.
    pub about: Option<String>,
    /// The file that it works on.
    pub path: Option<String>,
    /// It changes that file.
    pub writes: bool,
    /// Type of the subagent that it asks for.
    pub agent_kind: Option<String>,
    /// Digest of name and input: equal calls have equal ones.
    pub digest: u64,
    /// It waits, or asks how far something is: making it again is no loop.
    pub waits: bool,
}

/// The outcome of a use of a tool.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ToolResult {
    /// Id of the use.
    pub id: String,
    /// It failed or was refused.
    pub is_error: bool,
    /// How long it took, where the line says so; else the difference of the lines' times counts.
    pub duration_ms: Option<i64>,
    /// The program's exit code.
    pub exit_code: Option<i64>,
    /// The subagent that the use began.
    pub agent: Option<AgentStart>,
    /// Lines added and removed in files.
    pub changed: Option<(u32, u32)>,
    /// Digest of the answer.
    pub digest: u64,
    /// The command runs on in the background, under this id.
    pub shell: Option<String>,
}

/// A subagent that a tool call began, as the result tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct AgentStart {
    /// The coder's own id of the subagent.
    pub id: String,
    /// Its type.
    pub kind: Option<String>,
    /// It runs on in the background.
    pub background: bool,
    /// Workflow run that it began instead of a single subagent.
    pub workflow: Option<String>,
}

/// What is later told of a subagent in the background.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct AgentReport {
    /// The coder's own id of the subagent (or of another background task).
    pub id: String,
    /// Tool use that began it.
    pub tool_use_id: Option<String>,
    /// It ended well; `None` when it has not ended.
    pub ok: Option<bool>,
    /// The coder takes the report as its prompt: a turn begins without a person.
    pub prompts: bool,
}

/// Tokens of one reply. The same reply is told by several lines and files: who counts takes, of all records with the same
/// `message` and `request`, the one with the greatest `output`.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Usage {
    /// Id of the message; made up by the coder's module where the coder has none, the same in every copy.
    pub message: String,
    /// Id of the request.
    pub request: Option<String>,
    /// Model that answered.
    pub model: String,
    /// When.
    pub at: Option<Millis>,
    /// Tokens sent that no cache held.
    pub input: i64,
    /// Tokens written, thinking included.
    pub output: i64,
    /// Tokens read from the cache.
    pub cache_read: i64,
    /// Tokens written to the cache for 5 minutes.
    pub cache_write_5m: i64,
    /// Tokens written to the cache for 1 hour.
    pub cache_write_1h: i64,
    /// Thinking tokens, part of `output`.
    pub thinking: i64,
    /// Web searches made by the model's provider.
    pub web_searches: i64,
    /// The line says that it is a copy of one in another session.
    pub copied: bool,
    /// The reply belongs to the conversation itself, so that its size is what the context holds now.
    pub fills_context: bool,
}

/// State of a thing to do.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum TodoState {
    /// Not begun.
    Pending,
    /// Begun.
    Active,
    /// Done.
    Done,
    /// Taken off the list.
    Removed,
}

/// A thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Todo {
    /// Its id in the session; its number where the coder gives none.
    pub id: String,
    /// What is to be done.
    pub text: String,
    /// How far it is.
    pub state: TodoState,
}

/// A change of one thing to do.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct TodoChange {
    /// Its id in the session.
    pub id: String,
    /// Its new text.
    pub text: Option<String>,
    /// Its new state.
    pub state: Option<TodoState>,
}
