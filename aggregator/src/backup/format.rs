//! Records of a backup file: a tag, a length, and that many bytes.
//!
//! | tag | content |
//! |---|---|
//! | `H` | header (JSON): who wrote it |
//! | `F` | a file of the data folder: length of its name (u16), name, content |
//! | `T` | a table begins (JSON): name, columns |
//! | `R` | a row: its cells, each with a tag of its type |
//! | `E` | the table ends (JSON): number of rows, SHA-256 of all its row records |
//! | `Z` | the file ends (JSON): rows of all tables |
//!
//! Numbers are little-endian.

use std::io::{self, Read, Write};

use serde::{Deserialize, Serialize};
use sha2::{Digest as _, Sha256};

use super::{BackupError, Result};
use crate::store::dump::Cell;

/// First bytes of the file.
pub(super) const MAGIC: &[u8; 14] = b"MUSTER-BACKUP\0";

/// Largest record read: a row with the largest block of frames, many times over.
const RECORD_BYTES: usize = 256 * 1024 * 1024;

/// Who wrote the file.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct Header {
    /// Version of Muster.
    pub(super) muster: String,
    /// `sqlite` or `postgres`; for people.
    pub(super) database: String,
    /// RFC 3339.
    pub(super) made_at: String,
}

/// A table begins.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TableHead {
    pub(super) name: String,
    pub(super) columns: Vec<String>,
}

/// A table ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct TableEnd {
    pub(super) rows: u64,
    /// Hexadecimal.
    pub(super) sha256: String,
}

/// The file ends.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct End {
    pub(super) rows: u64,
}

/// One record.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Record {
    Header(Header),
    File { name: String, content: Vec<u8> },
    Table(TableHead),
    Row(Vec<u8>),
    TableEnd(TableEnd),
    End(End),
}

/// Writes a record.
pub(super) fn write(out: &mut impl Write, record: &Record) -> Result<()> {
    let (tag, payload) = match record {
        Record::Header(header) => (b'H', json(header)?),
        Record::File { name, content } => {
            let length = u16::try_from(name.len()).map_err(io::Error::other)?;
            (b'F', [&length.to_le_bytes(), name.as_bytes(), content].concat())
        }
        Record::Table(head) => (b'T', json(head)?),
        Record::Row(row) => return put(out, b'R', row),
        Record::TableEnd(end) => (b'E', json(end)?),
        Record::End(end) => (b'Z', json(end)?),
    };
    put(out, tag, &payload)
}

fn put(out: &mut impl Write, tag: u8, payload: &[u8]) -> Result<()> {
    let length = u32::try_from(payload.len()).map_err(io::Error::other)?;
    out.write_all(&[tag])?;
    out.write_all(&length.to_le_bytes())?;
    Ok(out.write_all(payload)?)
}

fn json(value: &impl Serialize) -> Result<Vec<u8>> {
    Ok(serde_json::to_vec(value).map_err(io::Error::other)?)
}

/// Reads the next record.
pub(super) fn read(from: &mut impl Read) -> Result<Record> {
    let mut head = [0_u8; 5];
    from.read_exact(&mut head).map_err(cut_short)?;
    let [tag, length @ ..] = head;
    let length = usize::try_from(u32::from_le_bytes(length)).unwrap_or(usize::MAX);
    if length > RECORD_BYTES {
        return Err(damaged("a record is larger than any that Muster writes"));
    }
    let mut payload = Vec::new();
    // Grows with what is really there, whatever the length claims.
    from.take(length as u64).read_to_end(&mut payload).map_err(cut_short)?;
    if payload.len() < length {
        return Err(cut_short(io::ErrorKind::UnexpectedEof.into()));
    }
    Ok(match tag {
        b'H' => Record::Header(parse(&payload)?),
        b'F' => file(&payload)?,
        b'T' => Record::Table(parse(&payload)?),
        b'R' => Record::Row(payload),
        b'E' => Record::TableEnd(parse(&payload)?),
        b'Z' => Record::End(parse(&payload)?),
        other => return Err(damaged(&format!("a record has the unknown tag {other}"))),
    })
}

