//! Signed-in browsers, and the one-time links by which one signs in without a password.

use sqlx::FromRow;

use super::Result;
use super::db::{Db, Tx};
use crate::{statements, vals};

/// A sign-in that has not expired, of an actor who is not disabled.
#[derive(Debug, Clone, FromRow)]
pub struct SignInRow {
    /// Who.
    pub actor_id: String,
    /// Their sign-in name.
    pub name: String,
    /// Their role now.
    pub role: String,
    /// When it was last used, as noted.
    pub last_seen_at: i64,
}

statements! {
    INSERT = "INSERT INTO sign_ins (secret_hash, actor_id, created_at, last_seen_at, expires_at, origin) \
        VALUES ($1, $2, $3, $3, $4, $5)";
    BY_HASH = "SELECT s.actor_id, a.name, a.role, s.last_seen_at FROM sign_ins s JOIN actors a ON a.id = s.actor_id \
        WHERE s.secret_hash = $1 AND s.expires_at > $2 AND a.disabled_at IS NULL";
    TOUCH = "UPDATE sign_ins SET last_seen_at = $2, expires_at = $3 WHERE secret_hash = $1";
    DELETE = "DELETE FROM sign_ins WHERE secret_hash = $1";
    DELETE_OF_ACTOR = "DELETE FROM sign_ins WHERE actor_id = $1 AND secret_hash <> $2";
    DELETE_EXPIRED = "DELETE FROM sign_ins WHERE expires_at <= $1";
    INSERT_LINK = "INSERT INTO sign_in_links (secret_hash, actor_id, created_at, expires_at) VALUES ($1, $2, $3, $4)";
    USE_LINK = "UPDATE sign_in_links SET used_at = $2 WHERE secret_hash = $1 AND used_at IS NULL AND expires_at > $2 \
        RETURNING actor_id";
    DELETE_LINKS_OF_ACTOR = "DELETE FROM sign_in_links WHERE actor_id = $1 AND used_at IS NULL";
    DELETE_OLD_LINKS = "DELETE FROM sign_in_links WHERE expires_at <= $1";
}

/// Adds a sign-in.
pub async fn insert(tx: &mut Tx, hash: &[u8], actor_id: &str, at: i64, expires_at: i64, origin: &str) -> Result<()> {
    tx.execute(INSERT, vals![hash, actor_id, at, expires_at, origin]).await?;
    Ok(())
}

/// The sign-in with this digest, if it still counts.
pub async fn by_hash(db: &Db, hash: &[u8], now: i64) -> Result<Option<SignInRow>> {
    db.optional(BY_HASH, vals![hash, now]).await
}

/// Notes a use, and moves the expiry.
pub async fn touch(tx: &mut Tx, hash: &[u8], at: i64, expires_at: i64) -> Result<()> {
    tx.execute(TOUCH, vals![hash, at, expires_at]).await?;
    Ok(())
}

/// Ends one sign-in.
pub async fn delete(tx: &mut Tx, hash: &[u8]) -> Result<bool> {
    Ok(tx.execute(DELETE, vals![hash]).await? > 0)
}

/// Ends every sign-in of an actor but the given one.
pub async fn delete_of_actor(tx: &mut Tx, actor_id: &str, keep: &[u8]) -> Result<()> {
    tx.execute(DELETE_OF_ACTOR, vals![actor_id, keep]).await?;
    Ok(())
}

/// Forgets what has expired: sign-ins, and links.
pub async fn delete_expired(tx: &mut Tx, now: i64) -> Result<()> {
    tx.execute(DELETE_EXPIRED, vals![now]).await?;
    tx.execute(DELETE_OLD_LINKS, vals![now]).await?;
    Ok(())
}

/// Adds a one-time link.
pub async fn insert_link(tx: &mut Tx, hash: &[u8], actor_id: &str, at: i64, expires_at: i64) -> Result<()> {
    tx.execute(INSERT_LINK, vals![hash, actor_id, at, expires_at]).await?;
    Ok(())
}

/// Uses a one-time link up, and says whose it was.
pub async fn use_link(tx: &mut Tx, hash: &[u8], at: i64) -> Result<Option<String>> {
    Ok(tx.optional::<(String,)>(USE_LINK, vals![hash, at]).await?.map(|(id,)| id))
}

/// Takes an actor's unused links away.
pub async fn delete_links_of_actor(tx: &mut Tx, actor_id: &str) -> Result<()> {
    tx.execute(DELETE_LINKS_OF_ACTOR, vals![actor_id]).await?;
    Ok(())
}
