//! One conversation of a coder.

use std::fmt;

/// A session's id: the coder's name, a dash, the coder's own session id. The same conversation on several hosts has the
/// same id.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct SessionId(String);

/// Longest own id of a coder that is accepted; UUIDs have 36 characters.
const OWN_ID_CHARS: usize = 200;

impl SessionId {
    /// The id of a coder's session; `None` when the coder's own id is empty, too long or not plain.
    pub fn new(coder: &str, own: &str) -> Option<Self> {
        let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
        (!own.is_empty() && own.len() <= OWN_ID_CHARS && own.chars().all(plain)).then(|| Self(format!("{coder}-{own}")))
    }

    /// An id that was made by [`SessionId::new`] and stored or sent.
    pub fn from_stored(id: impl Into<String>) -> Self {
        Self(id.into())
    }

    /// As text.
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl fmt::Display for SessionId {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.0)
    }
}

/// Where a session's title comes from, best first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, serde::Serialize, serde::Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TitleSource {
    /// Given by a person.
    Custom,
    /// Given by the coder.
    Ai,
    /// Summary written by an older client.
    Summary,
    /// First line of the first human prompt.
    Prompt,
}

impl TitleSource {
    /// The word used in SQL and API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Custom => "custom",
            Self::Ai => "ai",
            Self::Summary => "summary",
            Self::Prompt => "prompt",
        }
    }

    /// The source that a stored word names.
    pub fn from_word(word: &str) -> Option<Self> {
        [Self::Custom, Self::Ai, Self::Summary, Self::Prompt].into_iter().find(|source| source.word() == word)
    }
}

/// What only a session's own page shows; kept as JSON in its row.
#[derive(Debug, Clone, Default, PartialEq, Eq, serde::Serialize, serde::Deserialize)]
#[serde(default)]
pub struct Extras {
    /// Addresses of pull requests, in the order in which they came up.
    pub pull_requests: Vec<String>,
    /// The list of things to do: text and state (`pending`, `active`, `done`).
    pub todos: Vec<(String, String)>,
    /// How often the conversation was compacted.
    pub compactions: u32,
    /// How often a person interrupted.
    pub interrupts: u32,
    /// Requests to the model that failed for good.
    pub api_errors: u32,
    /// What the client may do without asking, in its own words.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub mode: Option<String>,
}

impl Extras {
    /// Reads stored extras; what cannot be read is empty.
    pub fn load(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }

    /// As stored.
    pub fn store(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_session_id_ends_with_the_coders_own_id() {
        let id = SessionId::new("claude", "00000001-0000-4000-8000-000000000001").unwrap();
        assert!(id.as_str().ends_with("00000001-0000-4000-8000-000000000001"));
    }

    #[test]
    fn an_own_id_that_is_a_path_is_refused() {
        assert_eq!(SessionId::new("claude", "../../etc"), None);
        assert_eq!(SessionId::new("claude", ""), None);
    }
}
