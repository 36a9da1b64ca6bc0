//! Who may do what: people, sign-ins, tokens, enrolment of hosts. Every change of access leaves an audit row in the same
//! transaction.

mod cache;
mod enrol;
mod limit;
mod password;
mod people;
mod secret;
mod sign_in;
mod tokens;

#[cfg(test)]
mod tests;

use std::sync::Arc;
use std::sync::atomic::{AtomicI64, Ordering};

use muster_proto::ids::ActorId;

use crate::domain::name::InvalidName;
use crate::domain::role::Role;
use crate::domain::time::{Millis, now_ms};
use crate::store::{Db, StoreError, actors};

pub use enrol::{Enrolled, HostFacts, JoinSecret};
pub use limit::Attempt;
pub use people::{Change, OneTimeLink, note};
pub use sign_in::{SIGN_IN_SECONDS, SignedIn};
pub use tokens::TokenGrant;

/// Why the room refuses. The text says what happened and what to do.
#[derive(Debug, thiserror::Error)]
pub enum AccessError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Wrong name, password, link or token: deliberately not told which.
    #[error("{0}")]
    Denied(&'static str),
    /// Too many attempts.
    #[error("too many attempts; wait {retry_after_seconds} s and try again")]
    TooMany {
        /// Seconds after which one attempt is free again.
        retry_after_seconds: u64,
    },
    /// The caller's role is too low.
    #[error("{0}")]
    Forbidden(String),
    /// It contradicts what is there.
    #[error("{0}")]
    Conflict(String),
    /// Nothing of that name.
    #[error("{0}")]
    NotFound(String),
    /// Not a usable value.
    #[error("{0}")]
    Invalid(String),
}

impl From<InvalidName> for AccessError {
    fn from(error: InvalidName) -> Self {
        Self::Invalid(error.to_string())
    }
}

/// Shorthand of this room.
pub type Result<T> = std::result::Result<T, AccessError>;

/// Who makes a change, for the audit trail.
#[derive(Debug, Clone)]
pub struct By {
    /// The actor, when it is one.
    pub actor_id: Option<ActorId>,
    /// Their name; `system` for the aggregator itself.
    pub name: String,
    /// Address they came from; `cli` for the command line.
    pub origin: String,
}

impl By {
    /// Someone on the aggregator's own command line.
    pub fn cli() -> Self {
        Self { actor_id: None, name: "system".to_owned(), origin: "cli".to_owned() }
    }

    /// A host that joins with its one-time token.
    pub fn host(name: &str, origin: &str) -> Self {
        Self { actor_id: None, name: format!("host {name}"), origin: origin.to_owned() }
    }
}

/// An actor that proved who they are, with what this proof allows.
#[derive(Debug, Clone)]
pub struct Known {
    /// The actor.
    pub actor_id: ActorId,
    /// Their sign-in name.
    pub name: String,
    /// The lower one of the actor's and the credential's role.
    pub role: Role,
    /// The credential.
    pub credential: CredentialKey,
}

/// Which credential proved it, without its secret.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum CredentialKey {
    /// Digest of a session cookie.
    SignIn(Vec<u8>),
    /// Digest of a token.
    Token(Vec<u8>),
}

/// The room. Cloning gives another handle to the same room.
#[derive(Clone)]
pub struct Access {
    inner: Arc<Inner>,
}

struct Inner {
    db: Db,
    limits: limit::Limits,
    passwords: password::Passwords,
    tokens: cache::TokenCache,
    /// Milliseconds by which tests move the clock.
    shift_ms: AtomicI64,
}

impl Access {
    /// A room over this database, with no attempts counted yet.
    pub fn new(db: Db) -> Self {
        Self {
            inner: Arc::new(Inner {
                db,
                limits: limit::Limits::default(),
                passwords: password::Passwords::default(),
                tokens: cache::TokenCache::default(),
                shift_ms: AtomicI64::new(0),
            }),
        }
    }

    fn db(&self) -> &Db {
        &self.inner.db
    }

    fn now(&self) -> Millis {
        now_ms().saturating_add(self.inner.shift_ms.load(Ordering::Relaxed))
    }

    #[cfg(test)]
    pub(crate) fn advance(&self, ms: Millis) {
        self.inner.shift_ms.fetch_add(ms, Ordering::Relaxed);
    }

    /// Asks again whether a credential counts, for connections that live long.
    pub async fn recheck(&self, credential: &CredentialKey) -> Result<Option<Known>> {
        match credential {
            CredentialKey::SignIn(digest) => self.sign_in_by_digest(digest).await,
            CredentialKey::Token(digest) => self.token_by_digest(digest).await,
        }
    }

    /// One free attempt of this caller at a door that others than this room keep (joining a host).
    pub fn attempt(&self, attempt: Attempt<'_>) -> Result<()> {
        self.inner.limits.take(attempt, self.now())
    }
}

/// When a credential was last used is good to know, but no reason to turn its owner away: with a full disk the archive
/// can still be read.
fn not_noted(noted: Result<()>) {
    if let Err(error) = noted {
        tracing::warn!(error = %error, "the last use of a credential was not stored");
    }
}

impl std::fmt::Debug for Access {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Access").finish_non_exhaustive()
    }
}

/// The id of a stored actor.
fn actor_id(row: &actors::ActorRow) -> Result<ActorId> {
    row.id.parse().map_err(|_| StoreError::Corrupt(format!("actor id {:?}", row.id)).into())
}

/// The role in a stored row.
fn role(text: &str) -> Result<Role> {
    text.parse().map_err(|_| StoreError::Corrupt(format!("role {text:?}")).into())
}
