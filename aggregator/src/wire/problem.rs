//! Errors as RFC 9457 problem documents.

use serde::Serialize;
use ts_rs::TS;

/// What went wrong and what to do about it, served as `application/problem+json`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Problem {
    /// Stable word for programs, for example `not-found`.
    pub code: String,
    /// HTTP status.
    pub status: u16,
    /// What happened, in a few words.
    pub title: String,
    /// What to do, in a sentence.
    pub detail: String,
}
