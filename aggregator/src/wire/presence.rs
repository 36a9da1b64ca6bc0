//! What sessions and hosts are doing right now, what is wrong, and what people can do about it.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// What a session is doing. There is one for every session that lives, or was active a short while ago.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct SessionState {
    /// Session.
    pub session_id: String,
    /// Whether any of its lines arrived. Until then there is no such session to be asked for: its coder was only started.
    pub has_transcript: bool,
    /// Who has the turn.
    pub turn: TurnState,
    /// Since when, RFC 3339.
    pub since: String,
    /// Why, in a few words for a person: `Bash`, `thinking`, `permission for Bash: rm -rf build`; `null` when the state
    /// says it all.
    pub reason: Option<String>,
    /// Who says so.
    pub source: StateSource,
    /// When it was said, RFC 3339.
    pub source_at: String,
    /// What every source says, the one that counts first.
    pub sources: Vec<StateFact>,
    /// What runs beside the turn.
    pub background: Background,
    /// Tool calls without an outcome, of the session and its subagents, oldest first; at most 20.
    pub running: Vec<RunningCall>,
    /// Subagents whose own dialog stands open, by id; empty while the session needs nobody, and without hooks.
    pub waiting_subagents: Vec<String>,
    /// Its living processes; two or more write one conversation apart.
    pub processes: Vec<CoderProcess>,
    /// What is wrong.
    pub alarms: Vec<Alarm>,
    /// When the usage limit that stopped it ends, RFC 3339.
    pub limit_resets_at: Option<String>,
    /// Size of the model's context in tokens; `null` where unknown.
    #[ts(type = "number | null")]
    pub context_window: Option<i64>,
    /// Tokens of all kinds in the last minute, cache reads left out.
    #[ts(type = "number")]
    pub tokens_per_minute: i64,
}

/// Who has the turn.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum TurnState {
    /// The coder works.
    Working,
    /// The coder waits until a person allows or refuses something.
    NeedsPermission,
    /// The coder waits for the answer to a question, or for the approval of a plan.
    NeedsAnswer,
    /// The coder has yielded and lives: it waits for the next prompt.
    YourTurn,
    /// The coder has yielded and its process has ended.
    Done,
    /// The last turn ended by an error, a limit or the death of the process.
    Failed,
    /// Nothing says, or the sources disagree.
    Unknown,
}

/// Where a statement about a session comes from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StateSource {
    /// The coder's own registry of living sessions.
    Registry,
    /// A hook that the coder called.
    Hook,
    /// The last lines of its transcripts.
    Transcript,
    /// The process table of the host.
    Process,
    /// The link of the host.
    Heartbeat,
}

/// What one source says.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct StateFact {
    /// Source.
    pub source: StateSource,
    /// The state that it speaks for; `null` when it speaks for none.
    pub turn: Option<TurnState>,
    /// In words: `waiting · permission prompt`, `Bash called, no outcome yet`.
    pub says: String,
    /// When, RFC 3339.
    pub at: String,
}

/// What runs beside the turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, TS)]
pub struct Background {
    /// Subagents that have not ended.
    pub subagents: u32,
    /// Commands in the background that have not ended.
    pub shells: u32,
}

/// A tool call without an outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct RunningCall {
    /// The coder's id of the use.
    pub id: String,
    /// Tool.
    pub name: String,
    /// The input that says most, one line.
    pub about: Option<String>,
    /// Since when, RFC 3339.
    pub started_at: String,
    /// Subagent that called; `null` for the main conversation.
    pub subagent_id: Option<String>,
}

/// A living process of a coder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct CoderProcess {
    /// Names it on its host; for `stop`.
    pub key: String,
    /// Host.
    pub host_id: String,
    /// Process id.
    pub pid: u32,
    /// When it began, RFC 3339.
    pub started_at: String,
    /// Working directory.
    pub cwd: String,
    /// Its terminal.
    pub terminal: Option<String>,
    /// Its tmux pane.
    pub tmux: Option<String>,
    /// `interactive`, `bg`, `print`; `null` where nothing says.
    pub kind: Option<String>,
    /// Why it cannot be stopped from here: the host's policy, its agent, its link; `null` when it can.
    pub no_stop: Option<String>,
}

/// Something that is wrong, as measured by the thresholds in the settings.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Alarm {
    /// What.
    pub kind: AlarmKind,
    /// Since when, RFC 3339.
    pub since: String,
    /// For a person: `Bash "npm test" called 9 times in a row`.
    pub text: String,
}

/// Kinds of alarms.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// The same call is made again and again.
    Loop,
    /// It works, but nothing comes.
    Stuck,
    /// It uses more tokens a minute than it should.
    BurnRate,
    /// Its context is nearly full.
    Context,
    /// A usage limit has stopped it.
    UsageLimit,
    /// Two processes write one session.
    TwoWriters,
    /// What is shown of a host is old.
    Lagging,
    /// A host with living sessions is offline.
    Offline,
    /// A host's disk is nearly full.
    Disk,
    /// A host's clock is wrong: ages and times of its sessions are not to be trusted.
    Clock,
}

