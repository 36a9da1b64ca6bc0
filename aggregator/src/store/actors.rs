//! People and coders.

use sqlx::FromRow;

use super::Result;
use super::db::{Db, Tx};
use crate::{statements, vals};

/// An actor as stored.
#[derive(Debug, Clone, FromRow)]
pub struct ActorRow {
    /// UUID.
    pub id: String,
    /// Sign-in name.
    pub name: String,
    /// Name shown.
    pub display_name: String,
    /// `viewer`, `member` or `admin`.
    pub role: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Last sign-in or token use.
    pub last_seen_at: Option<i64>,
    /// Since when they may not sign in any more.
    pub disabled_at: Option<i64>,
}

statements! {
    INSERT = "INSERT INTO actors (id, kind, name, display_name, role, created_at) VALUES ($1, 'person', $2, $3, $4, $5) \
        ON CONFLICT (name) DO NOTHING";
    BY_ID = "SELECT id, name, display_name, role, created_at, last_seen_at, disabled_at FROM actors WHERE id = $1";
    BY_NAME = "SELECT id, name, display_name, role, created_at, last_seen_at, disabled_at FROM actors WHERE name = $1";
    PAGE = "SELECT id, name, display_name, role, created_at, last_seen_at, disabled_at FROM actors \
        WHERE name > $1 ORDER BY name LIMIT $2";
    CHANGE = "UPDATE actors SET role = $2, disabled_at = $3 WHERE id = $1";
    SEEN = "UPDATE actors SET last_seen_at = $2 WHERE id = $1 AND (last_seen_at IS NULL OR last_seen_at < $2)";
    ADMINS = "SELECT COUNT(*) AS n FROM actors WHERE role = 'admin' AND disabled_at IS NULL AND id <> $1";
    FIRST_ADMIN = "SELECT id, name, display_name, role, created_at, last_seen_at, disabled_at FROM actors \
        WHERE role = 'admin' AND disabled_at IS NULL ORDER BY created_at, id LIMIT 1";
}

/// Adds a person. False when the name is taken.
pub async fn insert(tx: &mut Tx, row: &ActorRow) -> Result<bool> {
    let ActorRow { id, name, display_name, role, created_at, .. } = row.clone();
    Ok(tx.execute(INSERT, vals![id, name, display_name, role, created_at]).await? == 1)
}

/// By id.
pub async fn by_id(db: &Db, id: &str) -> Result<Option<ActorRow>> {
    db.optional(BY_ID, vals![id]).await
}

/// By id, inside a transaction.
pub async fn by_id_in(tx: &mut Tx, id: &str) -> Result<Option<ActorRow>> {
    tx.optional(BY_ID, vals![id]).await
}

/// By sign-in name.
pub async fn by_name(db: &Db, name: &str) -> Result<Option<ActorRow>> {
    db.optional(BY_NAME, vals![name]).await
}

/// Actors in order of their names, after the given one.
pub async fn page(db: &Db, after_name: &str, limit: i64) -> Result<Vec<ActorRow>> {
    db.all(PAGE, vals![after_name, limit]).await
}

/// Sets role and disablement.
pub async fn change(tx: &mut Tx, id: &str, role: &str, disabled_at: Option<i64>) -> Result<()> {
    tx.execute(CHANGE, vals![id, role, disabled_at]).await?;
    Ok(())
}

/// Notes that the actor was here.
pub async fn seen(tx: &mut Tx, id: &str, at: i64) -> Result<()> {
    tx.execute(SEEN, vals![id, at]).await?;
    Ok(())
}

/// Admins who can sign in, not counting this actor.
pub async fn other_admins(tx: &mut Tx, id: &str) -> Result<i64> {
    Ok(tx.optional::<(i64,)>(ADMINS, vals![id]).await?.map_or(0, |(n,)| n))
}

/// The admin who has been here longest: the owner, for whom `up` prints its link.
pub async fn first_admin(db: &Db) -> Result<Option<ActorRow>> {
    db.optional(FIRST_ADMIN, vals![]).await
}
