//! The service manager that may have started this process (systemd on Linux).

use std::time::Duration;

/// Tells the manager that start-up is finished.
pub fn ready() {
    body::tell(&body::State::Ready);
}

/// Tells the manager in one line how things stand.
pub fn status(line: &str) {
    body::tell(&body::State::Status(line));
}

/// Tells the manager that the process is alive.
pub fn alive() {
    body::tell(&body::State::Watchdog);
}

/// Tells the manager that the process is ending.
pub fn stopping() {
    body::tell(&body::State::Stopping);
}

/// How often [`alive`] must be told; `None` when nobody asks.
pub fn watchdog_interval() -> Option<Duration> {
    body::watchdog_interval()
}

#[cfg(target_os = "linux")]
mod body {
    use std::time::Duration;

    pub(super) use sd_notify::NotifyState as State;

    pub(super) fn tell(state: &State<'_>) {
        // Without a manager this does nothing; a manager that does not listen is no reason to stop.
        if let Err(error) = sd_notify::notify(std::slice::from_ref(state)) {
            tracing::debug!(%error, "service manager not reached");
        }
    }

    pub(super) fn watchdog_interval() -> Option<Duration> {
        // Half the limit leaves room for one late beat.
        sd_notify::watchdog_enabled().map(|limit| limit / 2)
    }
}

#[cfg(not(target_os = "linux"))]
mod body {
    use std::time::Duration;

    pub(super) enum State<'a> {
        Ready,
        Status(&'a str),
        Watchdog,
        Stopping,
    }

    pub(super) fn tell(state: &State<'_>) {
        if let State::Status(line) = state {
            tracing::trace!(line, "status");
        }
    }

    pub(super) fn watchdog_interval() -> Option<Duration> {
        None
    }
}
