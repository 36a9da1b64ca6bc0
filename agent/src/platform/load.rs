//! How busy this machine and this process are.

/// One-minute load average; 0 where unknown.
pub fn one_minute() -> f64 {
    body::one_minute()
}

/// Processors that may run this process; 0 where unknown.
pub fn processors() -> u32 {
    std::thread::available_parallelism().map_or(0, |n| u32::try_from(n.get()).unwrap_or(u32::MAX))
}

/// Memory of this process that is in RAM, bytes; 0 where unknown.
pub fn resident_bytes() -> u64 {
    body::resident_bytes().unwrap_or(0)
}

#[cfg(any(target_os = "linux", target_os = "android"))]
mod body {
    pub(super) fn one_minute() -> f64 {
        let text = std::fs::read_to_string("/proc/loadavg").unwrap_or_default();
        text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or(0.0)
    }

    pub(super) fn resident_bytes() -> Option<u64> {
        let text = std::fs::read_to_string("/proc/self/statm").ok()?;
        let pages: u64 = text.split(' ').nth(1)?.parse().ok()?;
        Some(pages * rustix::param::page_size() as u64)
    }
}

#[cfg(not(any(target_os = "linux", target_os = "android")))]
mod body {
    pub(super) fn one_minute() -> f64 {
        0.0
    }

    pub(super) fn resident_bytes() -> Option<u64> {
        None
    }
}
