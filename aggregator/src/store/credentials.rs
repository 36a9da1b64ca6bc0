//! How an actor proves who they are.

use super::Result;
use super::db::{Db, Tx};
use crate::{statements, vals};

statements! {
    PASSWORD = "SELECT secret FROM credentials WHERE actor_id = $1 AND kind = 'password'";
    SET_PASSWORD = "INSERT INTO credentials (actor_id, kind, secret, updated_at) VALUES ($1, 'password', $2, $3) \
        ON CONFLICT (actor_id, kind) DO UPDATE SET secret = excluded.secret, updated_at = excluded.updated_at";
}

/// The argon2id hash of an actor's password.
pub async fn password(db: &Db, actor_id: &str) -> Result<Option<String>> {
    Ok(db.optional::<(String,)>(PASSWORD, vals![actor_id]).await?.map(|(hash,)| hash))
}

/// Sets or replaces the hash of an actor's password.
pub async fn set_password(tx: &mut Tx, actor_id: &str, hash: &str, at: i64) -> Result<()> {
    tx.execute(SET_PASSWORD, vals![actor_id, hash, at]).await?;
    Ok(())
}
