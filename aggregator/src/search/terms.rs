//! Text of a query → the words that must stand where: for the index, and for highlights.
//!
//! A `camelCase` word was indexed whole and in parts, so a query has up to two variants: its parts in a row, and the
//! whole as one word. Either will do.

use super::query::Style;
use super::words::{Words, is_unspaced};

/// Letters and digits from which on a hexadecimal word may be the beginning of a hash.
const HASH: usize = 7;

/// How one word is compared.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Match {
    /// It is the word.
    Exact,
    /// It begins with it.
    Prefix,
    /// It differs by so many letters at most.
    Fuzzy(u8),
}

/// One word and its distance from the first.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Term {
    pub(super) at: usize,
    pub(super) text: String,
    pub(super) how: Match,
}

/// Words in a row.
pub(super) type Row = Vec<Term>;

struct Cut {
    text: String,
    position: usize,
    start: usize,
    end: usize,
    whole: bool,
}

/// The rows of which one must stand in a text; none when the text has no words.
pub(super) fn rows(text: &str, style: Style) -> Vec<Row> {
    let cuts = cuts(text);
    let mut rows = vec![parts(&cuts)];
    if cuts.iter().any(|cut| cut.whole) {
        rows.push(wholes(&cuts));
    }
    for row in &mut rows {
        refine(row, style);
    }
    rows.retain(|row| !row.is_empty());
    rows
}

fn cuts(text: &str) -> Vec<Cut> {
    let (mut words, mut folded) = (Words::of(text), String::new());
    let mut cuts: Vec<Cut> = Vec::new();
    while let Some(word) = words.next(&mut folded) {
        // The last character of a run stands alone in the index only where the run ends there.
        let tail = cuts.last().is_some_and(|last| !last.whole && last.end == word.end && last.start < word.start);
        let unspaced = folded.chars().all(is_unspaced);
        if !(tail && unspaced) {
            let (position, start, end, whole) = (word.position, word.start, word.end, word.whole);
            cuts.push(Cut { text: folded.clone(), position, start, end, whole });
        }
    }
    cuts
}

fn term(cut: &Cut, at: usize) -> Term {
    Term { at, text: cut.text.clone(), how: Match::Exact }
}

fn parts(cuts: &[Cut]) -> Row {
    let first = cuts.first().map_or(0, |cut| cut.position);
    cuts.iter().filter(|cut| !cut.whole).map(|cut| term(cut, cut.position - first)).collect()
}

fn wholes(cuts: &[Cut]) -> Row {
    let (mut row, mut saved, mut until, mut parts) = (Row::new(), 0, 0, 0);
    let first = cuts.first().map_or(0, |cut| cut.position);
    for cut in cuts {
        if cut.start < until {
            // Its parts take positions that it does not; that of the first is its own.
            saved += usize::from(parts > 0);
            parts += 1;
            continue;
        }
        if cut.whole {
            row.push(term(cut, cut.position - first - saved));
            until = cut.end;
            parts = 0;
        } else {
            row.push(term(cut, cut.position - first - saved));
        }
    }
    row
}

/// How the last word, or the only one, is compared.
fn refine(row: &mut Row, style: Style) {
    let alone = row.len() == 1;
    let Some(last) = row.last_mut() else { return };
    let length = last.text.chars().count();
    let unspaced = last.text.chars().all(is_unspaced);
    last.how = match style {
        Style::Prefix if length > 1 || unspaced => Match::Prefix,
        Style::Plain | Style::Phrase if unspaced && length == 1 => Match::Prefix,
        Style::Plain if alone && is_hash(&last.text) => Match::Prefix,
        Style::Fuzzy if alone && length > 2 && !unspaced => Match::Fuzzy(if length > 5 { 2 } else { 1 }),
        _ => Match::Exact,
    };
}

fn is_hash(text: &str) -> bool {
    text.len() >= HASH
        && text.bytes().all(|byte| matches!(byte, b'0'..=b'9' | b'a'..=b'f'))
        && text.bytes().any(|byte| byte.is_ascii_digit())
        && text.bytes().any(|byte| byte.is_ascii_alphabetic())
}

impl Term {
    /// Whether a word of a text is meant.
    pub(super) fn takes(&self, word: &str) -> bool {
        match self.how {
            Match::Exact => word == self.text,
            Match::Prefix => word.starts_with(&self.text),
            Match::Fuzzy(most) => distance(word, &self.text) <= usize::from(most),
        }
    }
}

/// Letters to insert, remove, replace or swap to make one word of the other.
fn distance(a: &str, b: &str) -> usize {
    let (a, b): (Vec<char>, Vec<char>) = (a.chars().collect(), b.chars().collect());
    if a.len().abs_diff(b.len()) > 2 {
        return usize::MAX;
    }
    let mut before: Vec<usize> = Vec::new();
    let mut last: Vec<usize> = (0..=b.len()).collect();
    for i in 1..=a.len() {
        let mut row = vec![i; b.len() + 1];
        for j in 1..=b.len() {
            let replaced = last[j - 1] + usize::from(a[i - 1] != b[j - 1]);
            row[j] = replaced.min(last[j] + 1).min(row[j - 1] + 1);
            if i > 1 && j > 1 && a[i - 1] == b[j - 2] && a[i - 2] == b[j - 1] {
                row[j] = row[j].min(before[j - 2] + 1);
            }
        }
        before = std::mem::replace(&mut last, row);
    }
    last[b.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(text: &str, style: Style) -> Vec<Vec<String>> {
        let one = |term: &Term| {
            let mark = match term.how {
                Match::Exact => "",
                Match::Prefix => "*",
                Match::Fuzzy(_) => "~",
            };
            format!("{}{}{mark}", term.at, term.text)
        };
        rows(text, style).iter().map(|row| row.iter().map(one).collect()).collect()
    }

    #[test]
    fn a_word_of_several_is_a_row() {
        assert_eq!(short("src/auth.rs:12", Style::Plain), [["0src", "1auth", "2rs", "312"]]);
        assert_eq!(short("2.1.329", Style::Plain), [["02.1.329"]]);
    }

    #[test]
    fn camel_case_is_meant_whole_or_in_parts() {
        assert_eq!(
            short("open GitHub issue", Style::Phrase),
            [vec!["0open", "1git", "2hub", "3issue"], vec!["0open", "1github", "2issue"]]
        );
        assert_eq!(short("getUserId fooBar x", Style::Phrase)[1], ["0getuserid", "1foobar", "2x"]);
    }

    #[test]
    fn the_last_word_may_be_a_beginning() {
        assert_eq!(short("max_ret", Style::Prefix), [["0max", "1ret*"]]);
        assert_eq!(short("1ac5951", Style::Plain), [["01ac5951*"]]);
        assert_eq!(short("修", Style::Plain), [["0修*"]]);
        assert_eq!(short("修復索引", Style::Plain), [["0修復", "1復索", "2索引"]]);
        assert_eq!(short("recieve", Style::Fuzzy), [["0recieve~"]]);
    }

    #[test]
    fn fuzzy_words_differ_by_letters() {
        assert_eq!(distance("receive", "recieve"), 1);
        assert_eq!(distance("build", "built"), 1);
        assert_eq!(distance("cat", "cart"), 1);
        assert_eq!(distance("same", "same"), 0);
        assert_eq!(distance("short", "much longer"), usize::MAX);
    }
}
