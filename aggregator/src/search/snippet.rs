//! Where the words of a query stand in a text, and the piece of the text to show around them.

use super::terms::Row;
use super::words::Words;

/// Characters of a snippet at most.
pub(super) const SNIPPET_CHARS: usize = 260;

/// Characters shown before the first word that was found.
const LEAD: usize = 60;

/// Words of a text that may belong to what was asked; a text of one repeated word must not fill the memory.
const CANDIDATES: usize = 50_000;

/// Words of a query that are looked for; the bits of a number.
const TERMS: usize = 64;

/// Highlights of one snippet.
const HIGHLIGHTS: usize = 64;

/// A piece of a text.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Snippet {
    /// One line without control characters and terminal escape sequences.
    pub text: String,
    /// `[start, end)` in characters.
    pub highlights: Vec<(u32, u32)>,
    /// Something of what was asked stands in it.
    pub found: bool,
}

/// A word that belongs to a row, or to several.
struct Candidate {
    position: usize,
    start: usize,
    end: usize,
    terms: u64,
}

/// A row that stands in a text, in bytes.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Match {
    start: usize,
    end: usize,
    row: usize,
}

/// The best piece of `text` for these rows; its beginning when none stands in it.
pub(super) fn cut(text: &str, rows: &[Row]) -> Snippet {
    let matches = matches(text, rows);
    let from = best(&matches).map_or(0, |first| lead(text, first));
    let mut snippet = render(text, from, &matches);
    snippet.found = !matches.is_empty();
    snippet
}

fn matches(text: &str, rows: &[Row]) -> Vec<Match> {
    let candidates = candidates(text, rows);
    let mut matches = Vec::new();
    let mut first_term = 0;
    for (row, terms) in rows.iter().enumerate() {
        if first_term + terms.len() > TERMS {
            break;
        }
        for (at, candidate) in candidates.iter().enumerate() {
            if candidate.terms & (1 << first_term) == 0 {
                continue;
            }
            let mut end = Some(candidate.end);
            for (number, term) in terms.iter().enumerate().skip(1) {
                let bit = 1 << (first_term + number);
                end = end.and_then(|_| find(&candidates[at..], candidate.position + term.at, bit));
            }
            matches.extend(end.map(|end| Match { start: candidate.start, end, row }));
        }
        first_term += terms.len();
    }
    matches.sort_unstable_by_key(|found| (found.start, found.end));
    matches
}

/// End of the word at a position that is the term of this bit.
fn find(candidates: &[Candidate], position: usize, bit: u64) -> Option<usize> {
    let from = candidates.partition_point(|candidate| candidate.position < position);
    let here = candidates[from..].iter().take_while(|candidate| candidate.position == position);
    here.filter(|candidate| candidate.terms & bit != 0).map(|candidate| candidate.end).next()
}

fn candidates(text: &str, rows: &[Row]) -> Vec<Candidate> {
    let terms: Vec<_> = rows.iter().flatten().take(TERMS).collect();
    let (mut words, mut folded, mut found) = (Words::of(text), String::new(), Vec::new());
    if terms.is_empty() {
        return found;
    }
    while let Some(word) = words.next(&mut folded) {
        let mut bits = 0;
        for (number, term) in terms.iter().enumerate() {
            bits |= u64::from(term.takes(&folded)) << number;
        }
        if bits != 0 {
            found.push(Candidate { position: word.position, start: word.start, end: word.end, terms: bits });
            if found.len() == CANDIDATES {
                break;
            }
        }
    }
    found
}

/// Where the piece with the most of what was asked begins: different rows count more than the same one again.
fn best(matches: &[Match]) -> Option<usize> {
    let reach = SNIPPET_CHARS - LEAD;
    let score = |first: usize| {
        let near: Vec<&Match> =
            matches[first..].iter().take_while(|found| found.end <= matches[first].start + reach).take(32).collect();
        let mut rows: Vec<usize> = near.iter().map(|found| found.row).collect();
        rows.sort_unstable();
        rows.dedup();
        rows.len() * 100 + near.len().min(8)
    };
    let looked_at = matches.len().min(2_000);
    let best = (0..looked_at).max_by_key(|first| (score(*first), std::cmp::Reverse(*first)))?;
    Some(matches[best].start)
}

/// A place some characters before `first`, at the start of a word.
fn lead(text: &str, first: usize) -> usize {
    let before = &text[..first];
    let Some((from, _)) = before.char_indices().rev().nth(LEAD) else { return 0 };
    let space = before[from..].find(char::is_whitespace);
    space.map_or(from, |space| from + space)
}

/// Characters of a text as a reader wants them, each with its place.
struct Clean<'a> {
    text: &'a str,
    at: usize,
    after_space: bool,
}

impl Iterator for Clean<'_> {
    type Item = (usize, char);

    fn next(&mut self) -> Option<(usize, char)> {
        loop {
            let rest = &self.text[self.at..];
            let c = rest.chars().next()?;
            let at = self.at;
            self.at += c.len_utf8();
            if c == '\u{1b}' && rest[1..].starts_with('[') {
                let end = rest[2..].find(|c| ('@'..='~').contains(&c));
                self.at = end.map_or(self.text.len(), |end| at + 3 + end);
            } else if c.is_whitespace() {
                if !self.after_space {
                    self.after_space = true;
                    return Some((at, ' '));
                }
            } else if !c.is_control() && !is_direction(c) {
                self.after_space = false;
                return Some((at, c));
            }
        }
    }
}

