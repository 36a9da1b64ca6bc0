//! Texts of a transcript, fit for a column: no NUL (which PostgreSQL refuses), and of bounded length.

/// The text without NUL, cut between characters after at most `bytes`.
pub(super) fn clean(text: &str, bytes: usize) -> String {
    let mut kept: String = text.chars().filter(|c| *c != '\0').collect();
    kept.truncate(kept.floor_char_boundary(bytes));
    kept
}

/// The same in place, for what most often needs nothing.
pub(super) fn cleaned(text: String, bytes: usize) -> String {
    if text.len() <= bytes && !text.contains('\0') { text } else { clean(&text, bytes) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_is_cut_between_characters() {
        assert_eq!(clean("a\0bé", 3), "ab");
        assert_eq!(cleaned("abé".to_owned(), 4), "abé");
    }
}
