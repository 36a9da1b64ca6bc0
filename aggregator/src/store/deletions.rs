//! Sessions that were deleted on purpose, and taking away what is stored of them.

use std::collections::{BTreeSet, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use super::db::{Db, Result, Tx};
use super::usage::Touched;
use super::{session_titles, tool_calls, turns, usage};
use crate::domain::time::Millis;
use crate::{statements, vals};

statements! {
    BURY = "INSERT INTO deletions (session_id, deleted_by, deleted_at, reason) VALUES ($1, $2, $3, $4)
            ON CONFLICT (session_id) DO NOTHING";
    ALL = "SELECT session_id FROM deletions";
    OF_SESSION = "SELECT session_id, deleted_by, deleted_at, reason FROM deletions WHERE session_id = $1";
    PAGE = "SELECT session_id, deleted_by, deleted_at, reason FROM deletions
            WHERE session_id > $1 ORDER BY session_id LIMIT $2";
    FILES = "SELECT id, host_id, session_id FROM transcripts WHERE session_id = $1 OR joined_session = $1";
    LEFT = "SELECT t.id, t.host_id, t.session_id FROM deletions d JOIN transcripts t ON t.session_id = d.session_id
            UNION SELECT t.id, t.host_id, t.joined_session AS session_id FROM deletions d JOIN transcripts t ON t.joined_session = d.session_id
            LIMIT 1000";
    FRAMES = "DELETE FROM frames WHERE transcript_id = $1 AND start_offset IN
              (SELECT f.start_offset FROM frames f WHERE f.transcript_id = $1 ORDER BY f.start_offset LIMIT $2)";
    TRANSCRIPT = "DELETE FROM transcripts WHERE id = $1";
    SESSION = "DELETE FROM sessions WHERE id = $1";
}

/// A session that was deleted on purpose.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DeletionRow {
    /// Its id.
    pub session_id: String,
    /// Who deleted it, by name.
    pub deleted_by: String,
    /// When.
    pub deleted_at: Millis,
    /// Why.
    pub reason: String,
}

/// A file of a session that was deleted.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct LeftRow {
    /// Transcript.
    pub id: String,
    /// Host that it lies on.
    pub host_id: String,
    /// Session.
    pub session_id: Option<String>,
}

/// The ids of deleted sessions, at hand for who asks with every frame. Cloning gives another handle.
#[derive(Debug, Clone, Default)]
pub struct Tombstones(Arc<RwLock<HashSet<String>>>);

impl Tombstones {
    /// Reads what other processes have deleted since.
    pub async fn refresh(&self, db: &Db) -> Result<()> {
        let ids = db.all::<(String,)>(ALL, vals![]).await?.into_iter().map(|(id,)| id).collect();
        *self.0.write().unwrap_or_else(PoisonError::into_inner) = ids;
        Ok(())
    }

    /// Remembers one more.
    pub fn add(&self, session: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).insert(session.to_owned());
    }

    /// Whether this session was deleted.
    pub fn has(&self, session: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).contains(session)
    }
}

/// Writes down that a session is deleted; from now on nothing of it is archived.
pub async fn bury(tx: &mut Tx, session: &str, by: &str, at: Millis, reason: &str) -> Result<()> {
    tx.execute(BURY, vals![session, by, at, reason]).await?;
    Ok(())
}

/// How a session was deleted; `None` when it was not.
pub async fn of_session(db: &Db, session: &str) -> Result<Option<DeletionRow>> {
    db.optional(OF_SESSION, vals![session]).await
}

/// Deleted sessions in the order of their ids, after the given one.
pub async fn page(db: &Db, after: &str, limit: u32) -> Result<Vec<DeletionRow>> {
    db.all(PAGE, vals![after, i64::from(limit)]).await
}

/// Files of a session, those of its subagents and tools included.
pub async fn files(db: &Db, session: &str) -> Result<Vec<LeftRow>> {
    db.all(FILES, vals![session]).await
}

/// Files of deleted sessions that are still there: a deletion was interrupted, or one came in by another way.
pub async fn left(db: &Db) -> Result<Vec<LeftRow>> {
    db.all(LEFT, vals![]).await
}

/// Takes away up to `limit` frames of a transcript; says how many went.
pub async fn remove_frames(tx: &mut Tx, transcript: &str, limit: u32) -> Result<u64> {
    tx.execute(FRAMES, vals![transcript, i64::from(limit)]).await
}

/// Takes away a transcript without frames and everything derived of it; returns the sessions elsewhere for which copies
/// of its replies count now.
pub async fn remove_transcript(tx: &mut Tx, transcript: &str) -> Result<BTreeSet<Touched>> {
    turns::forget(tx, transcript).await?;
    tool_calls::forget(tx, transcript).await?;
    let touched = usage::forget(tx, transcript).await?;
    tx.execute(TRANSCRIPT, vals![transcript]).await?;
    Ok(touched)
}

/// Takes away a session's row.
pub async fn remove_session(tx: &mut Tx, session: &str) -> Result<()> {
    session_titles::forget(tx, session).await?;
    tx.execute(SESSION, vals![session]).await?;
    Ok(())
}
