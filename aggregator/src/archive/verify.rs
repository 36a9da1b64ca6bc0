//! The archive against the hosts, byte for byte: digests of what is archived and of what lies on the host.

use std::pin::pin;

use futures_util::TryStreamExt as _;
use muster_proto::ids::HostId;
use ring::digest::{Context, SHA256};

use super::raw;
use crate::domain::transcript::TranscriptState;
use crate::live::Links;
use crate::store::transcripts::{TranscriptRow, unsigned};
use crate::store::{Db, Result, StoreError, hosts};

/// Outcome of comparing one transcript.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Outcome {
    /// The archive holds exactly the bytes of the host's file.
    Equal,
    /// It does not; how, in words.
    Different(String),
    /// Gone on the host; the archived bytes are complete.
    Kept,
    /// The host could not be asked; why, in words.
    Unchecked(String),
}

/// Compares one transcript.
pub async fn one(db: &Db, links: &Links, row: &TranscriptRow) -> Result<Outcome> {
    let id = row.id()?;
    let committed = unsigned(row.committed_offset);
    let archived = match archived_sha256(db, row).await {
        Ok(sha256) => sha256,
        Err(StoreError::Corrupt(reason)) => return Ok(Outcome::Different(format!("the archive is damaged: {reason}"))),
        Err(other) => return Err(other),
    };
    if row.state()? == TranscriptState::Gone {
        return Ok(Outcome::Kept);
    }
    let host: HostId = row.host_id.parse().map_err(|error| StoreError::Corrupt(format!("{error}")))?;
    if hosts::get(db, host).await?.is_some_and(|host| host.os == hosts::IMPORT) {
        // Nobody follows the file that it came from.
        return Ok(Outcome::Kept);
    }
    let from = row.base().offset;
    Ok(match links.digest(host, id, from, from + committed).await {
        Err(error) => Outcome::Unchecked(error.to_string()),
        Ok(digest) if !digest.error.is_empty() => Outcome::Unchecked(digest.error),
        Ok(digest) if digest.from_bytes != from => Outcome::Unchecked(format!(
            "a rule deleted its first {from} bytes, and the host's agent is too old to compare the rest: update it"
        )),
        Ok(digest) if digest.sha256 == archived => Outcome::Equal,
        Ok(_) if from == 0 => Outcome::Different(format!("the first {committed} bytes of the host's file are others")),
        Ok(_) => Outcome::Different(format!("{committed} bytes of the host's file from {from} on are others")),
    })
}

async fn archived_sha256(db: &Db, row: &TranscriptRow) -> Result<Vec<u8>> {
    let committed = unsigned(row.committed_offset);
    let mut bytes = pin!(raw::stream(db.clone(), row.id()?, 0, committed, committed));
    let mut context = Context::new(&SHA256);
    while let Some(piece) = bytes.try_next().await? {
        context.update(&piece);
    }
    Ok(context.finish().as_ref().to_vec())
}
