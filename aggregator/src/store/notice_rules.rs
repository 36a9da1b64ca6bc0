//! When people want to be told.

use super::Result;
use super::db::Db;
use crate::domain::time::Millis;
use crate::{statements, vals};

statements! {
    GET = "SELECT rules FROM notice_rules WHERE actor_id = $1";
    PUT = "INSERT INTO notice_rules (actor_id, rules, updated_at) VALUES ($1, $2, $3)
           ON CONFLICT (actor_id) DO UPDATE SET rules = excluded.rules, updated_at = excluded.updated_at";
}

/// The rules of a person (JSON), when they have set some.
pub async fn get(db: &Db, actor: &str) -> Result<Option<String>> {
    Ok(db.optional::<(String,)>(GET, vals![actor]).await?.map(|(rules,)| rules))
}

/// Keeps the rules of a person.
pub async fn put(db: &Db, actor: &str, rules: &str, now: Millis) -> Result<()> {
    db.execute(PUT, vals![actor, rules, now]).await?;
    Ok(())
}
