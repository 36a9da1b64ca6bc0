//! Sessions that were deleted on purpose, and taking away what is stored of them.

use std::collections::{BTreeSet, HashMap, HashSet};
use std::sync::{Arc, PoisonError, RwLock};

use muster_proto::ids::TranscriptId;

use super::db::{Db, Result, Tx};
use super::transcripts::unsigned;
use super::usage::Touched;
use super::{session_titles, tool_calls, turns, usage};
use crate::domain::time::Millis;
use crate::domain::transcript::Base;
use crate::{statements, vals};

statements! {
    BURY = "INSERT INTO deletions (session_id, deleted_by, deleted_at, reason, by_rule) VALUES ($1, $2, $3, $4, $5)
            ON CONFLICT (session_id) DO UPDATE SET deleted_by = excluded.deleted_by, deleted_at = excluded.deleted_at,
            reason = excluded.reason, by_rule = excluded.by_rule WHERE deletions.by_rule";
    ALL = "SELECT session_id FROM deletions WHERE NOT by_rule";
    OF_SESSION = "SELECT session_id, deleted_by, deleted_at, reason FROM deletions WHERE session_id = $1";
    PAGE = "SELECT session_id, deleted_by, deleted_at, reason FROM deletions
            WHERE session_id > $1 ORDER BY session_id LIMIT $2";
    FILES = "SELECT id, host_id, session_id, state, committed_offset FROM transcripts WHERE session_id = $1 OR joined_session = $1";
    LEFT = "SELECT t.id, t.host_id, t.session_id, t.state, t.committed_offset
            FROM deletions d JOIN transcripts t ON t.session_id = d.session_id WHERE NOT d.by_rule
            UNION SELECT t.id, t.host_id, t.joined_session AS session_id, t.state, t.committed_offset
            FROM deletions d JOIN transcripts t ON t.joined_session = d.session_id WHERE NOT d.by_rule
            LIMIT 1000";
    FRAMES = "DELETE FROM frames WHERE transcript_id = $1 AND start_offset IN
              (SELECT f.start_offset FROM frames f WHERE f.transcript_id = $1 ORDER BY f.start_offset LIMIT $2)";
    ALL_FRAMES = "DELETE FROM frames WHERE transcript_id = $1";
    EMPTY = "UPDATE transcripts SET base_offset = base_offset + committed_offset, base_line = base_line + lines,
             committed_offset = 0, lines = 0, mid_line = FALSE, compacted_offset = 0, derived_offset = 0, facts = '',
             joined_session = NULL, joined = TRUE
             WHERE id = $1 AND state = 'live' AND committed_offset = $2 RETURNING base_offset, base_line";
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
    /// Word of a `TranscriptState`.
    pub state: String,
    /// Archived bytes.
    pub committed_offset: i64,
}

/// What was deleted, at hand for who asks with every frame. Cloning gives another handle.
#[derive(Debug, Clone, Default)]
pub struct Tombstones(Arc<RwLock<Buried>>);

#[derive(Debug, Default)]
struct Buried {
    /// Sessions of which nothing is archived any more.
    sessions: HashSet<String>,
    /// Where transcripts begin anew: rules emptied them while this process ran.
    bases: HashMap<TranscriptId, Base>,
}

impl Tombstones {
    /// Reads what other processes have deleted since.
    pub async fn refresh(&self, db: &Db) -> Result<()> {
        let ids = db.all::<(String,)>(ALL, vals![]).await?.into_iter().map(|(id,)| id).collect();
        self.0.write().unwrap_or_else(PoisonError::into_inner).sessions = ids;
        Ok(())
    }

    /// Remembers one more session of which nothing is archived any more.
    pub fn add(&self, session: &str) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).sessions.insert(session.to_owned());
    }

    /// Whether nothing of this session is archived any more.
    pub fn has(&self, session: &str) -> bool {
        self.0.read().unwrap_or_else(PoisonError::into_inner).sessions.contains(session)
    }

    /// Remembers where an emptied transcript begins anew.
    pub fn begin_anew(&self, id: TranscriptId, base: Base) {
        self.0.write().unwrap_or_else(PoisonError::into_inner).bases.insert(id, base);
    }

    /// Where a transcript that was emptied begins anew.
    pub fn base(&self, id: TranscriptId) -> Option<Base> {
        self.0.read().unwrap_or_else(PoisonError::into_inner).bases.get(&id).copied()
    }
}

/// Writes down that a session is deleted; from now on nothing of it is archived, unless it is `by_rule`.
pub async fn bury(tx: &mut Tx, session: &str, by: &str, at: Millis, reason: &str, by_rule: bool) -> Result<()> {
    tx.execute(BURY, vals![session, by, at, reason, by_rule]).await?;
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

#[derive(sqlx::FromRow)]
struct BaseRow {
    base_offset: i64,
    base_line: i64,
}

/// Empties a live transcript that stands at `committed`: what follows is archived from there on. `None`, and nothing may
/// be kept of the transaction, when it stands elsewhere. The sessions are as for [`remove_transcript`].
pub async fn empty_transcript(
    tx: &mut Tx,
    transcript: &str,
    committed: i64,
) -> Result<Option<(Base, BTreeSet<Touched>)>> {
    tx.execute(ALL_FRAMES, vals![transcript]).await?;
    turns::forget(tx, transcript).await?;
    tool_calls::forget(tx, transcript).await?;
    let touched = usage::forget(tx, transcript).await?;
    let row: Option<BaseRow> = tx.optional(EMPTY, vals![transcript, committed]).await?;
    let base = |row: BaseRow| Base { offset: unsigned(row.base_offset), line: unsigned(row.base_line) };
    Ok(row.map(|row| (base(row), touched)))
}

/// Takes away a session's row.
pub async fn remove_session(tx: &mut Tx, session: &str) -> Result<()> {
    session_titles::forget(tx, session).await?;
    tx.execute(SESSION, vals![session]).await?;
    Ok(())
}
