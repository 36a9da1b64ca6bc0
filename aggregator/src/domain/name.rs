//! Names that people choose for hosts, members and tokens.

/// Longest name of a host, a member or a token, in characters.
pub const NAME_CHARS: usize = 64;

/// A name that cannot be used.
#[derive(Debug, Clone, thiserror::Error, PartialEq, Eq)]
pub enum InvalidName {
    /// Of a host.
    #[error("a host's name has 1 to 64 letters, digits, `-`, `_` or `.`, and begins with a letter or digit")]
    Host,
    /// Of a member.
    #[error(
        "a sign-in name has 1 to 64 lower-case letters, digits, `-`, `_` or `.`, and begins with a letter or digit"
    )]
    Actor,
    /// For people to read: a display name, what a token is for.
    #[error("it must have 1 to 64 characters, all printable")]
    Label,
}

fn is_word(text: &str, accepted: impl Fn(char) -> bool) -> bool {
    text.chars().next().is_some_and(|first| accepted(first) && first.is_ascii_alphanumeric())
        && text.len() <= NAME_CHARS
        && text.chars().all(|c| accepted(c) || matches!(c, '-' | '_' | '.'))
}

/// Checks the name of a host.
pub fn check_host(name: &str) -> Result<(), InvalidName> {
    if is_word(name, |c| c.is_ascii_alphanumeric()) { Ok(()) } else { Err(InvalidName::Host) }
}

/// Checks the sign-in name of an actor.
pub fn check_actor(name: &str) -> Result<(), InvalidName> {
    if is_word(name, |c| c.is_ascii_lowercase() || c.is_ascii_digit()) { Ok(()) } else { Err(InvalidName::Actor) }
}

/// Checks a text that people read.
pub fn check_label(text: &str) -> Result<(), InvalidName> {
    let printable =
        !text.trim().is_empty() && text.chars().count() <= NAME_CHARS && !text.chars().any(char::is_control);
    if printable { Ok(()) } else { Err(InvalidName::Label) }
}

/// The host name that comes closest to what a machine calls itself (`Ann's MacBook.local` → `Ann-s-MacBook.local`).
pub fn host_name_from(hostname: &str) -> String {
    let mapped: String = hostname
        .chars()
        .map(|c| if c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.') { c } else { '-' })
        .take(NAME_CHARS)
        .collect();
    let trimmed = mapped.trim_matches(['-', '_', '.']);
    if trimmed.is_empty() { "this-machine".to_owned() } else { trimmed.to_owned() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn host_names_are_words() {
        for good in ["a", "Box-1.lan", "gpu_2", "9"] {
            assert_eq!(check_host(good), Ok(()), "{good}");
        }
        for bad in ["", "-a", ".", "a b", "a/b", "é", &"x".repeat(65)] {
            assert_eq!(check_host(bad), Err(InvalidName::Host), "{bad}");
        }
    }

    #[test]
    fn sign_in_names_are_lower_case() {
        assert_eq!(check_actor("ann.lee"), Ok(()));
        assert_eq!(check_actor("Ann"), Err(InvalidName::Actor));
    }

    #[test]
    fn labels_may_hold_any_script_but_no_control_characters() {
        assert_eq!(check_label("夜班 script"), Ok(()));
        for bad in ["", "  ", "a\nb", "\u{1b}[31m"] {
            assert_eq!(check_label(bad), Err(InvalidName::Label), "{bad:?}");
        }
    }

    #[test]
    fn every_machine_gets_a_usable_host_name() {
        for hostname in ["Ann's MacBook.local", "", "...", "機械", &"long".repeat(40)] {
            assert_eq!(check_host(&host_name_from(hostname)), Ok(()), "{hostname}");
        }
        assert_eq!(host_name_from("Ann's MacBook.local"), "Ann-s-MacBook.local");
    }
}
