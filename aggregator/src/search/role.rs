//! What a hit is: whose words, and what is known of them without reading them.

/// Whose words a document holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub enum Role {
    /// A person's prompt or command.
    Prompt,
    /// The model's words.
    Reply,
    /// What a tool was called with.
    ToolInput,
    /// What the model thought.
    Thinking,
    /// What a tool answered.
    ToolResult,
    /// What the client said.
    System,
    /// The title of a session.
    Title,
}

impl Role {
    /// All of them, in the order of their numbers.
    pub const ALL: [Self; 7] =
        [Self::Prompt, Self::Reply, Self::ToolInput, Self::Thinking, Self::ToolResult, Self::System, Self::Title];

    /// Its word in answers and filters.
    pub fn word(self) -> &'static str {
        match self {
            Self::Prompt => "prompt",
            Self::Reply => "reply",
            Self::ToolInput => "tool_input",
            Self::Thinking => "thinking",
            Self::ToolResult => "tool_result",
            Self::System => "system",
            Self::Title => "title",
        }
    }

    /// The roles that a word in a filter means; none when it is not known.
    pub(super) fn named(word: &str) -> Vec<Self> {
        match word.to_ascii_lowercase().replace('-', "_").as_str() {
            "prompt" | "human" | "user" | "person" => vec![Self::Prompt],
            "reply" | "assistant" | "model" => vec![Self::Reply],
            "tool_input" | "input" | "tool_use" | "call" => vec![Self::ToolInput],
            "tool_result" | "result" | "output" => vec![Self::ToolResult],
            "tool" => vec![Self::ToolInput, Self::ToolResult],
            "thinking" | "thought" => vec![Self::Thinking],
            "system" => vec![Self::System],
            "title" => vec![Self::Title],
            _ => Vec::new(),
        }
    }

    /// How much more its words weigh: what a person wrote is what a person remembers.
    fn weight(self) -> f32 {
        match self {
            Self::Title => 2.6,
            Self::Prompt => 2.0,
            Self::Reply => 1.3,
            Self::ToolInput => 1.0,
            Self::Thinking => 0.8,
            Self::ToolResult => 0.6,
            Self::System => 0.5,
        }
    }
}

/// What the index keeps of a document in one small number.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Kind(u64);

const ROLE: u64 = 7;
const ERROR: u64 = 8;
const IMAGE: u64 = 16;
const SUBAGENT: u64 = 32;

impl Kind {
    /// A cursor: no words at all.
    pub(super) const CURSOR: Self = Self(ROLE);

    pub(super) fn new(role: Role, is_error: bool, has_image: bool, subagent: bool) -> Self {
        let flag = |set: bool, bit| if set { bit } else { 0 };
        Self(role as u64 | flag(is_error, ERROR) | flag(has_image, IMAGE) | flag(subagent, SUBAGENT))
    }

    pub(super) fn from_stored(number: u64) -> Self {
        Self(number)
    }

    pub(super) fn stored(self) -> u64 {
        self.0
    }

    /// `None` for a cursor.
    pub(super) fn role(self) -> Option<Role> {
        Role::ALL.get(usize::try_from(self.0 & ROLE).unwrap_or(usize::MAX)).copied()
    }

    pub(super) fn is_error(self) -> bool {
        self.0 & ERROR != 0
    }

    pub(super) fn has_image(self) -> bool {
        self.0 & IMAGE != 0
    }

    pub(super) fn is_subagent(self) -> bool {
        self.0 & SUBAGENT != 0
    }

    /// Factor of the score. A prompt of a subagent was written by a model.
    pub(super) fn weight(self) -> f32 {
        let weight = self.role().map_or(0.0, Role::weight);
        if self.is_subagent() { weight * 0.6 } else { weight }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_kind_survives_its_number() {
        for role in Role::ALL {
            assert_eq!(Role::named(role.word()), [role]);
            let kind = Kind::from_stored(Kind::new(role, true, false, true).stored());
            assert_eq!(
                (kind.role(), kind.is_error(), kind.has_image(), kind.is_subagent()),
                (Some(role), true, false, true)
            );
        }
        assert_eq!(Kind::CURSOR.role(), None);
    }
}
