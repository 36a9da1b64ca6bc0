//! A JSON line as a person would read it: its strings decoded where they stand, so that a name stays beside its value.

use memchr::{memchr, memchr2};

/// Strings longer than this that are nothing but base64 are files (images above all), which are not looked through.
const FILE: usize = 4 * 1024;

/// A line with decoded strings.
#[derive(Debug, Default)]
pub(super) struct Projection {
    /// The text.
    pub(super) text: Vec<u8>,
    /// Where each string stands in `text`, and where it stood in the line with its quotes.
    pub(super) strings: Vec<Token>,
}

/// One string.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Token {
    /// First byte of its text.
    pub(super) start: usize,
    /// After the last byte of its text.
    pub(super) end: usize,
    /// Its opening quote in the line.
    pub(super) from: usize,
    /// After its closing quote in the line.
    pub(super) to: usize,
}

impl Projection {
    /// Reads a line. What is no JSON is read as far as it looks like it.
    pub(super) fn of(line: &[u8]) -> Self {
        let mut read = Self { text: Vec::with_capacity(line.len()), strings: Vec::new() };
        let mut at = 0;
        while let Some(quote) = memchr(b'"', &line[at..]).map(|found| at + found) {
            read.text.extend_from_slice(&line[at..=quote]);
            let end = closing(line, quote + 1);
            let start = read.text.len();
            if !is_file(&line[quote..end]) {
                read.decode(&line[quote..end]);
            }
            let token = Token { start, end: read.text.len(), from: quote, to: end };
            read.strings.push(token);
            read.text.push(b'"');
            at = end;
        }
        read.text.extend_from_slice(&line[at..]);
        read
    }

    /// Appends the text of a string with its quotes; as it stands when it is none.
    fn decode(&mut self, quoted: &[u8]) {
        if memchr(b'\\', quoted).is_some()
            && let Ok(text) = serde_json::from_slice::<String>(quoted)
        {
            self.text.extend_from_slice(text.as_bytes());
            return;
        }
        let inner = quoted.get(1..).unwrap_or_default();
        self.text.extend_from_slice(inner.strip_suffix(b"\"").unwrap_or(inner));
    }
}

fn is_file(quoted: &[u8]) -> bool {
    let is_base64 = |byte: &u8| byte.is_ascii_alphanumeric() || matches!(byte, b'+' | b'/' | b'=' | b'-' | b'_');
    quoted.len() > FILE && quoted[1..quoted.len() - 1].iter().all(is_base64)
}

/// After the closing quote of the string whose text begins at `at`.
fn closing(line: &[u8], mut at: usize) -> usize {
    while let Some(found) = memchr2(b'"', b'\\', line.get(at..).unwrap_or_default()) {
        if line[at + found] == b'"' {
            return at + found + 1;
        }
        at += found + 2;
    }
    line.len()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn strings(line: &str) -> Vec<String> {
        let read = Projection::of(line.as_bytes());
        read.strings
            .iter()
            .map(|token| String::from_utf8_lossy(&read.text[token.start..token.end]).into_owned())
            .collect()
    }

    #[test]
    fn strings_are_decoded_where_they_stand() {
        let line = r#"{"a":"x\ny","b":["\"q\"",1,"日"]}"#;
        assert_eq!(strings(line), ["a", "x\ny", "b", "\"q\"", "日"]);
        let read = Projection::of(line.as_bytes());
        assert_eq!(String::from_utf8(read.text).unwrap(), "{\"a\":\"x\ny\",\"b\":[\"\"q\"\",1,\"日\"]}");
        assert_eq!(&line[read.strings[1].from..read.strings[1].to], r#""x\ny""#);
    }

    #[test]
    fn what_is_torn_is_read_to_its_end() {
        assert_eq!(strings(r#"{"a":"x\"#), ["a", "x\\"]);
        assert_eq!(strings(r#"{"a":"b"#), ["a", "b"]);
        assert_eq!(strings("\""), [""]);
        assert_eq!(strings("plain"), [""; 0]);
    }

    proptest::proptest! {
        #[test]
        fn any_bytes_can_be_read(line in proptest::collection::vec(proptest::prelude::any::<u8>(), 0..300)) {
            let read = Projection::of(&line);
            for token in &read.strings {
                proptest::prop_assert!(token.start <= token.end && token.end <= read.text.len());
                proptest::prop_assert!(token.from < token.to && token.to <= line.len());
            }
        }
    }
}
