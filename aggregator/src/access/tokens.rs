//! Tokens of scripts.

use muster_proto::ids::ActorId;
use uuid::Uuid;

use super::secret::{digest, new_secret};
use super::{Access, AccessError, By, CredentialKey, Known, Result, not_noted, role};
use crate::domain::name::check_label;
use crate::domain::role::Role;
use crate::domain::time::Millis;
use crate::store::tokens::TokenRow;
use crate::store::{actors, tokens};

/// Every token begins with this, so that a leaked one can be recognised.
const PREFIX: &str = "mst_";

/// Characters of a token that lists show.
const SHOWN: usize = 10;

/// A use is noted at most this often.
const NOTE_MS: Millis = 60_000;

const DAY_MS: Millis = 24 * 3_600_000;

/// A token just created, with its secret, shown once.
#[derive(Debug)]
pub struct TokenGrant {
    /// As stored.
    pub row: TokenRow,
    /// The secret.
    pub secret: String,
}

impl Access {
    /// Creates a token of this actor, which may do at most `role`.
    pub async fn add_token(
        &self,
        by: &By,
        owner: ActorId,
        name: &str,
        role: Role,
        days: Option<u32>,
    ) -> Result<TokenGrant> {
        let mut tx = self.db().begin().await?;
        let grant = self.add_token_in(&mut tx, by, owner, name, role, days).await?;
        tx.commit().await?;
        Ok(grant)
    }

    /// Creates a token in place of all that the actor has under this name.
    pub async fn renew_token(&self, by: &By, owner: ActorId, name: &str, role: Role) -> Result<TokenGrant> {
        let mut tx = self.db().begin().await?;
        tokens::revoke_named(&mut tx, &owner.to_string(), name, self.now()).await?;
        let grant = self.add_token_in(&mut tx, by, owner, name, role, None).await?;
        tx.commit().await?;
        self.inner.tokens.clear();
        Ok(grant)
    }

    async fn add_token_in(
        &self,
        tx: &mut crate::store::db::Tx,
        by: &By,
        owner: ActorId,
        name: &str,
        most: Role,
        days: Option<u32>,
    ) -> Result<TokenGrant> {
        check_label(name)?;
        let actor = actors::by_id_in(tx, &owner.to_string()).await?;
        let actor = actor.ok_or_else(|| AccessError::NotFound("there is no such member".to_owned()))?;
        if most > role(&actor.role)? {
            return Err(AccessError::Forbidden(format!(
                "a token cannot do more than its owner: {} has the role {}",
                actor.name, actor.role
            )));
        }
        let secret = format!("{PREFIX}{}", new_secret());
        let now = self.now();
        let row = TokenRow {
            id: Uuid::now_v7().to_string(),
            actor_id: actor.id,
            actor_name: actor.name,
            actor_role: actor.role,
            name: name.to_owned(),
            prefix: secret.chars().take(SHOWN).collect(),
            role: most.to_string(),
            created_at: now,
            last_used_at: None,
            expires_at: days.map(|days| now + Millis::from(days) * DAY_MS),
        };
        tokens::insert(tx, &row, digest(&secret)).await?;
        self.note(tx, by, "token.create", &format!("{} of {} ({most})", row.name, row.actor_name)).await?;
        Ok(TokenGrant { row, secret })
    }

    /// Revokes a token: one's own, or, as admin, anyone's. Absent `mine` means anyone's.
    pub async fn revoke_token(&self, by: &By, id: &str, mine: Option<ActorId>) -> Result<()> {
        let mut tx = self.db().begin().await?;
        let row = tokens::by_id_in(&mut tx, id).await?;
        let row = row.filter(|row| mine.is_none_or(|mine| mine.to_string() == row.actor_id));
        let row = row.ok_or_else(|| AccessError::NotFound("there is no such token".to_owned()))?;
        tokens::revoke(&mut tx, id, self.now()).await?;
        self.note(&mut tx, by, "token.revoke", &format!("{} of {}", row.name, row.actor_name)).await?;
        tx.commit().await?;
        self.inner.tokens.clear();
        Ok(())
    }

    /// The actor of a token, if it still counts.
    pub async fn by_token(&self, secret: &str) -> Result<Option<Known>> {
        if !secret.starts_with(PREFIX) {
            return Ok(None);
        }
        let key = digest(secret);
        if let Some(known) = self.inner.tokens.get(&key, self.now()) {
            return Ok(Some(known));
        }
        self.token_by_digest(&key).await
    }

    async fn note_token_use(&self, token: &str, actor: &str, now: Millis) -> Result<()> {
        let mut tx = self.db().begin().await?;
        tokens::used(&mut tx, token, now).await?;
        actors::seen(&mut tx, actor, now).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn token_by_digest(&self, key: &[u8]) -> Result<Option<Known>> {
        let now = self.now();
        let Some(row) = tokens::by_hash(self.db(), key, now).await? else { return Ok(None) };
        if row.last_used_at.is_none_or(|at| now - at > NOTE_MS) {
            let noted = self.note_token_use(&row.id, &row.actor_id, now).await;
            not_noted(noted);
        }
        let known = Known {
            actor_id: row.actor_id.parse().map_err(|_| super::StoreError::Corrupt(row.actor_id.clone()))?,
            name: row.actor_name,
            role: role(&row.role)?.min(role(&row.actor_role)?),
            credential: CredentialKey::Token(key.to_vec()),
        };
        self.inner.tokens.put(key.to_vec(), known.clone(), now);
        Ok(Some(known))
    }
}
