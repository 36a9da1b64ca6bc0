//! Whether a folder lies on a file system that tells of changes made elsewhere.

use std::path::Path;

/// A file system on which change notification cannot be relied on: its name for people.
pub fn without_events(folder: &Path) -> Option<&'static str> {
    body::without_events(folder)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod body {
    use std::path::Path;

    /// Magic numbers of `statfs(2)`: changes made by other machines (or by Windows, for WSL's 9p) raise no inotify event.
    const SILENT: [(u64, &str); 12] = [
        (0x6969, "NFS"),
        (0x517B, "SMB"),
        (0xFF53_4D42, "CIFS"),
        (0xFE53_4D42, "SMB2"),
        (0x0102_1997, "9p (WSL, virtual machine)"),
        (0x6573_5546, "FUSE"),
        (0x5346_414F, "AFS"),
        (0x00C3_6400, "Ceph"),
        (0x786F_4256, "VirtualBox shared folder"),
        (0x0BD0_0BD0, "Lustre"),
        (0x4750_4653, "GPFS"),
        (0x1983_0326, "BeeGFS"),
    ];

    pub(super) fn without_events(folder: &Path) -> Option<&'static str> {
        let found = rustix::fs::statfs(folder).ok()?;
        // The field's width and sign differ between architectures; the magic is 32 bits in all of them.
        #[allow(clippy::cast_sign_loss, clippy::unnecessary_cast, clippy::cast_lossless)]
        let magic = found.f_type as u64 & 0xFFFF_FFFF;
        SILENT.iter().find(|(number, _)| *number == magic).map(|(_, name)| *name)
    }
}

#[cfg(target_vendor = "apple")]
mod body {
    use std::path::Path;

    /// `MNT_LOCAL` of `statfs(2)`.
    const LOCAL: u32 = 0x1000;

    pub(super) fn without_events(folder: &Path) -> Option<&'static str> {
        let found = rustix::fs::statfs(folder).ok()?;
        (found.f_flags & LOCAL == 0).then_some("network file system")
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android", target_vendor = "apple")))]
mod body {
    use std::path::Path;

    pub(super) fn without_events(folder: &Path) -> Option<&'static str> {
        // UNC paths (`\\server\share`) are network shares.
        folder
            .to_str()
            .is_some_and(|path| path.starts_with(r"\\") && !path.starts_with(r"\\?\"))
            .then_some("network share")
    }
}
