//! Making a backup.

use std::io::{ErrorKind, Write};
use std::path::Path;

use super::format::{self, End, Header, MAGIC, Record, TableHead, Tally};
use super::{BackupError, FILES, FORMAT, Result, Summary};
use crate::domain::time::{now_ms, rfc3339};
use crate::store::Db;
use crate::store::dump::Snapshot;
use crate::store::tables::{TABLES, Table};

/// Fast: what is large in the database is compressed already.
const LEVEL: i32 = 3;

/// Writes everything in `db`, as it is at this moment, and the certificate in `data`. The aggregator may go on meanwhile.
pub async fn write(db: &Db, data: &Path, mut out: impl Write) -> Result<Summary> {
    out.write_all(MAGIC)?;
    out.write_all(&FORMAT.to_le_bytes())?;
    let mut out = zstd::Encoder::new(out, LEVEL)?;
    out.include_checksum(true)?;
    let header = Header {
        muster: env!("CARGO_PKG_VERSION").to_owned(),
        database: db.kind().to_owned(),
        made_at: rfc3339(now_ms()),
    };
    format::write(&mut out, &Record::Header(header))?;
    let mut summary = Summary::default();
    write_files(data, &mut out, &mut summary)?;
    let mut snapshot = Snapshot::begin(db).await?;
    for table in TABLES {
        write_table(&mut snapshot, table, &mut out, &mut summary).await?;
    }
    format::write(&mut out, &Record::End(End { rows: summary.rows }))?;
    out.finish()?.flush()?;
    Ok(summary)
}

fn write_files(data: &Path, out: &mut impl Write, summary: &mut Summary) -> Result<()> {
    for name in FILES {
        let path = data.join(name);
        match std::fs::read(&path) {
            Ok(content) => {
                format::write(out, &Record::File { name: name.to_owned(), content })?;
                summary.files += 1;
            }
            // Plain HTTP, or a certificate of the operator's own, which is theirs to keep.
            Err(error) if error.kind() == ErrorKind::NotFound => {}
            Err(error) => return Err(BackupError::Data { path, error }),
        }
    }
    Ok(())
}

async fn write_table(
    snapshot: &mut Snapshot,
    table: &Table,
    out: &mut impl Write,
    summary: &mut Summary,
) -> Result<()> {
    let columns = table.columns.iter().map(|(name, _)| (*name).to_owned()).collect();
    let head = TableHead { name: table.name.to_owned(), columns };
    format::write(out, &Record::Table(head))?;
    let mut tally = Tally::default();
    snapshot
        .each(table, |cells| {
            let row = format::pack(cells)?;
            tally.add(&row);
            summary.bytes += row.len() as u64;
            format::write(out, &Record::Row(row))
        })
        .await?;
    let end = tally.end();
    summary.rows += end.rows;
    format::write(out, &Record::TableEnd(end))
}