/// Characters that turn the direction of what stands around them.
fn is_direction(c: char) -> bool {
    matches!(c, '\u{202a}'..='\u{202e}' | '\u{2066}'..='\u{2069}')
}

fn render(text: &str, from: usize, matches: &[Match]) -> Snippet {
    let mut snippet = Snippet::default();
    let mut count = 0_u32;
    let mut next = matches.partition_point(|found| found.end <= from);
    let mut open: Option<(u32, usize)> = None;
    if from > 0 {
        snippet.text.push('…');
        count = 1;
    }
    let mut clean = Clean { text, at: from, after_space: true };
    for (at, c) in &mut clean {
        if let Some((start, end)) = open
            && at >= end
        {
            push(&mut snippet.highlights, start, count);
            open = None;
        }
        while let Some(found) = matches.get(next).filter(|found| found.start <= at) {
            let start = open.map_or(count, |(start, _)| start);
            let end = open.map_or(0, |(_, end)| end).max(found.end);
            open = (end > at).then_some((start, end)).or(open);
            next += 1;
        }
        if count as usize >= SNIPPET_CHARS {
            snippet.text.push('…');
            break;
        }
        snippet.text.push(c);
        count += 1;
    }
    if let Some((start, _)) = open {
        push(&mut snippet.highlights, start, count);
    }
    let kept = snippet.text.trim_end().len();
    snippet.text.truncate(kept);
    let most = u32::try_from(snippet.text.chars().count()).unwrap_or(u32::MAX);
    for highlight in &mut snippet.highlights {
        highlight.1 = highlight.1.min(most);
    }
    snippet.highlights.retain(|(start, end)| start < end);
    snippet
}

/// Adds a highlight; neighbours become one.
fn push(highlights: &mut Vec<(u32, u32)>, start: u32, end: u32) {
    if let Some(last) = highlights.last_mut().filter(|last| last.1 >= start) {
        last.1 = end.max(last.1);
    } else if highlights.len() < HIGHLIGHTS {
        highlights.push((start, end));
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::super::query::Style;
    use super::super::terms::rows;
    use super::*;

    fn shown(text: &str, query: &str, style: Style) -> (String, Vec<String>) {
        let snippet = cut(text, &rows(query, style));
        let characters: Vec<char> = snippet.text.chars().collect();
        let marked =
            snippet.highlights.iter().map(|(start, end)| characters[*start as usize..*end as usize].iter().collect());
        (snippet.text, marked.collect())
    }

    #[test]
    fn what_was_found_is_marked() {
        assert_eq!(
            shown("fix\nthe  \u{1b}[31mBuild\u{1b}[0m now", "build", Style::Plain),
            ("fix the Build now".to_owned(), vec!["Build".to_owned()])
        );
        assert_eq!(shown("see src/auth.rs:12", "auth.rs", Style::Plain).1, ["auth.rs"]);
        assert_eq!(shown("parseHTTPResponse()", "http", Style::Plain).1, ["HTTP"]);
        assert_eq!(shown("請修復索引吧", "修復索引", Style::Plain).1, ["修復索引"]);
        assert_eq!(shown("a b, b a, a b c", "a b", Style::Phrase).1, ["a b", "a b"]);
        assert_eq!(shown("we recieve it", "receive", Style::Fuzzy).1, ["recieve"]);
    }

    #[test]
    fn a_long_text_is_shown_around_what_was_found() {
        let text = format!("{} the needle lies here {}", "hay ".repeat(500), "straw ".repeat(500));
        let (shown, marked) = shown(&text, "needle", Style::Plain);
        assert!(shown.starts_with('…') && shown.ends_with('…') && shown.contains("the needle lies"), "{shown}");
        assert!(shown.chars().count() <= SNIPPET_CHARS + 1);
        assert_eq!(marked, ["needle"]);
    }

    #[test]
    fn the_piece_with_most_of_the_words_is_shown() {
        let text = format!("alpha {} alpha beta {}", "x ".repeat(400), "y ".repeat(400));
        let mut both = rows("alpha", Style::Plain);
        both.extend(rows("beta", Style::Plain));
        assert!(cut(&text, &both).text.contains("alpha beta"));
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

        #[test]
        fn highlights_lie_within_any_text(
            text in "([a-c ]|\u{1b}\\[3|修|é|\n|\u{202e}|\\PC){0,400}",
            query in "[a-c修]{1,3}( [a-c]{1,2})?",
        ) {
            let snippet = cut(&text, &rows(&query, Style::Phrase));
            let length = snippet.text.chars().count();
            let mut last = 0;
            for (start, end) in &snippet.highlights {
                prop_assert!(last <= *start && start < end && *end as usize <= length);
                last = *end;
            }
            prop_assert!(snippet.text.chars().all(|c| !c.is_control()));
        }
    }
}
