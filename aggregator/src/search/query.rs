//! A query as people write it: words, `"phrases"`, `prefix*`, `fuzzy~`, `-exclusions` and `name:value`.
//!
//! Reading it never fails. What cannot be meant is left out with a remark that says what to write instead; what only
//! looks like syntax (`foo::bar`, `https://x`, a lone quote) is text.

use super::dates;
use super::role::Role;
use super::words::Words;
use crate::domain::time::Millis;

/// Characters of a query that are read.
pub const QUERY_CHARS: usize = 1_000;

/// Parts of a query at most: each costs a pass over its postings.
const PARTS: usize = 40;

/// Names of filters, with an example of each.
const FILTERS: [(&str, &str); 14] = [
    ("host", "host:workstation"),
    ("project", "project:muster"),
    ("coder", "coder:claude"),
    ("client", "client:2.1.329"),
    ("role", "role:prompt"),
    ("tool", "tool:Bash"),
    ("path", "path:src/auth.rs"),
    ("branch", "branch:main"),
    ("model", "model:opus"),
    ("actor", "actor:ann"),
    ("session", "session:ID"),
    ("after", "after:2026-11-01"),
    ("before", "before:7d"),
    ("is", "is:error"),
];

/// How text is meant.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Style {
    /// A word, or several that belong together (`src/auth.rs`).
    Plain,
    /// In quotes: exactly these words in this order.
    Phrase,
    /// The beginning of a word.
    Prefix,
    /// A word, or one that differs in a letter or two.
    Fuzzy,
}

/// A property that hits must have.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Filter {
    /// Name or id of a host.
    Host(String),
    /// Name, id or path of a project.
    Project(String),
    /// A coder.
    Coder(String),
    /// Version of the client, or how it was started.
    Client(String),
    /// Whose words.
    Role(Vec<Role>),
    /// Name of a tool.
    Tool(String),
    /// Part of a path that a tool works on.
    Path(String),
    /// Git branch.
    Branch(String),
    /// Model.
    Model(String),
    /// Account that the coder ran under.
    Actor(String),
    /// Session id, or its beginning.
    Session(String),
    /// From this moment on.
    After(Millis),
    /// Before this moment.
    Before(Millis),
    /// A failed tool call.
    Error,
    /// Said in a subagent's conversation.
    Subagent,
    /// Of a session whose files are gone from their hosts.
    Gone,
    /// With an image.
    Image,
}

/// What a part asks for.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ask {
    /// Words.
    Text(String, Style),
    /// A filter.
    Filter(Filter),
}

/// One part of a query. All parts must hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Part {
    /// As it was written.
    pub text: String,
    /// Name of the filter.
    pub filter: Option<&'static str>,
    /// Value of the filter, or the words.
    pub value: String,
    /// It must not hold.
    pub excludes: bool,
    /// What it asks for.
    pub ask: Ask,
}

/// A query, understood.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    /// Its parts.
    pub parts: Vec<Part>,
    /// What was left out or understood otherwise, and what to write instead.
    pub remarks: Vec<String>,
}

impl Query {
    /// Reads a query; `now` is what `7d` counts from.
    pub fn read(text: &str, now: Millis) -> Self {
        let mut reader = Reader { rest: text, now, query: Self::default() };
        if let Some((end, _)) = text.char_indices().nth(QUERY_CHARS) {
            reader.rest = &text[..end];
            reader.remark(format!("Only the first {QUERY_CHARS} characters of the query were read"));
        }
        while reader.part() {
            if reader.query.parts.len() == PARTS {
                reader.remark(format!("Only the first {PARTS} parts of the query were read"));
                break;
            }
        }
        reader.query
    }

    /// Whether any part asks for words that must be there.
    pub fn has_words(&self) -> bool {
        self.parts.iter().any(|part| !part.excludes && matches!(part.ask, Ask::Text(..)))
    }
}

struct Reader<'a> {
    rest: &'a str,
    now: Millis,
    query: Query,
}

