//! Tokens and money.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// Tokens by kind.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, TS)]
pub struct Tokens {
    /// Sent, and held by no cache.
    #[ts(type = "number")]
    pub input_tokens: i64,
    /// Written by the model, thinking included.
    #[ts(type = "number")]
    pub output_tokens: i64,
    /// Read from the cache.
    #[ts(type = "number")]
    pub cache_read_input_tokens: i64,
    /// Written to the cache, for 5 minutes and for 1 hour together.
    #[ts(type = "number")]
    pub cache_creation_input_tokens: i64,
    /// Written to the cache for 5 minutes.
    #[ts(type = "number")]
    pub cache_creation_5m_input_tokens: i64,
    /// Written to the cache for 1 hour.
    #[ts(type = "number")]
    pub cache_creation_1h_input_tokens: i64,
    /// Thinking, part of `output_tokens`.
    #[ts(type = "number")]
    pub thinking_tokens: i64,
    /// Web searches of the model's provider.
    #[ts(type = "number")]
    pub web_searches: i64,
}

/// Answer of `GET /api/v1/usage`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct UsageReport {
    /// One item for each combination of the asked keys, in the order of the keys.
    pub items: Vec<UsageItem>,
    /// Sum over all items.
    pub total: UsageSum,
    /// How the sum came to be.
    pub ledger: Ledger,
    /// Models of the period without a price.
    pub unpriced_models: Vec<String>,
}

/// Usage of one combination of keys. Keys that were not asked for are left out.
#[derive(Debug, Clone, Serialize, TS)]
pub struct UsageItem {
    /// Day, `2026-11-21`.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub day: Option<String>,
    /// Project id; empty for sessions without one.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub project: Option<String>,
    /// Host id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub host: Option<String>,
    /// Coder.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub coder: Option<String>,
    /// Model.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub model: Option<String>,
    /// Session id.
    #[serde(skip_serializing_if = "Option::is_none")]
    #[ts(optional)]
    pub session: Option<String>,
    /// Name of what the keys stand for (project, host, session title), for people.
    pub names: std::collections::BTreeMap<String, String>,
    /// The numbers.
    #[serde(flatten)]
    #[ts(flatten)]
    pub sum: UsageSum,
}

/// Tokens, replies and money together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, TS)]
pub struct UsageSum {
    /// Tokens by kind.
    #[serde(flatten)]
    #[ts(flatten)]
    pub tokens: Tokens,
    /// Replies, each counted once.
    #[ts(type = "number")]
    pub replies: i64,
    /// Sessions that they belong to.
    #[ts(type = "number")]
    pub sessions: i64,
    /// Micro-dollars of the replies whose model has a price; `null` when none has.
    #[ts(type = "number | null")]
    pub cost_microdollars: Option<i64>,
    /// Replies whose model has no price.
    #[ts(type = "number")]
    pub unpriced_replies: i64,
}

/// The arithmetic of the ledger: `records = lines - without_usage`, `counted = records - same_reply - copies - other_hosts`.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, TS)]
pub struct Ledger {
    /// Lines seen; `null` when a time or a model was asked for, because lines without tokens belong to neither.
    #[ts(type = "number | null")]
    pub lines: Option<i64>,
    /// Lines that tell of no tokens.
    #[ts(type = "number | null")]
    pub without_usage: Option<i64>,
    /// Lines that do.
    #[ts(type = "number")]
    pub records: i64,
    /// Dropped: another line of the same reply in the same file.
    #[ts(type = "number")]
    pub same_reply: i64,
    /// Dropped: copied by a fork into another session.
    #[ts(type = "number")]
    pub copies: i64,
    /// Dropped: the same session's file in another place.
    #[ts(type = "number")]
    pub other_hosts: i64,
    /// Replies counted.
    #[ts(type = "number")]
    pub counted: i64,
}

/// What a model costs from a day on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize, TS)]
pub struct Price {
    /// Beginning of the model names that it is for; the longest match counts.
    pub model: String,
    /// First day, `2026-11-21`, UTC.
    pub valid_from: String,
    /// Micro-dollars for a million input tokens.
    #[ts(type = "number")]
    pub input: i64,
    /// For a million output tokens.
    #[ts(type = "number")]
    pub output: i64,
    /// For a million tokens read from the cache.
    #[ts(type = "number")]
    pub cache_read: i64,
    /// For a million tokens written to the cache for 5 minutes.
    #[ts(type = "number")]
    pub cache_write_5m: i64,
    /// For a million tokens written to the cache for 1 hour.
    #[ts(type = "number")]
    pub cache_write_1h: i64,
    /// For a thousand web searches.
    #[ts(type = "number")]
    pub web_search: i64,
}

/// Usage within a rolling window of a coder's plan.
#[derive(Debug, Clone, Serialize, TS)]
pub struct UsageWindow {
    /// Coder.
    pub coder: String,
    /// `5h` or `week`.
    pub window: String,
    /// When the window that is open now began, RFC 3339; `null` when none is open.
    pub started_at: Option<String>,
    /// When it ends.
    pub ends_at: Option<String>,
    /// What was used in it.
    pub sum: UsageSum,
    /// Greatest cost of an earlier window of the same length, for comparison.
    #[ts(type = "number | null")]
    pub most_microdollars: Option<i64>,
    /// Greatest number of tokens of an earlier window.
    #[ts(type = "number | null")]
    pub most_tokens: Option<i64>,
}
