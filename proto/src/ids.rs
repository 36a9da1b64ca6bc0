//! Typed ids. A UUID v7 as text: sortable by time, made anywhere without coordination.

use std::fmt;
use std::str::FromStr;

use serde::{Deserialize, Serialize};
use uuid::Uuid;

/// A text that is not an id.
#[derive(Debug, thiserror::Error)]
#[error("{given:?} is not a valid {noun} id")]
pub struct InvalidId {
    noun: &'static str,
    given: String,
}

macro_rules! id {
    ($(#[$doc:meta])* $name:ident, $noun:literal) => {
        $(#[$doc])*
        #[derive(Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(Uuid);

        impl $name {
            /// A new id, later in order than every id made before on this machine.
            pub fn new() -> Self {
                Self(Uuid::now_v7())
            }
        }

        impl Default for $name {
            fn default() -> Self {
                Self::new()
            }
        }

        impl fmt::Display for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl fmt::Debug for $name {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }

        impl FromStr for $name {
            type Err = InvalidId;

            fn from_str(text: &str) -> Result<Self, InvalidId> {
                Uuid::try_parse(text)
                    .map(Self)
                    .map_err(|_| InvalidId { noun: $noun, given: text.chars().take(64).collect() })
            }
        }
    };
}

id!(
    /// One machine that runs our agent.
    HostId, "host"
);
id!(
    /// One transcript file, in one generation of its content.
    TranscriptId, "transcript"
);
id!(
    /// A person or a coder.
    ActorId, "actor"
);

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ids_survive_their_text_form() {
        let id = HostId::new();
        assert_eq!(id.to_string().parse::<HostId>().unwrap(), id);
    }

    #[test]
    fn an_invalid_id_names_what_was_expected() {
        let error = "../etc/passwd".parse::<TranscriptId>().unwrap_err();
        assert_eq!(error.to_string(), "\"../etc/passwd\" is not a valid transcript id");
    }
}
