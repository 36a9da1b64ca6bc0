//! What the search index asks of the database: which files there are, and what their sessions are called.

use std::collections::HashMap;

use muster_proto::ids::TranscriptId;

use super::db::{Db, Result, Val};
use crate::domain::time::Millis;
use crate::{statements, vals};

statements! {
    FILES = "SELECT id, host_id, coder, root, path, kind, generation, session_id, committed_offset, base_offset, state
             FROM transcripts WHERE kind IN ('main', 'subagent') AND id > $1 ORDER BY id LIMIT $2";
    SESSIONS = "SELECT id, coder, hosts, project_path, project_id, title, client_version, entrypoint, last_activity_at, gone
                FROM sessions WHERE id > $1 ORDER BY id LIMIT $2";
    HOSTS = "SELECT id, name FROM hosts ORDER BY id";
    PROJECTS = "SELECT id, name FROM projects ORDER BY id";
    TOOL = "SELECT name, path FROM tool_calls WHERE transcript_id = $1 AND id = $2";
}

const SOME: &str =
    "SELECT id, host_id, coder, root, path, kind, generation, session_id, committed_offset, base_offset, state
    FROM transcripts WHERE kind IN ('main', 'subagent') AND id IN";

/// Rows fetched at once.
const FETCH: i64 = 5_000;

/// A file with a conversation.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct FileRow {
    /// Typed id as text.
    pub id: String,
    /// Host that it lies on.
    pub host_id: String,
    /// Coder whose root it lies in.
    pub coder: String,
    /// Root folder on the host.
    pub root: String,
    /// Absolute path on the host.
    pub path: String,
    /// Word of its kind: a main conversation or a subagent's.
    pub kind: String,
    /// 0 for the first content at this path.
    pub generation: i64,
    /// Session that it belongs to, as far as known.
    pub session_id: Option<String>,
    /// Archived bytes.
    pub committed_offset: i64,
    /// Bytes of the file before those: a rule deleted them.
    pub base_offset: i64,
    /// Word of its state.
    pub state: String,
}

/// What a session is called and where it belongs.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct NameRow {
    /// Session id.
    pub id: String,
    /// Coder.
    pub coder: String,
    /// JSON array of host ids, latest activity first.
    pub hosts: String,
    /// Working directory.
    pub project_path: String,
    /// Project.
    pub project_id: Option<String>,
    /// Title.
    pub title: Option<String>,
    /// Version of the client.
    pub client_version: Option<String>,
    /// How the client was started.
    pub entrypoint: Option<String>,
    /// Time of the latest entry.
    pub last_activity_at: Millis,
    /// No main transcript is live.
    pub gone: bool,
}

/// Every file with a conversation.
pub async fn files(db: &Db) -> Result<Vec<FileRow>> {
    let mut all: Vec<FileRow> = Vec::new();
    loop {
        let after = all.last().map_or_else(String::new, |row| row.id.clone());
        let rows = db.all::<FileRow>(FILES, vals![after, FETCH]).await?;
        if rows.is_empty() {
            return Ok(all);
        }
        all.extend(rows);
    }
}

/// Those of these files that hold a conversation.
pub async fn some(db: &Db, ids: &[TranscriptId]) -> Result<HashMap<TranscriptId, FileRow>> {
    let ids: Vec<Val> = ids.iter().map(|id| Val::from(id.to_string())).collect();
    let rows: Vec<FileRow> = db.all_in(SOME, &ids).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.id.parse().ok()?, row))).collect())
}

/// What every session is called.
pub async fn sessions(db: &Db) -> Result<Vec<NameRow>> {
    let mut all: Vec<NameRow> = Vec::new();
    loop {
        let after = all.last().map_or_else(String::new, |row| row.id.clone());
        let rows = db.all::<NameRow>(SESSIONS, vals![after, FETCH]).await?;
        if rows.is_empty() {
            return Ok(all);
        }
        all.extend(rows);
    }
}

/// Ids and names of all hosts, removed ones included.
pub async fn hosts(db: &Db) -> Result<Vec<(String, String)>> {
    db.all(HOSTS, vec![]).await
}

/// Ids and names of all projects.
pub async fn projects(db: &Db) -> Result<Vec<(String, String)>> {
    db.all(PROJECTS, vec![]).await
}

/// Name of the tool of a call, and the path that it works on.
pub async fn tool(db: &Db, transcript: &str, call: &str) -> Result<Option<(String, Option<String>)>> {
    db.optional(TOOL, vals![transcript, call]).await
}
