//! Being asked to end.

/// Waits until the operating system or a person asks the process to end.
pub async fn asked_to_end() {
    body::asked_to_end().await;
}

#[cfg(unix)]
mod body {
    use tokio::signal::unix::{SignalKind, signal};

    pub(super) async fn asked_to_end() {
        let (Ok(mut term), Ok(mut int)) = (signal(SignalKind::terminate()), signal(SignalKind::interrupt())) else {
            tracing::warn!("signals cannot be received; end the process with SIGKILL");
            return std::future::pending().await;
        };
        tokio::select! {
            _ = term.recv() => {}
            _ = int.recv() => {}
        }
    }
}

#[cfg(windows)]
mod body {
    pub(super) async fn asked_to_end() {
        if tokio::signal::ctrl_c().await.is_err() {
            std::future::pending::<()>().await;
        }
    }
}
