//! Tokens seen a moment ago, so that a busy script does not cost a query per request.

use std::collections::HashMap;
use std::sync::{Mutex, PoisonError};

use super::Known;
use crate::domain::time::Millis;

/// How long an answer is believed. A token revoked by another process (the command line) works this much longer.
const LIFE_MS: Millis = 5_000;

/// Tokens remembered. When full, all are forgotten: each costs one query to find again.
const TOKENS: usize = 1_000;

#[derive(Debug, Default)]
pub(super) struct TokenCache {
    known: Mutex<HashMap<Vec<u8>, (Millis, Known)>>,
}

impl TokenCache {
    /// The actor of a token seen less than five seconds ago.
    pub(super) fn get(&self, digest: &[u8], now: Millis) -> Option<Known> {
        let known = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        // A clock that went back makes the age negative: ask the database.
        known.get(digest).filter(|(at, _)| (0..LIFE_MS).contains(&(now - at))).map(|(_, known)| known.clone())
    }

    /// Remembers a token.
    pub(super) fn put(&self, digest: Vec<u8>, known: Known, now: Millis) {
        let mut all = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if all.len() >= TOKENS {
            all.clear();
        }
        all.insert(digest, (now, known));
    }

    /// Forgets every token: access has changed.
    pub(super) fn clear(&self) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}
