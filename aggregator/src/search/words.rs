//! Cuts text into the words that are searched for: code-aware, case folded, the same for indexing, queries and highlights.
//!
//! | text | words (at their positions) |
//! |---|---|
//! | `max_retry_count`, `src/auth.rs` | `max` `retry` `count`, `src` `auth` `rs` |
//! | `parseHTTPResponse2` | `parsehttpresponse2` and `parse` `http` `response2`, the first two at one position |
//! | `v2.1.329`, `127.0.0.1` | `2.1.329`, `127.0.0.1` |
//! | `修復索引` | `修復` `復索` `索引` `引`: pairs, and the last character alone, so that any one is the start of a word |

/// Longer runs are nobody's word: encoded data. A SHA-512 in hexadecimal has 128.
const LONGEST: usize = 128;

/// Parts of a `camelCase` word at most; with more it is a word without parts.
const HUMPS: usize = 8;

/// One word in a text. Its folded text is in the buffer given to [`Words::next`].
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Word {
    /// First byte in the text.
    pub(super) start: usize,
    /// Byte after its last.
    pub(super) end: usize,
    /// Number of the word; a whole has the position of its first part.
    pub(super) position: usize,
    /// It is a whole of which parts follow.
    pub(super) whole: bool,
}

/// What is left of a run that gives several words.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Rest {
    /// Nothing: look for the next run.
    None,
    /// The humps of the run from here to its end.
    Humps { at: usize, end: usize },
    /// Pairs of the run from here to its end.
    Pairs { at: usize, end: usize },
}

/// The words of a text, in order.
#[derive(Debug, Clone)]
pub(super) struct Words<'a> {
    text: &'a str,
    at: usize,
    position: usize,
    rest: Rest,
    /// The run that is given out may have ASCII capitals: most have none, and need no folding.
    has_capitals: bool,
}

impl<'a> Words<'a> {
    /// The words of `text`.
    pub(super) fn of(text: &'a str) -> Self {
        Self { text, at: 0, position: 0, rest: Rest::None, has_capitals: false }
    }

    /// The next word; `folded` is replaced by its text.
    pub(super) fn next(&mut self, folded: &mut String) -> Option<Word> {
        match self.rest {
            Rest::Humps { at, end } => return Some(self.hump(at, end, folded)),
            Rest::Pairs { at, end } => return Some(self.pair(at, end, folded)),
            Rest::None => {}
        }
        let bytes = self.text.as_bytes();
        loop {
            let byte = *bytes.get(self.at)?;
            if KINDS[usize::from(byte)] != 0 {
                if let Some(word) = self.ascii_run(folded) {
                    return Some(word);
                }
            } else if byte < 0x80 {
                self.at = if byte == 0x1b { after_escape(bytes, self.at) } else { self.at + 1 };
            } else if let Some(word) = self.wide_run(self.at, folded) {
                return Some(word);
            }
        }
    }

    /// Gives out `start..end` and goes on after it.
    fn give(&mut self, start: usize, end: usize, folded: &mut String) -> Word {
        folded.clear();
        folded.push_str(&self.text[start..end]);
        if self.has_capitals {
            folded.make_ascii_lowercase();
        }
        let position = self.position;
        self.position += 1;
        Word { start, end, position, whole: false }
    }

    /// A run that begins with an ASCII letter or digit; `None` when it gives no word.
    fn ascii_run(&mut self, folded: &mut String) -> Option<Word> {
        let bytes = self.text.as_bytes();
        let start = self.at;
        let (mut end, has_capitals) = run(bytes, start);
        self.has_capitals = has_capitals;
        if bytes.get(end).is_some_and(|byte| *byte >= 0x80) && joins(char_at(self.text, end)) {
            return self.wide_run(start, folded);
        }
        let mut begin = start;
        if let Some((number, dotted)) = dotted_number(bytes, start, end) {
            (begin, end) = (number, dotted);
            self.has_capitals = true;
        }
        self.at = end;
        if end - begin > LONGEST {
            self.position += 1;
            return None;
        }
        let mut word = self.give(begin, end, folded);
        if has_capitals && begin == start && self.has_parts(start, end) {
            self.position = word.position;
            self.rest = Rest::Humps { at: start, end };
            word.whole = true;
        }
        Some(word)
    }

    fn has_parts(&self, start: usize, end: usize) -> bool {
        let run = &self.text.as_bytes()[start..end];
        let humps = (1..run.len()).filter(|at| is_border(run, *at)).take(HUMPS).count() + 1;
        // Parts of one or two letters each are encoded data, not somebody's naming.
        humps > 1 && humps <= HUMPS && (run.len() / humps > 2 || run.len() < 12)
    }

