//! Projects, the tree of the archive, and what happened in a project.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use super::search::FacetCount;
use super::usage::UsageSum;

/// A working directory, joined across hosts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Project {
    /// Typed id (UUID).
    pub id: String,
    /// Its name.
    pub name: String,
    /// What makes it one: `remote:HOST/PATH`, `root:COMMIT`, `path:PATH`, or `own:ID` when a person made it.
    pub identity: String,
    /// Its working directories.
    pub paths: Vec<ProjectPath>,
    /// Its sessions.
    #[ts(type = "number")]
    pub sessions: u64,
    /// Latest activity, RFC 3339.
    pub last_activity_at: Option<String>,
}

/// A working directory of a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct ProjectPath {
    /// Host.
    pub host_id: String,
    /// Absolute path there.
    pub path: String,
    /// `HOST/PATH` of its repository's address.
    pub remote: Option<String>,
    /// First commit of its repository.
    pub root_commit: Option<String>,
    /// Who owns it on the host.
    pub owner: Option<String>,
    /// A person has chosen its project.
    pub pinned: bool,
}

/// Moves working directories into a project.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct MovePaths {
    /// Project to move them to; `null` makes a new one of them.
    pub project_id: Option<String>,
    /// Name of the new project.
    pub name: Option<String>,
    /// Gives them back to the projects of their repositories instead: undoes what people chose. The two above are left out.
    #[serde(default)]
    #[ts(optional)]
    pub automatic: Option<bool>,
    /// The working directories.
    pub paths: Vec<HostPath>,
}

/// A working directory of a host, named.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct HostPath {
    /// Host.
    pub host_id: String,
    /// Absolute path there.
    pub path: String,
}

/// Answer of `GET /api/v1/tree`: hosts, and the projects on each.
#[derive(Debug, Clone, Serialize, TS)]
pub struct TreeHost {
    /// Host id.
    pub host_id: String,
    /// Sessions on it.
    #[ts(type = "number")]
    pub sessions: u64,
    /// Its projects, latest activity first.
    pub projects: Vec<TreeProject>,
}

/// A project on a host.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct TreeProject {
    /// Project id; `null` for sessions without one.
    pub project_id: Option<String>,
    /// Its name.
    pub name: String,
    /// Its sessions on this host.
    #[ts(type = "number")]
    pub sessions: u64,
    /// Those among them whose files are all gone from their hosts.
    #[ts(type = "number")]
    pub gone: u64,
    /// Latest activity, RFC 3339.
    pub last_activity_at: Option<String>,
}

/// What happened in a project: answer of `GET /api/v1/projects/{id}/overview?from&to`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ProjectOverview {
    /// The project.
    pub project: Project,
    /// Day by day: prompts, replies, tool calls, tokens, cost. Days without anything are left out.
    pub days: Vec<ProjectDay>,
    /// Usage of the period.
    pub usage: UsageSum,
    /// Sessions of the period.
    #[ts(type = "number")]
    pub sessions: u64,
    /// Sessions by branch.
    pub branches: Vec<FacetCount>,
    /// Calls by tool.
    pub tools: Vec<ToolCount>,
    /// Sessions by who ran them: the owner of the working directory on its host.
    pub people: Vec<FacetCount>,
    /// Files changed most.
    pub files: Vec<FileCount>,
    /// Things to do that no session has finished.
    pub open_todos: Vec<OpenTodo>,
}

/// One day of a project.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct ProjectDay {
    /// `2026-11-21`, UTC.
    pub day: String,
    /// Sessions with activity.
    pub sessions: u32,
    /// Prompts of people.
    pub prompts: u32,
    /// Tool calls.
    pub tool_calls: u32,
    /// Tokens of all kinds.
    #[ts(type = "number")]
    pub tokens: i64,
    /// Micro-dollars.
    #[ts(type = "number | null")]
    pub cost_microdollars: Option<i64>,
}

/// Calls of a tool.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct ToolCount {
    /// The tool's name.
    pub name: String,
    /// Calls.
    pub calls: u32,
    /// Failed ones.
    pub errors: u32,
}

/// How often a file was worked on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct FileCount {
    /// Its path, below the working directory where it lies there.
    pub path: String,
    /// Calls that changed it.
    pub writes: u32,
    /// Calls that read it.
    pub reads: u32,
    /// Lines added.
    #[ts(type = "number")]
    pub added: i64,
    /// Lines removed.
    #[ts(type = "number")]
    pub removed: i64,
    /// Session that worked on it last.
    pub session_id: String,
}

/// A thing to do that nobody has finished.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct OpenTodo {
    /// What is to be done.
    pub text: String,
    /// `pending` or `active`.
    pub state: String,
    /// Session on whose list it stands.
    pub session_id: String,
}
