//! How full the model's context was at each reply of a session's main conversation.

use super::Result;
use super::db::Db;
use crate::domain::time::Millis;
use crate::{statements, vals};

statements! {
    OF_SESSION = "SELECT u.key, u.transcript_id, u.line, u.at,
                  u.input_tokens + u.cache_read_tokens + u.cache_write_5m_tokens + u.cache_write_1h_tokens AS tokens
                  FROM transcripts t JOIN usage u ON u.transcript_id = t.id
                  WHERE t.session_id = $1 AND t.kind = 'main' AND u.records > 0 ORDER BY u.at, u.line, u.transcript_id";
}

/// What was sent for one reply, from a cache or not.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct ContextRow {
    /// Names the reply: the same in every copy.
    pub key: Vec<u8>,
    /// Transcript that tells of it.
    pub transcript_id: String,
    /// Line of the reply.
    pub line: i64,
    /// When.
    pub at: Millis,
    /// Tokens that the context held.
    pub tokens: i64,
}

/// The replies of a session's main transcripts in order of time, copies included.
pub async fn of_session(db: &Db, session: &str) -> Result<Vec<ContextRow>> {
    db.all(OF_SESSION, vals![session]).await
}
