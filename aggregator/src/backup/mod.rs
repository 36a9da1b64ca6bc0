//! Everything that an aggregator keeps, in one portable file: the way to another disk, another machine, or from the
//! embedded database to PostgreSQL and back.
//!
//! The file begins with a magic word and a version, in plain; then one zstd stream of records (see [`format`]). Rows are
//! written as they are read and the other way round, so that memory stays small however large the archive is.

mod format;
mod restore;
mod write;

#[cfg(test)]
mod tests;

use std::io;
use std::path::PathBuf;

use crate::store::StoreError;

pub use restore::restore;
pub use write::write;

/// Version of the file's format. Restoring knows this one and all before it.
pub const FORMAT: u16 = 1;

/// Files of the data folder that travel along: join commands and agents rely on this certificate.
const FILES: [&str; 3] = ["tls/cert.pem", "tls/key.pem", "tls/names.txt"];

/// How much a backup holds.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Summary {
    /// Rows of all tables.
    pub rows: u64,
    /// Their bytes before compression.
    pub bytes: u64,
    /// Files of the data folder.
    pub files: usize,
}

/// Why a backup cannot be made or restored.
#[derive(Debug, thiserror::Error)]
pub enum BackupError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The file cannot be written or read.
    #[error("the backup file: {0}")]
    File(#[from] io::Error),
    /// A file of the data folder cannot be read or written.
    #[error("{path}: {error}", path = .path.display())]
    Data {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// It is no backup, or a damaged one.
    #[error("the backup file is not usable: {0}")]
    Damaged(String),
    /// A newer Muster wrote it.
    #[error("the backup was written by a newer Muster ({0}): install that version or a newer one, and restore with it")]
    Newer(String),
    /// There is something in the database already.
    #[error(
        "the database is not empty, and restoring replaces everything in it: choose an empty one with --data or \
         --database, or say --force to give up what it holds"
    )]
    NotEmpty,
}

/// Shorthand of this room.
pub type Result<T> = std::result::Result<T, BackupError>;
