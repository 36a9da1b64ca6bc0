//! Tool calls: uses and their outcomes.

use super::Result;
use super::db::{Db, Tx, Val};
use crate::domain::time::Millis;
use crate::{statements, vals};

/// All columns of a [`CallRow`], for a session.
macro_rules! of_session {
    ($where:literal) => {
        concat!(
            "SELECT c.transcript_id, c.line, c.result_line, c.id, c.name, c.about, c.path, c.writes, c.started_at, c.ended_at,
             c.duration_ms, c.is_error, c.exit_code, c.added, c.removed, c.agent_id, c.agent_kind, c.agent_background,
             c.agent_ok, c.workflow_id FROM transcripts t JOIN tool_calls c ON c.transcript_id = t.id
             WHERE t.session_id = $1 AND c.name <> '' ",
            $where
        )
    };
}

/// A page of a session's calls before or after a place.
macro_rules! page {
    ($after:literal, $order:literal) => {
        concat!(
            of_session!(
                "AND (CAST($2 AS TEXT) IS NULL OR LOWER(c.name) = LOWER($2))
                 AND (CAST($3 AS BOOLEAN) IS NULL OR c.is_error = $3)
                 AND (CAST($4 AS TEXT) IS NULL OR t.kind = $4)
                 AND (CAST($5 AS TEXT) IS NULL OR t.id = $5)
                 AND (COALESCE(c.started_at, 0), c.line, c.id) "
            ),
            $after,
            " ($6, $7, $8) ORDER BY COALESCE(c.started_at, 0) ",
            $order,
            ", c.line ",
            $order,
            ", c.id ",
            $order,
            " LIMIT $9"
        )
    };
}

statements! {
    FORGET = "DELETE FROM tool_calls WHERE transcript_id = $1";
    OF_SESSION = of_session!("");
    AFTER = page!(">", "ASC");
    BEFORE = page!("<", "DESC");
    ONE = of_session!("AND c.id = $2 ORDER BY c.is_error IS NULL, c.transcript_id LIMIT 1");
    BEGINNINGS = of_session!("AND (c.agent_id IS NOT NULL OR c.workflow_id IS NOT NULL)");
    OPEN = of_session!(
        "AND t.state = 'live' AND c.is_error IS NULL
         AND NOT EXISTS (SELECT 1 FROM transcripts p JOIN tool_calls o ON o.transcript_id = p.id
         WHERE p.session_id = $1 AND o.id = c.id AND o.is_error IS NOT NULL)
         ORDER BY COALESCE(c.started_at, 0) DESC, c.line DESC LIMIT $2"
    );
    TOUCHING = "SELECT c.transcript_id, c.line, c.result_line, c.id, c.name, c.path, c.writes, c.started_at, c.ended_at,
                c.added, c.removed FROM transcripts t JOIN tool_calls c ON c.transcript_id = t.id
                WHERE t.session_id = $1 AND c.name <> '' AND c.path IS NOT NULL AND NOT c.is_error";
    TOOLS = "SELECT c.transcript_id, c.name, CAST(COUNT(*) AS BIGINT) AS calls,
             CAST(SUM(CASE WHEN c.is_error THEN 1 ELSE 0 END) AS BIGINT) AS errors
             FROM transcripts t JOIN tool_calls c ON c.transcript_id = t.id WHERE t.session_id = $1 AND c.name <> ''
             GROUP BY c.transcript_id, c.name";
    PLACES = "SELECT c.transcript_id, c.line, c.id, c.name, c.is_error FROM transcripts t JOIN tool_calls c ON c.transcript_id = t.id
              WHERE t.session_id = $1 AND t.kind = 'main' AND c.name <> ''";
}

const KNOWN: &str =
    "SELECT c.transcript_id, c.line, c.result_line, c.id, c.name, c.about, c.path, c.writes, c.started_at, c.ended_at,
    c.duration_ms, c.is_error, c.exit_code, c.added, c.removed, c.agent_id, c.agent_kind, c.agent_background, c.agent_ok,
    c.workflow_id FROM (";

// CROSS JOIN keeps the embedded database from beginning with the calls.
const BY_ID: &str = ") AS v CROSS JOIN tool_calls c WHERE c.transcript_id = v.column1 AND c.id = v.column2";

const REPORTED: &str = "UPDATE tool_calls SET agent_ok = v.column3 FROM (";

const BY_AGENT: &str = ") AS v WHERE tool_calls.transcript_id = v.column1 AND tool_calls.agent_id = v.column2";

const PUT: &str =
    "INSERT INTO tool_calls (transcript_id, line, result_line, id, name, about, path, writes, started_at, ended_at,
    duration_ms, is_error, exit_code, added, removed, agent_id, agent_kind, agent_background, agent_ok, workflow_id)";

