//! Hosts, sessions and transcripts.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::history::Todo;
use super::presence::{Alarm, HookState};

/// One machine that runs our agent.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct Host {
    /// Typed id of the host (UUID).
    pub id: String,
    /// Name given by `host add`, unique.
    pub name: String,
    /// What the machine calls itself.
    pub hostname: String,
    /// `linux`, `macos` or `windows`.
    pub os: String,
    /// `x86_64`, `aarch64`, …
    pub arch: String,
    /// Version of the agent.
    pub agent_version: String,
    /// Whether its link stands.
    pub state: HostState,
    /// When `state` was entered, RFC 3339.
    pub state_since: String,
    /// Last time the aggregator heard from it, RFC 3339; `null` before the first link.
    pub last_seen_at: Option<String>,
    /// When it joined, RFC 3339.
    pub enrolled_at: String,
    /// Bytes on the host that are not archived yet.
    #[ts(type = "number")]
    pub backlog_bytes: u64,
    /// How long the oldest of them has waited, milliseconds.
    #[ts(type = "number")]
    pub lag_ms: u64,
    /// The host's clock minus ours, milliseconds.
    #[ts(type = "number")]
    pub clock_skew_ms: i64,
    /// One-minute load average divided by the number of processors; `null` where unknown.
    pub load: Option<f64>,
    /// Processors; `null` where unknown.
    pub processors: Option<u32>,
    /// Memory of the machine, bytes; `null` where unknown.
    #[ts(type = "number | null")]
    pub memory_total_bytes: Option<u64>,
    /// Available memory, bytes; `null` where unknown.
    #[ts(type = "number | null")]
    pub memory_available_bytes: Option<u64>,
    /// Disk on which its coders write, bytes; `null` where unknown.
    #[ts(type = "number | null")]
    pub disk_total_bytes: Option<u64>,
    /// Free there, bytes; `null` where unknown.
    #[ts(type = "number | null")]
    pub disk_free_bytes: Option<u64>,
    /// Its agent tells of living coders; without that, states are read from transcripts alone.
    pub reports_coders: bool,
    /// Whether its coders call our hook.
    pub hooks: HookState,
    /// What is wrong with it.
    pub alarms: Vec<Alarm>,
    /// Last problem the agent reported; `null` when none stands.
    pub last_error: Option<String>,
    /// Folders it follows.
    pub roots: Vec<Root>,
    /// Live transcripts of this host in the archive.
    #[ts(type = "number")]
    pub transcripts: u64,
    /// Sessions with a transcript on this host.
    #[ts(type = "number")]
    pub sessions: u64,
    /// Archived bytes.
    #[ts(type = "number")]
    pub bytes: u64,
}

/// Whether a host's link stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum HostState {
    /// Joined, but never linked.
    New,
    /// Linked, backlog empty or shrinking.
    Online,
    /// Linked, but what is shown is older than 5 seconds.
    Lagging,
    /// Not linked.
    Offline,
    /// No machine: what was imported lies under it.
    Imported,
}

/// One folder that an agent follows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Root {
    /// Coder whose transcripts lie there.
    pub coder: String,
    /// Absolute path on the host.
    pub path: String,
    /// How changes are noticed.
    pub mode: WatchMode,
    /// Why it is not fully followed; `null` when all is well.
    pub error: Option<String>,
    /// Files followed in it.
    #[ts(type = "number")]
    pub transcripts: u64,
}

/// How an agent notices changes of a root.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum WatchMode {
    /// The operating system tells; a slow rescan stands behind it.
    Events,
    /// Only a rescan finds changes.
    Rescan,
    /// The folder does not exist yet or cannot be read.
    Missing,
}

/// One conversation of a coder.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct Session {
    /// Coder's name, a dash, the coder's own session id.
    pub id: String,
    /// Coder that holds the conversation, for example `claude`.
    pub coder: String,
    /// Hosts with a transcript of it, latest activity first.
    pub host_ids: Vec<String>,
    /// Working directory of the latest entry; empty when unknown.
    pub project_path: String,
    /// Custom title, else the coder's, else a summary, else the first human prompt; `null` before any.
    pub title: Option<String>,
    /// Where `title` comes from.
    pub title_source: Option<TitleSource>,
    /// Git branch of the latest entry.
    pub branch: Option<String>,
    /// Version of the client that wrote the latest entry.
    pub client_version: Option<String>,
    /// How the client was started (`cli`, `sdk-cli`, `claude-vscode`, …).
    pub entrypoint: Option<String>,
    /// Model of the latest reply.
    pub model: Option<String>,
    /// Time of the first entry, RFC 3339.
    pub first_activity_at: Option<String>,
    /// Time of the latest entry, RFC 3339.
    pub last_activity_at: Option<String>,
    /// Lines of the main conversation's transcripts.
    pub entries: EntryCounts,
    /// Project that it belongs to.
    pub project_id: Option<String>,
    /// Name of that project.
    pub project_name: Option<String>,
    /// Prompts that a person typed, those typed while the coder was busy included.
    #[ts(type = "number")]
    pub human_prompts: u64,
    /// Replies of a model: distinct message and request id.
    #[ts(type = "number")]
    pub assistant_messages: u64,
    /// Tool calls of the main conversation; subagents carry their own.
    #[ts(type = "number")]
    pub tool_calls: u64,
    /// Failed ones among them.
    #[ts(type = "number")]
    pub tool_errors: u64,
    /// Subagents that belong to it.
    #[ts(type = "number")]
    pub subagents: u64,
    /// Tokens of all kinds with subagents, each reply counted once in the whole fleet.
    #[ts(type = "number")]
    pub tokens: i64,
    /// Their cost in micro-dollars; `null` where no price is known.
    #[ts(type = "number | null")]
    pub cost_microdollars: Option<i64>,
    /// Tokens that the context holds.
    #[ts(type = "number | null")]
    pub context_tokens: Option<i64>,
    /// Every transcript of it has vanished from its host; the archive keeps it.
    pub gone: bool,
    /// Pull requests that belong to it.
    pub pull_requests: Vec<String>,
    /// Its list of things to do.
    pub todos: Vec<Todo>,
    /// How often it was compacted.
    pub compactions: u32,
    /// What its coder may do without asking, in the coder's own words (`acceptEdits`, `on-request, workspace-write`);
    /// `null` where it does not say.
    pub mode: Option<String>,
    /// Its files on its hosts.
    pub transcripts: Vec<Transcript>,
}

