//! Who owns a file, by name.

use std::fs::Metadata;

/// The owner's name; their number where this machine has no name for it, empty where there are no owners.
pub fn name(metadata: &Metadata) -> String {
    body::name(metadata)
}

#[cfg(unix)]
mod body {
    use std::fs::{File, Metadata};
    use std::io::Read as _;
    use std::os::unix::fs::MetadataExt as _;

    /// Largest list of users that is read; larger ones lie in directory services anyway.
    const LIST_BYTES: u64 = 1024 * 1024;

    pub(super) fn name(metadata: &Metadata) -> String {
        let uid = metadata.uid();
        listed(uid).or_else(|| own(uid)).unwrap_or_else(|| uid.to_string())
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
    use std::fs::Metadata;

    pub(super) fn name(_metadata: &Metadata) -> String {
        String::new()
    }
}
