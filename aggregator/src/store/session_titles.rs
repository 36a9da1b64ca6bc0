//! Titles that people gave to sessions.

use super::Result;
use super::db::Tx;
use crate::domain::time::Millis;
use crate::{statements, vals};

statements! {
    GET = "SELECT title FROM session_titles WHERE session_id = $1";
    PUT = "INSERT INTO session_titles (session_id, title, renamed_by, renamed_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (session_id) DO UPDATE SET title = excluded.title, renamed_by = excluded.renamed_by,
           renamed_at = excluded.renamed_at";
    FORGET = "DELETE FROM session_titles WHERE session_id = $1";
}

/// The title that a person gave to a session.
pub async fn get(tx: &mut Tx, session: &str) -> Result<Option<String>> {
    Ok(tx.optional::<(String,)>(GET, vals![session]).await?.map(|(title,)| title))
}

/// Gives a session a title.
pub async fn put(tx: &mut Tx, session: &str, title: &str, by: &str, at: Millis) -> Result<()> {
    tx.execute(PUT, vals![session, title, by, at]).await?;
    Ok(())
}

/// Takes it away again.
pub async fn forget(tx: &mut Tx, session: &str) -> Result<()> {
    tx.execute(FORGET, vals![session]).await?;
    Ok(())
}
