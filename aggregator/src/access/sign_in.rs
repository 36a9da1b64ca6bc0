//! Signing in, by password or one-time link, and out.

use std::net::IpAddr;

use super::secret::{digest, new_secret};
use super::{Access, AccessError, Attempt, By, CredentialKey, Known, Result, actor_id, not_noted, role};
use crate::domain::time::Millis;
use crate::store::db::Tx;
use crate::store::{actors, credentials, sign_ins};

/// How long a sign-in lasts after its last use, in seconds: 30 days.
pub const SIGN_IN_SECONDS: i64 = 30 * 24 * 3600;

/// A use is noted, and the expiry moved, at most this often.
const TOUCH_MS: Millis = 3_600_000;

/// A browser that has just signed in.
#[derive(Debug)]
pub struct SignedIn {
    /// Secret for the session cookie.
    pub secret: String,
    /// Who.
    pub known: Known,
}

impl Access {
    /// Signs in by name and password. `old` is the cookie that the browser still has, which ends here.
    pub async fn sign_in(&self, name: &str, password: &str, from: IpAddr, old: Option<&str>) -> Result<SignedIn> {
        let attempt = Attempt::Password { address: from, name };
        self.attempt(attempt)?;
        let named = actors::by_name(self.db(), name).await?;
        let active = named.as_ref().filter(|actor| actor.disabled_at.is_none());
        let hash = match active {
            Some(actor) => credentials::password(self.db(), &actor.id).await?,
            None => None,
        };
        let fits = self.inner.passwords.verify(password, hash).await?;
        let Some(actor) = active.filter(|_| fits) else {
            self.note_refusal(named.as_ref(), from).await;
            return Err(AccessError::Denied("Name or password is wrong"));
        };
        let mut tx = self.db().begin().await?;
        let signed_in = self.begin_sign_in(&mut tx, actor, from, old).await?;
        tx.commit().await?;
        self.inner.limits.give_back(attempt);
        Ok(signed_in)
    }

    /// Writes down that somebody was refused. A name that no member has is kept nowhere: it may be a password in the
    /// wrong field.
    async fn note_refusal(&self, named: Option<&actors::ActorRow>, from: IpAddr) {
        let subject = match named {
            Some(actor) if actor.disabled_at.is_some() => format!("{} (disabled)", actor.name),
            Some(actor) => actor.name.clone(),
            None => "no member's name".to_owned(),
        };
        tracing::warn!(actor.name = subject, origin = %from, "a sign-in was refused");
        if self.attempt(Attempt::Trail).is_err() {
            return;
        }
        let by = By { actor_id: None, name: "nobody yet".to_owned(), origin: from.to_string() };
        if let Err(error) = self.note_alone(&by, "sign-in.refused", &subject).await {
            tracing::warn!(error = %error, "a refused sign-in is not in the audit trail");
        }
    }

    async fn note_alone(&self, by: &By, action: &str, subject: &str) -> Result<()> {
        let mut tx = self.db().begin().await?;
        self.note(&mut tx, by, action, subject).await?;
        Ok(tx.commit().await?)
    }

    /// Signs in by a one-time link, which is used up.
    pub async fn sign_in_by_link(&self, secret: &str, from: IpAddr, old: Option<&str>) -> Result<SignedIn> {
        const USED: AccessError = AccessError::Denied(
            "This link was used already or has expired: ask an admin for another, or run `muster user link NAME`",
        );
        let attempt = Attempt::Link { address: from };
        self.attempt(attempt)?;
        let mut tx = self.db().begin().await?;
        let actor = sign_ins::use_link(&mut tx, &digest(secret), self.now()).await?.ok_or(USED)?;
        let actor = actors::by_id_in(&mut tx, &actor).await?;
        let actor = actor.filter(|actor| actor.disabled_at.is_none()).ok_or(USED)?;
        let signed_in = self.begin_sign_in(&mut tx, &actor, from, old).await?;
        let by = By { actor_id: Some(signed_in.known.actor_id), name: actor.name.clone(), origin: from.to_string() };
        self.note(&mut tx, &by, "sign-in.link", &actor.name).await?;
        tx.commit().await?;
        self.inner.limits.give_back(attempt);
        Ok(signed_in)
    }

    async fn begin_sign_in(
        &self,
        tx: &mut Tx,
        actor: &actors::ActorRow,
        from: IpAddr,
        old: Option<&str>,
    ) -> Result<SignedIn> {
        let now = self.now();
        if let Some(old) = old {
            sign_ins::delete(tx, &digest(old)).await?;
        }
        sign_ins::delete_expired(tx, now).await?;
        let secret = new_secret();
        let key = digest(&secret);
        let expires_at = now + SIGN_IN_SECONDS * 1000;
        sign_ins::insert(tx, &key, &actor.id, now, expires_at, &from.to_string()).await?;
        actors::seen(tx, &actor.id, now).await?;
        let known = Known {
            actor_id: actor_id(actor)?,
            name: actor.name.clone(),
            role: role(&actor.role)?,
            credential: CredentialKey::SignIn(key),
        };
        Ok(SignedIn { secret, known })
    }

    /// The actor of a session cookie, if it still counts.
    pub async fn by_sign_in(&self, secret: &str) -> Result<Option<Known>> {
        self.sign_in_by_digest(&digest(secret)).await
    }

    async fn note_sign_in_use(&self, key: &[u8], actor: &str, now: Millis) -> Result<()> {
        let mut tx = self.db().begin().await?;
        sign_ins::touch(&mut tx, key, now, now + SIGN_IN_SECONDS * 1000).await?;
        actors::seen(&mut tx, actor, now).await?;
        tx.commit().await?;
        Ok(())
    }

    pub(super) async fn sign_in_by_digest(&self, key: &[u8]) -> Result<Option<Known>> {
        let now = self.now();
        let Some(row) = sign_ins::by_hash(self.db(), key, now).await? else { return Ok(None) };
        if now - row.last_seen_at > TOUCH_MS {
            let noted = self.note_sign_in_use(key, &row.actor_id, now).await;
            not_noted(noted);
        }
        Ok(Some(Known {
            actor_id: row.actor_id.parse().map_err(|_| super::StoreError::Corrupt(row.actor_id.clone()))?,
            name: row.name,
            role: role(&row.role)?,
            credential: CredentialKey::SignIn(key.to_vec()),
        }))
    }

    /// Ends the sign-in of this cookie.
    pub async fn sign_out(&self, secret: &str) -> Result<()> {
        let mut tx = self.db().begin().await?;
        sign_ins::delete(&mut tx, &digest(secret)).await?;
        Ok(tx.commit().await?)
    }
}
