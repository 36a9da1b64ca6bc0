//! Sums over the replies that count.

use super::Result;
use super::db::{Db, Val};
use crate::domain::time::Millis;
use crate::{statements, vals};

/// Milliseconds of a cell: days of all time zones begin at a quarter of an hour.
pub const QUARTER_MS: Millis = 900_000;

/// Sums by transcript and model, and by quarter of an hour where days are asked for. `+at` keeps the embedded database to
/// the index that has the rows in this order.
macro_rules! cells {
    ($quarter:literal, $group:literal, $of:literal) => {
        concat!(
            "SELECT t.host_id, t.coder, t.session_id, s.project_id, u.model, u.quarter, u.input_tokens, u.output_tokens,
             u.cache_read_tokens, u.cache_write_5m_tokens, u.cache_write_1h_tokens, u.thinking_tokens, u.web_searches,
             u.cost_microdollars, u.replies, u.priced, u.records
             FROM (SELECT transcript_id, model, ",
            $quarter,
            " AS quarter, CAST(SUM(input_tokens) AS BIGINT) AS input_tokens,
             CAST(SUM(output_tokens) AS BIGINT) AS output_tokens, CAST(SUM(cache_read_tokens) AS BIGINT) AS cache_read_tokens,
             CAST(SUM(cache_write_5m_tokens) AS BIGINT) AS cache_write_5m_tokens,
             CAST(SUM(cache_write_1h_tokens) AS BIGINT) AS cache_write_1h_tokens,
             CAST(SUM(thinking_tokens) AS BIGINT) AS thinking_tokens, CAST(SUM(web_searches) AS BIGINT) AS web_searches,
             CAST(SUM(cost_microdollars) AS BIGINT) AS cost_microdollars, CAST(COUNT(CASE WHEN records > 0 THEN 1 END) AS BIGINT) AS replies,
             CAST(COUNT(CASE WHEN records > 0 THEN cost_microdollars END) AS BIGINT) AS priced, CAST(SUM(records) AS BIGINT) AS records
             FROM usage WHERE counted AND +at >= $1 AND +at < $2 AND (CAST($3 AS TEXT) IS NULL OR model = $3) ",
            $of,
            " GROUP BY transcript_id, model",
            $group,
            ") u JOIN transcripts t ON t.id = u.transcript_id LEFT JOIN sessions s ON s.id = t.session_id
             WHERE (CAST($4 AS TEXT) IS NULL OR t.host_id = $4) AND (CAST($5 AS TEXT) IS NULL OR t.coder = $5)
             AND (CAST($6 AS TEXT) IS NULL OR COALESCE(s.project_id, '') = $6)"
        )
    };
}

/// What is left out of the sums.
macro_rules! dropped {
    ($of:literal) => {
        concat!(
            "SELECT CAST(COALESCE(SUM(u.records), 0) AS BIGINT) AS records,
             CAST(COUNT(CASE WHEN u.records > 0 THEN 1 END) AS BIGINT) AS rows,
             CAST(COALESCE(SUM(CASE WHEN u.records > 0 AND COALESCE(w.session_id, '') <> COALESCE(t.session_id, '') THEN 1 ELSE 0 END), 0)
             AS BIGINT) AS copies
             FROM usage u JOIN transcripts t ON t.id = u.transcript_id LEFT JOIN sessions s ON s.id = t.session_id
             LEFT JOIN usage c ON c.key = u.key AND c.counted LEFT JOIN transcripts w ON w.id = c.transcript_id
             WHERE NOT u.counted AND u.at >= $1 AND u.at < $2 AND (CAST($3 AS TEXT) IS NULL OR u.model = $3)
             AND (CAST($4 AS TEXT) IS NULL OR t.host_id = $4) AND (CAST($5 AS TEXT) IS NULL OR t.coder = $5)
             AND (CAST($6 AS TEXT) IS NULL OR COALESCE(s.project_id, '') = $6) ",
            $of
        )
    };
}

/// Lines of conversations.
macro_rules! lines {
    ($of:literal) => {
        concat!(
            "SELECT CAST(COALESCE(SUM(t.lines), 0) AS BIGINT) AS n FROM transcripts t
             LEFT JOIN sessions s ON s.id = t.session_id WHERE t.kind IN ('main', 'subagent')
             AND (CAST($1 AS TEXT) IS NULL OR t.host_id = $1) AND (CAST($2 AS TEXT) IS NULL OR t.coder = $2)
             AND (CAST($3 AS TEXT) IS NULL OR COALESCE(s.project_id, '') = $3) ",
            $of
        )
    };
}

statements! {
    CELLS = cells!("CAST(0 AS BIGINT)", "", "");
    CELLS_IN_TIME = cells!("at / 900000", ", at / 900000", "");
    CELLS_OF_SESSION =
        cells!("CAST(0 AS BIGINT)", "", "AND transcript_id IN (SELECT id FROM transcripts WHERE session_id = $7)");
    CELLS_OF_SESSION_IN_TIME =
        cells!("at / 900000", ", at / 900000", "AND transcript_id IN (SELECT id FROM transcripts WHERE session_id = $7)");
    DROPPED = dropped!("");
    DROPPED_OF_SESSION = dropped!("AND u.transcript_id IN (SELECT id FROM transcripts WHERE session_id = $7)");
    LINES = lines!("");
    LINES_OF_SESSION = lines!("AND t.session_id = $4");
    TITLES = "SELECT id, title FROM sessions WHERE title IS NOT NULL";
}

/// What a report is about.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Scope {
    /// First instant.
    pub from: Option<Millis>,
    /// First instant behind it.
    pub to: Option<Millis>,
    /// Only this host.
    pub host: Option<String>,
    /// Only this project; empty for sessions without one.
    pub project: Option<String>,
    /// Only this coder.
    pub coder: Option<String>,
    /// Only this model.
    pub model: Option<String>,
    /// Only this session: few rows are read then, not all.
    pub session: Option<String>,
}

