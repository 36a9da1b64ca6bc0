//! Credentials of scripts.

use sqlx::FromRow;

use super::Result;
use super::db::{Db, Tx};
use crate::{statements, vals};

/// A token as stored, with its actor.
#[derive(Debug, Clone, FromRow)]
pub struct TokenRow {
    /// UUID.
    pub id: String,
    /// Whose.
    pub actor_id: String,
    /// Their sign-in name.
    pub actor_name: String,
    /// Their role now.
    pub actor_role: String,
    /// What it is for.
    pub name: String,
    /// First characters of the secret.
    pub prefix: String,
    /// The most that it may do.
    pub role: String,
    /// Milliseconds since 1970.
    pub created_at: i64,
    /// Noted at most once a minute.
    pub last_used_at: Option<i64>,
    /// Never, when absent.
    pub expires_at: Option<i64>,
}

statements! {
    INSERT = "INSERT INTO tokens (id, actor_id, name, prefix, secret_hash, role, created_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    BY_HASH = "SELECT t.id, t.actor_id, a.name AS actor_name, a.role AS actor_role, t.name, t.prefix, t.role, \
        t.created_at, t.last_used_at, t.expires_at FROM tokens t JOIN actors a ON a.id = t.actor_id \
        WHERE t.secret_hash = $1 AND t.revoked_at IS NULL AND a.disabled_at IS NULL \
        AND (t.expires_at IS NULL OR t.expires_at > $2)";
    PAGE = "SELECT t.id, t.actor_id, a.name AS actor_name, a.role AS actor_role, t.name, t.prefix, t.role, \
        t.created_at, t.last_used_at, t.expires_at FROM tokens t JOIN actors a ON a.id = t.actor_id \
        WHERE t.revoked_at IS NULL AND t.id < $1 AND ($2 = '' OR t.actor_id = $2) ORDER BY t.id DESC LIMIT $3";
    BY_ID = "SELECT t.id, t.actor_id, a.name AS actor_name, a.role AS actor_role, t.name, t.prefix, t.role, \
        t.created_at, t.last_used_at, t.expires_at FROM tokens t JOIN actors a ON a.id = t.actor_id \
        WHERE t.revoked_at IS NULL AND t.id = $1";
    USED = "UPDATE tokens SET last_used_at = $2 WHERE id = $1";
    REVOKE = "UPDATE tokens SET revoked_at = $2 WHERE id = $1 AND revoked_at IS NULL";
    REVOKE_NAMED = "UPDATE tokens SET revoked_at = $3 WHERE actor_id = $1 AND name = $2 AND revoked_at IS NULL";
}

/// Adds a token.
pub async fn insert(tx: &mut Tx, row: &TokenRow, secret_hash: Vec<u8>) -> Result<()> {
    let TokenRow { id, actor_id, name, prefix, role, created_at, expires_at, .. } = row.clone();
    tx.execute(INSERT, vals![id, actor_id, name, prefix, secret_hash, role, created_at, expires_at]).await?;
    Ok(())
}

/// The token with this digest, if it still counts.
pub async fn by_hash(db: &Db, hash: &[u8], now: i64) -> Result<Option<TokenRow>> {
    db.optional(BY_HASH, vals![hash, now]).await
}

/// Newest first, before the given id; of one actor, or of all when the actor is empty.
pub async fn page(db: &Db, before_id: &str, actor_id: &str, limit: i64) -> Result<Vec<TokenRow>> {
    db.all(PAGE, vals![before_id, actor_id, limit]).await
}

/// A token that is not revoked.
pub async fn by_id_in(tx: &mut Tx, id: &str) -> Result<Option<TokenRow>> {
    tx.optional(BY_ID, vals![id]).await
}

/// Notes a use.
pub async fn used(tx: &mut Tx, id: &str, at: i64) -> Result<()> {
    tx.execute(USED, vals![id, at]).await?;
    Ok(())
}

/// Revokes a token.
pub async fn revoke(tx: &mut Tx, id: &str, at: i64) -> Result<bool> {
    Ok(tx.execute(REVOKE, vals![id, at]).await? > 0)
}

/// Revokes an actor's tokens of one name.
pub async fn revoke_named(tx: &mut Tx, actor_id: &str, name: &str, at: i64) -> Result<u64> {
    tx.execute(REVOKE_NAMED, vals![actor_id, name, at]).await
}