/// From when on something is wrong. Every bound can be switched off by `null`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct AlarmSettings {
    /// The same call this often, without another between.
    pub loop_calls: Option<u32>,
    /// Working without a line, a hook or a change of the registry for this long, seconds.
    pub stuck_seconds: Option<u32>,
    /// Tokens a minute, cache reads left out.
    #[ts(type = "number | null")]
    pub tokens_per_minute: Option<i64>,
    /// Percent of the model's context.
    pub context_percent: Option<u32>,
    /// What is shown of a host is older, seconds.
    pub lag_seconds: Option<u32>,
    /// Percent of the disk that is free.
    pub disk_free_percent: Option<u32>,
    /// A host's clock and ours differ by more, seconds.
    pub clock_seconds: Option<u32>,
}

/// Order to stop a session's coder.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
pub struct StopSession {
    /// How hard.
    pub step: StopStep,
    /// [`CoderProcess::key`]; may be left out when the session has one process.
    #[serde(default)]
    #[ts(optional)]
    pub key: Option<String>,
}

/// How hard a coder is stopped.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum StopStep {
    /// The turn ends, the coder stays.
    Interrupt,
    /// The coder is asked to leave.
    Terminate,
    /// It is ended.
    Kill,
}

/// What came of an order to stop.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct StopReport {
    /// It was done.
    pub done: bool,
    /// How, or why not, for a person.
    pub text: String,
}

/// Gives a session a title of a person; `null` gives the coder's back.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize, TS)]
pub struct RenameSession {
    /// Title, one line, at most 200 characters. Must be there: a request without it is a mistake, and changes nothing.
    #[serde(deserialize_with = "Option::deserialize")]
    pub title: Option<String>,
}

/// A session or a subagent in the graph of a session.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct AgentNode {
    /// The coder's own id of the subagent; empty for the session itself.
    pub id: String,
    /// Node that began it: empty for the session itself; `null` for the session, and for an orphan.
    pub parent_id: Option<String>,
    /// Tool call that began it.
    pub parent_tool_use_id: Option<String>,
    /// Steps from the session; an orphan has 1.
    pub depth: u32,
    /// Type of the subagent: `Explore`; `null` for the session and where nobody knows.
    pub role: Option<String>,
    /// Title of the session, or what the subagent was begun for.
    pub title: Option<String>,
    /// Model of its latest reply.
    pub model: Option<String>,
    /// How it is.
    pub state: super::history::SubagentState,
    /// It runs on while the conversation that began it goes on.
    pub background: bool,
    /// Tokens of all kinds that its own conversation used.
    #[ts(type = "number")]
    pub tokens: i64,
    /// Cost in micro-dollars; `null` where no price is known.
    #[ts(type = "number | null")]
    pub cost_microdollars: Option<i64>,
    /// Tools that it used, most used first.
    pub tools: Vec<AgentTool>,
    /// Tool calls without an outcome.
    pub running: Vec<RunningCall>,
    /// First entry, RFC 3339.
    pub started_at: Option<String>,
    /// Latest entry, RFC 3339.
    pub last_at: Option<String>,
    /// From its first entry to its last, milliseconds.
    #[ts(type = "number | null")]
    pub duration_ms: Option<i64>,
    /// Its conversation; `null` when no file of it was found.
    pub transcript_id: Option<String>,
    /// Workflow run that it belongs to.
    pub workflow_id: Option<String>,
    /// Nobody knows what began it.
    pub orphan: bool,
    /// The call that it makes again and again, in words.
    pub looping: Option<String>,
    /// The client began it for its own ends: hidden unless asked for.
    pub internal: bool,
}

/// Calls of one tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct AgentTool {
    /// Tool.
    pub name: String,
    /// Calls.
    pub calls: u32,
    /// Failed ones among them.
    pub errors: u32,
}

/// A file that a session and its subagents changed or read.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct TouchedFile {
    /// Path as the tool calls name it.
    pub path: String,
    /// Calls that changed it.
    pub changes: u32,
    /// Calls that read it.
    pub reads: u32,
    /// Lines added.
    #[ts(type = "number")]
    pub added: i64,
    /// Lines removed.
    #[ts(type = "number")]
    pub removed: i64,
    /// Latest call, RFC 3339.
    pub last_at: Option<String>,
    /// Where the calls stand that changed it, oldest first; at most the latest 50. The diff is in the entry.
    pub places: Vec<CallPlace>,
}

/// Where a tool call stands.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct CallPlace {
    /// The coder's id of the use.
    pub id: String,
    /// Tool.
    pub name: String,
    /// Transcript.
    pub transcript_id: String,
    /// Line of the use.
    #[ts(type = "number")]
    pub line: u64,
    /// Line of the outcome.
    #[ts(type = "number | null")]
    pub result_line: Option<u64>,
}

/// When a person wants to be told, in the browser and later elsewhere.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct NoticeRules {
    /// At all.
    pub enabled: bool,
    /// Of these states.
    pub turns: Vec<TurnState>,
    /// Of these alarms.
    pub alarms: Vec<AlarmKind>,
    /// Only of these projects (ids); empty: of all.
    pub projects: Vec<String>,
    /// Only of what lasts this long, seconds.
    pub dwell_seconds: u32,
    /// Not from this minute of the day (the person's own clock) …
    pub quiet_from: Option<u32>,
    /// … to this one.
    pub quiet_to: Option<u32>,
}

/// Whether the coders of a host call our hook.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum HookState {
    /// No coder does.
    None,
    /// Some do, or not for every event.
    Some,
    /// All do.
    All,
    /// The agent does not say.
    Unknown,
}