/// How many lines, by what they are.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, TS)]
pub struct EntryCounts {
    /// All lines.
    #[ts(type = "number")]
    pub total: u64,
    /// Lines that a person would read.
    #[ts(type = "number")]
    pub conversation: u64,
    /// Records that the client keeps for itself.
    #[ts(type = "number")]
    pub bookkeeping: u64,
    /// Lines that are not what the client writes (torn, damaged).
    #[ts(type = "number")]
    pub unreadable: u64,
}

/// Where a session's title comes from, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TitleSource {
    /// Given by a person.
    Custom,
    /// Given by the coder.
    Ai,
    /// Summary written by an older client.
    Summary,
    /// First line of the first human prompt.
    Prompt,
}

/// One row of the live session list: a session without its transcripts, with its activity.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct SessionRow {
    /// As in [`Session`].
    pub id: String,
    /// As in [`Session`].
    pub coder: String,
    /// As in [`Session`].
    pub host_ids: Vec<String>,
    /// As in [`Session`].
    pub project_path: String,
    /// As in [`Session`].
    pub title: Option<String>,
    /// As in [`Session`].
    pub branch: Option<String>,
    /// As in [`Session`].
    pub client_version: Option<String>,
    /// As in [`Session`].
    pub entrypoint: Option<String>,
    /// As in [`Session`].
    pub model: Option<String>,
    /// As in [`Session`].
    pub first_activity_at: Option<String>,
    /// As in [`Session`].
    pub last_activity_at: Option<String>,
    /// As in [`Session`].
    pub entries: EntryCounts,
    /// Project that it belongs to.
    pub project_id: Option<String>,
    /// As in [`Session`].
    #[ts(type = "number")]
    pub human_prompts: u64,
    /// As in [`Session`].
    #[ts(type = "number")]
    pub tool_calls: u64,
    /// As in [`Session`].
    #[ts(type = "number")]
    pub tool_errors: u64,
    /// As in [`Session`].
    #[ts(type = "number")]
    pub tokens: i64,
    /// As in [`Session`].
    #[ts(type = "number | null")]
    pub cost_microdollars: Option<i64>,
    /// As in [`Session`].
    #[ts(type = "number | null")]
    pub context_tokens: Option<i64>,
    /// Subagents that belong to it.
    pub subagents: u32,
    /// Every transcript of it has vanished from its host; the archive keeps it.
    pub gone: bool,
}

/// One file of a session, as archived.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Transcript {
    /// Typed id (UUID).
    pub id: String,
    /// Host that it lies on.
    pub host_id: String,
    /// Session that it belongs to; `null` before that is known.
    pub session_id: Option<String>,
    /// Coder whose root it lies in.
    pub coder: String,
    /// Absolute path on the host.
    pub path: String,
    /// What it holds.
    pub kind: TranscriptKind,
    /// Archived bytes.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Archived lines.
    #[ts(type = "number")]
    pub lines: u64,
    /// Whether the file is still on the host.
    pub state: TranscriptState,
    /// 0 for the first content seen at this path, one more each time the file was replaced or rewritten.
    pub generation: u32,
    /// When bytes last arrived, RFC 3339.
    pub updated_at: String,
}

/// What a file of a session holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TranscriptKind {
    /// The conversation itself.
    Main,
    /// The conversation of a subagent.
    Subagent,
    /// Journal, script or result of a workflow.
    Workflow,
    /// A tool's output that was too large for the conversation.
    ToolResult,
    /// Facts about another file of the session.
    Meta,
}

/// Whether a file is still on its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TranscriptState {
    /// It is there and followed.
    Live,
    /// It vanished or was replaced; what was archived is kept.
    Gone,
}

/// Answer of `verify`: archive against hosts, byte for byte.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct VerifyItem {
    /// Transcript that was compared.
    pub transcript_id: String,
    /// Name of its host.
    pub host: String,
    /// Path on the host.
    pub path: String,
    /// Bytes compared.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Outcome.
    pub outcome: VerifyOutcome,
    /// What differs or what hindered, in words; `null` when equal.
    pub remark: Option<String>,
}

/// Outcome of comparing one transcript.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum VerifyOutcome {
    /// The archive holds exactly the bytes of the host's file.
    Equal,
    /// It does not.
    Different,
    /// Gone on the host: the archived bytes agree with their own digests, nothing to compare them with.
    Kept,
    /// The host is offline or could not read the file.
    Unchecked,
}
