//! Words as people remember them: other forms of them, most of them, and without those that say little.

use tantivy::Searcher;
use tantivy::query::{BooleanQuery, Occur, Query as IndexQuery};

use super::collect::{Found, Keep, Wishes};
use super::query::Style;
use super::terms::{self, Match, Row, Term};

/// What an answer says when words were taken for forms of others.
pub(super) const FORMS: &str = "Nothing holds these words as they stand: these hold words that begin so";

/// What it says when some words are missing from what was found.
pub(super) const MOST: &str = "Nothing holds all of these words: these hold most of them";

/// Words that say little about what is meant: without them as much is known.
const FILLERS: &[&str] = &[
    "a",
    "after",
    "also",
    "an",
    "and",
    "any",
    "are",
    "as",
    "at",
    "be",
    "been",
    "before",
    "but",
    "by",
    "can",
    "did",
    "do",
    "does",
    "for",
    "from",
    "had",
    "has",
    "have",
    "how",
    "i",
    "in",
    "into",
    "is",
    "it",
    "its",
    "my",
    "no",
    "not",
    "of",
    "on",
    "or",
    "our",
    "out",
    "over",
    "so",
    "some",
    "somebody",
    "someone",
    "something",
    "than",
    "that",
    "the",
    "then",
    "there",
    "they",
    "this",
    "to",
    "was",
    "we",
    "were",
    "what",
    "when",
    "where",
    "which",
    "who",
    "why",
    "with",
    "you",
];

/// Endings that other forms of a word lack or have instead; the longest that fits is taken off.
const ENDINGS: &[&str] = &["ings", "ing", "ies", "ed", "es", "ly", "s", "e", "y"];

/// What has to be left of a word without its ending.
const STEM: usize = 3;

/// From so many letters on all that begins so may be a form of the word; of less, too much begins so.
const BEGINNING: usize = 4;

/// What is asked when nothing holds all words as they stand.
pub(super) struct Loose {
    /// All of them in one entry, each in any form.
    pub(super) all: Box<dyn IndexQuery>,
    /// Each as it was written, and by itself in any form.
    pub(super) each: Vec<(String, Box<dyn IndexQuery>)>,
    /// What is highlighted.
    pub(super) rows: Vec<Row>,
}

/// How many of so many words must be there.
fn required(words: usize) -> usize {
    words.div_ceil(2)
}

/// Whether a word says little. Only as plain text: in a phrase it has its place.
pub(super) fn is_filler(text: &str, style: Style) -> bool {
    style == Style::Plain && FILLERS.contains(&text.to_lowercase().as_str())
}

/// The rows of which one must stand in a text for some form of the words to be there. Names, numbers, hashes and phrases
/// have one form; what is written `last` may be the beginning of a word that is still being typed.
pub(super) fn rows(text: &str, style: Style, last: bool) -> Vec<Row> {
    if style != Style::Plain {
        return terms::rows(text, style);
    }
    let mut rows = terms::rows(text, if last && !ends_in_digit(text) { Style::Prefix } else { style });
    if let [row] = rows.as_slice()
        && let [only] = row.as_slice()
        && let Some(stem) = stem(&only.text)
    {
        let forms = forms(&only.text, stem);
        rows.extend(forms.into_iter().map(|term| vec![term]));
    }
    rows
}

/// What else than the word itself may be a form of it.
fn forms(word: &str, stem: &str) -> Vec<Term> {
    let term = |text: String, how| Term { at: 0, text, how };
    if stem.len() >= BEGINNING {
        return vec![term(stem.to_owned(), Match::Prefix)];
    }
    let others = std::iter::once("").chain(ENDINGS.iter().copied()).map(|ending| format!("{stem}{ending}"));
    others.filter(|other| other != word).map(|other| term(other, Match::Exact)).collect()
}

fn ends_in_digit(text: &str) -> bool {
    text.ends_with(|last: char| last.is_ascii_digit())
}

/// What the forms of a word of plain letters have in common: good enough as the beginning of a word, no more.
fn stem(word: &str) -> Option<&str> {
    if word.len() < STEM || !word.bytes().all(|byte| byte.is_ascii_lowercase()) {
        return None;
    }
    let without = |ending: &str| word.strip_suffix(ending).filter(|rest| rest.len() >= STEM);
    Some(ENDINGS.iter().find_map(|ending| without(ending)).unwrap_or(word))
}

/// Hits of the loosest question that has to be asked, and what to say of them; `None` when even that finds nothing.
pub(super) fn look(loose: &Loose, wishes: &Wishes, searcher: &Searcher) -> tantivy::Result<Option<(Found, String)>> {
    let found = searcher.search(&*loose.all, wishes)?;
    if !found.counts.is_empty() {
        return Ok(Some((found, FORMS.to_owned())));
    }
    let counting = Wishes { recent: true, keep: Keep::Best(0), behind: None, facets: false, ..wishes.clone() };
    let mut held: Vec<(Occur, Box<dyn IndexQuery>)> = Vec::new();
    let mut missing: Vec<&str> = Vec::new();
    for (word, asked) in &loose.each {
        if searcher.search(&**asked, &counting)?.counts.is_empty() {
            missing.push(word);
        } else {
            held.push((Occur::Should, asked.box_clone()));
        }
    }
    if held.is_empty() {
        return Ok(None);
    }
    // A word that nothing holds asks for nothing: the others tell what is meant.
    let required = required(held.len());
    let found = searcher.search(&BooleanQuery::with_minimum_required_clauses(held, required), wishes)?;
    if found.counts.is_empty() {
        return Ok(None);
    }
    let nowhere = if missing.is_empty() { String::new() } else { format!("; nothing holds {}", missing.join(", ")) };
    Ok(Some((found, format!("{MOST}{nowhere}"))))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn short(text: &str, last: bool) -> Vec<String> {
        let one = |term: &Term| format!("{}{}", term.text, if term.how == Match::Prefix { "*" } else { "" });
        rows(text, Style::Plain, last).iter().map(|row| row.iter().map(one).collect::<Vec<_>>().join(" ")).collect()
    }

    #[test]
    fn forms_of_a_word_have_a_beginning_in_common() {
        for (one, other) in [("reboots", "rebooting"), ("device", "devices"), ("jumped", "jumping")] {
            assert_eq!(short(one, false)[1], short(other, false)[1], "{one} {other}");
        }
        assert_eq!(short("reboots", false), ["reboots", "reboot*"]);
        // All that begins with three letters would be too much.
        let days = short("days", false);
        assert!(days.contains(&"day".to_owned()) && days.iter().all(|form| !form.ends_with('*')), "{days:?}");
        // What is typed last may go on.
        assert_eq!(short("day", true)[0], "day*");
    }

    #[test]
    fn names_and_numbers_have_one_form() {
        assert_eq!(short("src/auth.rs", false), ["src auth rs"]);
        assert_eq!(short("quanym18", false), ["quanym18"]);
        assert_eq!(short("12", true), ["12"]);
        assert_eq!(short("max_ret", true), ["max ret*"]);
    }

    #[test]
    fn half_of_the_words_must_be_there() {
        assert_eq!([1, 2, 3, 4, 5].map(required), [1, 1, 2, 2, 3]);
        assert!(is_filler("After", Style::Plain) && !is_filler("after", Style::Phrase));
    }
}
