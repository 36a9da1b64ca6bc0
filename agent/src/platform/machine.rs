//! Memory and disk of this machine.

use std::path::Path;

/// Bytes there are, and bytes that can still be had; 0 where unknown.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Room {
    /// All of it.
    pub total: u64,
    /// What is left.
    pub free: u64,
}

/// What there is of both.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default)]
pub struct Machine {
    /// Main memory.
    pub memory: Room,
    /// The file system that matters.
    pub disk: Room,
}

/// Main memory.
pub fn memory() -> Room {
    body::memory().unwrap_or_default()
}

/// The file system on which `path`, or the nearest folder above it that exists, lies: what this user may still write.
pub fn disk(path: &Path) -> Room {
    path.ancestors().find(|folder| folder.exists()).and_then(body::disk).unwrap_or_default()
}

#[cfg(target_os = "linux")]
mod body {
    use super::Room;

    pub(super) use super::unix::disk;

    pub(super) fn memory() -> Option<Room> {
        let text = std::fs::read_to_string("/proc/meminfo").ok()?;
        let bytes = |name: &str| {
            let line = text.lines().find_map(|line| line.strip_prefix(name))?;
            line.split_whitespace().next()?.parse::<u64>().ok()?.checked_mul(1024)
        };
        Some(Room { total: bytes("MemTotal:")?, free: bytes("MemAvailable:")? })
    }
}

#[cfg(unix)]
mod unix {
    use super::{Path, Room};

    // The fields' width differs between systems.
    #[allow(clippy::unnecessary_cast)]
    pub(super) fn disk(path: &Path) -> Option<Room> {
        let stat = rustix::fs::statvfs(path).ok()?;
        let bytes = |blocks: u64| blocks.saturating_mul(stat.f_frsize as u64);
        Some(Room { total: bytes(stat.f_blocks as u64), free: bytes(stat.f_bavail as u64) })
    }
}

#[cfg(not(target_os = "linux"))]
mod body {
    use super::Room;

    #[cfg(unix)]
    pub(super) use super::unix::disk;

    #[allow(clippy::unnecessary_wraps)] // Linux may not know
    pub(super) fn memory() -> Option<Room> {
        let mut system = sysinfo::System::new();
        system.refresh_memory();
        Some(Room { total: system.total_memory(), free: system.available_memory() })
    }

    #[cfg(not(unix))]
    pub(super) fn disk(path: &std::path::Path) -> Option<Room> {
        let path = std::path::absolute(path).ok()?;
        let disks = sysinfo::Disks::new_with_refreshed_list();
        let holding = disks.iter().filter(|disk| path.starts_with(disk.mount_point()));
        let nearest = holding.max_by_key(|disk| disk.mount_point().as_os_str().len())?;
        Some(Room { total: nearest.total_space(), free: nearest.available_space() })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn there_is_memory_and_disk() {
        let (memory, disk) = (memory(), disk(&std::env::temp_dir().join("not/there")));
        assert!(memory.total > memory.free && memory.free > 0, "{memory:?}");
        assert!(disk.total > disk.free, "{disk:?}");
    }
}
