//! Frames: the archived bytes, in pieces.
//!
//! Rows at or after a transcript's committed offset are parts of a line (or of a side file) whose end has not come:
//! no reader sees them, and they are replaced when the host sends them again.

use muster_proto::ids::TranscriptId;
use sqlx::{AssertSqlSafe, Postgres, QueryBuilder, Sqlite};

use super::db::{Db, Result, StoreError, Tx};
use super::packing::unpacked;
use super::transcripts::{offset, unsigned};
use crate::{statements, vals};

// The embedded database prepares a statement anew whenever a bare parameter of `LIMIT` is bound; it does not look behind
// a cast.
statements! {
    DELETE_FROM = "DELETE FROM frames WHERE transcript_id = $1 AND start_offset >= $2";
    DELETE_RANGE = "DELETE FROM frames WHERE transcript_id = $1 AND start_offset >= $2 AND end_offset <= $3";
    FROM_OFFSET = "SELECT start_offset, end_offset, first_line, line_count, codec, bytes FROM frames
        WHERE transcript_id = $1
          AND start_offset >= COALESCE((SELECT MAX(f.start_offset) FROM frames f WHERE f.transcript_id = $1 AND f.start_offset <= $2), 0)
          AND end_offset <= $3
        ORDER BY start_offset LIMIT CAST($4 AS BIGINT)";
    BEFORE_OFFSET = "SELECT start_offset, end_offset, first_line, line_count, codec, bytes FROM frames
        WHERE transcript_id = $1 AND start_offset < $2 ORDER BY start_offset DESC LIMIT CAST($3 AS BIGINT)";
    START_OF_LINE = "SELECT MIN(start_offset) AS n FROM frames WHERE transcript_id = $1
        AND first_line = (SELECT MAX(f.first_line) FROM frames f WHERE f.transcript_id = $1 AND f.first_line <= $2)
        AND end_offset <= $3";
    WITH_LINE = "SELECT start_offset, end_offset, first_line, line_count, codec, bytes FROM frames
        WHERE transcript_id = $1
          AND first_line = (SELECT MAX(f.first_line) FROM frames f WHERE f.transcript_id = $1 AND f.first_line <= $2)
          AND end_offset <= $3
        ORDER BY start_offset LIMIT 1";
    SIZES = "SELECT start_offset, end_offset, first_line, line_count FROM frames
        WHERE transcript_id = $1 AND start_offset >= $2 AND end_offset <= $3 ORDER BY start_offset LIMIT CAST($4 AS BIGINT)";
    SIZES_BEFORE = "SELECT start_offset, end_offset, first_line, line_count FROM frames
        WHERE transcript_id = $1 AND first_line < $2 AND end_offset <= $3 ORDER BY first_line DESC LIMIT CAST($4 AS BIGINT)";
    STORED_BYTES = "SELECT CAST(COALESCE(SUM(LENGTH(bytes)), 0) AS BIGINT) AS n FROM frames";
}

/// `bytes` are as the host wrote them.
pub const RAW: i64 = 1;
/// `bytes` are one zstd frame.
pub const ZSTD: i64 = 2;

/// A piece of a transcript, as stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct FrameRow {
    /// Offset of its first byte.
    pub start_offset: i64,
    /// Offset after its last byte.
    pub end_offset: i64,
    /// Number of the line that its first byte belongs to.
    pub first_line: i64,
    /// Newlines in it.
    pub line_count: i64,
    /// [`RAW`] or [`ZSTD`].
    pub codec: i64,
    /// Stored bytes.
    pub bytes: Vec<u8>,
}

/// A piece to be stored.
#[derive(Debug, Clone)]
pub struct NewFrame {
    /// Transcript.
    pub transcript: TranscriptId,
    /// Offset of its first byte.
    pub start: u64,
    /// Offset after its last byte.
    pub end: u64,
    /// Number of the line that its first byte belongs to.
    pub first_line: u64,
    /// Newlines in it.
    pub line_count: u64,
    /// [`RAW`] or [`ZSTD`].
    pub codec: i64,
    /// Stored bytes.
    pub bytes: bytes::Bytes,
}

/// Extent of a piece.
#[derive(Debug, Clone, Copy, sqlx::FromRow)]
pub struct Extent {
    /// Offset of its first byte.
    pub start_offset: i64,
    /// Offset after its last byte.
    pub end_offset: i64,
    /// Number of its first line.
    pub first_line: i64,
    /// Newlines in it.
    pub line_count: i64,
}

#[derive(sqlx::FromRow)]
struct OptNumber {
    n: Option<i64>,
}

impl FrameRow {
    /// The bytes as the host wrote them.
    pub fn raw(&self) -> Result<Vec<u8>> {
        let length = usize::try_from(self.end_offset - self.start_offset).unwrap_or(0);
        let raw = match self.codec {
            RAW => self.bytes.clone(),
            ZSTD => unpacked(&self.bytes, length)
                .map_err(|error| StoreError::Corrupt(format!("frame at {}: {error}", self.start_offset)))?,
            other => return Err(StoreError::Corrupt(format!("frame codec {other}"))),
        };
        if raw.len() == length {
            Ok(raw)
        } else {
            Err(StoreError::Corrupt(format!("frame at {} has {} bytes, not {length}", self.start_offset, raw.len())))
        }
    }
}

