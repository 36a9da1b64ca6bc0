//! `conversations.json`: one huge array of conversations, looked through once without keeping any of it in memory.
//!
//! Only places are kept: which bytes are a field of a conversation, which are a message. The lines that are uploaded are
//! read from those places when they are needed.

use std::io::{BufRead, BufReader, Read};
use std::path::Path;

use anyhow::{Context as _, bail, ensure};

/// Messages of one conversation at most: the places of more are not kept.
const MESSAGES: usize = 1_000_000;

/// Longest name of a field and longest `uuid` that are read.
const WORD_BYTES: usize = 1_000;

/// Fields of a conversation at most.
const FIELDS: usize = 1_000;

/// Names of two fields: the conversation's id, and its messages.
type Names = (&'static str, &'static str);

/// In an export of claude.ai.
const EXPORT: Names = ("uuid", "chat_messages");

/// In a chat of Gemini CLI before it wrote lines.
const CHAT: Names = ("sessionId", "messages");

/// Some bytes of the file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Span {
    pub(super) from: u64,
    pub(super) to: u64,
}

/// One conversation, as places in the file.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Conversation {
    pub(super) uuid: String,
    /// `"name": value`, without the messages.
    pub(super) fields: Vec<Span>,
    pub(super) messages: Vec<Span>,
}

/// Reads the file and gives out each conversation.
pub(super) fn each(path: &Path, give: impl FnMut(Conversation) -> anyhow::Result<()>) -> anyhow::Result<()> {
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut scanner = Scanner { input: BufReader::with_capacity(1 << 20, file), at: 0, names: EXPORT };
    scanner
        .array(give)
        .with_context(|| format!("{} is not an export of claude.ai (byte {})", path.display(), scanner.at))
}

/// The one conversation of a document.
pub(super) fn one(path: &Path) -> anyhow::Result<Conversation> {
    let file = std::fs::File::open(path).with_context(|| format!("cannot read {}", path.display()))?;
    let mut scanner = Scanner { input: BufReader::new(file), at: 0, names: CHAT };
    scanner.conversation().with_context(|| format!("{} is not a chat of Gemini CLI", path.display()))
}

struct Scanner<R> {
    input: R,
    /// Offset of the next byte.
    at: u64,
    names: Names,
}

impl<R: Read> Scanner<BufReader<R>> {
    fn array(&mut self, mut give: impl FnMut(Conversation) -> anyhow::Result<()>) -> anyhow::Result<()> {
        // Some tools write a byte order mark first.
        if self.peek()? == Some(0xEF) {
            self.skip(3)?;
        }
        self.expect(b'[')?;
        if self.token()? == b']' {
            return Ok(());
        }
        loop {
            ensure!(self.token()? == b'{', "a conversation must be an object");
            give(self.conversation()?)?;
            match self.token()? {
                b',' => self.skip(1)?,
                b']' => return Ok(()),
                _ => bail!("the array of conversations is damaged"),
            }
        }
    }

    fn conversation(&mut self) -> anyhow::Result<Conversation> {
        let mut found = Conversation::default();
        self.expect(b'{')?;
        while self.token()? == b'"' {
            let from = self.at;
            let name = self.word()?;
            self.expect(b':')?;
            let first = self.token()?;
            if name == self.names.1 && first == b'[' {
                self.messages(&mut found.messages)?;
            } else {
                if name == self.names.0 && first == b'"' {
                    found.uuid = self.word()?;
                } else {
                    self.value()?;
                }
                ensure!(found.fields.len() < FIELDS, "a conversation has more than {FIELDS} fields");
                found.fields.push(Span { from, to: self.at });
            }
            if self.token()? == b',' {
                self.skip(1)?;
            }
        }
        self.expect(b'}')?;
        ensure!(!found.uuid.is_empty(), "a conversation has no `{}`", self.names.0);
        Ok(found)
    }

    fn messages(&mut self, places: &mut Vec<Span>) -> anyhow::Result<()> {
        self.expect(b'[')?;
        while self.token()? != b']' {
            let from = self.at;
            self.value()?;
            ensure!(places.len() < MESSAGES, "a conversation has more than {MESSAGES} messages");
            places.push(Span { from, to: self.at });
            if self.token()? == b',' {
                self.skip(1)?;
            }
        }
        self.expect(b']')
    }

    /// Skips one value.
    fn value(&mut self) -> anyhow::Result<()> {
        match self.token()? {
            b'"' => self.string(|_| {}),
            b'{' | b'[' => self.nested(),
            b',' | b':' | b'}' | b']' => bail!("a value is missing"),
            _ => self.scalar(),
        }
    }