    fn hump(&mut self, at: usize, end: usize, folded: &mut String) -> Word {
        let run = &self.text.as_bytes()[at..end];
        let length = (1..run.len()).find(|at| is_border(run, *at)).unwrap_or(run.len());
        let next = at + length;
        self.rest = if next < end { Rest::Humps { at: next, end } } else { Rest::None };
        self.give(at, next, folded)
    }

    /// A run with characters beyond ASCII; `None` when the first is part of no word.
    fn wide_run(&mut self, start: usize, folded: &mut String) -> Option<Word> {
        let first = char_at(self.text, start);
        if is_unspaced(first) {
            let end = self.text[start..].find(|c| !is_unspaced(c)).map_or(self.text.len(), |length| start + length);
            self.at = end;
            return Some(self.pair(start, end, folded));
        }
        if !first.is_alphanumeric() {
            self.at = start + first.len_utf8();
            return None;
        }
        folded.clear();
        let mut end = self.text.len();
        for (offset, c) in self.text[start..].char_indices() {
            if !(c.is_ascii_alphanumeric() || joins(c)) {
                end = start + offset;
                break;
            }
            fold(c, folded);
        }
        self.at = end;
        let position = self.position;
        self.position += 1;
        (folded.len() <= LONGEST).then_some(Word { start, end, position, whole: false })
    }

    /// Two characters of a run of a script without spaces, or its last one.
    fn pair(&mut self, at: usize, end: usize, folded: &mut String) -> Word {
        let mut characters = self.text[at..end].char_indices().skip(1).map(|(offset, _)| at + offset);
        let second = characters.next();
        let third = characters.next().unwrap_or(end);
        self.rest = second.map_or(Rest::None, |at| Rest::Pairs { at, end });
        self.give(at, if second.is_some() { third } else { end }, folded)
    }
}

/// The end of the run of ASCII letters and digits that begins at `start`, and whether there are capitals in it.
fn run(bytes: &[u8], start: usize) -> (usize, bool) {
    let mut capitals = 0;
    for (length, byte) in bytes[start..].iter().enumerate() {
        let kind = KINDS[usize::from(*byte)];
        if kind == 0 {
            return (start + length, capitals != 0);
        }
        capitals |= kind & CAPITAL;
    }
    (bytes.len(), capitals != 0)
}

/// Of a byte that is an ASCII letter or digit.
const IN_WORD: u8 = 1;

/// Of one that is a capital letter.
const CAPITAL: u8 = 2;

/// What each byte is to a run.
const KINDS: [u8; 256] = kinds();

const fn kinds() -> [u8; 256] {
    let mut kinds = [0; 256];
    let mut byte = 0_u8;
    while byte < 0x80 {
        if byte.is_ascii_uppercase() {
            kinds[byte as usize] = IN_WORD | CAPITAL;
        } else if byte.is_ascii_alphanumeric() {
            kinds[byte as usize] = IN_WORD;
        }
        byte += 1;
    }
    kinds
}

/// Whether a part begins at `at`: `aB`, and the last capital of `ABc`.
fn is_border(run: &[u8], at: usize) -> bool {
    let (before, here) = (run[at - 1], run[at]);
    here.is_ascii_uppercase() && (!before.is_ascii_uppercase() || run.get(at + 1).is_some_and(u8::is_ascii_lowercase))
}

/// A number with dots, of which `start..end` is the beginning: versions, addresses, decimals; without its `v`.
fn dotted_number(bytes: &[u8], start: usize, mut end: usize) -> Option<(usize, usize)> {
    let begin = if matches!(bytes[start], b'v' | b'V') { start + 1 } else { start };
    let goes_on = |end: usize| bytes.get(end) == Some(&b'.') && bytes.get(end + 1).is_some_and(u8::is_ascii_digit);
    if begin == end || !goes_on(end) || !bytes[begin..end].iter().all(u8::is_ascii_digit) {
        return None;
    }
    while goes_on(end) {
        end = run(bytes, end + 1).0;
    }
    Some((begin, end))
}

/// The place after a terminal escape sequence: `ESC [`, parameters, one byte from `@` to `~`.
fn after_escape(bytes: &[u8], at: usize) -> usize {
    if bytes.get(at + 1) != Some(&b'[') {
        return at + 1;
    }
    let parameters = bytes[at + 2..].iter().take_while(|byte| (0x20..0x40).contains(*byte)).count();
    let last = at + 2 + parameters;
    if bytes.get(last).is_some_and(|byte| (b'@'..=b'~').contains(byte)) { last + 1 } else { last }
}

fn char_at(text: &str, at: usize) -> char {
    text[at..].chars().next().unwrap_or(' ')
}

