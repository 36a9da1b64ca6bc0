//! One file's way into the archive: what is there already, is it how the file begins, and the rest in pieces.

use std::io::Read;
use std::time::Duration;

use anyhow::Context as _;
use http::Method;
use hyper::body::Bytes;
use indicatif::ProgressBar;
use ring::digest::{SHA256, digest};

use super::source::Source;
use crate::cli::client::{Client, Refused};
use crate::wire::import::{ImportOpened, ImportTaken, OpenImport};

/// Bytes of a piece: well below what a request may have, and large enough that the commit of each costs little.
const PIECE: usize = 512 * 1024;

/// Pauses before the attempts after a failure: an aggregator that restarts is back by then.
const PAUSES: [Duration; 5] = [
    Duration::from_millis(250),
    Duration::from_secs(1),
    Duration::from_secs(3),
    Duration::from_secs(8),
    Duration::from_secs(15),
];

/// What became of a file.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Outcome {
    New,
    Grown,
    Known,
    Replaced,
}

/// Why a file did not come through.
#[derive(Debug, thiserror::Error)]
pub(super) enum UploadError {
    /// The file itself cannot be read.
    #[error("{0}")]
    File(#[from] std::io::Error),
    /// The aggregator cannot be reached, or refuses.
    #[error(transparent)]
    Aggregator(#[from] anyhow::Error),
}

/// Brings files to one aggregator.
#[derive(Debug)]
pub(super) struct Uploader {
    pub(super) client: Client,
    pub(super) host: String,
    pub(super) bar: ProgressBar,
}

impl Uploader {
    /// Brings one file; says what became of it and how many bytes were sent.
    pub(super) async fn upload(&self, source: &Source) -> Result<(Outcome, u64), UploadError> {
        let done = self.bar.position();
        let mut pauses = PAUSES.iter();
        loop {
            self.bar.set_position(done);
            match self.attempt(source).await {
                Err(UploadError::Aggregator(error)) if !is_final(&error) => {
                    let Some(pause) = pauses.next() else { return Err(error.into()) };
                    self.bar.set_message("waiting for the aggregator");
                    tokio::time::sleep(*pause).await;
                    self.bar.set_message("");
                }
                other => {
                    self.bar.set_position(done + source.size());
                    return other;
                }
            }
        }
    }

    async fn attempt(&self, source: &Source) -> Result<(Outcome, u64), UploadError> {
        let mut reader = source.open()?;
        let opened = self.open(source, false).await?;
        if opened.offset == 0 {
            let sent = self.rest(&mut reader, &opened).await?;
            return Ok((Outcome::New, sent));
        }
        if begins_with(&mut reader, &opened)? {
            let sent = self.rest(&mut reader, &opened).await?;
            return Ok((if sent == 0 { Outcome::Known } else { Outcome::Grown }, sent));
        }
        let sent = self.rest(&mut source.open()?, &self.open(source, true).await?).await?;
        Ok((Outcome::Replaced, sent))
    }

    async fn open(&self, source: &Source, replace: bool) -> anyhow::Result<ImportOpened> {
        let (host, coder, path) = (self.host.clone(), source.coder.to_owned(), source.path.clone());
        let open = OpenImport { host, coder, path, whole: source.whole, replace };
        let body = serde_json::to_vec(&open)?.into();
        self.client.send(Method::POST, "/api/v1/imports", "application/json", body).await
    }

    /// Sends everything from where the reader stands, which is at `opened.offset`.
    async fn rest(&self, reader: &mut dyn Read, opened: &ImportOpened) -> Result<u64, UploadError> {
        let mut at = opened.offset;
        let mut waiting = Vec::new();
        loop {
            // One byte more than a piece tells whether this is the last.
            let room = (PIECE + 1).saturating_sub(waiting.len()) as u64;
            (&mut *reader).take(room).read_to_end(&mut waiting)?;
            if waiting.is_empty() {
                return Ok(at - opened.offset);
            }
            let end = waiting.len() <= PIECE;
            let piece = Bytes::copy_from_slice(&waiting[..waiting.len().min(PIECE)]);
            let taken = self.send(opened, at, piece, end).await?;
            let length = usize::try_from(taken.offset.saturating_sub(at)).unwrap_or(0);
            if length == 0 || length > waiting.len() || taken.offset < at {
                return Err(anyhow::anyhow!("the archive stands at {} instead of {at}", taken.offset).into());
            }
            waiting.drain(..length);
            at = taken.offset;
            self.bar.inc(length as u64);
            if end && waiting.is_empty() && taken.archived == at {
                return Ok(at - opened.offset);
            }
        }
    }

    async fn send(&self, opened: &ImportOpened, at: u64, piece: Bytes, end: bool) -> anyhow::Result<ImportTaken> {
        let path = format!("/api/v1/imports/{}?offset={at}&end={end}", opened.transcript_id);
        let sent = self.client.send(Method::PUT, &path, "application/octet-stream", piece).await;
        sent.with_context(|| format!("a piece at byte {at} was not taken"))
    }
}

/// The aggregator understood, and says no: asking again changes nothing.
fn is_final(error: &anyhow::Error) -> bool {
    error
        .chain()
        .find_map(|cause| cause.downcast_ref::<Refused>())
        .is_some_and(|refused| refused.status.is_client_error())
}

/// Whether what is archived is how the file begins, told by fingerprints of its first and last bytes as for files on
/// hosts. The reader then stands behind it.
fn begins_with(reader: &mut dyn Read, opened: &ImportOpened) -> std::io::Result<bool> {
    let length = |bytes: u64| usize::try_from(bytes).unwrap_or(usize::MAX);
    let (head, tail) = (length(opened.head_bytes), length(opened.tail_bytes));
    let (mut first, mut last) = (Vec::new(), Vec::new());
    let mut left = opened.offset;
    let mut buffer = vec![0; 64 * 1024];
    while left > 0 {
        let wanted = length(left).min(buffer.len());
        let read = reader.read(&mut buffer[..wanted])?;
        if read == 0 {
            return Ok(false);
        }
        let bytes = &buffer[..read];
        first.extend_from_slice(&bytes[..bytes.len().min(head - first.len())]);
        last.extend_from_slice(bytes);
        last.drain(..last.len().saturating_sub(tail));
        left -= read as u64;
    }
    Ok(hex(&first) == opened.head_sha256 && hex(&last) == opened.tail_sha256)
}

/// SHA-256 in hexadecimal.
fn hex(bytes: &[u8]) -> String {
    use std::fmt::Write as _;
    digest(&SHA256, bytes).as_ref().iter().fold(String::new(), |mut text, byte| {
        // Writing to a string never fails.
        let _ = write!(text, "{byte:02x}");
        text
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_file_is_known_by_how_it_begins() {
        let text = b"0123456789".repeat(20_000);
        let opened = |offset: usize| ImportOpened {
            transcript_id: String::new(),
            offset: offset as u64,
            head_bytes: 100,
            head_sha256: hex(&text[..100]),
            tail_bytes: 90,
            tail_sha256: hex(&text[offset - 90..offset]),
        };
        let begins = |text: &[u8], offset| begins_with(&mut &text[..], &opened(offset)).unwrap();
        assert!(begins(&text, 100) && begins(&text, 150_000) && begins(&text, text.len()));
        assert!(!begins(&text[..149_999], 150_000));
        let mut other = text.clone();
        other[149_999] = b'x';
        assert!(!begins(&other, 150_000) && begins(&other, 149_000));
    }
}