/// Whether a quote begins or ends a phrase; typographic ones come from notes and chats.
fn is_quote(c: char) -> bool {
    matches!(c, '"' | '“' | '”' | '„' | '«' | '»')
}

fn has_words(text: &str) -> bool {
    Words::of(text).next(&mut String::new()).is_some()
}

impl<'a> Reader<'a> {
    fn remark(&mut self, remark: String) {
        if !self.query.remarks.contains(&remark) {
            self.query.remarks.push(remark);
        }
    }

    fn push(&mut self, text: &str, filter: Option<&'static str>, value: &str, excludes: bool, ask: Ask) {
        let (text, value) = (text.to_owned(), value.to_owned());
        self.query.parts.push(Part { text, filter, value, excludes, ask });
    }

    /// Reads one part; `false` at the end.
    fn part(&mut self) -> bool {
        self.rest = self.rest.trim_start();
        let Some(first) = self.rest.chars().next() else { return false };
        let whole = self.rest;
        // `--flag` is something to look for.
        let excludes = first == '-' && whole[1..].chars().next().is_some_and(|c| !c.is_whitespace() && c != '-');
        if excludes {
            self.rest = &self.rest[1..];
        }
        if let Some(phrase) = self.quoted() {
            let prefix = self.rest.starts_with('*');
            if prefix {
                self.rest = &self.rest[1..];
            }
            let written = self.written(whole);
            let style = if prefix { Style::Prefix } else { Style::Phrase };
            self.text(written, phrase, excludes, style);
            return true;
        }
        self.bare(whole, excludes);
        true
    }

    /// What was read since `whole`.
    fn written(&self, whole: &'a str) -> &'a str {
        &whole[..whole.len() - self.rest.len()]
    }

    /// The text between quotes, when one begins here and ends somewhere.
    fn quoted(&mut self) -> Option<&'a str> {
        let quote = self.rest.chars().next().filter(|c| is_quote(*c))?;
        let inner = &self.rest[quote.len_utf8()..];
        if let Some(end) = inner.find(is_quote) {
            let after = &inner[end..];
            self.rest = &after[after.chars().next().map_or(0, char::len_utf8)..];
            return Some(&inner[..end]);
        }
        if has_words(inner) {
            self.remark("A quote is not closed, so its words were searched for one by one".to_owned());
        }
        self.rest = inner;
        None
    }

    /// A filter or a word, up to the next space.
    fn bare(&mut self, whole: &'a str, excludes: bool) {
        let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
        let token = &self.rest[..end];
        if let Some((name, filter)) = filter_at(token) {
            self.rest = &self.rest[name.len() + 1..];
            let value = self.quoted().unwrap_or_else(|| {
                let end = self.rest.find(char::is_whitespace).unwrap_or(self.rest.len());
                let (value, rest) = self.rest.split_at(end);
                self.rest = rest;
                value
            });
            let written = self.written(whole);
            self.filter(written, filter, value, excludes);
            return;
        }
        self.rest = &self.rest[end..];
        let written = self.written(whole);
        self.look_for_typos(token);
        let (value, style) = match (token.strip_suffix('*'), token.strip_suffix('~')) {
            (Some(start), _) if has_words(start) => (start, Style::Prefix),
            (_, Some(word)) if has_words(word) => (word, Style::Fuzzy),
            _ => (token, Style::Plain),
        };
        self.text(written, value, excludes, style);
    }

    fn text(&mut self, written: &str, value: &str, excludes: bool, style: Style) {
        if has_words(value) {
            self.push(written, None, value, excludes, Ask::Text(value.to_owned(), style));
        } else if !written.trim().is_empty() && !value.is_empty() {
            self.remark(format!("`{written}` was left out: only letters and digits are searched for"));
        }
    }

