//! Titles that people gave to sessions.

use std::collections::HashMap;

use super::Result;
use super::db::{Tx, Val};
use crate::domain::time::Millis;
use crate::{statements, vals};

statements! {
    PUT = "INSERT INTO session_titles (session_id, title, renamed_by, renamed_at) VALUES ($1, $2, $3, $4)
           ON CONFLICT (session_id) DO UPDATE SET title = excluded.title, renamed_by = excluded.renamed_by,
           renamed_at = excluded.renamed_at";
    FORGET = "DELETE FROM session_titles WHERE session_id = $1";
}

const OF: &str = "SELECT session_id, title FROM session_titles WHERE session_id IN";

/// The titles that people gave to these sessions.
pub async fn of(tx: &mut Tx, sessions: &[&str]) -> Result<HashMap<String, String>> {
    let ids: Vec<Val> = sessions.iter().map(|id| Val::from(*id)).collect();
    Ok(tx.all_in::<(String, String)>(OF, &ids).await?.into_iter().collect())
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
