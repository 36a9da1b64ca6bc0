//! Who owns a file: by name, and given to another one that takes its place.

use std::fs::{File, Metadata};
use std::io;
use std::path::Path;

/// The owner's name; their number where this machine has no name for it, empty where there are no owners.
pub fn name(metadata: &Metadata) -> String {
    body::name(metadata)
}

/// Gives `file` the owner and the mode of the one at `old`, or of its folder (without a mode) when there is none yet.
pub fn dress_like(file: &File, old: &Path) -> io::Result<()> {
    body::dress_like(file, old)
}

#[cfg(unix)]
mod body {
    use std::fs::{File, Metadata};
    use std::io;
    use std::io::Read as _;
    use std::os::unix::fs::MetadataExt as _;
    use std::path::Path;

    /// Largest list of users that is read; larger ones lie in directory services anyway.
    const LIST_BYTES: u64 = 1024 * 1024;

    pub(super) fn name(metadata: &Metadata) -> String {
        let uid = metadata.uid();
        listed(uid).or_else(|| own(uid)).unwrap_or_else(|| uid.to_string())
    }

    pub(super) fn dress_like(file: &File, old: &Path) -> io::Result<()> {
        let (like, mode) = match std::fs::metadata(old) {
            Ok(like) => (like.clone(), Some(like.permissions())),
            Err(_) => (std::fs::metadata(old.parent().unwrap_or(Path::new(".")))?, None),
        };
        let now = file.metadata()?;
        if (now.uid(), now.gid()) != (like.uid(), like.gid()) {
            std::os::unix::fs::fchown(file, Some(like.uid()), Some(like.gid()))?;
        }
        mode.map_or(Ok(()), |mode| file.set_permissions(mode))
    }

    fn listed(uid: u32) -> Option<String> {
        let mut list = String::new();
        File::open("/etc/passwd").ok()?.take(LIST_BYTES).read_to_string(&mut list).ok()?;
        let (uid, mut lines) = (uid.to_string(), list.lines());
        lines.find_map(|line| {
            let mut fields = line.split(':');
            let name = fields.next()?;
            (fields.nth(1)? == uid).then(|| name.to_owned())
        })
    }

    /// On macOS people stand in no file.
    fn own(uid: u32) -> Option<String> {
        let own = rustix::process::getuid().as_raw() == uid;
        std::env::var("USER").ok().filter(|name| own && !name.is_empty())
    }
}

#[cfg(windows)]
mod body {
    use std::fs::{File, Metadata};
    use std::io;
    use std::path::Path;

    pub(super) fn name(_metadata: &Metadata) -> String {
        String::new()
    }

    // A new file inherits what its folder allows.
    pub(super) fn dress_like(_file: &File, _old: &Path) -> io::Result<()> {
        Ok(())
    }
}
