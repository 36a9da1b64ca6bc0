//! The difference of two texts, for people.

/// Lines shown before and after a change.
const AROUND: usize = 2;

/// Larger texts are shown as wholly replaced between their common ends; the table of the comparison is this large at most.
const MAX_CELLS: usize = 4_000_000;

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Same,
    Gone,
    New,
}

/// The lines that go (`-`) and come (`+`), with a little around them. Empty when the texts are equal.
pub fn diff(old: &str, new: &str) -> String {
    let lines = compare(&old.lines().collect::<Vec<_>>(), &new.lines().collect::<Vec<_>>());
    let changed = |at: usize| lines.get(at).is_some_and(|(kind, _)| *kind != Kind::Same);
    let mut text = String::new();
    let mut left_out = false;
    for (at, (kind, line)) in lines.iter().enumerate() {
        if !(at.saturating_sub(AROUND)..=at + AROUND).any(changed) {
            left_out = true;
            continue;
        }
        if left_out {
            text.push_str("  …\n");
            left_out = false;
        }
        let mark = match kind {
            Kind::Same => " ",
            Kind::Gone => "-",
            Kind::New => "+",
        };
        text.extend([mark, " ", line, "\n"]);
    }
    text
}

fn compare<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(Kind, &'a str)> {
    let head = old.iter().zip(new).take_while(|(a, b)| a == b).count();
    let (old_rest, new_rest) = (&old[head..], &new[head..]);
    let tail = old_rest.iter().rev().zip(new_rest.iter().rev()).take_while(|(a, b)| a == b).count();
    let (old_middle, new_middle) = (&old_rest[..old_rest.len() - tail], &new_rest[..new_rest.len() - tail]);
    let mut lines: Vec<(Kind, &str)> = old[..head].iter().map(|line| (Kind::Same, *line)).collect();
    lines.extend(middle(old_middle, new_middle));
    lines.extend(old_rest[old_rest.len() - tail..].iter().map(|line| (Kind::Same, *line)));
    lines
}

/// The longest common subsequence, by the table of its lengths.
fn middle<'a>(old: &[&'a str], new: &[&'a str]) -> Vec<(Kind, &'a str)> {
    let width = new.len() + 1;
    if (old.len() + 1) * width > MAX_CELLS {
        let gone = old.iter().map(|line| (Kind::Gone, *line));
        return gone.chain(new.iter().map(|line| (Kind::New, *line))).collect();
    }
    let mut common = vec![0_u32; (old.len() + 1) * width];
    for i in (0..old.len()).rev() {
        for j in (0..new.len()).rev() {
            common[i * width + j] = if old[i] == new[j] {
                common[(i + 1) * width + j + 1] + 1
            } else {
                common[(i + 1) * width + j].max(common[i * width + j + 1])
            };
        }
    }
    let (mut i, mut j) = (0, 0);
    let mut lines = Vec::new();
    while i < old.len() || j < new.len() {
        if i < old.len() && j < new.len() && old[i] == new[j] {
            lines.push((Kind::Same, old[i]));
            (i, j) = (i + 1, j + 1);
        } else if j == new.len() || (i < old.len() && common[(i + 1) * width + j] >= common[i * width + j + 1]) {
            lines.push((Kind::Gone, old[i]));
            i += 1;
        } else {
            lines.push((Kind::New, new[j]));
            j += 1;
        }
    }
    lines
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_change_is_shown_with_what_stands_around_it() {
        let old = "a\nb\nc\nd\ne\nf\ng\n";
        assert_eq!(diff(old, "a\nb\nc\nd\nE\nf\ng\n"), "  …\n  c\n  d\n- e\n+ E\n  f\n  g\n");
        assert_eq!(diff(old, old), "");
    }

    proptest! {
        #[test]
        fn both_texts_can_be_read_off(old in prop::collection::vec("[a-c]", 0..12), new in prop::collection::vec("[a-c]", 0..12)) {
            let (old, new): (Vec<&str>, Vec<&str>) = (old.iter().map(String::as_str).collect(), new.iter().map(String::as_str).collect());
            let lines = compare(&old, &new);
            let read = |without: Kind| lines.iter().filter(|(kind, _)| *kind != without).map(|(_, line)| *line).collect::<Vec<_>>();
            prop_assert_eq!(read(Kind::New), old);
            prop_assert_eq!(read(Kind::Gone), new);
        }
    }
}