    fn nested(&mut self) -> anyhow::Result<()> {
        let mut depth = 0_u64;
        loop {
            match self.token()? {
                b'"' => {
                    self.string(|_| {})?;
                    continue;
                }
                b'{' | b'[' => depth += 1,
                b'}' | b']' => depth -= 1,
                _ => {}
            }
            self.skip(1)?;
            if depth == 0 {
                return Ok(());
            }
        }
    }

    fn scalar(&mut self) -> anyhow::Result<()> {
        while let Some(byte) = self.peek()? {
            if byte.is_ascii_whitespace() || matches!(byte, b',' | b'}' | b']') {
                return Ok(());
            }
            self.skip(1)?;
        }
        bail!("the file ends too early")
    }

    /// A short string without escapes that matter.
    fn word(&mut self) -> anyhow::Result<String> {
        let mut word = Vec::new();
        self.string(|byte| {
            if word.len() < WORD_BYTES {
                word.push(byte);
            }
        })?;
        String::from_utf8(word).context("a name is not valid UTF-8")
    }

    /// Skips a string and gives out its bytes, escapes as they stand.
    fn string(&mut self, mut each: impl FnMut(u8)) -> anyhow::Result<()> {
        self.expect(b'"')?;
        let mut escaped = false;
        loop {
            let Some(byte) = self.peek()? else { bail!("the file ends inside a string") };
            self.skip(1)?;
            match byte {
                b'"' if !escaped => return Ok(()),
                b'\\' if !escaped => escaped = true,
                _ => escaped = false,
            }
            each(byte);
        }
    }

    /// The next byte that is no space, not taken yet.
    fn token(&mut self) -> anyhow::Result<u8> {
        while let Some(byte) = self.peek()? {
            if !byte.is_ascii_whitespace() {
                return Ok(byte);
            }
            self.skip(1)?;
        }
        bail!("the file ends too early")
    }

    fn expect(&mut self, wanted: u8) -> anyhow::Result<()> {
        let found = self.token()?;
        ensure!(found == wanted, "expected `{}`, found `{}`", wanted as char, found.escape_ascii());
        self.skip(1)
    }

    fn peek(&mut self) -> anyhow::Result<Option<u8>> {
        Ok(self.input.fill_buf()?.first().copied())
    }

    fn skip(&mut self, bytes: usize) -> anyhow::Result<()> {
        for _ in 0..bytes {
            ensure!(!self.input.fill_buf()?.is_empty(), "the file ends too early");
            self.input.consume(1);
            self.at += 1;
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn scan(text: &str) -> anyhow::Result<Vec<Conversation>> {
        let mut found = Vec::new();
        let mut scanner = Scanner { input: BufReader::with_capacity(7, text.as_bytes()), at: 0, names: EXPORT };
        scanner.array(|conversation| {
            found.push(conversation);
            Ok(())
        })?;
        Ok(found)
    }

    #[test]
    fn places_are_found_whatever_the_strings_hold() {
        let text = "\u{feff} [ {\"uuid\": \"a\\u0031\", \"chat_messages\": [ {\"t\": \"]} \\\" [\"}, 7 ], \"n\": [1, {\"x\": null}]},\n{\"uuid\":\"b\"} ]";
        let found = scan(text).unwrap();
        let texts = |spans: &[Span]| -> Vec<String> {
            let cut =
                |span: &Span| text[usize::try_from(span.from).unwrap()..usize::try_from(span.to).unwrap()].to_owned();
            spans.iter().map(cut).collect()
        };
        assert_eq!(found.len(), 2);
        assert_eq!(texts(&found[0].fields), ["\"uuid\": \"a\\u0031\"", "\"n\": [1, {\"x\": null}]"]);
        assert_eq!(texts(&found[0].messages), ["{\"t\": \"]} \\\" [\"}", "7"]);
        assert_eq!((found[1].uuid.as_str(), found[1].messages.len()), ("b", 0));
        assert!(scan("[]").unwrap().is_empty());
    }

    #[test]
    fn what_is_no_export_is_refused_and_ends() {
        for text in [
            "",
            "{}",
            "[1]",
            "[{\"uuid\":\"a\"",
            "[{\"uuid\":\"a\" \"b\"}]]",
            "[{}]",
            "[{\"uuid\":\"a\",\"b\":}]",
            "[{\"a\":\"x",
        ] {
            assert!(scan(text).is_err(), "{text}");
        }
    }
}