/// Rows of one INSERT on the embedded database: below its bound of 32,766 parameters, and enough that the hand-off per
/// statement vanishes.
const LITE_ROWS: usize = 64;

/// Stores pieces.
pub async fn insert(tx: &mut Tx, frames: &[NewFrame]) -> Result<()> {
    match tx {
        Tx::Lite(tx) => {
            for rows in frames.chunks(LITE_ROWS) {
                let mut query = QueryBuilder::<Sqlite>::new(
                    "INSERT INTO frames (transcript_id, start_offset, end_offset, first_line, line_count, codec, bytes) ",
                );
                query.push_values(rows, |mut row, frame| {
                    row.push_bind(frame.transcript.to_string())
                        .push_bind(offset(frame.start))
                        .push_bind(offset(frame.end))
                        .push_bind(offset(frame.first_line))
                        .push_bind(offset(frame.line_count))
                        .push_bind(frame.codec)
                        .push_bind(frame.bytes.to_vec());
                });
                query.build().execute(&mut **tx).await?;
            }
        }
        Tx::Pg(tx) => insert_pg(tx, frames).await?,
    }
    Ok(())
}

const INSERT_PG: &str = "INSERT INTO frames (transcript_id, start_offset, end_offset, first_line, line_count, codec, bytes)
    SELECT * FROM UNNEST($1::text[], $2::bigint[], $3::bigint[], $4::bigint[], $5::bigint[], $6::bigint[], $7::bytea[])";

async fn insert_pg(tx: &mut sqlx::Transaction<'static, Postgres>, frames: &[NewFrame]) -> Result<()> {
    let column = |value: fn(&NewFrame) -> i64| frames.iter().map(value).collect::<Vec<i64>>();
    sqlx::query(AssertSqlSafe(INSERT_PG))
        .bind(frames.iter().map(|frame| frame.transcript.to_string()).collect::<Vec<String>>())
        .bind(column(|frame| offset(frame.start)))
        .bind(column(|frame| offset(frame.end)))
        .bind(column(|frame| offset(frame.first_line)))
        .bind(column(|frame| offset(frame.line_count)))
        .bind(column(|frame| frame.codec))
        .bind(frames.iter().map(|frame| frame.bytes.to_vec()).collect::<Vec<Vec<u8>>>())
        .execute(&mut **tx)
        .await?;
    Ok(())
}

/// Removes what was stored at or after an offset but never committed.
pub async fn discard_from(tx: &mut Tx, id: TranscriptId, from: u64) -> Result<u64> {
    tx.execute(DELETE_FROM, vals![id.to_string(), offset(from)]).await
}

/// Removes the pieces that lie whole within a range.
pub async fn remove_range(tx: &mut Tx, id: TranscriptId, from: u64, to: u64) -> Result<u64> {
    tx.execute(DELETE_RANGE, vals![id.to_string(), offset(from), offset(to)]).await
}

/// Up to `limit` committed pieces in order, the first of which holds the byte at `from`.
pub async fn from_offset(db: &Db, id: TranscriptId, from: u64, committed: u64, limit: u32) -> Result<Vec<FrameRow>> {
    db.all(FROM_OFFSET, vals![id.to_string(), offset(from), offset(committed), i64::from(limit)]).await
}

/// Up to `limit` pieces that start before an offset, nearest first.
pub async fn before_offset(db: &Db, id: TranscriptId, before: u64, limit: u32) -> Result<Vec<FrameRow>> {
    db.all(BEFORE_OFFSET, vals![id.to_string(), offset(before), i64::from(limit)]).await
}

/// Start of the piece in which a line begins; `None` when the transcript is empty.
pub async fn start_of_line(db: &Db, id: TranscriptId, line: u64, committed: u64) -> Result<Option<u64>> {
    let row: OptNumber = db.one(START_OF_LINE, vals![id.to_string(), offset(line), offset(committed)]).await?;
    Ok(row.n.map(unsigned))
}

/// The committed piece in which a line begins.
pub async fn with_line(db: &Db, id: TranscriptId, line: u64, committed: u64) -> Result<Option<FrameRow>> {
    db.optional(WITH_LINE, vals![id.to_string(), offset(line), offset(committed)]).await
}

/// Extents of committed pieces from an offset on, in order.
pub async fn extents(db: &Db, id: TranscriptId, from: u64, committed: u64, limit: u32) -> Result<Vec<Extent>> {
    db.all(SIZES, vals![id.to_string(), offset(from), offset(committed), i64::from(limit)]).await
}

/// Extents of committed pieces that begin in a line before `line`, nearest first.
pub async fn extents_before(db: &Db, id: TranscriptId, line: u64, committed: u64, limit: u32) -> Result<Vec<Extent>> {
    db.all(SIZES_BEFORE, vals![id.to_string(), offset(line), offset(committed), i64::from(limit)]).await
}

/// Bytes that all frames take in the database.
pub async fn stored_bytes(db: &Db) -> Result<u64> {
    let row: OptNumber = db.one(STORED_BYTES, vec![]).await?;
    Ok(unsigned(row.n.unwrap_or(0)))
}
