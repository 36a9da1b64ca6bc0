//! How a machine becomes a host of the fleet, and stops being one.

use sqlx::FromRow;

use super::Result;
use super::db::Tx;
use crate::{statements, vals};

/// Id and name of a host that is not removed.
#[derive(Debug, Clone, FromRow)]
pub struct HostName {
    /// UUID.
    pub id: String,
    /// Name.
    pub name: String,
}

statements! {
    INSERT = "INSERT INTO enrolments (id, host_name, token_hash, created_by, created_at, expires_at) \
        VALUES ($1, $2, $3, $4, $5, $6)";
    WITHDRAW = "DELETE FROM enrolments WHERE host_name = $1 AND used_at IS NULL";
    USE = "UPDATE enrolments SET used_at = $2 WHERE token_hash = $1 AND used_at IS NULL AND expires_at > $2 \
        RETURNING id, host_name AS name";
    BIND = "UPDATE enrolments SET host_id = $2 WHERE id = $1";
    HOST_BY_NAME = "SELECT id, name FROM hosts WHERE name = $1 AND removed_at IS NULL";
    HOST_BY_ID = "SELECT id, name FROM hosts WHERE id = $1 AND removed_at IS NULL";
}

/// Adds a one-time token for a host; an unused one of the same name stops working.
pub async fn insert(tx: &mut Tx, host_name: &str, hash: &[u8], by: &str, at: i64, expires_at: i64) -> Result<()> {
    tx.execute(WITHDRAW, vals![host_name]).await?;
    let id = uuid::Uuid::now_v7().to_string();
    tx.execute(INSERT, vals![id, host_name, hash, by, at, expires_at]).await?;
    Ok(())
}

/// Uses a token up; gives the enrolment's id and the name it was made for.
pub async fn use_up(tx: &mut Tx, hash: &[u8], at: i64) -> Result<Option<HostName>> {
    tx.optional(USE, vals![hash, at]).await
}

/// Writes down which host an enrolment let in.
pub async fn bind(tx: &mut Tx, enrolment_id: &str, host_id: &str) -> Result<()> {
    tx.execute(BIND, vals![enrolment_id, host_id]).await?;
    Ok(())
}

/// The host of this name.
pub async fn host_by_name(tx: &mut Tx, name: &str) -> Result<Option<HostName>> {
    tx.optional(HOST_BY_NAME, vals![name]).await
}

/// The host with this id.
pub async fn host_by_id(tx: &mut Tx, id: &str) -> Result<Option<HostName>> {
    tx.optional(HOST_BY_ID, vals![id]).await
}
