//! Plain text for a reader, bounded.

/// Longest preview in characters: about a screen of text.
pub const PREVIEW_CHARS: usize = 2_000;

/// Longest title in characters: one row of a list, with room to spare.
pub const TITLE_CHARS: usize = 160;

/// Text of a line for a reader.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Preview {
    /// The text, at most [`PREVIEW_CHARS`] characters.
    pub text: String,
    /// There was more.
    pub cut: bool,
}

impl Preview {
    /// The start of a text.
    pub fn cut(text: &str) -> Self {
        let mut preview = Self::default();
        preview.push(text);
        preview
    }

    /// Adds a part on a line of its own, as far as there is room.
    pub fn push(&mut self, part: &str) {
        let part = part.trim();
        // Once cut it stays as it is: a line can have a million parts.
        if part.is_empty() || self.cut {
            return;
        }
        let used = self.text.chars().count();
        if used >= PREVIEW_CHARS {
            self.cut = true;
            return;
        }
        if used > 0 {
            self.text.push('\n');
        }
        // A character has at most four bytes: no need to count a long text to its end.
        let room = PREVIEW_CHARS - used - usize::from(used > 0);
        match part.char_indices().nth(room) {
            None => self.text.extend(Readable::of(part)),
            Some((end, _)) => {
                self.text.extend(Readable::of(&part[..end]));
                self.cut = true;
            }
        }
    }
}

/// The characters of a text that a reader wants: no control characters, and no terminal escape sequences (ECMA-48:
/// `ESC [`, parameters, one final byte from `@` to `~`).
struct Readable<'a>(std::str::Chars<'a>);

impl<'a> Readable<'a> {
    fn of(text: &'a str) -> Self {
        Self(text.chars())
    }
}

impl Iterator for Readable<'_> {
    type Item = char;

    fn next(&mut self) -> Option<char> {
        loop {
            let c = self.0.next()?;
            if c == '\u{1b}' && self.0.as_str().starts_with('[') {
                self.0.next();
                self.0.find(|c| ('@'..='~').contains(c));
            } else if !c.is_control() || matches!(c, '\n' | '\t') {
                return Some(c);
            }
        }
    }
}

/// A text of any length without what a reader does not want.
pub fn readable(text: &str) -> String {
    Readable::of(text).collect()
}

/// The first line of a text that says something, as a title; `None` when there is none.
pub fn title_of(text: &str) -> Option<String> {
    let line = text.lines().map(str::trim).find(|line| !line.is_empty())?;
    let title: String = Readable::of(line).take(TITLE_CHARS).collect();
    (!title.is_empty()).then_some(title)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_long_text_is_cut_at_a_character() {
        let preview = Preview::cut(&"日".repeat(PREVIEW_CHARS + 1));
        assert_eq!(preview.text.chars().count(), PREVIEW_CHARS);
        assert!(preview.cut);
    }

    #[test]
    fn escape_sequences_do_not_reach_a_reader() {
        assert_eq!(Preview::cut("\u{1b}[1;31mred\u{1b}[m\u{7}\tend").text, "red\tend");
        assert_eq!(Preview::cut("cut \u{1b}[31").text, "cut ");
    }

    #[test]
    fn a_title_is_the_first_line_that_says_something() {
        assert_eq!(title_of("\n  \n fix the build \nplease").as_deref(), Some("fix the build"));
        assert_eq!(title_of(" \n "), None);
    }
}
