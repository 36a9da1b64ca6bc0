//! What is uploaded: a file's own bytes, or lines put together from places of a document.

use std::collections::VecDeque;
use std::fs::File;
use std::io::{Read, Result, Seek as _, SeekFrom};
use std::path::{Path, PathBuf};

use super::conversations::{Conversation, Span};

/// One file to import.
#[derive(Debug)]
pub(super) struct Source {
    /// Coder whose format it has.
    pub(super) coder: &'static str,
    /// Its path below the coder's root.
    pub(super) path: String,
    /// A side file: not cut at newlines.
    pub(super) whole: bool,
    /// The file on this machine.
    pub(super) file: PathBuf,
    /// Lines put together from the file, instead of the file itself.
    pub(super) made: Option<Vec<Piece>>,
}

/// A part of what is put together.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Piece {
    /// These bytes.
    Text(&'static [u8]),
    /// A JSON value of the file, without the spaces between its parts.
    Json(Span),
}

impl Source {
    /// The lines of a conversation: itself without its messages, then each message.
    pub(super) fn conversation(coder: &'static str, path: String, file: &Path, conversation: &Conversation) -> Self {
        let mut pieces = vec![Piece::Text(b"{")];
        for (number, field) in conversation.fields.iter().enumerate() {
            if number > 0 {
                pieces.push(Piece::Text(b","));
            }
            pieces.push(Piece::Json(*field));
        }
        pieces.push(Piece::Text(b"}\n"));
        for message in &conversation.messages {
            pieces.extend([Piece::Json(*message), Piece::Text(b"\n")]);
        }
        Self { coder, path, whole: false, file: file.to_owned(), made: Some(pieces) }
    }

    /// Its bytes from the beginning.
    pub(super) fn open(&self) -> Result<Box<dyn Read + Send>> {
        let file = File::open(&self.file)?;
        Ok(match &self.made {
            None => Box::new(file),
            Some(pieces) => Box::new(Made { file, pieces: pieces.iter().copied().collect(), inside: None }),
        })
    }

    /// Bytes of the file that it is made from, as a measure of the work.
    pub(super) fn size(&self) -> u64 {
        match &self.made {
            None => std::fs::metadata(&self.file).map_or(0, |meta| meta.len()),
            Some(pieces) => pieces
                .iter()
                .map(|piece| match piece {
                    Piece::Text(text) => text.len() as u64,
                    Piece::Json(span) => span.to - span.from,
                })
                .sum(),
        }
    }
}

/// Reads pieces one behind the other.
struct Made {
    file: File,
    pieces: VecDeque<Piece>,
    inside: Option<Json>,
}

/// Where the reading of a JSON value stands.
struct Json {
    left: u64,
    in_string: bool,
    escaped: bool,
}

impl Read for Made {
    fn read(&mut self, buffer: &mut [u8]) -> Result<usize> {
        if buffer.is_empty() {
            return Ok(0);
        }
        loop {
            if let Some(json) = &mut self.inside {
                let length = usize::try_from(json.left).unwrap_or(usize::MAX).min(buffer.len());
                let read = self.file.read(&mut buffer[..length])?;
                json.left = if read == 0 { 0 } else { json.left - read as u64 };
                let kept = json.compact(&mut buffer[..read]);
                if json.left == 0 {
                    self.inside = None;
                }
                if kept > 0 {
                    return Ok(kept);
                }
                continue;
            }
            match self.pieces.pop_front() {
                None => return Ok(0),
                Some(Piece::Text(text)) => {
                    let length = text.len().min(buffer.len());
                    buffer[..length].copy_from_slice(&text[..length]);
                    if length < text.len() {
                        self.pieces.push_front(Piece::Text(&text[length..]));
                    }
                    return Ok(length);
                }
                Some(Piece::Json(span)) => {
                    self.file.seek(SeekFrom::Start(span.from))?;
                    self.inside = Some(Json { left: span.to - span.from, in_string: false, escaped: false });
                }
            }
        }
    }
}

impl Json {
    /// Drops spaces outside of strings, in place; says how many bytes are left. Line ends stand nowhere else in JSON.
    fn compact(&mut self, bytes: &mut [u8]) -> usize {
        let mut kept = 0;
        for at in 0..bytes.len() {
            let byte = bytes[at];
            if self.in_string {
                match byte {
                    _ if self.escaped => self.escaped = false,
                    b'\\' => self.escaped = true,
                    b'"' => self.in_string = false,
                    // Not JSON; as it would tear the line, it is dropped.
                    b'\n' | b'\r' => continue,
                    _ => {}
                }
            } else if byte.is_ascii_whitespace() {
                continue;
            } else if byte == b'"' {
                self.in_string = true;
            }
            bytes[kept] = byte;
            kept += 1;
        }
        kept
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::cli::import::conversations;

    #[test]
    fn a_conversation_becomes_lines_in_any_reading() {
        let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/claude-ai/conversations.json");
        let mut sources = Vec::new();
        conversations::each(&file, |found| {
            sources.push(Source::conversation("claude-ai", String::new(), &file, &found));
            Ok(())
        })
        .unwrap();
        assert_eq!(sources.len(), 2);
        let export: serde_json::Value = serde_json::from_reader(File::open(&file).unwrap()).unwrap();
        for (number, source) in sources.iter().enumerate() {
            let mut whole = String::new();
            source.open().unwrap().read_to_string(&mut whole).unwrap();
            let (mut reader, mut bytes, mut small) = (source.open().unwrap(), Vec::new(), [0; 3]);
            while let read @ 1.. = reader.read(&mut small).unwrap() {
                bytes.extend_from_slice(&small[..read]);
            }
            assert_eq!(bytes, whole.as_bytes());
            let mut expected = export[number].clone();
            let messages = expected.as_object_mut().unwrap().remove("chat_messages").unwrap();
            let lines: Vec<serde_json::Value> = whole.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
            assert_eq!(lines[0], expected);
            assert_eq!(lines[1..], messages.as_array().unwrap()[..]);
        }
    }
}