/// Characters of scripts that put no spaces between words.
pub(super) fn is_unspaced(c: char) -> bool {
    matches!(u32::from(c),
        0x0E00..=0x0EFF | 0x1000..=0x109F | 0x1780..=0x17FF   // Thai, Lao, Burmese, Khmer
        | 0x1100..=0x11FF | 0x3040..=0x30FF | 0x3105..=0x318F // Hangul, Kana, Bopomofo
        | 0x31F0..=0x31FF | 0x3400..=0x4DBF | 0x4E00..=0x9FFF | 0xA960..=0xA97F
        | 0xAC00..=0xD7FF | 0xF900..=0xFAFF | 0xFF66..=0xFFDC
        | 0x20000..=0x3FFFF)
        || c == '々'
}

/// Whether a character beyond ASCII goes on with a word: letters, and the marks and joiners inside of words.
fn joins(c: char) -> bool {
    let mark = matches!(u32::from(c), 0x0300..=0x036F | 0x0591..=0x05C7 | 0x064B..=0x065F | 0x0900..=0x0DFF
        | 0x00AD | 0x200B..=0x200D | 0x2060 | 0xFEFF);
    !is_unspaced(c) && (mark || c.is_alphanumeric())
}

/// Case, width and invisible characters make no difference.
fn fold(c: char, folded: &mut String) {
    match c {
        '\u{ad}' | '\u{200b}'..='\u{200d}' | '\u{2060}' | '\u{feff}' => {}
        'ς' => folded.push('σ'),
        '\u{ff01}'..='\u{ff5e}' => {
            let narrow = char::from_u32(u32::from(c) - 0xFEE0).unwrap_or(c);
            folded.push(narrow.to_ascii_lowercase());
        }
        c => folded.extend(c.to_lowercase()),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn words(text: &str) -> Vec<(String, usize)> {
        let (mut words, mut folded, mut all) = (Words::of(text), String::new(), Vec::new());
        while let Some(word) = words.next(&mut folded) {
            all.push((folded.clone(), word.position));
        }
        all
    }

    fn plain(text: &str) -> Vec<String> {
        words(text).into_iter().map(|(word, _)| word).collect()
    }

    #[test]
    fn code_is_cut_where_people_cut_it() {
        assert_eq!(
            plain("max_retry-count src/auth.rs:12 foo::bar"),
            ["max", "retry", "count", "src", "auth", "rs", "12", "foo", "bar"]
        );
        let camel = [("parsehttpresponse2", 0), ("parse", 0), ("http", 1), ("response2", 2), ("next", 3)];
        assert_eq!(words("parseHTTPResponse2 next"), camel.map(|(word, at)| (word.to_owned(), at)));
        assert_eq!(plain("GitHub UPPER Word"), ["github", "git", "hub", "upper", "word"]);
    }

    #[test]
    fn versions_addresses_and_hashes_stay_whole() {
        assert_eq!(plain("v2.1.329, 2.1.329. at 127.0.0.1:4600"), ["2.1.329", "2.1.329", "at", "127.0.0.1", "4600"]);
        assert_eq!(plain("1.2RC3.4 V1.0B"), ["1.2rc3.4", "1.0b"]);
        assert_eq!(plain("v2 1ac5951 9f86d081884c7d659a2f"), ["v2", "1ac5951", "9f86d081884c7d659a2f"]);
        assert_eq!(plain(&"x".repeat(LONGEST + 1)), [""; 0]);
        assert_eq!(plain("dGhpcyBpcyBhIHNlY3JldCB0ZXh0"), ["dghpcybpcybhihnly3jldcb0zxh0"]);
    }

    #[test]
    fn scripts_without_spaces_give_pairs() {
        assert_eq!(plain("修復索引!"), ["修復", "復索", "索引", "引"]);
        assert_eq!(plain("用rust寫 字"), ["用", "rust", "寫", "字"]);
        assert_eq!(plain("テスト"), ["テス", "スト", "ト"]);
    }

    #[test]
    fn case_width_and_marks_fold() {
        assert_eq!(
            plain("ÄRGER Straße ΣΟΦΟΣ σοφος naïveTest ＡＢＣ１"),
            ["ärger", "straße", "σοφοσ", "σοφοσ", "naïvetest", "abc1"]
        );
        assert_eq!(plain("soft\u{ad}ware 🎉 हिन्दी"), ["software", "हिन्दी"]);
    }

    #[test]
    fn escape_sequences_are_no_words() {
        assert_eq!(plain("\u{1b}[1;31merror\u{1b}[0m done\u{1b}"), ["error", "done"]);
    }

    proptest! {
        #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(500) })]

        #[test]
        fn any_text_is_cut_in_order(text in "(\\PC|[a-zA-Z0-9._修復\u{1b}\\[é]){0,60}") {
            let (mut words, mut folded, mut last) = (Words::of(&text), String::new(), 0);
            while let Some(word) = words.next(&mut folded) {
                prop_assert!(word.start < word.end && text.is_char_boundary(word.start) && text.is_char_boundary(word.end));
                prop_assert!(word.position >= last && folded.len() <= LONGEST);
                last = word.position;
            }
        }
    }
}