impl Scope {
    fn vals(&self) -> Vec<Val> {
        let mut vals = vals![
            self.from.unwrap_or(Millis::MIN),
            self.to.unwrap_or(Millis::MAX),
            self.model.clone(),
            self.host.clone(),
            self.coder.clone(),
            self.project.clone()
        ];
        vals.extend(self.session.clone().map(Val::from));
        vals
    }

    /// Of two statements the one for the whole fleet, or that for a session.
    fn either(&self, all: &'static str, of_session: &'static str) -> &'static str {
        if self.session.is_some() { of_session } else { all }
    }
}

/// Sums over the replies of one transcript and model, in a quarter of an hour.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct Cell {
    /// Host of the transcript.
    pub host_id: String,
    /// Its coder.
    pub coder: String,
    /// Its session.
    pub session_id: Option<String>,
    /// Project of that.
    pub project_id: Option<String>,
    /// Model.
    pub model: String,
    /// Quarters of an hour since 1970; 0 where no days were asked for.
    pub quarter: i64,
    /// Input that no cache held.
    pub input_tokens: i64,
    /// Output.
    pub output_tokens: i64,
    /// Read from the cache.
    pub cache_read_tokens: i64,
    /// Written to it for 5 minutes.
    pub cache_write_5m_tokens: i64,
    /// Written to it for 1 hour.
    pub cache_write_1h_tokens: i64,
    /// Thinking, part of the output.
    pub thinking_tokens: i64,
    /// Searches of the provider.
    pub web_searches: i64,
    /// Cost of those with a price.
    pub cost_microdollars: Option<i64>,
    /// Replies.
    pub replies: i64,
    /// Those with a price.
    pub priced: i64,
    /// Lines that told of them in the transcript.
    pub records: i64,
}

/// Rows that do not count, because another one tells of the same reply.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Dropped {
    /// Lines that told of them.
    pub records: i64,
    /// Rows.
    pub rows: i64,
    /// Those whose reply counts for another session.
    pub copies: i64,
}

/// Sums in scope, by quarters of an hour when `in_time`.
pub async fn cells(db: &Db, scope: &Scope, in_time: bool) -> Result<Vec<Cell>> {
    let statement = if in_time {
        scope.either(CELLS_IN_TIME, CELLS_OF_SESSION_IN_TIME)
    } else {
        scope.either(CELLS, CELLS_OF_SESSION)
    };
    db.all(statement, scope.vals()).await
}

/// What is left out of the sums in scope.
pub async fn dropped(db: &Db, scope: &Scope) -> Result<Dropped> {
    db.one(scope.either(DROPPED, DROPPED_OF_SESSION), scope.vals()).await
}

/// Lines of conversations; times and models in the scope do not matter.
pub async fn lines(db: &Db, scope: &Scope) -> Result<i64> {
    let mut vals = vals![scope.host.clone(), scope.coder.clone(), scope.project.clone()];
    vals.extend(scope.session.clone().map(Val::from));
    Ok(db.one::<(i64,)>(scope.either(LINES, LINES_OF_SESSION), vals).await?.0)
}

/// Titles of sessions.
pub async fn titles(db: &Db) -> Result<Vec<(String, String)>> {
    db.all(TITLES, vec![]).await
}
