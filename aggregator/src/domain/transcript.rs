//! What a file of a session is.

use std::str::FromStr;

/// What a file of a session holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TranscriptKind {
    /// The conversation itself.
    Main,
    /// The conversation of a subagent.
    Subagent,
    /// Journal, script or result of a workflow.
    Workflow,
    /// A tool's output that was too large for the conversation.
    ToolResult,
    /// Facts about another file of the session.
    Meta,
}

/// Whether a file is still on its host.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum TranscriptState {
    /// It is there and followed.
    Live,
    /// It vanished or was replaced; what was archived is kept.
    Gone,
}

/// Where the archived bytes of a file begin: what stood before was deleted by a retention rule.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Base {
    /// Bytes of the file before them.
    pub offset: u64,
    /// Newlines among those.
    pub line: u64,
}

/// A stored word that names no variant.
#[derive(Debug, thiserror::Error)]
#[error("unknown word {0:?}")]
pub struct UnknownWord(pub String);

impl TranscriptKind {
    /// The word used in SQL and API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Main => "main",
            Self::Subagent => "subagent",
            Self::Workflow => "workflow",
            Self::ToolResult => "tool_result",
            Self::Meta => "meta",
        }
    }

    /// Whether its lines are entries of a conversation.
    pub fn is_conversation(self) -> bool {
        matches!(self, Self::Main | Self::Subagent)
    }
}

impl FromStr for TranscriptKind {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Main, Self::Subagent, Self::Workflow, Self::ToolResult, Self::Meta]
            .into_iter()
            .find(|kind| kind.word() == word)
            .ok_or_else(|| UnknownWord(word.to_owned()))
    }
}

impl TranscriptState {
    /// The word used in SQL and API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Live => "live",
            Self::Gone => "gone",
        }
    }
}

impl FromStr for TranscriptState {
    type Err = UnknownWord;

    fn from_str(word: &str) -> Result<Self, UnknownWord> {
        [Self::Live, Self::Gone]
            .into_iter()
            .find(|state| state.word() == word)
            .ok_or_else(|| UnknownWord(word.to_owned()))
    }
}
