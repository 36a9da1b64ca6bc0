//! Restoring a backup: all of it or nothing.

use std::io::{BufRead, Read};
use std::path::Path;

use super::format::{self, End, Header, MAGIC, Record, TableHead, Tally, damaged};
use super::{BackupError, FILES, FORMAT, Result, Summary};
use crate::private;
use crate::store::db::Tx;
use crate::store::dump::{self, Target};
use crate::store::tables;
use crate::store::{Db, StoreError};

/// Reads a backup into `db` and `data`. One transaction: a damaged file leaves everything as it was. With `force`, what
/// the database holds is given up.
pub async fn restore(db: &Db, data: &Path, mut from: impl BufRead, force: bool) -> Result<Summary> {
    let mut tx = db.begin().await?;
    if !force && !dump::is_empty(&mut tx).await? {
        return Err(BackupError::NotEmpty);
    }
    check_version(&mut from)?;
    let mut from = zstd::Decoder::with_buffer(from)?;
    let Record::Header(header) = format::read(&mut from)? else { return Err(damaged("it has no header")) };
    dump::wipe(&mut tx).await?;
    let (summary, files) = read_records(&mut tx, &mut from, &header).await?;
    tx.commit().await?;
    for (name, content) in files {
        let path = data.join(name);
        let written = path.parent().map_or(Ok(()), private::folder).and_then(|()| private::write(&path, &content));
        written.map_err(|error| BackupError::Data { path, error })?;
    }
    Ok(summary)
}

fn check_version(from: &mut impl Read) -> Result<()> {
    let mut start = [0_u8; MAGIC.len() + 2];
    let outcome = from.read_exact(&mut start);
    let (magic, version) = start.split_at(MAGIC.len());
    if outcome.is_err() || magic != MAGIC {
        return Err(damaged("this is no backup made by `muster backup`"));
    }
    let version = version.iter().rev().fold(0, |version, byte| version << 8 | u16::from(*byte));
    if version > FORMAT {
        return Err(BackupError::Newer(format!("format {version}, this one knows up to {FORMAT}")));
    }
    Ok(())
}

type Files = Vec<(&'static str, Vec<u8>)>;

async fn read_records(tx: &mut Tx, from: &mut impl Read, header: &Header) -> Result<(Summary, Files)> {
    let mut summary = Summary::default();
    let mut files = Files::new();
    loop {
        match format::read(from)? {
            Record::File { name, content } => {
                // Only names that we know: a file must not be able to write elsewhere.
                let known = FILES.into_iter().find(|known| *known == name);
                let known = known.ok_or_else(|| damaged(&format!("it holds an unknown file {name:?}")))?;
                files.push((known, content));
                summary.files += 1;
            }
            Record::Table(head) => read_table(tx, from, &head, header, &mut summary).await?,
            Record::End(End { rows }) if rows == summary.rows => return Ok((summary, files)),
            Record::End(_) => return Err(damaged("rows are missing")),
            Record::Header(_) | Record::Row(_) | Record::TableEnd(_) => {
                return Err(damaged("its records are out of order"));
            }
        }
    }
}

/// A row that breaks a rule of its table was not written by a backup: the file is damaged, the database is well.
fn refused(error: StoreError, table: &str) -> BackupError {
    if error.is_refusal() {
        damaged(&format!("the database refuses a row of {table:?}: {error}"))
    } else {
        error.into()
    }
}

async fn read_table(
    tx: &mut Tx,
    from: &mut impl Read,
    head: &TableHead,
    header: &Header,
    summary: &mut Summary,
) -> Result<()> {
    let unknown = |what: String| BackupError::Newer(format!("version {}, with {what}", header.muster));
    let table = tables::table(&head.name).ok_or_else(|| unknown(format!("a table {:?}", head.name)))?;
    let target = Target::new(table, &head.columns)
        .map_err(|column| unknown(format!("a column {column:?} of {:?}", head.name)))?;
    let mut tally = Tally::default();
    loop {
        match format::read(from)? {
            Record::Row(row) => {
                tally.add(&row);
                summary.bytes += row.len() as u64;
                let cells = format::unpack(&row)?;
                if !target.fits(&cells) {
                    return Err(damaged(&format!("a row of {:?} does not fit its table", head.name)));
                }
                target.insert(tx, cells).await.map_err(|error| refused(error, &head.name))?;
            }
            Record::TableEnd(end) => {
                summary.rows += end.rows;
                if tally.end() == end {
                    return Ok(());
                }
                return Err(damaged(&format!("the rows of {:?} do not agree with their digest", head.name)));
            }
            _ => return Err(damaged("its records are out of order")),
        }
    }
}
