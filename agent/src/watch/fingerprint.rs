//! Step 2: telling whether a file still begins with the bytes that were sent. Its path and inode do not decide that; what it holds does.

use std::fs::File;
use std::io;

use muster_proto::fleet::KnownTranscript;
use muster_proto::limits::FINGERPRINT_BYTES;
use ring::digest::{SHA256, digest};

use crate::platform::file::read_at;

/// Largest span that a fingerprint from the aggregator may cover; more would be a mistake of the peer.
const MAX_SPAN: u32 = 1024 * 1024;

/// SHA-256 of some bytes, and how many they were.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Digest {
    /// Bytes covered.
    pub bytes: u32,
    sha256: [u8; 32],
}

impl Digest {
    /// Digest of `bytes`, which are at most a mebibyte.
    pub fn of(bytes: &[u8]) -> Self {
        if bytes.is_empty() {
            return Self::default();
        }
        let mut sha256 = [0; 32];
        sha256.copy_from_slice(digest(&SHA256, bytes).as_ref());
        Self { bytes: u32::try_from(bytes.len()).unwrap_or(u32::MAX), sha256 }
    }

    fn from_peer(bytes: u32, sha256: &[u8]) -> Option<Self> {
        if bytes == 0 {
            return Some(Self::default());
        }
        let sha256 = sha256.try_into().ok()?;
        (bytes <= MAX_SPAN).then_some(Self { bytes, sha256 })
    }
}

/// How a file's first `offset` bytes begin and end.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Fingerprint {
    /// Bytes `[0, head.bytes)`.
    pub head: Digest,
    /// Bytes `[offset - tail.bytes, offset)`.
    pub tail: Digest,
}

impl Fingerprint {
    /// What the aggregator holds; `None` when the message makes no sense.
    pub fn of_known(known: &KnownTranscript) -> Option<Self> {
        let head = Digest::from_peer(known.head_bytes, &known.head_sha256)?;
        let tail = Digest::from_peer(known.tail_bytes, &known.tail_sha256)?;
        let fits = u64::from(head.bytes) <= known.offset && u64::from(tail.bytes) <= known.offset;
        fits.then_some(Self { head, tail })
    }

    /// Reads the fingerprint of the first `offset` bytes of `file`; `None` when the file is shorter.
    pub fn read(file: &File, offset: u64) -> io::Result<Option<Self>> {
        let span = offset.min(FINGERPRINT_BYTES as u64);
        let (Some(head), Some(tail)) = (read_span(file, 0, span)?, read_span(file, offset - span, span)?) else {
            return Ok(None);
        };
        Ok(Some(Self { head, tail }))
    }

    /// Whether the first `offset` bytes of `file` begin and end like this.
    pub fn fits(&self, file: &File, offset: u64) -> io::Result<bool> {
        let tail_bytes = u64::from(self.tail.bytes);
        if tail_bytes > offset {
            return Ok(false);
        }
        let head = read_span(file, 0, u64::from(self.head.bytes))?;
        let tail = read_span(file, offset - tail_bytes, tail_bytes)?;
        Ok(head == Some(self.head) && tail == Some(self.tail))
    }

    /// After `fresh` bytes were sent: `buffer` ends with them and begins with all that the present tail covers;
    /// `start` is the offset in the file of the buffer's first byte.
    pub fn advance(&mut self, buffer: &[u8], start: u64) {
        if start == 0 && (self.head.bytes as usize) < FINGERPRINT_BYTES {
            self.head = Digest::of(&buffer[..buffer.len().min(FINGERPRINT_BYTES)]);
        }
        self.tail = Digest::of(&buffer[buffer.len().saturating_sub(FINGERPRINT_BYTES)..]);
    }
}

fn read_span(file: &File, start: u64, bytes: u64) -> io::Result<Option<Digest>> {
    let bytes = usize::try_from(bytes).unwrap_or(usize::MAX).min(MAX_SPAN as usize);
    if bytes <= FINGERPRINT_BYTES {
        let mut buffer = [0; FINGERPRINT_BYTES];
        let buffer = &mut buffer[..bytes];
        return Ok((read_at(file, buffer, start)? == bytes).then(|| Digest::of(buffer)));
    }
    let mut buffer = vec![0; bytes];
    Ok((read_at(file, &mut buffer, start)? == bytes).then(|| Digest::of(&buffer)))
}
