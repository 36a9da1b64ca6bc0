//! Masking: what looks like a secret is replaced by its kind and a name that says nothing of it.

use std::borrow::Cow;
use std::collections::{BTreeMap, HashMap, HashSet};

use aho_corasick::{AhoCorasick, MatchKind};
use ring::hmac;

use super::projection::{Projection, Token};
use super::rules::rules;
use super::scan::{Hit, scan};

/// Different secrets that are remembered of one export. Those beyond it are still masked wherever a rule finds them.
const REMEMBERED: usize = 10_000;

/// Shorter pieces are masked where a rule finds them, not wherever the same letters stand.
const PIECE: usize = 8;

/// Characters of a finding's name.
const NAME: usize = 16;

/// Names secrets without giving them away: the same secret always has the same name on this installation.
#[derive(Debug, Clone)]
pub(super) struct Namer(hmac::Key);

impl Namer {
    /// With the installation's own key.
    pub(super) fn new(key: &[u8]) -> Self {
        Self(hmac::Key::new(hmac::HMAC_SHA256, key))
    }

    fn name(&self, secret: &[u8]) -> String {
        let tag = hmac::sign(&self.0, secret);
        let hex = tag.as_ref().iter().flat_map(|byte| [byte >> 4, byte & 15]);
        hex.take(NAME).filter_map(|digit| char::from_digit(u32::from(digit), 16)).collect()
    }
}

/// A secret, and where it was first seen.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Secret {
    /// Its name.
    pub id: String,
    /// Number of the rule that found it.
    rule: usize,
    /// Its beginning, the rest as dots.
    pub hint: String,
    /// How often it was found.
    pub count: u32,
    /// Transcript and line where it was first found.
    pub place: (String, u64),
}

impl Secret {
    /// The rule's name and what it finds.
    pub fn rule(&self) -> (&'static str, &'static str) {
        let rule = &rules().all[self.rule];
        (&rule.id, &rule.title)
    }
}

/// The secrets of one export.
#[derive(Debug)]
pub(super) struct Secrets {
    namer: Namer,
    /// In the order in which they were found.
    found: Vec<Secret>,
    number: HashMap<String, usize>,
    /// Texts that give a secret away, with the name and the rule of the secret.
    pieces: BTreeMap<Vec<u8>, (String, usize)>,
}

impl Secrets {
    /// None yet.
    pub(super) fn new(namer: Namer) -> Self {
        Self { namer, found: Vec::new(), number: HashMap::new(), pieces: BTreeMap::new() }
    }

    /// The secrets in the order in which they were found.
    pub(super) fn found(&self) -> &[Secret] {
        &self.found
    }

    /// Looks through a line.
    pub(super) fn look(&mut self, transcript: &str, line: u64, bytes: &[u8]) {
        let read = Projection::of(bytes);
        for hit in scan(&read.text) {
            let secret = &read.text[hit.start..hit.end];
            let id = self.namer.name(secret);
            let number = self.number.get(&id).copied();
            if let Some(number) = number {
                self.found[number].count = self.found[number].count.saturating_add(1);
            } else if self.found.len() < REMEMBERED {
                self.number.insert(id.clone(), self.found.len());
                let place = (transcript.to_owned(), line);
                self.found.push(Secret { id: id.clone(), rule: hit.rule, hint: hint(secret), count: 1, place });
            } else {
                continue;
            }
            for (_, piece) in pieces(&read, hit).filter(|(_, piece)| piece.len() >= PIECE) {
                self.pieces.entry(piece.to_vec()).or_insert_with(|| (id.clone(), hit.rule));
            }
        }
    }

    /// What masks all of them but those that are kept.
    pub(super) fn mask(&self, kept: &HashSet<String>) -> Mask {
        let masked: Vec<(&Vec<u8>, &(String, usize))> =
            self.pieces.iter().filter(|(_, (id, _))| !kept.contains(id)).collect();
        let words = masked.iter().map(|(piece, _)| piece.as_slice());
        let known = AhoCorasick::builder().match_kind(MatchKind::LeftmostLongest).build(words).ok();
        let labels = masked.iter().map(|(_, (id, rule))| label(id, *rule)).collect();
        Mask(Some(Masking { known, labels, namer: self.namer.clone(), kept: kept.clone() }))
    }
}

/// The strings that a hit lies in, each with what the hit has of it: a key can go over the elements of an array.
fn pieces(read: &Projection, hit: Hit) -> impl Iterator<Item = (Token, &[u8])> {
    let first = read.strings.partition_point(|token| token.end <= hit.start);
    let touched = read.strings[first..].iter().take_while(move |token| token.start < hit.end);
    let within = move |token: &Token| (token.start.max(hit.start), token.end.min(hit.end));
    touched
        .map(move |token| (*token, within(token)))
        .filter(|(_, (start, end))| start < end)
        .map(|(token, (start, end))| (token, &read.text[start..end]))
}

