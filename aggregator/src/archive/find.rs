//! Finding a text in one conversation: every place of it, in order.

use std::ops::ControlFlow;
use std::time::{Duration, Instant};

use regex::bytes::{Regex, RegexBuilder};
use serde_json::Value;

use super::conversation::{Conversation, Spot};
use crate::store::transcripts::unsigned;
use crate::store::{Db, Result, lines};
use crate::transcript::block::Block;
use crate::transcript::{Class, Depth, parse};

/// Characters of a text that is looked for, at most.
pub const QUERY_CHARS: usize = 200;

/// Places of one answer.
const PLACES: usize = 2_000;

/// Time of one answer; whoever wants the rest asks on from where it stopped.
const PATIENCE: Duration = Duration::from_secs(4);

/// A text to look for.
#[derive(Debug)]
pub struct Needle {
    words: Regex,
    /// A line whose bytes do not match cannot hold the text: JSON writes these characters only as they are.
    plain: bool,
}

/// A line in which the text occurs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Transcript.
    pub transcript: String,
    /// Line.
    pub line: u64,
    /// How often.
    pub count: u32,
}

/// Places in order.
#[derive(Debug, Default)]
pub struct Hits {
    /// The places.
    pub hits: Vec<Hit>,
    /// The last line that was looked at, when there is more behind it.
    pub stopped_at: Option<(String, u64)>,
}

impl Needle {
    /// Upper and lower case are the same. `None` when the text is empty or too long.
    pub fn new(text: &str) -> Option<Self> {
        Self::with_case(text, false)
    }

    /// Upper and lower case are told apart. `None` when the text is empty or too long.
    pub fn exact(text: &str) -> Option<Self> {
        Self::with_case(text, true)
    }

    fn with_case(text: &str, exact: bool) -> Option<Self> {
        if text.is_empty() || text.chars().count() > QUERY_CHARS {
            return None;
        }
        let plain = text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, ' ' | '_' | '-' | '.' | ',' | ':'));
        let words = RegexBuilder::new(&regex::escape(text)).case_insensitive(!exact).unicode(!plain).build().ok()?;
        Some(Self { words, plain })
    }

    fn may_be_in(&self, line: &[u8]) -> bool {
        !self.plain || self.words.is_match(line)
    }

    fn count(&self, text: &str) -> usize {
        self.words.find_iter(text.as_bytes()).count()
    }

    /// How often the text occurs in what a reader sees of a line.
    fn count_in(&self, blocks: &[Block]) -> usize {
        blocks.iter().map(|block| self.count_in_block(block)).sum()
    }

    fn count_in_block(&self, block: &Block) -> usize {
        match block {
            Block::Text(text)
            | Block::Thinking { text, .. }
            | Block::Notice { text, .. }
            | Block::ToolResult { text, .. } => self.count(text),
            Block::Document { title, text } => self.count(title) + self.count(text),
            Block::ToolUse { name, input, .. } => {
                let input = input.as_ref().and_then(|raw| serde_json::from_str::<Value>(raw.get()).ok());
                self.count(name) + input.map_or(0, |input| self.count_in_value(&input))
            }
            Block::Image(_) => 0,
        }
    }

    fn count_in_value(&self, value: &Value) -> usize {
        match value {
            Value::String(text) => self.count(text),
            Value::Array(items) => items.iter().map(|item| self.count_in_value(item)).sum(),
            Value::Object(fields) => fields.values().map(|field| self.count_in_value(field)).sum(),
            Value::Null | Value::Bool(_) | Value::Number(_) => 0,
        }
    }
}

/// Places of a text in a conversation, from `from` on.
pub async fn find(db: &Db, conversation: &Conversation, needle: &Needle, from: Spot) -> Result<Hits> {
    let mut found = Hits::default();
    let began = Instant::now();
    for (file, first) in conversation.from(from) {
        let (id, committed) = (file.id()?, unsigned(file.committed_offset));
        let Some(start) = lines::start(db, id, first, committed).await? else { continue };
        lines::scan(db, id, start, committed, |place, bytes| {
            let Some(line) = bytes.filter(|line| place.line >= first && needle.may_be_in(line)) else {
                return ControlFlow::Continue(());
            };
            let entry = parse(&file.coder, line, Depth::Full);
            let shown = entry.class != Class::Bookkeeping;
            let count = needle.count_in(&entry.blocks) + needle.count(&entry.preview.text);
            if shown && count > 0 {
                let count = u32::try_from(count).unwrap_or(u32::MAX);
                found.hits.push(Hit { transcript: file.id.clone(), line: place.line, count });
            }
            if found.hits.len() >= PLACES || began.elapsed() >= PATIENCE {
                found.stopped_at = Some((file.id.clone(), place.line));
                return ControlFlow::Break(());
            }
            ControlFlow::Continue(())
        })
        .await?;
        if found.stopped_at.is_some() {
            break;
        }
    }
    Ok(found)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn case_matters_to_who_asks_for_it() {
        let needle = Needle::exact("Limit").unwrap();
        assert_eq!(needle.count("Limit limit LIMIT Limit"), 2);
        assert!(!needle.may_be_in(b"limit"));
        assert!(Needle::exact("").is_none());
    }

    #[test]
    fn case_does_not_matter_in_any_script() {
        let count = |needle: &str, text: &str| Needle::new(needle).unwrap().count(text);
        assert_eq!(count("error", "Error: no ERROR, an errand"), 2);
        assert_eq!(count("straße", "STRASSE Straße STRAßE"), 2);
        assert_eq!(count("a.b", "axb a.b"), 1);
        assert_eq!(count("資料", "資料庫"), 1);
    }

    #[test]
    fn a_text_in_the_input_of_a_tool_is_found() {
        let input = serde_json::value::RawValue::from_string(r#"{"a":["x needle"],"b":"NEEDLE\nneedle"}"#.to_owned());
        let block = Block::ToolUse { id: String::new(), name: "Needle".to_owned(), input: input.ok() };
        assert_eq!(Needle::new("needle").unwrap().count_in(&[block]), 4);
    }

    #[test]
    fn what_json_may_escape_is_not_looked_for_in_bytes() {
        assert!(Needle::new("a\"b").unwrap().may_be_in(br#""a\"b""#));
        assert!(!Needle::new("abc").unwrap().may_be_in(b"abd"));
        assert!(Needle::new("").is_none());
        assert!(Needle::new(&"x".repeat(QUERY_CHARS + 1)).is_none());
    }
}
