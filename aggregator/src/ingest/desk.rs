//! Files that a person brings: what comes over the REST API passes the same entrance as what a host sends.
//!
//! Imported files lie under a host of their own kind, which no agent can link as. Its link's epoch is taken by this
//! desk, so that positions, the single writer and everything behind them hold as for any host.

use std::collections::HashMap;
use std::sync::Arc;

use bytes::Bytes;
use muster_proto::fleet::{self, Codec, FileForm};
use muster_proto::ids::{HostId, TranscriptId};
use tokio::sync::Mutex;

use super::{Acks, Ingest, IngestError, Intake};
use crate::domain::time::now_ms;
use crate::store::hosts::{self, Facts, IMPORT};
use crate::store::transcripts::{self, TranscriptRow, unsigned};
use crate::store::{Db, StoreError};

/// Why nothing was taken.
#[derive(Debug, thiserror::Error)]
pub enum DeskError {
    /// There is no such transcript of an imported host.
    #[error("there is no such import: open it first")]
    Unknown,
    /// The archive took nothing; the same can be sent again.
    #[error("the archive takes nothing right now: {0}")]
    Failed(String),
    /// As for a link.
    #[error(transparent)]
    Ingest(#[from] IngestError),
}

impl From<StoreError> for DeskError {
    fn from(error: StoreError) -> Self {
        Self::Ingest(error.into())
    }
}

/// A file that is brought.
#[derive(Debug, Clone)]
pub struct NewFile {
    /// Coder whose format it has.
    pub coder: String,
    /// Root that its path is relative to.
    pub root: String,
    /// Its path, under which it is found again.
    pub path: String,
    /// Cut at newlines; otherwise a side file.
    pub in_lines: bool,
    /// What is archived at this path is another file's content: begin anew.
    pub replace: bool,
}

/// One host's link.
type Desk = Intake;

/// Where a host's desk stands while there is one. Whoever holds it is alone with the host.
type Slot = Arc<Mutex<Option<Desk>>>;

/// All desks of this aggregator, one per imported host. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct Desks {
    db: Db,
    ingest: Ingest,
    by_host: Arc<Mutex<HashMap<HostId, Slot>>>,
}

impl Desks {
    /// No desk is open yet.
    pub fn new(db: Db, ingest: Ingest) -> Self {
        Self { db, ingest, by_host: Arc::default() }
    }

    /// What the archive holds of a file, which is made known when it is new.
    pub async fn open(&self, host: HostId, file: &NewFile) -> Result<TranscriptRow, DeskError> {
        let slot = self.slot(host).await;
        let mut slot = slot.lock().await;
        let desk = self.seated(host, &mut slot).await?;
        let known = transcripts::live_at(&self.db, host, &file.path).await?;
        if let Some(row) = known.as_ref().filter(|_| !file.replace) {
            desk.turn_back(row.id()?);
            return Ok(row.clone());
        }
        let form = if file.in_lines { FileForm::Lines } else { FileForm::Whole };
        let open = fleet::Open {
            coder: file.coder.clone(),
            root: file.root.clone(),
            path: file.path.clone(),
            form: form.into(),
            replaces: known.map(|row| row.id).unwrap_or_default(),
            ..fleet::Open::default()
        };
        let opened = desk.open(&open).await?;
        self.ingest.flushed().await?;
        let id = opened.transcript_id.parse().map_err(|error| IngestError::Protocol(format!("{error}")))?;
        let row = transcripts::get(&self.db, id).await?;
        if row.is_none() {
            *slot = None;
        }
        row.ok_or_else(|| DeskError::Failed("another aggregator holds this host; try again".to_owned()))
    }

    /// Takes bytes that begin at `offset`; `end`: the file ends with them. Says where to go on and how much is archived.
    /// A last line without its newline waits for more unless it is the end.
    pub async fn take(&self, id: TranscriptId, offset: u64, bytes: Bytes, end: bool) -> Result<(u64, u64), DeskError> {
        let row = transcripts::get(&self.db, id).await?.ok_or(DeskError::Unknown)?;
        let host: HostId = row.host_id.parse().map_err(|_| DeskError::Unknown)?;
        let is_import = hosts::get(&self.db, host).await?.is_some_and(|host| host.os == IMPORT);
        if !is_import {
            return Err(DeskError::Unknown);
        }
        let slot = self.slot(host).await;
        let mut slot = slot.lock().await;
        let desk = self.seated(host, &mut slot).await?;
        if bytes.is_empty() {
            let at = archived_to(&row);
            return Ok((at, at));
        }
        let (whole, more) = whole_lines(&bytes, row.in_lines, end);
        let frame = fleet::Frame {
            transcript_id: id.to_string(),
            start_offset: offset,
            raw_bytes: u32::try_from(whole).unwrap_or(u32::MAX),
            codec: Codec::Raw.into(),
            bytes: bytes.slice(..whole),
            more,
        };
        let rewind = desk.accept(frame).await?;
        let Some(next) = desk.position(id) else { return Err(DeskError::Unknown) };
        self.ingest.flushed().await?;
        let archived = transcripts::get(&self.db, id).await?.map_or(0, |row| archived_to(&row));
        if rewind.is_none() && !more && archived < next {
            // The commit failed, or another aggregator took this host's link: the next piece takes it back.
            *slot = None;
            return Err(DeskError::Failed("the commit failed; try again".to_owned()));
        }
        Ok((next, archived))
    }

    async fn slot(&self, host: HostId) -> Slot {
        Arc::clone(self.by_host.lock().await.entry(host).or_default())
    }

    /// The host's desk; takes the host's link when there is none.
    async fn seated<'a>(&self, host: HostId, slot: &'a mut Option<Desk>) -> Result<&'a mut Desk, DeskError> {
        if slot.is_none() {
            let facts = Facts { os: IMPORT.to_owned(), hostname: "import".to_owned(), ..Facts::default() };
            let epoch = hosts::take_link(&self.db, host, &facts, "[]", now_ms()).await?;
            // Nobody reads these acks: after a flush the store itself says what is committed.
            *slot = Some(self.ingest.link(host, epoch, Acks::default()).await?);
        }
        slot.as_mut().ok_or(DeskError::Unknown)
    }
}

/// Where the archive of a file ends, as whoever has the file counts.
pub fn archived_to(row: &TranscriptRow) -> u64 {
    row.base().offset + unsigned(row.committed_offset)
}

/// How many bytes to take now, and whether they are only a part of a line.
fn whole_lines(bytes: &[u8], in_lines: bool, end: bool) -> (usize, bool) {
    if end || !in_lines {
        return (bytes.len(), false);
    }
    match memchr::memrchr(b'\n', bytes) {
        Some(last) => (last + 1, false),
        None => (bytes.len(), true),
    }
}

#[cfg(test)]
mod tests {
    use super::whole_lines;

    #[test]
    fn a_torn_tail_waits_unless_it_is_the_end() {
        assert_eq!(whole_lines(b"a\nb", true, false), (2, false));
        assert_eq!(whole_lines(b"a\nb", true, true), (3, false));
        assert_eq!(whole_lines(b"ab", true, false), (2, true));
        assert_eq!(whole_lines(b"ab", false, false), (2, false));
    }
}
