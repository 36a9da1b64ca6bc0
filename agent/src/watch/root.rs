//! One root: how changes under it are found, and when it is swept next.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant};

use muster_proto::fleet::{self, WatchMode};

use super::notice::{WatchError, Watches};
use crate::platform::{WATCH_EACH_FOLDER, fs_kind};
use crate::roots::RootSpec;

/// Between sweeps where the operating system tells of changes: the floor under lost notices.
const SWEEP_WITH_EVENTS: Duration = Duration::from_secs(30);

/// Between sweeps where nothing tells of changes.
const SWEEP_WITHOUT_EVENTS: Duration = Duration::from_secs(1);

/// Between looks for a root that does not exist.
const LOOK_FOR_MISSING: Duration = Duration::from_secs(1);

/// A sweep may take one part in so many of the time, or sweeping a large slow tree would fill a processor.
const SWEEP_SHARE: u32 = 50;

/// One folder that is followed.
pub(super) struct Root {
    /// As asked for.
    pub spec: RootSpec,
    /// Coder's name.
    pub coder: Arc<str>,
    /// The folder.
    pub path: PathBuf,
    /// The folder as text.
    pub text: Arc<str>,
    /// How changes are found.
    pub mode: WatchMode,
    /// Why it is not (fully) followed.
    pub error: String,
    /// When it is swept next.
    pub next_sweep: Instant,
    watched: BTreeSet<PathBuf>,
}

impl Root {
    /// A root that has not been looked at.
    pub(super) fn new(spec: RootSpec, now: Instant) -> Self {
        let path = spec.folder();
        Self {
            coder: spec.coder.as_str().into(),
            text: path.to_string_lossy().into(),
            path,
            spec,
            mode: WatchMode::Missing,
            error: String::new(),
            next_sweep: now,
            watched: BTreeSet::new(),
        }
    }

    /// Before a sweep: does it exist, can it be listed, does it tell of changes? `false`: there is nothing to sweep.
    pub(super) fn prepare(&mut self, rescan_only: bool) -> bool {
        if self.mode == WatchMode::Missing {
            self.path = self.spec.folder();
            self.text = self.path.to_string_lossy().into();
        }
        if let Err(error) = std::fs::read_dir(&self.path) {
            self.mode = WatchMode::Missing;
            self.error = match error.kind() {
                std::io::ErrorKind::NotFound => "the folder does not exist (yet)".to_owned(),
                _ => format!("cannot be read: {error}"),
            };
            self.watched.clear();
            return false;
        }
        let silent = fs_kind::without_events(&self.path);
        self.error = String::new();
        self.mode = if rescan_only || silent.is_some() { WatchMode::Rescan } else { WatchMode::Events };
        true
    }

    /// Asks for notices of a folder of this root that is about to be listed.
    pub(super) fn watch(&mut self, folder: &Path, watches: &mut dyn Watches) {
        let wanted = WATCH_EACH_FOLDER || folder == self.path;
        if self.mode != WatchMode::Events || !wanted || self.watched.contains(folder) {
            return;
        }
        match watches.watch(folder, !WATCH_EACH_FOLDER) {
            Ok(()) => {
                self.watched.insert(folder.to_path_buf());
            }
            Err(WatchError::Missing) => {}
            Err(error) => {
                self.mode = WatchMode::Rescan;
                self.error = error.to_string();
            }
        }
    }

    /// Forgets the watches of folders at and below one that is gone or was moved away.
    pub(super) fn unwatch(&mut self, folder: &Path, watches: &mut dyn Watches) {
        let below: Vec<PathBuf> = self
            .watched
            .range(folder.to_path_buf()..)
            .take_while(|watched| watched.starts_with(folder))
            .cloned()
            .collect();
        for gone in below {
            watches.unwatch(&gone);
            self.watched.remove(&gone);
        }
    }

    /// Forgets the watches of folders that are no more.
    pub(super) fn unwatch_missing(&mut self, watches: &mut dyn Watches) {
        let gone: Vec<PathBuf> = self.watched.iter().filter(|folder| !folder.is_dir()).cloned().collect();
        for folder in gone {
            watches.unwatch(&folder);
            self.watched.remove(&folder);
        }
    }

    /// Sets the time of the next sweep after one that took `cost`.
    pub(super) fn swept(&mut self, now: Instant, cost: Duration) {
        let pause = match self.mode {
            WatchMode::Events => SWEEP_WITH_EVENTS,
            WatchMode::Missing => LOOK_FOR_MISSING,
            _ => SWEEP_WITHOUT_EVENTS.max(cost * SWEEP_SHARE).min(SWEEP_WITH_EVENTS),
        };
        self.next_sweep = now + pause;
    }

    /// Folders that are watched.
    pub(super) fn watches(&self) -> usize {
        self.watched.len()
    }

    /// For the wire.
    pub(super) fn to_wire(&self, transcripts: u64) -> fleet::Root {
        fleet::Root {
            coder: self.spec.coder.clone(),
            path: self.text.to_string(),
            mode: self.mode.into(),
            error: self.error.clone(),
            transcripts,
        }
    }
}