/// The beginning of a secret, when there is enough left to hide.
fn hint(secret: &[u8]) -> String {
    let shown = if secret.len() >= 16 { 4 } else { 0 };
    let plain = |byte: &&u8| byte.is_ascii_graphic();
    let start = secret.iter().take(shown).take_while(plain).map(|byte| char::from(*byte));
    start.chain("••••••••".chars()).collect()
}

fn label(id: &str, rule: usize) -> String {
    format!("[masked {} {}]", rules().all[rule].id, &id[..id.len().min(6)])
}

/// Replaces secrets; [`Mask::none`] leaves everything as it is.
#[derive(Debug)]
pub(super) struct Mask(Option<Masking>);

#[derive(Debug)]
struct Masking {
    known: Option<AhoCorasick>,
    labels: Vec<String>,
    namer: Namer,
    kept: HashSet<String>,
}

impl Mask {
    /// Masks nothing.
    pub(super) fn none() -> Self {
        Self(None)
    }

    /// A text with its secrets masked.
    pub(super) fn text<'a>(&self, text: &'a str) -> Cow<'a, str> {
        let Some(masking) = &self.0 else { return Cow::Borrowed(text) };
        let text = masking.known(text);
        let hits = masking.unknown(text.as_bytes());
        if hits.is_empty() {
            return text;
        }
        let mut masked = Vec::with_capacity(text.len());
        let mut at = 0;
        for (hit, label) in hits {
            masked.extend_from_slice(&text.as_bytes()[at..hit.start]);
            masked.extend_from_slice(label.as_bytes());
            at = hit.end;
        }
        masked.extend_from_slice(&text.as_bytes()[at..]);
        Cow::Owned(String::from_utf8_lossy(&masked).into_owned())
    }

    /// A line of JSON with the secrets in its strings masked; everything else stays as it is, byte for byte. A line that
    /// is no JSON is masked as text.
    pub(super) fn line<'a>(&self, line: &'a [u8]) -> Cow<'a, [u8]> {
        let Some(masking) = &self.0 else { return Cow::Borrowed(line) };
        if serde_json::from_slice::<serde::de::IgnoredAny>(line).is_err() {
            return match self.text(&String::from_utf8_lossy(line)) {
                Cow::Owned(masked) => Cow::Owned(masked.into_bytes()),
                Cow::Borrowed(_) => Cow::Borrowed(line),
            };
        }
        let changed = masking.strings(&Projection::of(line));
        if changed.is_empty() {
            return Cow::Borrowed(line);
        }
        let mut masked = Vec::with_capacity(line.len());
        let mut at = 0;
        for (from, (to, text)) in changed {
            masked.extend_from_slice(&line[at..from]);
            // A string is always JSON.
            masked.extend_from_slice(serde_json::to_string(&text).unwrap_or_default().as_bytes());
            at = to;
        }
        masked.extend_from_slice(&line[at..]);
        Cow::Owned(masked)
    }
}

/// Strings of a line that are masked: opening quote, end, new text.
type Changed = BTreeMap<usize, (usize, String)>;

