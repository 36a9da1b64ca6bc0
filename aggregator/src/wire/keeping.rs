//! Retention, deletion, export and the progress of background work.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// A rule that says what is not kept for ever.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct RetentionRule {
    /// Typed id (UUID).
    pub id: String,
    /// Host that it is for; `null` for all.
    pub host_id: Option<String>,
    /// Project that it is for; `null` for all.
    pub project_id: Option<String>,
    /// Sessions without activity for more days are deleted.
    pub days: u32,
    /// It is followed. A rule begins disabled, so that it can be tried first.
    pub enabled: bool,
}

/// A rule to make or change.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct NewRetentionRule {
    /// Host that it is for; `null` for all.
    pub host_id: Option<String>,
    /// Project that it is for; `null` for all.
    pub project_id: Option<String>,
    /// Sessions without activity for more days are deleted, 1 to 36,500.
    pub days: u32,
    /// It is followed.
    pub enabled: bool,
}

/// What a rule would delete: answer of its dry run.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RetentionPreview {
    /// Sessions that it would delete.
    #[ts(type = "number")]
    pub sessions: u64,
    /// Archived bytes that they hold.
    #[ts(type = "number")]
    pub bytes: u64,
    /// Some of them, oldest first: id, title and latest activity.
    pub examples: Vec<RetentionExample>,
}

/// A session that a rule would delete.
#[derive(Debug, Clone, Serialize, TS)]
pub struct RetentionExample {
    /// Session id.
    pub session_id: String,
    /// Title.
    pub title: Option<String>,
    /// Latest activity, RFC 3339.
    pub last_activity_at: Option<String>,
}

/// Deletes a session for good.
#[derive(Debug, Clone, Deserialize, TS)]
pub struct DeleteSession {
    /// Why; stands in the audit trail.
    pub reason: String,
}

/// A session that was deleted on purpose: what was deleted is not archived again, whatever hosts still have of it.
#[derive(Debug, Clone, Serialize, TS)]
pub struct Deletion {
    /// Session id.
    pub session_id: String,
    /// Who deleted it.
    pub deleted_by: String,
    /// When, RFC 3339.
    pub deleted_at: String,
    /// Why.
    pub reason: String,
}

/// What was found before an export leaves: answer of `GET /api/v1/sessions/{id}/export/review`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct ExportReview {
    /// Secrets that look real, in the order of the conversation; the same one is listed once.
    pub findings: Vec<Finding>,
    /// Entries that an export would hold.
    #[ts(type = "number")]
    pub entries: u64,
}

/// A text that looks like a secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Finding {
    /// Name by which an export is told to leave it as it is.
    pub id: String,
    /// Name of the rule, for example `github-pat`.
    pub rule: String,
    /// What the rule finds, in words.
    pub title: String,
    /// Its beginning, the rest as dots.
    pub masked: String,
    /// How often it occurs.
    pub count: u32,
    /// Transcript of the first occurrence.
    pub transcript_id: String,
    /// Line of the first occurrence.
    #[ts(type = "number")]
    pub line: u64,
}

/// Work in the background: re-derivation after an update, a rebuild of the index.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Progress {
    /// `views` or `search`.
    pub work: String,
    /// Archived bytes done.
    #[ts(type = "number")]
    pub done_bytes: u64,
    /// Archived bytes of all.
    #[ts(type = "number")]
    pub total_bytes: u64,
}