const REPLACE: &str =
    "ON CONFLICT (transcript_id, id) DO UPDATE SET line = excluded.line, result_line = excluded.result_line,
    name = excluded.name, about = excluded.about, path = excluded.path, writes = excluded.writes,
    started_at = excluded.started_at, ended_at = excluded.ended_at, duration_ms = excluded.duration_ms,
    is_error = excluded.is_error, exit_code = excluded.exit_code, added = excluded.added, removed = excluded.removed,
    agent_id = excluded.agent_id, agent_kind = excluded.agent_kind, agent_background = excluded.agent_background,
    agent_ok = excluded.agent_ok, workflow_id = excluded.workflow_id";

const COUNT: &str = "SELECT CAST(COUNT(DISTINCT id) AS BIGINT) AS calls,
    CAST(COUNT(DISTINCT CASE WHEN is_error THEN id END) AS BIGINT) AS errors
    FROM tool_calls WHERE name <> '' AND transcript_id IN";

/// A use of a tool and its outcome, as far as they are known.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct CallRow {
    /// Transcript that it stands in.
    pub transcript_id: String,
    /// Line of the use; of the outcome as long as the use is unknown.
    pub line: i64,
    /// Line of the outcome.
    pub result_line: Option<i64>,
    /// The coder's id of the use.
    pub id: String,
    /// The tool; empty as long as the use is unknown.
    pub name: String,
    /// The input that says most.
    pub about: Option<String>,
    /// The file that it works on.
    pub path: Option<String>,
    /// It changes that file.
    pub writes: bool,
    /// When it was called.
    pub started_at: Option<Millis>,
    /// When the outcome was written.
    pub ended_at: Option<Millis>,
    /// How long it took, as the outcome says.
    pub duration_ms: Option<i64>,
    /// It failed; `None` while there is no outcome.
    pub is_error: Option<bool>,
    /// Exit code of the program.
    pub exit_code: Option<i64>,
    /// Lines added.
    pub added: Option<i64>,
    /// Lines removed.
    pub removed: Option<i64>,
    /// Subagent that it began. What is only reported later may be another task of the background.
    pub agent_id: Option<String>,
    /// Its type.
    pub agent_kind: Option<String>,
    /// It runs in the background; `None` when the outcome tells of no subagent.
    pub agent_background: Option<bool>,
    /// How it ended, as reported later.
    pub agent_ok: Option<bool>,
    /// Workflow run that it began.
    pub workflow_id: Option<String>,
}

/// Where a call stands.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct CallPlace {
    /// Transcript.
    pub transcript_id: String,
    /// Line of the use.
    pub line: i64,
    /// The coder's id of the use.
    pub id: String,
    /// The tool.
    pub name: String,
    /// It failed.
    pub is_error: Option<bool>,
}

/// A call that worked on a file and did not fail.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Touch {
    /// Transcript.
    pub transcript_id: String,
    /// Line of the use.
    pub line: i64,
    /// Line of the outcome.
    pub result_line: Option<i64>,
    /// The coder's id of the use.
    pub id: String,
    /// The tool.
    pub name: String,
    /// The file.
    pub path: String,
    /// It changes the file.
    pub writes: bool,
    /// When it was called.
    pub started_at: Option<Millis>,
    /// When the outcome was written.
    pub ended_at: Option<Millis>,
    /// Lines added.
    pub added: Option<i64>,
    /// Lines removed.
    pub removed: Option<i64>,
}

/// Which calls a page has.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this tool.
    pub name: Option<String>,
    /// That failed, or did not.
    pub is_error: Option<bool>,
    /// In transcripts of this kind (its word).
    pub kind: Option<String>,
    /// In this transcript.
    pub transcript: Option<String>,
}

/// How often a transcript calls a tool.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct ToolCount {
    /// Transcript.
    pub transcript_id: String,
    /// The tool.
    pub name: String,
    /// Calls.
    pub calls: i64,
    /// Failed ones among them.
    pub errors: i64,
}

/// Tool calls, counted.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Counts {
    /// All.
    pub calls: i64,
    /// Failed ones among them.
    pub errors: i64,
}

