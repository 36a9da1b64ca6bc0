//! Rules that say what is not kept for ever, and which sessions they mean.

use super::db::{Db, Result, Tx};
use crate::domain::time::Millis;
use crate::{statements, vals};

statements! {
    ALL = "SELECT id, host_id, project_id, days, enabled FROM retention_rules ORDER BY id LIMIT 1000";
    INSERT = "INSERT INTO retention_rules (id, host_id, project_id, days, enabled, created_by, created_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7)";
    UPDATE = "UPDATE retention_rules SET host_id = $2, project_id = $3, days = $4, enabled = $5 WHERE id = $1";
    DELETE = "DELETE FROM retention_rules WHERE id = $1";
    DUE = "SELECT s.id, s.title, s.last_activity_at FROM sessions s WHERE s.last_activity_at < $1
           AND (CAST($2 AS TEXT) IS NULL OR s.project_id = $2)
           AND (CAST($3 AS TEXT) IS NULL OR (EXISTS (SELECT 1 FROM transcripts t WHERE t.session_id = s.id AND t.host_id = $3)
             AND NOT EXISTS (SELECT 1 FROM transcripts t WHERE t.session_id = s.id AND t.host_id <> $3)))
           ORDER BY s.last_activity_at, s.id LIMIT $4";
    SUM = "SELECT COUNT(*) AS sessions, CAST(COALESCE(SUM((SELECT SUM(b.committed_offset) FROM transcripts b
           WHERE b.session_id = s.id)), 0) AS BIGINT) AS bytes FROM sessions s WHERE s.last_activity_at < $1
           AND (CAST($2 AS TEXT) IS NULL OR s.project_id = $2)
           AND (CAST($3 AS TEXT) IS NULL OR (EXISTS (SELECT 1 FROM transcripts t WHERE t.session_id = s.id AND t.host_id = $3)
             AND NOT EXISTS (SELECT 1 FROM transcripts t WHERE t.session_id = s.id AND t.host_id <> $3)))";
}

/// A rule.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct RuleRow {
    /// Its id.
    pub id: String,
    /// Only sessions that lie on this host and on no other.
    pub host_id: Option<String>,
    /// Only sessions of this project.
    pub project_id: Option<String>,
    /// Days without activity after which a session is deleted.
    pub days: i64,
    /// It is followed.
    pub enabled: bool,
}

/// A session that a rule means.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct DueRow {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: Option<String>,
    /// Its latest activity.
    pub last_activity_at: Millis,
}

/// How much a rule means.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct DueSum {
    /// Sessions.
    pub sessions: i64,
    /// Their archived bytes.
    pub bytes: i64,
}

/// All rules, oldest first.
pub async fn all(db: &Db) -> Result<Vec<RuleRow>> {
    db.all(ALL, vals![]).await
}

/// Adds a rule.
pub async fn insert(tx: &mut Tx, row: &RuleRow, by: &str, now: Millis) -> Result<()> {
    let RuleRow { id, host_id, project_id, days, enabled } = row.clone();
    tx.execute(INSERT, vals![id, host_id, project_id, days, enabled, by, now]).await?;
    Ok(())
}

/// Changes a rule; `false` when there is none with this id.
pub async fn update(tx: &mut Tx, row: &RuleRow) -> Result<bool> {
    let RuleRow { id, host_id, project_id, days, enabled } = row.clone();
    Ok(tx.execute(UPDATE, vals![id, host_id, project_id, days, enabled]).await? == 1)
}

/// Removes a rule; `false` when there is none with this id.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<bool> {
    Ok(tx.execute(DELETE, vals![id]).await? == 1)
}

/// Sessions without activity since `before` that a rule means, oldest first.
pub async fn due(db: &Db, rule: &RuleRow, before: Millis, limit: u32) -> Result<Vec<DueRow>> {
    db.all(DUE, vals![before, rule.project_id.clone(), rule.host_id.clone(), i64::from(limit)]).await
}

/// How many they are, and how large.
pub async fn due_sum(db: &Db, rule: &RuleRow, before: Millis) -> Result<DueSum> {
    db.one(SUM, vals![before, rule.project_id.clone(), rule.host_id.clone()]).await
}