    /// `tol:Bash` is searched for as text, but was hardly meant so.
    fn look_for_typos(&mut self, token: &str) {
        let Some((name, value)) = token.split_once(':') else { return };
        if value.is_empty() || value.starts_with([':', '/']) || name.len() < 3 {
            return;
        }
        let near = FILTERS.iter().find(|(filter, _)| is_near(&name.to_ascii_lowercase(), filter));
        if let Some((_, example)) = near {
            self.remark(format!("`{name}:` is no filter and was searched for as text; did you mean `{example}`?"));
        }
    }

    fn filter(&mut self, written: &str, name: &'static str, value: &str, excludes: bool) {
        let value = value.trim();
        if value.is_empty() {
            let example =
                FILTERS.iter().find(|(filter, _)| *filter == name).map_or("has:image", |(_, example)| example);
            self.remark(format!("`{name}:` needs a value, as in `{example}`"));
            return;
        }
        let own = value.to_owned();
        let filter = match name {
            "host" => Filter::Host(own),
            "project" => Filter::Project(own),
            "coder" => Filter::Coder(own),
            "client" => Filter::Client(own),
            "tool" => Filter::Tool(own),
            "path" if has_words(value) => Filter::Path(own),
            "branch" => Filter::Branch(own),
            "model" => Filter::Model(own),
            "actor" => Filter::Actor(own),
            "session" => Filter::Session(own),
            _ => match self.word_filter(name, value) {
                Ok(filter) => filter,
                Err(remark) => {
                    self.remark(remark);
                    return;
                }
            },
        };
        self.push(written, Some(name), value, excludes, Ask::Filter(filter));
    }

    /// Filters that take only certain values.
    fn word_filter(&self, name: &str, value: &str) -> Result<Filter, String> {
        let time = || dates::read(value, self.now);
        let lower = value.to_ascii_lowercase();
        match name {
            "after" => time().map(Filter::After),
            "before" => time().map(Filter::Before),
            "role" => Some(Role::named(value)).filter(|roles| !roles.is_empty()).map(Filter::Role),
            "is" => match lower.as_str() {
                "error" | "failed" => Some(Filter::Error),
                "subagent" => Some(Filter::Subagent),
                "gone" => Some(Filter::Gone),
                _ => None,
            },
            "has" => matches!(lower.as_str(), "image" | "images").then_some(Filter::Image),
            _ => None,
        }
        .ok_or_else(|| {
            let can = match name {
                "after" | "before" => "2026-11-21, 2026-11, 7d, yesterday or 2026-11-21T10:00:00Z",
                "role" => "prompt, reply, thinking, tool_input, tool_result, system or title",
                "is" => "error, subagent or gone",
                "has" => "image",
                _ => "letters and digits",
            };
            format!("`{name}:{value}` was left out: `{name}:` takes {can}")
        })
    }
}

/// The filter that a token begins with, as written and by its name.
fn filter_at(token: &str) -> Option<(&str, &'static str)> {
    let (name, value) = token.split_once(':')?;
    // `host::name` is code.
    if value.starts_with(':') {
        return None;
    }
    let mut names = FILTERS.iter().map(|(name, _)| *name).chain(["has"]);
    Some((name, names.find(|filter| name.eq_ignore_ascii_case(filter))?))
}

/// Whether two words differ by one letter: another, one more, one less, or two swapped.
fn is_near(word: &str, other: &str) -> bool {
    let (word, other) = (word.as_bytes(), other.as_bytes());
    let same = word.iter().zip(other).take_while(|(a, b)| a == b).count();
    let (a, b) = (&word[same..], &other[same..]);
    let tail = |from: &[u8], with: &[u8], skip: (usize, usize)| {
        from.len() >= skip.0 && with.len() >= skip.1 && from[skip.0..] == with[skip.1..]
    };
    let swapped = a.len() > 1 && b.len() > 1 && a[0] == b[1] && a[1] == b[0] && a[2..] == b[2..];
    word != other && (swapped || [(1, 1), (1, 0), (0, 1)].into_iter().any(|skip| tail(a, b, skip)))
}

#[cfg(test)]
mod tests;
