//! What a page can follow.

use std::fmt;

use muster_proto::ids::HostId;

use crate::domain::session::SessionId;

/// One thing to follow.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub enum Topic {
    /// All hosts and the latest sessions.
    Fleet,
    /// One host and its latest sessions.
    Host(HostId),
    /// One session and its entries.
    Session(SessionId),
}

impl Topic {
    /// Reads `fleet`, `host:ID` or `session:ID`.
    pub fn parse(text: &str) -> Option<Self> {
        if text == "fleet" {
            return Some(Self::Fleet);
        }
        match text.split_once(':')? {
            ("host", id) => id.parse().ok().map(Self::Host),
            ("session", id) if !id.is_empty() && id.len() <= 300 => Some(Self::Session(SessionId::from_stored(id))),
            _ => None,
        }
    }
}

impl fmt::Display for Topic {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Fleet => f.write_str("fleet"),
            Self::Host(id) => write!(f, "host:{id}"),
            Self::Session(id) => write!(f, "session:{id}"),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn topics_survive_their_text_form() {
        let host = format!("host:{}", HostId::new());
        for text in ["fleet", "session:claude-1", host.as_str()] {
            assert_eq!(Topic::parse(text).unwrap().to_string(), text);
        }
        for text in ["", "host:", "host:x", "session:", "board:x", "fleet:"] {
            assert_eq!(Topic::parse(text), None, "{text}");
        }
    }
}
