//! How a machine becomes a host of the fleet, and stops being one.

use sqlx::FromRow;

use super::Result;
use super::db::{Db, Tx};
use crate::{statements, vals};

/// A host at the moment it joins.
#[derive(Debug, Clone)]
pub struct NewHostRow {
    /// UUID.
    pub id: String,
    /// Name given by `host add`.
    pub name: String,
    /// Ed25519, 32 bytes.
    pub public_key: Vec<u8>,
    /// What the machine calls itself.
    pub hostname: String,
    /// `linux`, `macos` or `windows`.
    pub os: String,
    /// `x86_64`, `aarch64`, …
    pub arch: String,
    /// Version of the agent.
    pub agent_version: String,
    /// Milliseconds since 1970.
    pub enrolled_at: i64,
}

/// Id and name of a host that is not removed.
#[derive(Debug, Clone, FromRow)]
pub struct HostName {
    /// UUID.
    pub id: String,
    /// Name.
    pub name: String,
}

/// A host on the command line's list.
#[derive(Debug, Clone, FromRow)]
pub struct HostLine {
    /// Name.
    pub name: String,
    /// What the machine calls itself.
    pub hostname: String,
    /// Operating system.
    pub os: String,
    /// Processor.
    pub arch: String,
    /// Version of the agent.
    pub agent_version: String,
    /// Last time it was heard from.
    pub last_seen_at: Option<i64>,
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
    INSERT_HOST = "INSERT INTO hosts (id, name, public_key, hostname, os, arch, agent_version, enrolled_at) \
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    REMOVE_HOST = "UPDATE hosts SET removed_at = $2, link_epoch = link_epoch + 1 WHERE id = $1 AND removed_at IS NULL";
    HOSTS = "SELECT name, hostname, os, arch, agent_version, last_seen_at FROM hosts WHERE removed_at IS NULL \
        ORDER BY name";
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

/// Adds the host that an enrolment let in.
pub async fn insert_host(tx: &mut Tx, enrolment_id: &str, host: &NewHostRow) -> Result<()> {
    let NewHostRow { id, name, public_key, hostname, os, arch, agent_version, enrolled_at } = host.clone();
    tx.execute(INSERT_HOST, vals![id.clone(), name, public_key, hostname, os, arch, agent_version, enrolled_at])
        .await?;
    tx.execute(BIND, vals![enrolment_id, id]).await?;
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

/// Removes a host: its key counts no more, and a link that still stands can no longer commit. Its archive stays.
pub async fn remove_host(tx: &mut Tx, id: &str, at: i64) -> Result<bool> {
    Ok(tx.execute(REMOVE_HOST, vals![id, at]).await? > 0)
}

/// Hosts by name, for the command line.
pub async fn hosts(db: &Db) -> Result<Vec<HostLine>> {
    db.all(HOSTS, vals![]).await
}
