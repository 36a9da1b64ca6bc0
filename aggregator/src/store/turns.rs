//! Turns: what a person asked, and until when the coder worked on it.

use super::Result;
use super::db::{Db, Tx, Val};
use crate::domain::time::Millis;
use crate::{statements, vals};

statements! {
    FORGET = "DELETE FROM turns WHERE transcript_id = $1";
    OF_SESSION = "SELECT u.transcript_id, u.line, u.uuid, u.text, u.queued, u.started_at, u.ended_at, u.duration_ms,
                         u.after_line, u.named_line
                  FROM transcripts t JOIN turns u ON u.transcript_id = t.id
                  WHERE t.session_id = $1 AND t.kind = 'main' ORDER BY u.transcript_id, u.line";
}

const PUT: &str = "INSERT INTO turns (transcript_id, line, uuid, text, queued, started_at, ended_at, duration_ms,
    after_line, named_line)";

const REPLACE: &str = "ON CONFLICT (transcript_id, line) DO UPDATE SET uuid = excluded.uuid, text = excluded.text,
    queued = excluded.queued, started_at = excluded.started_at, ended_at = excluded.ended_at,
    duration_ms = excluded.duration_ms, after_line = excluded.after_line, named_line = excluded.named_line";

const END: &str = "UPDATE turns SET ended_at = v.column3, duration_ms = v.column4 FROM (";

const NAME: &str = "UPDATE turns SET named_line = v.column3 FROM (";

const AT_LINE: &str = ") AS v WHERE turns.transcript_id = v.column1 AND turns.line = v.column2";

const COUNT: &str =
    "SELECT CAST(COUNT(DISTINCT COALESCE(uuid, transcript_id || ':' || CAST(line AS TEXT))) AS BIGINT) AS n
    FROM turns WHERE transcript_id IN";

/// A person's prompt, and the work on it.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct TurnRow {
    /// Transcript that the prompt stands in.
    pub transcript_id: String,
    /// Its line.
    pub line: i64,
    /// Its own id.
    pub uuid: Option<String>,
    /// Its beginning.
    pub text: String,
    /// It was typed while the coder was busy.
    pub queued: bool,
    /// When.
    pub started_at: Option<Millis>,
    /// When the coder yielded; `None` while it works.
    pub ended_at: Option<Millis>,
    /// How long it worked by its own clock.
    pub duration_ms: Option<i64>,
    /// Line of the prompt that it goes on from, where that is not the one before it; -1: it begins the conversation anew.
    pub after_line: Option<i64>,
    /// Line that last named this turn as the one that goes on, after another had begun.
    pub named_line: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Number {
    n: i64,
}

/// Stores turns, in place of those at the same lines.
pub async fn put(tx: &mut Tx, rows: Vec<TurnRow>) -> Result<()> {
    let vals = |row: TurnRow| {
        let TurnRow {
            transcript_id,
            line,
            uuid,
            text,
            queued,
            started_at,
            ended_at,
            duration_ms,
            after_line,
            named_line,
        } = row;
        vals![transcript_id, line, uuid, text, queued, started_at, ended_at, duration_ms, after_line, named_line]
    };
    tx.insert_all(PUT, REPLACE, rows.into_iter().map(vals).collect()).await
}

/// When a turn that began before ended.
#[derive(Debug)]
pub struct TurnEnd<'a> {
    /// Transcript.
    pub transcript: &'a str,
    /// Line of the prompt.
    pub line: i64,
    /// When the coder yielded; `None`: it went on.
    pub ended_at: Option<Millis>,
    /// How long it worked by its own clock.
    pub duration_ms: Option<i64>,
}

/// The coder yielded, or went on, in each of these turns.
pub async fn end(tx: &mut Tx, ends: &[TurnEnd<'_>]) -> Result<()> {
    let rows: Vec<Vec<Val>> =
        ends.iter().map(|end| vals![end.transcript, end.line, end.ended_at, end.duration_ms]).collect();
    tx.each(END, AT_LINE, &rows).await
}

/// These turns go on: transcript, line, and the line that says so.
pub async fn name(tx: &mut Tx, named: &[(&str, i64, i64)]) -> Result<()> {
    let rows: Vec<Vec<Val>> = named.iter().map(|(transcript, line, by)| vals![*transcript, *line, *by]).collect();
    tx.each(NAME, AT_LINE, &rows).await
}

/// Removes the turns of a transcript.
pub async fn forget(tx: &mut Tx, transcript: &str) -> Result<()> {
    tx.execute(FORGET, vals![transcript]).await?;
    Ok(())
}

/// Number of prompts in these transcripts; a copy of one is the same one.
pub async fn count(tx: &mut Tx, transcripts: &[&str]) -> Result<i64> {
    let ids: Vec<Val> = transcripts.iter().map(|id| Val::from(*id)).collect();
    Ok(tx.all_in::<Number>(COUNT, &ids).await?.iter().map(|row| row.n).sum())
}

/// Turns of the main transcripts of a session, by transcript and line.
pub async fn of_session(db: &Db, session: &str) -> Result<Vec<TurnRow>> {
    db.all(OF_SESSION, vals![session]).await
}
