//! The folders of registries and jobs that are watched for changes.

use std::collections::HashMap;
use std::path::{Path, PathBuf};

use crate::platform::file::{self, FileId};
use crate::watch::Watches;

/// Folders watched, each with what the file system called it then: a folder that was removed and made anew is another,
/// and the watch of the old one tells nothing.
pub(super) struct Folders {
    /// None: nothing is ever watched, everything is looked at.
    watches: Option<Box<dyn Watches>>,
    watched: HashMap<PathBuf, FileId>,
}

impl Folders {
    pub(super) fn new(watches: Option<Box<dyn Watches>>) -> Self {
        Self { watches, watched: HashMap::new() }
    }

    /// Watches exactly these, as far as they exist; returns those that were not watched before.
    pub(super) fn set(&mut self, wanted: &[PathBuf]) -> Vec<PathBuf> {
        let stale: Vec<PathBuf> = self.watched.keys().filter(|folder| !wanted.contains(folder)).cloned().collect();
        for folder in stale {
            self.remove(&folder);
        }
        wanted.iter().filter(|folder| self.add(folder)).cloned().collect()
    }

    /// The folder is watched: its changes are noticed without looking.
    pub(super) fn has(&self, folder: &Path) -> bool {
        self.watched.contains_key(folder)
    }

    /// `true`: it was not watched before, and is now.
    fn add(&mut self, folder: &Path) -> bool {
        let present = file::look(folder).ok().filter(|stat| stat.is_dir).map(|stat| stat.id);
        let before = self.watched.get(folder).copied();
        if present == before {
            return false;
        }
        if before.is_some() {
            self.remove(folder);
        }
        let (Some(id), Some(watches)) = (present, &mut self.watches) else { return false };
        match watches.watch(folder, false) {
            Ok(()) => self.watched.insert(folder.to_path_buf(), id).is_none(),
            Err(error) => {
                tracing::debug!(%error, folder = %folder.display(), "not watched; looked at every second instead");
                false
            }
        }
    }

    fn remove(&mut self, folder: &Path) {
        self.watched.remove(folder);
        if let Some(watches) = &mut self.watches {
            watches.unwatch(folder);
        }
    }
}
