//! Where `derive` stands in the conversations that are going on.

use super::db::{Db, Result};
use super::sessions::CursorRow;
use crate::domain::time::Millis;
use crate::{statements, vals};

statements! {
    RECENT = "SELECT id, coder, host_id, root, path, kind, generation, session_id, joined_session, state, committed_offset, derived_offset,
              derived_version, facts FROM transcripts
              WHERE updated_at > $1 AND kind IN ('main', 'subagent') ORDER BY updated_at DESC LIMIT $2";
    OF_SESSION = "SELECT id, coder, host_id, root, path, kind, generation, session_id, joined_session, state, committed_offset, derived_offset,
              derived_version, facts FROM transcripts
              WHERE session_id = $1 AND kind IN ('main', 'subagent') ORDER BY updated_at DESC LIMIT $2";
}

/// Conversations that grew after an instant, latest first, at most `most`.
pub async fn since(db: &Db, at: Millis, most: u32) -> Result<Vec<CursorRow>> {
    db.all(RECENT, vals![at, i64::from(most)]).await
}

/// Conversations of a session and its subagents, latest first, at most `most`.
pub async fn of_session(db: &Db, session: &str, most: u32) -> Result<Vec<CursorRow>> {
    db.all(OF_SESSION, vals![session, i64::from(most)]).await
}
