//! Every change of access, and who was refused.

use sqlx::FromRow;

use super::Result;
use super::db::{Db, Tx};
use crate::{statements, vals};

/// One change.
#[derive(Debug, Clone, FromRow)]
pub struct AuditRow {
    /// UUID v7: also the order.
    pub id: String,
    /// Milliseconds since 1970.
    pub at: i64,
    /// Who, when it was an actor.
    pub actor_id: Option<String>,
    /// Their name then.
    pub actor_name: String,
    /// What, for example `host.add`.
    pub action: String,
    /// To whom or what.
    pub subject: String,
    /// From where.
    pub origin: String,
}

statements! {
    INSERT = "INSERT INTO audit (id, at, actor_id, actor_name, action, subject, origin) \
        VALUES ($1, $2, $3, $4, $5, $6, $7)";
    PAGE = "SELECT id, at, actor_id, actor_name, action, subject, origin FROM audit WHERE id < $1 \
        ORDER BY id DESC LIMIT $2";
}

/// Adds a row.
pub async fn insert(tx: &mut Tx, row: AuditRow) -> Result<()> {
    let AuditRow { id, at, actor_id, actor_name, action, subject, origin } = row;
    tx.execute(INSERT, vals![id, at, actor_id, actor_name, action, subject, origin]).await?;
    Ok(())
}

/// Newest first, before the given id.
pub async fn page(db: &Db, before_id: &str, limit: i64) -> Result<Vec<AuditRow>> {
    db.all(PAGE, vals![before_id, limit]).await
}
