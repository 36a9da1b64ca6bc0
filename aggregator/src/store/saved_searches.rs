//! Searches that people keep.

use super::db::{Db, Result};
use crate::domain::time::Millis;
use crate::{statements, vals};

statements! {
    OF_ACTOR = "SELECT id, name, query FROM saved_searches WHERE actor_id = $1 ORDER BY created_at, id";
    INSERT = "INSERT INTO saved_searches (id, actor_id, name, query, created_at)
              SELECT $1, $2, $3, $4, $5
              WHERE (SELECT COUNT(*) FROM saved_searches WHERE actor_id = $2) < $6";
    DELETE = "DELETE FROM saved_searches WHERE id = $1 AND actor_id = $2";
}

/// A search that a person keeps.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct SavedSearchRow {
    /// UUID.
    pub id: String,
    /// Its name.
    pub name: String,
    /// The query.
    pub query: String,
}

/// Searches of an actor, oldest first.
pub async fn of_actor(db: &Db, actor: &str) -> Result<Vec<SavedSearchRow>> {
    db.all(OF_ACTOR, vals![actor]).await
}

/// Keeps a search; `false` when the actor keeps `most` already.
pub async fn insert(db: &Db, actor: &str, row: &SavedSearchRow, now: Millis, most: i64) -> Result<bool> {
    let SavedSearchRow { id, name, query } = row.clone();
    Ok(db.execute(INSERT, vals![id, actor, name, query, now, most]).await? == 1)
}

/// Forgets a search; `false` when the actor has none with this id.
pub async fn delete(db: &Db, actor: &str, id: &str) -> Result<bool> {
    Ok(db.execute(DELETE, vals![id, actor]).await? == 1)
}
