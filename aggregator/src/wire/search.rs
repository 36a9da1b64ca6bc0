//! Search.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Answer of `GET /api/v1/search`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct SearchPage {
    /// Hits, best first (or newest first when asked).
    pub items: Vec<SearchItem>,
    /// Pass as `cursor` for the next page; `null` on the last one.
    pub next_cursor: Option<String>,
    /// All hits.
    #[ts(type = "number")]
    pub total: u64,
    /// Sessions with hits, for what `items` refers to; their titles and places.
    pub sessions: Vec<SearchSession>,
    /// Number of all sessions with hits.
    #[ts(type = "number")]
    pub total_sessions: u64,
    /// Hits by what they are; only on the first page.
    pub facets: Option<SearchFacets>,
    /// The query as it was understood.
    pub query: Vec<SearchTerm>,
    /// What in the query could not be taken as it was written, and what to write instead.
    pub remarks: Vec<String>,
    /// The index is being rebuilt: not everything was searched.
    pub partial: Option<SearchProgress>,
    /// Time in the aggregator, milliseconds.
    pub took_ms: f64,
}

/// One hit: an entry.
#[derive(Debug, Clone, PartialEq, Serialize, TS)]
pub struct SearchItem {
    /// Session that it stands in.
    pub session_id: String,
    /// Transcript that it stands in.
    pub transcript_id: String,
    /// Its line there.
    #[ts(type = "number")]
    pub line: u64,
    /// Hosts on which it stands, that of the transcript first: a conversation that was carried on elsewhere is found once.
    pub host_ids: Vec<String>,
    /// `prompt`, `reply`, `thinking`, `tool_input`, `tool_result`, `system`, `title`.
    pub role: String,
    /// Name of the tool, for tool inputs and results.
    pub tool: Option<String>,
    /// The tool failed.
    pub is_error: bool,
    /// Subagent in whose conversation it stands.
    pub subagent_id: Option<String>,
    /// When, RFC 3339.
    pub time: Option<String>,
    /// Text around the words that were found. Never HTML.
    pub snippet: String,
    /// What to highlight in `snippet`: `[start, end)` in characters (Unicode code points).
    pub highlights: Vec<(u32, u32)>,
}

/// A session with hits.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct SearchSession {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: Option<String>,
    /// Its coder.
    pub coder: String,
    /// Hosts that it lies on.
    pub host_ids: Vec<String>,
    /// Its project.
    pub project_id: Option<String>,
    /// Its project's name.
    pub project_name: Option<String>,
    /// Latest activity, RFC 3339.
    pub last_activity_at: Option<String>,
    /// Every file of it is gone from its hosts.
    pub gone: bool,
    /// Hits in it.
    #[ts(type = "number")]
    pub hits: u64,
}

/// Hits by what they are.
#[derive(Debug, Clone, Default, Serialize, TS)]
pub struct SearchFacets {
    /// By host id.
    pub host: Vec<FacetCount>,
    /// By project id.
    pub project: Vec<FacetCount>,
    /// By coder.
    pub coder: Vec<FacetCount>,
    /// By role.
    pub role: Vec<FacetCount>,
    /// By tool.
    pub tool: Vec<FacetCount>,
    /// By day, oldest first, for a small plot.
    pub day: Vec<FacetCount>,
}

/// One value of a facet.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct FacetCount {
    /// Value, as a filter takes it.
    pub value: String,
    /// Name for people.
    pub name: String,
    /// Hits.
    #[ts(type = "number")]
    pub count: u64,
}

/// One part of a query, as it was understood.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct SearchTerm {
    /// The part as it was written.
    pub text: String,
    /// Name of the filter; `null` for words.
    pub filter: Option<String>,
    /// Value of the filter, or the words.
    pub value: String,
    /// It excludes.
    pub excludes: bool,
}

/// How far a rebuild of the index is.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, TS)]
pub struct SearchProgress {
    /// Archived bytes that are searchable.
    #[ts(type = "number")]
    pub done_bytes: u64,
    /// Archived bytes.
    #[ts(type = "number")]
    pub total_bytes: u64,
}

/// A search that a person keeps.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct SavedSearch {
    /// Typed id (UUID).
    pub id: String,
    /// Its name.
    pub name: String,
    /// The query.
    pub query: String,
}

/// A search to keep.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct NewSavedSearch {
    /// Its name.
    pub name: String,
    /// The query.
    pub query: String,
}
