//! What happened in a project, by its sessions. A thing that copies of a session tell of counts once.

use super::Result;
use super::db::{Db, Val};
use crate::domain::time::Millis;
use crate::{statements, vals};

/// Files that are told of: the ones worked on most.
pub const FILES: i64 = 1_000;

statements! {
    PROMPTS = "SELECT t.started_at / 86400000 AS day, CAST(COUNT(DISTINCT COALESCE(t.uuid, t.transcript_id || ':' || t.line)) AS BIGINT) AS n
               FROM turns t JOIN transcripts f ON f.id = t.transcript_id JOIN sessions s ON s.id = f.session_id
               WHERE s.project_id = $1 AND t.started_at >= $2 AND t.started_at < $3 GROUP BY t.started_at / 86400000";
    CALLS = "SELECT c.started_at / 86400000 AS day, CAST(COUNT(DISTINCT c.id) AS BIGINT) AS n
             FROM tool_calls c JOIN transcripts f ON f.id = c.transcript_id JOIN sessions s ON s.id = f.session_id
             WHERE s.project_id = $1 AND c.started_at >= $2 AND c.started_at < $3 GROUP BY c.started_at / 86400000";
    ACTIVE = "SELECT day, CAST(COUNT(DISTINCT session_id) AS BIGINT) AS n FROM (
              SELECT t.started_at / 86400000 AS day, s.id AS session_id FROM turns t
              JOIN transcripts f ON f.id = t.transcript_id JOIN sessions s ON s.id = f.session_id
              WHERE s.project_id = $1 AND t.started_at >= $2 AND t.started_at < $3
              UNION SELECT u.at / 86400000 AS day, s.id AS session_id FROM usage u
              JOIN transcripts f ON f.id = u.transcript_id JOIN sessions s ON s.id = f.session_id
              WHERE s.project_id = $1 AND u.at >= $2 AND u.at < $3) a GROUP BY day";
    TOOLS = "SELECT c.name, CAST(COUNT(DISTINCT c.id) AS BIGINT) AS calls,
             CAST(COUNT(DISTINCT CASE WHEN c.is_error THEN c.id END) AS BIGINT) AS errors
             FROM tool_calls c JOIN transcripts f ON f.id = c.transcript_id JOIN sessions s ON s.id = f.session_id
             WHERE s.project_id = $1 AND c.started_at >= $2 AND c.started_at < $3
             GROUP BY c.name ORDER BY COUNT(DISTINCT c.id) DESC, c.name";
    FILES_OF = "SELECT path, CAST(SUM(writes) AS BIGINT) AS writes, CAST(SUM(1 - writes) AS BIGINT) AS reads,
                CAST(SUM(added) AS BIGINT) AS added, CAST(SUM(removed) AS BIGINT) AS removed, MAX(latest) AS latest
                FROM (SELECT c.path, c.id, MAX(CASE WHEN c.writes THEN 1 ELSE 0 END) AS writes,
                      MAX(COALESCE(c.added, 0)) AS added, MAX(COALESCE(c.removed, 0)) AS removed,
                      MAX(CAST(c.started_at AS TEXT) || ' ' || s.id) AS latest
                      FROM tool_calls c JOIN transcripts f ON f.id = c.transcript_id JOIN sessions s ON s.id = f.session_id
                      WHERE s.project_id = $1 AND c.started_at >= $2 AND c.started_at < $3 AND c.path IS NOT NULL
                      GROUP BY c.path, c.id) k
                GROUP BY path ORDER BY SUM(writes) DESC, COUNT(*) DESC, path LIMIT $4";
    SESSIONS = "SELECT s.branch, p.owner, s.extras, s.id, s.last_activity_at FROM sessions s
                LEFT JOIN project_paths p ON p.host_id = s.began_host AND p.path = s.began_path
                WHERE s.project_id = $1 AND s.last_activity_at >= $2 AND COALESCE(s.first_activity_at, s.last_activity_at) < $3
                ORDER BY s.last_activity_at DESC, s.id";
}

/// A number of a day.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct DayCount {
    /// Days since 1970, UTC.
    pub day: i64,
    /// How many.
    pub n: i64,
}

/// Calls of a tool.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ToolRow {
    /// Its name.
    pub name: String,
    /// Calls.
    pub calls: i64,
    /// Failed ones.
    pub errors: i64,
}

/// Work on a file.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct FileRow {
    /// Its path as the coder named it.
    pub path: String,
    /// Calls that changed it.
    pub writes: i64,
    /// Calls that read it.
    pub reads: i64,
    /// Lines added.
    pub added: i64,
    /// Lines removed.
    pub removed: i64,
    /// Time of the latest call, a blank, and its session.
    pub latest: String,
}

/// A session of the period.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct SessionRow {
    /// Its branch.
    pub branch: Option<String>,
    /// Who owns the directory in which it began.
    pub owner: Option<String>,
    /// What only its own page shows (JSON).
    pub extras: String,
    /// Its id.
    pub id: String,
    /// Its latest activity.
    pub last_activity_at: Millis,
}

/// A project and a period of time.
#[derive(Debug, Clone, Copy)]
pub struct Period<'a> {
    /// Project.
    pub project: &'a str,
    /// First instant.
    pub from: Millis,
    /// First instant behind it.
    pub to: Millis,
}

impl Period<'_> {
    fn vals(&self) -> Vec<Val> {
        vals![self.project, self.from, self.to]
    }
}

/// Prompts of people by day.
pub async fn prompts(db: &Db, period: Period<'_>) -> Result<Vec<DayCount>> {
    db.all(PROMPTS, period.vals()).await
}

/// Tool calls by day.
pub async fn calls(db: &Db, period: Period<'_>) -> Result<Vec<DayCount>> {
    db.all(CALLS, period.vals()).await
}

/// Sessions with activity by day.
pub async fn active(db: &Db, period: Period<'_>) -> Result<Vec<DayCount>> {
    db.all(ACTIVE, period.vals()).await
}

/// Calls by tool, most first.
pub async fn tools(db: &Db, period: Period<'_>) -> Result<Vec<ToolRow>> {
    db.all(TOOLS, period.vals()).await
}

/// The files worked on most.
pub async fn files(db: &Db, period: Period<'_>) -> Result<Vec<FileRow>> {
    let mut vals = period.vals();
    vals.extend(vals![FILES]);
    db.all(FILES_OF, vals).await
}

/// Sessions of the period, latest activity first.
pub async fn sessions(db: &Db, period: Period<'_>) -> Result<Vec<SessionRow>> {
    db.all(SESSIONS, period.vals()).await
}
