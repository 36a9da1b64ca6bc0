//! The difference of two texts, for people.

use similar::{ChangeTag, TextDiff};

/// Lines shown before and after a change.
const AROUND: usize = 2;

/// The lines that go (`-`) and come (`+`), with a little around them. Empty when the texts are equal.
pub fn diff(old: &str, new: &str) -> String {
    let diff = TextDiff::from_lines(old, new);
    let mut text = String::new();
    for group in diff.grouped_ops(AROUND) {
        if group.first().is_some_and(|first| first.old_range().start > 0) {
            text.push_str("  …\n");
        }
        for change in group.iter().flat_map(|op| diff.iter_changes(op)) {
            let mark = match change.tag() {
                ChangeTag::Equal => "  ",
                ChangeTag::Delete => "- ",
                ChangeTag::Insert => "+ ",
            };
            text.extend([mark, change.value().trim_end_matches(['\r', '\n']), "\n"]);
        }
    }
    text
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_change_is_shown_with_what_stands_around_it() {
        let old = "a\nb\nc\nd\ne\nf\ng\n";
        assert_eq!(diff(old, "a\nb\nc\nd\nE\nf\ng\n"), "  …\n  c\n  d\n- e\n+ E\n  f\n  g\n");
        assert_eq!(diff(old, old), "");
        assert_eq!(diff("", "{}\n"), "+ {}\n");
    }
}
