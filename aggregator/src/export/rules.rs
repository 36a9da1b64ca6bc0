//! The rules by which secrets are told: those of gitleaks (`rules.json`, see NOTICE), and a few of our own.
//!
//! A rule is tried only around its keywords, and compiled when one of them is first seen.

use std::sync::{LazyLock, OnceLock};

use aho_corasick::AhoCorasick;
use regex::bytes::{Regex, RegexBuilder, RegexSet, RegexSetBuilder};
use serde::Deserialize;

/// The rules of gitleaks 8.30, rewritten as JSON.
const VENDORED: &str = include_str!("rules.json");

/// Rules that gitleaks does not have.
const OWN: &str = r#"[
{"id":"url-password","title":"A password in an address","keywords":["://"],
 "pattern":"(?i)\\b[a-z][a-z0-9+.-]{1,20}://[^\\s/:@'\"`<>]{0,100}:([^\\s/@'\"`<>]{4,200})@[a-z0-9\\[]","entropy":2.2},
{"id":"authorization-header","title":"A credential in an Authorization header","keywords":["authorization"],
 "pattern":"(?i)\\bauthorization['\"]?\\s{0,5}[:=]\\s{0,5}['\"]?(?:bearer|basic|token)\\s{1,5}([a-z0-9_.~+/=-]{16,2000})","entropy":3.0},
{"id":"anthropic-oauth-token","title":"A token of a signed-in Claude client","keywords":["sk-ant-o"],
 "pattern":"\\b(sk-ant-o(?:at|rt)[0-9]{2}-[a-zA-Z0-9_-]{60,200})"},
{"id":"muster-token","title":"A token of a Muster installation","keywords":["mst_"],
 "pattern":"\\b(mst_[a-zA-Z0-9_-]{43})"}
]"#;

/// The rule that any other rule outdoes where both find the same.
const GENERIC: &str = "generic-api-key";

/// What tells a secret of one kind.
#[derive(Debug, Deserialize)]
pub(super) struct Rule {
    /// Its name, for example `github-pat`.
    pub(super) id: String,
    /// What it finds, in words.
    pub(super) title: String,
    pattern: String,
    /// Texts (lower case) near which it is tried.
    pub(super) keywords: Vec<String>,
    /// Group of the pattern that holds the secret; else the first that matched.
    group: Option<usize>,
    /// Bits per byte that a secret has at least: what is not random is none.
    #[serde(default)]
    entropy: f64,
    #[serde(default)]
    allow: Vec<AllowText>,
    #[serde(skip)]
    compiled: OnceLock<Option<Compiled>>,
}

/// What looks like a secret and is none.
#[derive(Debug, Default, Deserialize)]
struct AllowText {
    #[serde(default)]
    of: Target,
    #[serde(default)]
    patterns: Vec<String>,
    /// Words that no secret contains, in lower case.
    #[serde(default)]
    words: Vec<String>,
}

/// What the patterns of an exception are held against.
#[derive(Debug, Default, Clone, Copy, Deserialize)]
#[serde(rename_all = "lowercase")]
enum Target {
    #[default]
    Secret,
    Match,
    Line,
}

#[derive(Debug)]
struct Compiled {
    pattern: Regex,
    allow: Vec<Allow>,
}

#[derive(Debug)]
struct Allow {
    of: Target,
    patterns: RegexSet,
    words: Option<AhoCorasick>,
}

#[derive(Deserialize)]
struct File {
    allow: AllowText,
    rules: Vec<Rule>,
}

/// All rules, and how to see which of them a text calls for.
pub(super) struct Rules {
    pub(super) all: Vec<Rule>,
    allow: Allow,
    /// All keywords; the pattern's number is an index of `rule_of`.
    pub(super) keywords: Option<AhoCorasick>,
    pub(super) rule_of: Vec<usize>,
}

impl AllowText {
    fn compile(&self) -> Option<Allow> {
        let patterns = RegexSetBuilder::new(&self.patterns).unicode(false).build().ok()?;
        let words = if self.words.is_empty() { None } else { Some(any_case(&self.words)?) };
        Some(Allow { of: self.of, patterns, words })
    }
}

fn any_case(words: &[String]) -> Option<AhoCorasick> {
    AhoCorasick::builder().ascii_case_insensitive(true).build(words).ok()
}