impl Masking {
    /// What was found anywhere in the export, masked here too.
    fn known<'a>(&self, text: &'a str) -> Cow<'a, str> {
        match &self.known {
            Some(known) if !self.labels.is_empty() && known.is_match(text) => {
                Cow::Owned(known.replace_all(text, &self.labels))
            }
            _ => Cow::Borrowed(text),
        }
    }

    /// What a rule finds here and was not masked yet.
    fn unknown(&self, text: &[u8]) -> Vec<(Hit, String)> {
        let mut hits: Vec<(Hit, String)> = Vec::new();
        for hit in scan(text) {
            let secret = &text[hit.start..hit.end];
            let id = self.namer.name(secret);
            if !self.kept.contains(&id) && !secret.starts_with(b"[masked ") {
                hits.push((hit, label(&id, hit.rule)));
            }
        }
        hits
    }

    /// The strings of a line that hold a secret, masked.
    fn strings(&self, read: &Projection) -> Changed {
        let mut changed = Changed::new();
        for token in &read.strings {
            let text = String::from_utf8_lossy(&read.text[token.start..token.end]);
            if let Cow::Owned(masked) = self.known(&text) {
                changed.insert(token.from, (token.to, masked));
            }
        }
        for (hit, label) in self.unknown(&read.text) {
            for (token, piece) in pieces(read, hit) {
                let piece = String::from_utf8_lossy(piece);
                let text = changed.remove(&token.from).map_or_else(
                    || String::from_utf8_lossy(&read.text[token.start..token.end]).into_owned(),
                    |(_, text)| text,
                );
                changed.insert(token.from, (token.to, text.replace(&*piece, &label)));
            }
        }
        changed
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn secret() -> String {
        ["ghp", "_", "wJalrXUtnFEMIK7MDENGbPxRfiCYzz12ab34"].concat()
    }

    fn looked(lines: &[&str]) -> Secrets {
        let mut secrets = Secrets::new(Namer::new(b"key"));
        for (number, line) in lines.iter().enumerate() {
            secrets.look("t", number as u64, line.as_bytes());
        }
        secrets
    }

    fn masked(secrets: &Secrets, kept: &[&str], line: &str) -> String {
        let mask = secrets.mask(&kept.iter().map(|id| (*id).to_owned()).collect());
        String::from_utf8(mask.line(line.as_bytes()).into_owned()).unwrap()
    }

    #[test]
    fn a_secret_is_masked_wherever_it_stands_and_the_rest_stays() {
        let line = format!(r#"{{"b": "a \"{0}\"\n", "a":[ 1.50, "{0}"],"{0}":null}}"#, secret());
        let secrets = looked(&[&line]);
        assert_eq!(secrets.found().len(), 1);
        let out = masked(&secrets, &[], &line);
        assert!(!out.contains(&secret()) && out.contains("[masked github-pat "), "{out}");
        assert!(out.starts_with(r#"{"b": "a \"[masked"#) && out.contains(r#""a":[ 1.50, "[masked"#), "{out}");
        serde_json::from_str::<serde_json::Value>(&out).unwrap();
        assert_eq!(masked(&secrets, &[&secrets.found()[0].id], &line), line, "what is kept is not touched");
    }

    #[test]
    fn a_secret_found_by_its_name_is_masked_where_the_name_is_missing() {
        let value = "q7Zk2LmN8vBx4TyR1wPs6DfG";
        let named = format!(r#"{{"api_key":"{value}"}}"#);
        let bare = format!(r#"{{"text":"use {value} now"}}"#);
        let secrets = looked(&[&named, &bare]);
        assert_eq!(secrets.found()[0].rule().0, "generic-api-key");
        assert!(!masked(&secrets, &[], &bare).contains(value));
        assert!(!masked(&secrets, &[], &named).contains(value));
        let text = format!("and in text: {value}");
        assert!(!secrets.mask(&HashSet::new()).text(&text).contains(value));
    }

    #[test]
    fn a_key_in_pieces_is_masked_in_every_piece() {
        let body: Vec<String> =
            (0..5).map(|at| format!("\"+MIIEvQIBADANBgkqhkiG9w0BAQEFAASCBK{at}abcdefgh\"")).collect();
        let line = format!(
            r#"{{"lines":["+-----BEGIN PRIVATE {0}-----",{1},"+-----END PRIVATE {0}-----"]}}"#,
            "KEY",
            body.join(",")
        );
        let secrets = looked(&[&line]);
        let out = masked(&secrets, &[], &line);
        assert!(!out.contains("MIIEvQ"), "{out}");
        serde_json::from_str::<serde_json::Value>(&out).unwrap();
    }

    #[test]
    fn names_are_the_same_everywhere_and_say_nothing() {
        let line = format!(r#"{{"a":"{0} {0}"}}"#, secret());
        let (one, other) = (looked(&[&line]), looked(&["{}", &line]));
        assert_eq!(one.found()[0].id, other.found()[0].id);
        assert_eq!((one.found()[0].count, other.found()[0].place.1), (2, 1));
        assert_ne!(Namer::new(b"other").name(secret().as_bytes()), one.found()[0].id);
        assert_eq!(one.found()[0].hint, "ghp_••••••••");
    }

    #[test]
    fn a_short_password_is_masked_in_its_address_and_not_as_a_word() {
        let line = r#"{"url":"postgres://app:gr8pw@db:5432/app","text":"gr8pw is a word"}"#;
        let secrets = looked(&[line]);
        let out = masked(&secrets, &[], line);
        assert!(out.contains("app:[masked url-password") && out.contains("gr8pw is a word"), "{out}");
    }

    #[test]
    fn what_is_no_json_is_masked_as_text() {
        let line = format!("torn {} line", secret());
        let out = masked(&looked(&[]), &[], &line);
        assert!(!out.contains(&secret()), "{out}");
        assert_eq!(Mask::none().line(line.as_bytes()), line.as_bytes());
    }

    proptest::proptest! {
        #[test]
        fn json_stays_json(text in "\\PC{0,60}", other in ".{0,20}") {
            let value = serde_json::json!({"text": format!("{text} {} {other}", secret()), "password": text, "n": 1});
            let line = serde_json::to_string(&value).unwrap();
            let out = masked(&looked(&[&line]), &[], &line);
            proptest::prop_assert!(serde_json::from_str::<serde_json::Value>(&out).is_ok());
            proptest::prop_assert!(!out.contains(&secret()));
        }
    }
}
