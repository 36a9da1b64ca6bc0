//! Facts about this database itself.

use super::Result;
use super::db::{Db, Tx};
use crate::{statements, vals};

statements! {
    GET = "SELECT value FROM settings WHERE key = $1";
    INSERT = "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO NOTHING";
    SET = "INSERT INTO settings (key, value) VALUES ($1, $2) ON CONFLICT (key) DO UPDATE SET value = excluded.value";
    COUNTS = "SELECT (SELECT COUNT(*) FROM hosts WHERE removed_at IS NULL) AS hosts, \
        (SELECT COUNT(*) FROM transcripts) AS transcripts, \
        (SELECT CAST(COALESCE(SUM(committed_offset), 0) AS BIGINT) FROM transcripts) AS bytes, \
        (SELECT COUNT(*) FROM sessions) AS sessions";
    LOCK = "INSERT INTO settings (key, value) VALUES ($1, '') ON CONFLICT (key) DO UPDATE SET value = excluded.value";
}

/// A fact that is made once, at its first use, and never changes.
pub async fn made_once(db: &Db, key: &str, make: impl FnOnce() -> String) -> Result<String> {
    if let Some((value,)) = db.optional::<(String,)>(GET, vals![key]).await? {
        return Ok(value);
    }
    db.execute(INSERT, vals![key, make()]).await?;
    Ok(db.one::<(String,)>(GET, vals![key]).await?.0)
}

/// Identity of this database: an agent recognises by it that it talks to the fleet it joined. Made at first use.
pub async fn aggregator_id(db: &Db) -> Result<String> {
    made_once(db, "aggregator.id", || uuid::Uuid::new_v4().to_string()).await
}

/// A fact, when it is known.
pub async fn get(db: &Db, key: &str) -> Result<Option<String>> {
    Ok(db.optional::<(String,)>(GET, vals![key]).await?.map(|(value,)| value))
}

/// Writes a fact down.
pub async fn set(db: &Db, key: &str, value: &str) -> Result<()> {
    db.execute(SET, vals![key, value]).await?;
    Ok(())
}

/// Writes a fact down in a transaction.
pub async fn set_in(tx: &mut Tx, key: &str, value: &str) -> Result<()> {
    tx.execute(SET, vals![key, value]).await?;
    Ok(())
}

/// How much there is of everything.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct Counts {
    /// Hosts that are not removed.
    pub hosts: i64,
    /// Transcripts, live and gone.
    pub transcripts: i64,
    /// Their bytes.
    pub bytes: i64,
    /// Sessions.
    pub sessions: i64,
}

/// Counts for the metrics.
pub async fn counts(db: &Db) -> Result<Counts> {
    db.one(COUNTS, vals![]).await
}

/// Lets only one transaction at a time past this point, on either database, until it ends: rules over several rows
/// (the last admin, the names of hosts) are checked behind it.
pub async fn lock(tx: &mut Tx, name: &str) -> Result<()> {
    tx.execute(LOCK, vals![format!("lock.{name}")]).await?;
    Ok(())
}
