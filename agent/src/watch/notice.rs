//! Being woken: the operating system's change notification, folded into a set of paths to look at.
//!
//! A notice only says "look there"; what is true is found by looking.

use std::collections::HashSet;
use std::path::{Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use notify::{EventKind, RecommendedWatcher, RecursiveMode, Watcher};
use tokio::sync::Notify;

/// Paths kept at most. When more come at once, the set is dropped and everything is looked at instead.
const MAX_PATHS: usize = 16_384;

/// What was noticed since the last call.
#[derive(Default)]
pub struct Dirty {
    /// Paths to look at, in the order of their first notice.
    pub paths: Vec<PathBuf>,
    /// Notices were lost: look everywhere.
    pub everything: bool,
    /// The operating system refused another watch.
    pub limit_reached: bool,
    seen: HashSet<PathBuf>,
}

/// Between the notifying thread and the watching one.
#[derive(Default)]
pub struct Mailbox {
    dirty: Mutex<Dirty>,
    wake: Notify,
}

impl Mailbox {
    /// Takes what was noticed.
    pub fn take(&self) -> Dirty {
        std::mem::take(&mut *self.dirty.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// Waits until something was noticed since the last wait.
    pub async fn noticed(&self) {
        self.wake.notified().await;
    }

    fn note(&self, change: impl FnOnce(&mut Dirty)) {
        change(&mut self.dirty.lock().unwrap_or_else(PoisonError::into_inner));
        self.wake.notify_one();
    }

    /// Takes one notice in.
    pub fn deliver(&self, notice: notify::Result<notify::Event>) {
        match notice {
            Ok(event) if event.need_rescan() => self.note(|dirty| dirty.everything = true),
            // Reading (our own included) raises these; they change nothing.
            Ok(event) if matches!(event.kind, EventKind::Access(_)) => {}
            Ok(event) => self.note(|dirty| event.paths.into_iter().for_each(|path| dirty.add(path))),
            Err(error) if matches!(error.kind, notify::ErrorKind::MaxFilesWatch) => {
                self.note(|dirty| dirty.limit_reached = true);
            }
            Err(error) => {
                tracing::debug!(%error, "change notification failed");
                self.note(|dirty| dirty.everything = true);
            }
        }
    }
}

impl Dirty {
    /// Notices about these paths.
    pub fn of(paths: impl IntoIterator<Item = PathBuf>) -> Self {
        let mut dirty = Self::default();
        paths.into_iter().for_each(|path| dirty.add(path));
        dirty
    }

    fn add(&mut self, path: PathBuf) {
        if self.paths.len() >= MAX_PATHS {
            self.paths.clear();
            self.seen.clear();
            self.everything = true;
        }
        if self.seen.insert(path.clone()) {
            self.paths.push(path);
        }
    }
}

/// Why a folder is not watched.
#[derive(Debug, thiserror::Error)]
pub enum WatchError {
    /// The operating system's limit of watches is reached.
    #[error("the limit of watches is reached; changes are found by rescans (run `muster-agent doctor` for the fix)")]
    Limit,
    /// The folder is gone.
    #[error("the folder is gone")]
    Missing,
    /// Anything else.
    #[error("{0}")]
    Other(String),
}

/// Asks to be told of changes. A trait, so that tests can do without the operating system.
pub trait Watches: Send {
    /// Watches one folder, or a whole tree.
    fn watch(&mut self, folder: &Path, whole_tree: bool) -> Result<(), WatchError>;
    /// Ends that; a folder that is not watched is no error.
    fn unwatch(&mut self, folder: &Path);
}

/// The operating system's notification.
pub struct SystemWatches(RecommendedWatcher);

impl SystemWatches {
    /// Delivers into `mailbox` from a thread of its own.
    pub fn new(mailbox: Arc<Mailbox>) -> Result<Self, WatchError> {
        let config = notify::Config::default().with_follow_symlinks(false);
        let watcher =
            RecommendedWatcher::new(move |notice| mailbox.deliver(notice), config).map_err(|error| explain(&error))?;
        Ok(Self(watcher))
    }
}

impl Watches for SystemWatches {
    fn watch(&mut self, folder: &Path, whole_tree: bool) -> Result<(), WatchError> {
        let mode = if whole_tree { RecursiveMode::Recursive } else { RecursiveMode::NonRecursive };
        self.0.watch(folder, mode).map_err(|error| explain(&error))
    }

    fn unwatch(&mut self, folder: &Path) {
        if let Err(error) = self.0.unwatch(folder) {
            tracing::trace!(%error, "folder was not watched any more");
        }
    }
}

fn explain(error: &notify::Error) -> WatchError {
    match error.kind {
        notify::ErrorKind::MaxFilesWatch => WatchError::Limit,
        notify::ErrorKind::PathNotFound => WatchError::Missing,
        notify::ErrorKind::Io(ref cause) if cause.kind() == std::io::ErrorKind::NotFound => WatchError::Missing,
        _ => WatchError::Other(error.to_string()),
    }
}

/// Watches nothing: for machines without notification, when told so, and for tests.
pub struct NoWatches;

impl Watches for NoWatches {
    fn watch(&mut self, _folder: &Path, _whole_tree: bool) -> Result<(), WatchError> {
        Ok(())
    }

    fn unwatch(&mut self, _folder: &Path) {}
}
