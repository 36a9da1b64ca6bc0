//! Secrets: 256 random bits, shown once, kept only as their SHA-256. They are random, so a fast digest protects them as
//! well as a slow one would.

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use sha2::{Digest as _, Sha256};
use uuid::Uuid;

/// A new secret in base64url: 43 characters. Never begins with `-`: pasted into a command it would read as a flag.
pub(super) fn new_secret() -> String {
    loop {
        let secret = random_secret();
        if !secret.starts_with('-') {
            return secret;
        }
    }
}

fn random_secret() -> String {
    // Three version-4 ids carry 366 random bits from the operating system; the digest folds them into 256.
    let mut hash = Sha256::new();
    for _ in 0..3 {
        hash.update(Uuid::new_v4().as_bytes());
    }
    URL_SAFE_NO_PAD.encode(hash.finalize())
}

/// What is stored of a secret.
pub(super) fn digest(secret: &str) -> Vec<u8> {
    Sha256::digest(secret.as_bytes()).to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn secrets_are_long_and_differ() {
        let (one, two) = (new_secret(), new_secret());
        assert_eq!(one.len(), 43);
        assert_ne!(one, two);
        assert_ne!(digest(&one), digest(&two));
    }

    #[test]
    fn a_secret_never_reads_as_a_flag() {
        assert!((0..1000).all(|_| !new_secret().starts_with('-')));
    }
}