impl Allow {
    fn lets_pass(&self, text: &[u8], whole: (usize, usize), secret: (usize, usize)) -> bool {
        let target = match self.of {
            Target::Secret => &text[secret.0..secret.1],
            Target::Match => &text[whole.0..whole.1],
            Target::Line => line_around(text, whole),
        };
        let word = self.words.as_ref().is_some_and(|words| words.is_match(&text[secret.0..secret.1]));
        word || self.patterns.is_match(target)
    }
}

fn line_around(text: &[u8], (start, end): (usize, usize)) -> &[u8] {
    let start = memchr::memrchr(b'\n', &text[..start]).map_or(0, |at| at + 1);
    let end = memchr::memchr(b'\n', &text[end..]).map_or(text.len(), |at| end + at);
    &text[start..end]
}

impl Rule {
    fn compiled(&self) -> Option<&Compiled> {
        let compile = || {
            let pattern = RegexBuilder::new(&self.pattern).unicode(false).build().ok()?;
            let allow = self.allow.iter().map(AllowText::compile).collect::<Option<Vec<Allow>>>()?;
            Some(Compiled { pattern, allow })
        };
        self.compiled.get_or_init(compile).as_ref()
    }

    /// Whether any other rule outdoes it.
    pub(super) fn is_generic(&self) -> bool {
        self.id == GENERIC
    }

    /// Calls `each` with where a secret begins and ends, for every one between `from` and `to`.
    pub(super) fn find(
        &self,
        all: &Rules,
        text: &[u8],
        (from, to): (usize, usize),
        mut each: impl FnMut(usize, usize),
    ) {
        let Some(compiled) = self.compiled() else { return };
        for groups in compiled.pattern.captures_iter(&text[from..to]) {
            let Some(whole) = groups.get(0) else { continue };
            let named = self.group.and_then(|group| groups.get(group));
            let first = || groups.iter().skip(1).flatten().find(|group| !group.is_empty());
            let secret = named.or_else(first).unwrap_or(whole);
            let whole = (from + whole.start(), from + whole.end());
            let found = (from + secret.start(), from + secret.end());
            let known = |allow: &Allow| allow.lets_pass(text, whole, found);
            if entropy(secret.as_bytes()) >= self.entropy && !known(&all.allow) && !compiled.allow.iter().any(known) {
                each(found.0, found.1);
            }
        }
    }
}

/// Bits per byte (Shannon).
fn entropy(bytes: &[u8]) -> f64 {
    let mut counts = [0_u32; 256];
    for byte in bytes {
        counts[usize::from(*byte)] += 1;
    }
    let all = bytes.len().max(1);
    // Secrets are short: the length is exact as a float.
    let all = f64::from(u32::try_from(all).unwrap_or(u32::MAX));
    let share = |count: &u32| f64::from(*count) / all;
    counts.iter().filter(|count| **count > 0).map(|count| -share(count) * share(count).log2()).sum()
}

static RULES: LazyLock<Rules> = LazyLock::new(|| {
    // What is built in is tested to be whole; were it not, nothing would be found, and a test says so.
    let mut file: File =
        serde_json::from_str(VENDORED).unwrap_or(File { allow: AllowText::default(), rules: Vec::new() });
    file.rules.extend(serde_json::from_str::<Vec<Rule>>(OWN).unwrap_or_default());
    let mut keywords = Vec::new();
    let mut rule_of = Vec::new();
    for (number, rule) in file.rules.iter().enumerate() {
        for keyword in &rule.keywords {
            keywords.push(keyword.clone());
            rule_of.push(number);
        }
    }
    let none = || Allow { of: Target::Secret, patterns: RegexSet::empty(), words: None };
    let allow = file.allow.compile().unwrap_or_else(none);
    Rules { all: file.rules, allow, keywords: any_case(&keywords), rule_of }
});

/// The rules.
pub(super) fn rules() -> &'static Rules {
    &RULES
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_rule_can_be_used() {
        let rules = rules();
        assert!(rules.all.len() > 220, "{}", rules.all.len());
        assert_eq!(rules.keywords.as_ref().unwrap().patterns_len(), rules.rule_of.len());
        assert!(!rules.allow.patterns.is_empty());
        for rule in &rules.all {
            assert!(rule.compiled().is_some(), "{}", rule.id);
            assert!(!rule.keywords.is_empty(), "{}", rule.id);
        }
    }

    #[test]
    fn entropy_is_that_of_the_bytes() {
        assert!(entropy(b"aaaa").abs() < 1e-9);
        assert!((entropy(b"abcd") - 2.0).abs() < 1e-9);
        assert!(entropy(b"").abs() < 1e-9);
    }
}
