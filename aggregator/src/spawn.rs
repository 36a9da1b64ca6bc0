//! The one file that spawns: every task has a name, is counted, and learns when the server stops.

use std::ffi::OsStr;
use std::future::Future;
use std::time::Duration;

use tokio::process::Command;
use tokio_util::sync::{CancellationToken, WaitForCancellationFuture};
use tokio_util::task::TaskTracker;
use tracing::Instrument as _;

/// All tasks of one server. Cloning gives another handle to the same tasks.
#[derive(Debug, Clone, Default)]
pub struct Tasks {
    tracker: TaskTracker,
    stop: CancellationToken,
}

impl Tasks {
    /// No tasks yet, and no wish to stop.
    pub fn new() -> Self {
        Self::default()
    }

    /// Runs `work` beside the caller. It ends by itself, or soon after [`Tasks::stopping`] resolves; what has not ended
    /// when the drain time is over is dropped with the runtime.
    pub fn spawn<F>(&self, name: &'static str, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        self.tracker.spawn(work.instrument(tracing::debug_span!("task", task.name = name)));
    }

    /// Runs `work` until it ends or the server stops, whichever comes first. For loops without anything to finish.
    pub fn spawn_until_stop<F>(&self, name: &'static str, work: F)
    where
        F: Future<Output = ()> + Send + 'static,
    {
        let stop = self.stop.clone();
        self.spawn(name, async move {
            stop.run_until_cancelled(work).await;
        });
    }

    /// Resolves when the server begins to stop.
    pub fn stopping(&self) -> WaitForCancellationFuture<'_> {
        self.stop.cancelled()
    }

    /// Whether the server is stopping.
    pub fn is_stopping(&self) -> bool {
        self.stop.is_cancelled()
    }

    /// The signal itself, for code that hands it on.
    pub fn stop_signal(&self) -> CancellationToken {
        self.stop.clone()
    }

    /// Tells every task to stop.
    pub fn stop(&self) {
        self.stop.cancel();
        self.tracker.close();
    }

    /// Tasks that have not ended.
    pub fn running(&self) -> usize {
        self.tracker.len()
    }

    /// Stops and waits until every task has ended, at most `patience`. Says whether all did.
    pub async fn drain(&self, patience: Duration) -> bool {
        self.stop();
        tokio::time::timeout(patience, self.tracker.wait()).await.is_ok()
    }
}

/// Runs work that computes or waits for the disk beside the event loop, and returns what it made.
pub async fn blocking<T, F>(work: F) -> Result<T, tokio::task::JoinError>
where
    T: Send + 'static,
    F: FnOnce() -> T + Send + 'static,
{
    tokio::task::spawn_blocking(work).await
}

/// A program to run as a child process, which is killed when its handle is dropped.
pub fn program(path: impl AsRef<OsStr>) -> Command {
    let mut command = Command::new(path);
    command.kill_on_drop(true);
    command
}

/// HTTP/2 runs its streams as tasks of their own: counted like all others.
impl<F> hyper::rt::Executor<F> for Tasks
where
    F: Future + Send + 'static,
    F::Output: Send + 'static,
{
    fn execute(&self, work: F) {
        self.tracker.spawn(work);
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn draining_waits_for_tasks_that_notice_the_stop() {
        let tasks = Tasks::new();
        let own = tasks.clone();
        tasks.spawn("polite", async move { own.stopping().await });
        tasks.spawn_until_stop("endless", std::future::pending());
        assert_eq!(tasks.running(), 2);
        assert!(tasks.drain(Duration::from_secs(10)).await);
        assert_eq!(tasks.running(), 0);
    }

    #[tokio::test]
    async fn draining_gives_up_on_a_task_that_does_not_end() {
        let tasks = Tasks::new();
        tasks.spawn("deaf", std::future::pending());
        assert!(!tasks.drain(Duration::from_millis(1)).await);
    }
}