fn file(payload: &[u8]) -> Result<Record> {
    let wrong = || damaged("the name of a file is broken");
    let (length, rest) = payload.split_first_chunk::<2>().ok_or_else(wrong)?;
    let (name, content) = rest.split_at_checked(usize::from(u16::from_le_bytes(*length))).ok_or_else(wrong)?;
    let name = String::from_utf8(name.to_vec()).map_err(|_| wrong())?;
    Ok(Record::File { name, content: content.to_vec() })
}

fn parse<T: for<'de> Deserialize<'de>>(payload: &[u8]) -> Result<T> {
    serde_json::from_slice(payload).map_err(|error| damaged(&format!("a record is not understood ({error})")))
}

fn cut_short(error: io::Error) -> BackupError {
    if error.kind() == io::ErrorKind::UnexpectedEof {
        return damaged("it ends too early: was it copied whole?");
    }
    error.into()
}

pub(super) fn damaged(what: &str) -> BackupError {
    BackupError::Damaged(what.to_owned())
}

/// The cells of a row as bytes.
pub(super) fn pack(cells: Vec<Cell>) -> io::Result<Vec<u8>> {
    let mut row = Vec::new();
    for cell in cells {
        match cell {
            Cell::Null => row.push(0),
            Cell::Int(value) => {
                row.push(1);
                row.extend(value.to_le_bytes());
            }
            Cell::Bool(value) => row.extend([2, u8::from(value)]),
            Cell::Text(value) => pack_bytes(&mut row, 3, value.as_bytes())?,
            Cell::Blob(value) => pack_bytes(&mut row, 4, &value)?,
        }
    }
    Ok(row)
}

fn pack_bytes(row: &mut Vec<u8>, tag: u8, bytes: &[u8]) -> io::Result<()> {
    row.push(tag);
    row.extend(u32::try_from(bytes.len()).map_err(io::Error::other)?.to_le_bytes());
    row.extend(bytes);
    Ok(())
}

/// The cells in the bytes of a row.
pub(super) fn unpack(mut row: &[u8]) -> Result<Vec<Cell>> {
    let mut cells = Vec::new();
    while let Some((tag, rest)) = row.split_first() {
        row = rest;
        cells.push(unpack_cell(*tag, &mut row).ok_or_else(|| damaged("a row is broken"))?);
    }
    Ok(cells)
}

fn unpack_cell(tag: u8, row: &mut &[u8]) -> Option<Cell> {
    Some(match tag {
        0 => Cell::Null,
        1 => {
            let (value, rest) = row.split_first_chunk::<8>()?;
            *row = rest;
            Cell::Int(i64::from_le_bytes(*value))
        }
        2 => {
            let (value, rest) = row.split_first()?;
            *row = rest;
            Cell::Bool(*value != 0)
        }
        3 => Cell::Text(String::from_utf8(unpack_bytes(row)?).ok()?),
        4 => Cell::Blob(unpack_bytes(row)?),
        _ => return None,
    })
}

fn unpack_bytes(row: &mut &[u8]) -> Option<Vec<u8>> {
    let (length, rest) = row.split_first_chunk::<4>()?;
    let (bytes, rest) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    *row = rest;
    Some(bytes.to_vec())
}

/// Counts the rows of a table and digests them.
#[derive(Debug, Default)]
pub(super) struct Tally {
    rows: u64,
    digest: Sha256,
}

impl Tally {
    /// One more row.
    pub(super) fn add(&mut self, row: &[u8]) {
        self.rows += 1;
        self.digest.update((row.len() as u64).to_le_bytes());
        self.digest.update(row);
    }

    /// The table is over.
    pub(super) fn end(self) -> TableEnd {
        TableEnd { rows: self.rows, sha256: format!("{:x}", self.digest.finalize()) }
    }
}
