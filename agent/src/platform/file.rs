//! Looking at and opening files: identity, size, time of change, without following symbolic links.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;
use std::time::UNIX_EPOCH;

/// What the file system calls a file, whatever its name. Zero where the platform tells nothing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub struct FileId {
    /// Device (or volume) number.
    pub device: u64,
    /// Number of the file on that device.
    pub inode: u64,
}

impl FileId {
    /// The platform could tell one file from another.
    pub fn is_known(self) -> bool {
        self != Self::default()
    }
}

/// What matters about a file without reading it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Stat {
    /// Identity.
    pub id: FileId,
    /// Length in bytes.
    pub size: u64,
    /// Last change of the content, nanoseconds since 1970.
    pub modified_ns: i64,
    /// An ordinary file: no folder, link, pipe or device.
    pub is_file: bool,
    /// A folder.
    pub is_dir: bool,
}

impl Stat {
    /// Last change of the content, milliseconds since 1970.
    pub fn modified_ms(&self) -> i64 {
        self.modified_ns / 1_000_000
    }
}

fn stat_of(meta: &Metadata, id: FileId) -> Stat {
    let modified_ns = meta.modified().ok().and_then(|at| match at.duration_since(UNIX_EPOCH) {
        Ok(after) => i64::try_from(after.as_nanos()).ok(),
        Err(before) => i64::try_from(before.duration().as_nanos()).ok().map(|ns| -ns),
    });
    Stat {
        id,
        size: meta.len(),
        modified_ns: modified_ns.unwrap_or_default(),
        is_file: meta.file_type().is_file(),
        is_dir: meta.file_type().is_dir(),
    }
}

/// Looks at what stands at `path`; a symbolic link is looked at itself.
pub fn look(path: &Path) -> io::Result<Stat> {
    let meta = std::fs::symlink_metadata(path)?;
    Ok(stat_of(&meta, body::id_at(path, &meta)))
}

/// Looks at an open file.
pub fn look_open(file: &File) -> io::Result<Stat> {
    let meta = file.metadata()?;
    Ok(stat_of(&meta, body::id_of(file, &meta)))
}

/// Opens an ordinary file for reading. A symbolic link is refused; a pipe does not block.
pub fn open(path: &Path) -> io::Result<File> {
    body::open(path)
}

/// Reads at `offset` until `buffer` is full or the file ends; returns the bytes read.
pub fn read_at(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
    let mut read = 0;
    while read < buffer.len() {
        match body::read_once(file, &mut buffer[read..], offset + read as u64) {
            Ok(0) => break,
            Ok(n) => read += n,
            Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
            Err(error) => return Err(error),
        }
    }
    Ok(read)
}

#[cfg(unix)]
mod body {
    use super::{File, FileId, Metadata, Path, io};
    use std::os::unix::fs::{FileExt, MetadataExt, OpenOptionsExt};

    use rustix::fs::OFlags;

    pub(super) fn id_at(_path: &Path, meta: &Metadata) -> FileId {
        FileId { device: meta.dev(), inode: meta.ino() }
    }

    pub(super) fn id_of(_file: &File, meta: &Metadata) -> FileId {
        FileId { device: meta.dev(), inode: meta.ino() }
    }

    pub(super) fn open(path: &Path) -> io::Result<File> {
        let flags = OFlags::NOFOLLOW | OFlags::NONBLOCK;
        std::fs::OpenOptions::new().read(true).custom_flags(flags.bits().cast_signed()).open(path)
    }

    pub(super) fn read_once(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        file.read_at(buffer, offset)
    }
}

#[cfg(windows)]
mod body {
    use super::{File, FileId, Metadata, Path, io};
    use std::os::windows::fs::FileExt;

    pub(super) fn id_at(path: &Path, meta: &Metadata) -> FileId {
        if !meta.file_type().is_file() {
            return FileId::default();
        }
        File::open(path).map(|file| id_of(&file, meta)).unwrap_or_default()
    }

    pub(super) fn id_of(file: &File, _meta: &Metadata) -> FileId {
        winapi_util::file::information(file)
            .map_or(FileId::default(), |info| FileId { device: info.volume_serial_number(), inode: info.file_index() })
    }

    pub(super) fn open(path: &Path) -> io::Result<File> {
        if std::fs::symlink_metadata(path)?.file_type().is_symlink() {
            return Err(io::Error::new(io::ErrorKind::InvalidInput, "a symbolic link is not followed"));
        }
        File::open(path)
    }

    pub(super) fn read_once(file: &File, buffer: &mut [u8], offset: u64) -> io::Result<usize> {
        file.seek_read(buffer, offset)
    }
}
