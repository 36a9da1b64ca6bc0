//! How many folders may be watched, and how to raise that.

/// The present limit of watches of one user; `None` where there is none.
pub fn present() -> Option<u64> {
    if !cfg!(target_os = "linux") {
        return None;
    }
    std::fs::read_to_string("/proc/sys/fs/inotify/max_user_watches").ok()?.trim().parse().ok()
}

/// The command that raises the limit for good.
pub const RAISE: &str =
    "echo fs.inotify.max_user_watches=524288 | sudo tee /etc/sysctl.d/60-muster.conf && sudo sysctl --system";
