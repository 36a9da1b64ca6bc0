//! What an actor may do.

use std::fmt;
use std::str::FromStr;

/// Roles in ascending order: each may do what the one below it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Role {
    /// Reads everything, changes nothing.
    Viewer,
    /// Works: runs sessions, tasks, terminals.
    Member,
    /// Also hosts, members, tokens of others, settings.
    Admin,
}

/// A text that is no role.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a role: use viewer, member or admin")]
pub struct InvalidRole(String);

impl Role {
    /// The word used in SQL, JSON and on the command line.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::Viewer => "viewer",
            Self::Member => "member",
            Self::Admin => "admin",
        }
    }
}

impl fmt::Display for Role {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl FromStr for Role {
    type Err = InvalidRole;

    fn from_str(text: &str) -> Result<Self, InvalidRole> {
        match text {
            "viewer" => Ok(Self::Viewer),
            "member" => Ok(Self::Member),
            "admin" => Ok(Self::Admin),
            _ => Err(InvalidRole(text.chars().take(32).collect())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_role_includes_the_one_below() {
        assert!(Role::Viewer < Role::Member && Role::Member < Role::Admin);
    }

    #[test]
    fn roles_survive_their_text_form() {
        for role in [Role::Viewer, Role::Member, Role::Admin] {
            assert_eq!(role.to_string().parse(), Ok(role));
        }
        assert!("owner".parse::<Role>().is_err());
    }
}