/// What is stored of these calls, each named by its transcript and id.
pub async fn known(tx: &mut Tx, calls: &[(&str, &str)]) -> Result<Vec<CallRow>> {
    let rows: Vec<Vec<Val>> = calls.iter().map(|(transcript, id)| vals![*transcript, *id]).collect();
    let mut known: Vec<CallRow> = tx.all_of(KNOWN, BY_ID, &rows).await?;
    known.sort_by(|a, b| (&a.transcript_id, &a.id).cmp(&(&b.transcript_id, &b.id)));
    known.dedup_by(|a, b| (&a.transcript_id, &a.id) == (&b.transcript_id, &b.id));
    Ok(known)
}

/// Stores calls, in place of what was known of them.
pub async fn put(tx: &mut Tx, rows: Vec<CallRow>) -> Result<()> {
    tx.insert_all(PUT, REPLACE, rows.into_iter().map(vals_of).collect()).await
}

fn vals_of(row: CallRow) -> Vec<Val> {
    vals![
        row.transcript_id,
        row.line,
        row.result_line,
        row.id,
        row.name,
        row.about,
        row.path,
        row.writes,
        row.started_at,
        row.ended_at,
        row.duration_ms,
        row.is_error,
        row.exit_code,
        row.added,
        row.removed,
        row.agent_id,
        row.agent_kind,
        row.agent_background,
        row.agent_ok,
        row.workflow_id
    ]
}

/// Subagents have ended, of which earlier lines told: transcript, id of the subagent, whether it went well.
pub async fn reported(tx: &mut Tx, reports: &[(&str, String, bool)]) -> Result<()> {
    let rows: Vec<Vec<Val>> =
        reports.iter().map(|(transcript, agent, ok)| vals![*transcript, agent.as_str(), *ok]).collect();
    tx.each(REPORTED, BY_AGENT, &rows).await
}

/// Removes the calls of a transcript.
pub async fn forget(tx: &mut Tx, transcript: &str) -> Result<()> {
    tx.execute(FORGET, vals![transcript]).await?;
    Ok(())
}

/// Number of calls in these transcripts; a copy of one is the same one.
pub async fn count(tx: &mut Tx, transcripts: &[&str]) -> Result<Counts> {
    let ids: Vec<Val> = transcripts.iter().map(|id| Val::from(*id)).collect();
    let rows: Vec<Counts> = tx.all_in(COUNT, &ids).await?;
    Ok(rows.into_iter().next().unwrap_or_default())
}

/// All calls of a session and its subagents, in no order.
pub async fn of_session(db: &Db, session: &str) -> Result<Vec<CallRow>> {
    db.all(OF_SESSION, vals![session]).await
}

/// A page of them after the place of a call (when it was made, its line, its id), or before it with the latest first.
pub async fn page(
    db: &Db,
    session: &str,
    filter: Filter,
    newest: bool,
    (at, line, id): (Millis, i64, &str),
    limit: u32,
) -> Result<Vec<CallRow>> {
    let Filter { name, is_error, kind, transcript } = filter;
    let vals = vals![session, name, is_error, kind, transcript, at, line, id, i64::from(limit)];
    db.all(if newest { BEFORE } else { AFTER }, vals).await
}

/// The call with this id; of copies one that has its outcome.
pub async fn one(db: &Db, session: &str, id: &str) -> Result<Option<CallRow>> {
    db.optional(ONE, vals![session, id]).await
}

/// Those of them that worked on files and did not fail.
pub async fn touching(db: &Db, session: &str) -> Result<Vec<Touch>> {
    db.all(TOUCHING, vals![session]).await
}

/// Those of them that began something.
pub async fn beginnings(db: &Db, session: &str) -> Result<Vec<CallRow>> {
    db.all(BEGINNINGS, vals![session]).await
}

/// Those of them that no file of the session has an outcome of, in files that are still on their hosts; the latest.
pub async fn open(db: &Db, session: &str, limit: u32) -> Result<Vec<CallRow>> {
    db.all(OPEN, vals![session, i64::from(limit)]).await
}

/// How often each transcript of a session calls each tool.
pub async fn tools(db: &Db, session: &str) -> Result<Vec<ToolCount>> {
    db.all(TOOLS, vals![session]).await
}

/// Where the calls of the main transcripts of a session stand.
pub async fn places(db: &Db, session: &str) -> Result<Vec<CallPlace>> {
    db.all(PLACES, vals![session]).await
}
