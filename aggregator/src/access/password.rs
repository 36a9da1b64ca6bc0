//! Passwords: argon2id, checked beside the async threads, and never more than a few at once.

use std::sync::{Arc, LazyLock};
use std::time::Duration;

use argon2::Argon2;
use argon2::password_hash::phc::PasswordHash;
use argon2::password_hash::{PasswordHasher as _, PasswordVerifier as _};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};

use super::{AccessError, Result};
use crate::spawn;

/// Passwords hashed at the same time: each takes 19 MiB and 20 ms of a core. Callers beyond that wait.
const AT_ONCE: usize = 2;

/// How long a caller waits for its turn before it is sent away with 429.
const PATIENCE: Duration = Duration::from_secs(5);

/// Shortest password that may be set.
pub(super) const SHORTEST: usize = 10;

/// Longest password read, in bytes: hashing more only costs time.
const LONGEST: usize = 1024;

/// Hash of a password that nobody has, checked for unknown names, so that an answer takes as long as for known ones.
static NOBODY: LazyLock<Option<String>> = LazyLock::new(|| hash_now(&super::secret::new_secret()).ok());

/// Hashes and checks.
#[derive(Debug)]
pub(super) struct Passwords {
    turns: Arc<Semaphore>,
}

impl Default for Passwords {
    fn default() -> Self {
        Self { turns: Arc::new(Semaphore::new(AT_ONCE)) }
    }
}

impl Passwords {
    /// Hashes a new password.
    pub(super) async fn hash(&self, password: &str) -> Result<String> {
        if password.chars().count() < SHORTEST {
            return Err(AccessError::Invalid(format!("a password needs {SHORTEST} characters or more")));
        }
        if password.len() > LONGEST {
            return Err(AccessError::Invalid(format!("a password may have {LONGEST} bytes at most")));
        }
        let password = password.to_owned();
        self.aside(move || hash_now(&password)).await?
    }

    /// Whether the password belongs to the hash. Without a hash it takes as long and says no.
    pub(super) async fn verify(&self, password: &str, hash: Option<String>) -> Result<bool> {
        if password.len() > LONGEST {
            return Ok(false);
        }
        let password = password.to_owned();
        self.aside(move || {
            let known = hash.is_some();
            let hash = hash.as_deref().or(NOBODY.as_deref());
            hash.is_some_and(|hash| verify_now(&password, hash)) && known
        })
        .await
    }

    async fn aside<T: Send + 'static>(&self, work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
        let turn = self.turn().await?;
        let done = spawn::blocking(move || {
            let _turn = turn;
            work()
        });
        done.await.map_err(|_| AccessError::Invalid("the password could not be processed; try again".to_owned()))
    }

    async fn turn(&self) -> Result<OwnedSemaphorePermit> {
        let turn = tokio::time::timeout(PATIENCE, Arc::clone(&self.turns).acquire_owned()).await;
        turn.ok().and_then(std::result::Result::ok).ok_or(AccessError::TooMany { retry_after_seconds: 5 })
    }
}

fn hash_now(password: &str) -> Result<String> {
    Argon2::default()
        .hash_password(password.as_bytes())
        .map(|hash| hash.to_string())
        .map_err(|error| AccessError::Invalid(format!("the password cannot be hashed: {error}")))
}

fn verify_now(password: &str, hash: &str) -> bool {
    PasswordHash::new(hash).is_ok_and(|hash| Argon2::default().verify_password(password.as_bytes(), &hash).is_ok())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_hash_fits_its_password_only() {
        let passwords = Passwords::default();
        let hash = passwords.hash("correct horse").await.unwrap();
        assert!(hash.starts_with("$argon2id$"));
        assert!(passwords.verify("correct horse", Some(hash.clone())).await.unwrap());
        assert!(!passwords.verify("correct horsf", Some(hash)).await.unwrap());
        assert!(!passwords.verify("correct horse", None).await.unwrap());
    }

    #[tokio::test]
    async fn short_passwords_are_refused() {
        let error = Passwords::default().hash("123456789").await.unwrap_err();
        assert!(error.to_string().contains("10 characters"), "{error}");
    }
}
