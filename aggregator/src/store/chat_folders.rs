//! Folders of chats whose working directory stands in a file beside them.

use super::db::{Db, Result, Tx};
use crate::{statements, vals};

statements! {
    BESIDE = "SELECT facts FROM transcripts WHERE host_id = $1 AND path = $2 AND kind = 'meta' ORDER BY generation DESC LIMIT 1";
    OUTDATE = "UPDATE transcripts SET joined = FALSE WHERE host_id = $1 AND coder = $2 AND kind IN ('main', 'subagent')
               AND SUBSTR(path, 1, LENGTH(CAST($3 AS TEXT))) = $3 RETURNING id";
}

#[derive(sqlx::FromRow)]
struct Noted {
    facts: String,
}

#[derive(sqlx::FromRow)]
struct Id {
    id: String,
}

/// What is noted (JSON) of the file at a path of a host; `None` when there is none.
pub async fn noted(db: &Db, host: &str, path: &str) -> Result<Option<String>> {
    Ok(db.optional::<Noted>(BESIDE, vals![host, path]).await?.map(|row| row.facts))
}

/// Has the sessions of a coder's conversations joined again whose path begins so; returns the conversations.
pub async fn outdate(tx: &mut Tx, host: &str, coder: &str, beginning: &str) -> Result<Vec<String>> {
    Ok(tx.all::<Id>(OUTDATE, vals![host, coder, beginning]).await?.into_iter().map(|row| row.id).collect())
}
