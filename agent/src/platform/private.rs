//! Files and folders that only their owner may read.

use std::fs::{File, OpenOptions};
use std::io;
use std::path::Path;

/// Makes `folder` (and its parents) so that only the owner may enter it.
pub fn make_folder(folder: &Path) -> io::Result<()> {
    if folder.is_dir() {
        return Ok(());
    }
    body::make_folder(folder)
}

/// Creates a file that must not exist yet, readable by its owner only.
pub fn create(path: &Path) -> io::Result<File> {
    let mut options = OpenOptions::new();
    options.write(true).create_new(true);
    body::restrict(&mut options);
    options.open(path)
}

/// Why others could read `path`; `None` when they cannot.
pub fn exposure(path: &Path) -> io::Result<Option<String>> {
    body::exposure(path)
}

#[cfg(unix)]
mod body {
    use super::{OpenOptions, Path, io};
    use std::os::unix::fs::{DirBuilderExt, MetadataExt, OpenOptionsExt};

    pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
        std::fs::DirBuilder::new().recursive(true).mode(0o700).create(folder)
    }

    pub(super) fn restrict(options: &mut OpenOptions) {
        options.mode(0o600);
    }

    pub(super) fn exposure(path: &Path) -> io::Result<Option<String>> {
        let mode = std::fs::metadata(path)?.mode() & 0o777;
        Ok((mode & 0o077 != 0).then(|| format!("its mode is {mode:03o}; run: chmod 600 '{}'", path.display())))
    }
}

#[cfg(windows)]
mod body {
    use super::{OpenOptions, Path, io};

    // The profile folder, where the state lies, is closed to other users by Windows itself.
    pub(super) fn make_folder(folder: &Path) -> io::Result<()> {
        std::fs::create_dir_all(folder)
    }

    pub(super) fn restrict(_options: &mut OpenOptions) {}

    pub(super) fn exposure(path: &Path) -> io::Result<Option<String>> {
        std::fs::metadata(path).map(|_| None)
    }
}
