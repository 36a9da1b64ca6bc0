//! A follower, the files it follows, and an archive, in lock step and with a clock of their own.

use std::collections::BTreeMap;
use std::fs::{self, File, OpenOptions};
use std::io::Write;
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use muster_agent::roots::{RootSource, RootSpec};
use muster_agent::watch::discover::form_of;
use muster_agent::watch::{Dirty, Follower, NoWatches, Settings, Watches};
use muster_proto::fleet::{Welcome, down};
use tempfile::TempDir;

use crate::archive::Archive;

/// Frames are this small, so that small files already travel in parts.
pub(crate) const FRAME_BYTES: u64 = 4096;

pub(crate) struct Scene {
    pub dir: TempDir,
    pub follower: Follower,
    pub archive: Archive,
    pub now: Instant,
    /// Paths touched since the last notice.
    touched: Vec<PathBuf>,
    linked: bool,
    answers: Vec<down::Kind>,
}

impl Scene {
    pub(crate) fn new() -> Self {
        Self::watched_by(Box::new(NoWatches))
    }

    pub(crate) fn watched_by(watches: Box<dyn Watches>) -> Self {
        let dir = tempfile::tempdir().unwrap();
        fs::create_dir(dir.path().join("projects")).unwrap();
        let root = RootSpec::new("claude", dir.path()).unwrap();
        let source = RootSource { named: vec![root], ..RootSource::default() };
        let follower = Follower::new(source, watches, Settings::default());
        let mut scene = Self {
            dir,
            follower,
            archive: Archive::default(),
            now: Instant::now(),
            touched: Vec::new(),
            linked: false,
            answers: Vec::new(),
        };
        scene.follower.tick(scene.now);
        scene
    }

    pub(crate) fn path(&self, name: &str) -> PathBuf {
        self.dir.path().join("projects").join(name)
    }

    fn touch(&mut self, name: &str) {
        self.touched.push(self.path(name));
    }

    pub(crate) fn write(&mut self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        self.touched.push(path.parent().unwrap().to_path_buf());
        fs::write(path, bytes).unwrap();
        self.touch(name);
    }

    pub(crate) fn append(&mut self, name: &str, bytes: &[u8]) {
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(bytes).unwrap();
        self.touch(name);
    }

    pub(crate) fn truncate(&mut self, name: &str, keep: u64) {
        if let Ok(file) = File::options().write(true).open(self.path(name)) {
            let size = file.metadata().unwrap().len();
            file.set_len(size.min(keep)).unwrap();
        }
        self.touch(name);
    }

    /// Writes a new file and renames it over the old one.
    pub(crate) fn replace(&mut self, name: &str, bytes: &[u8]) {
        let draft = self.path("draft.tmp");
        fs::write(&draft, bytes).unwrap();
        let path = self.path(name);
        fs::create_dir_all(path.parent().unwrap()).unwrap();
        fs::rename(draft, path).unwrap();
        self.touch(name);
    }

    pub(crate) fn rename(&mut self, from: &str, to: &str) {
        let to_path = self.path(to);
        fs::create_dir_all(to_path.parent().unwrap()).unwrap();
        // Renaming what is not there is no action.
        if fs::rename(self.path(from), to_path).is_ok() {
            self.touch(from);
            self.touch(to);
        }
    }

    pub(crate) fn delete(&mut self, name: &str) {
        let path = self.path(name);
        if path.is_dir() {
            fs::remove_dir_all(path).unwrap();
        } else if path.exists() {
            fs::remove_file(path).unwrap();
        }
        self.touch(name);
    }

    /// Delivers the notices about what was touched.
    pub(crate) fn notice(&mut self) {
        let touched = std::mem::take(&mut self.touched);
        self.follower.notice(Dirty::of(touched), self.now);
    }

    pub(crate) fn link(&mut self) {
        let welcome = Welcome { epoch: 1, window_bytes: 64 * 1024, frame_bytes: FRAME_BYTES, ..Welcome::default() };
        self.follower.link_up(&welcome, self.now);
        self.answers = self.archive.link();
        self.linked = true;
    }

    pub(crate) fn unlink(&mut self) {
        self.follower.link_down();
        self.answers.clear();
        self.linked = false;
    }

    pub(crate) fn is_linked(&self) -> bool {
        self.linked
    }

    /// At most `messages` messages go up; answers come down in between.
    pub(crate) fn pump(&mut self, messages: usize) -> usize {
        let mut sent = 0;
        loop {
            for answer in std::mem::take(&mut self.answers) {
                assert!(self.follower.receive(answer, self.now).is_none());
            }
            if sent == messages {
                return sent;
            }
            let Some(message) = self.follower.next_message(self.now) else { return sent };
            self.answers.extend(self.archive.take(message));
            sent += 1;
        }
    }

    pub(crate) fn pass(&mut self, time: Duration) {
        self.now += time;
        self.follower.tick(self.now);
    }

    /// Everything is noticed and sent; torn lines have waited for ever.
    pub(crate) fn settle(&mut self) {
        if !self.linked {
            self.link();
        }
        self.notice();
        for _ in 0..6 {
            self.pump(usize::MAX);
            self.pass(Duration::from_secs(31));
        }
        self.pump(usize::MAX);
    }

    /// What is on disk, of the files that are archived.
    pub(crate) fn on_disk(&self) -> BTreeMap<String, Vec<u8>> {
        let mut found = BTreeMap::new();
        let root = self.dir.path().join("projects");
        let mut folders = vec![root.clone()];
        while let Some(folder) = folders.pop() {
            for entry in fs::read_dir(folder).unwrap().map(Result::unwrap) {
                let (path, kind) = (entry.path(), entry.file_type().unwrap());
                if kind.is_dir() {
                    folders.push(path);
                } else if kind.is_file() && form_of(path.strip_prefix(&root).unwrap()).is_some() {
                    found.insert(text(&path), fs::read(path).unwrap());
                }
            }
        }
        found
    }

    /// Settles, then compares archive and disk byte for byte.
    pub(crate) fn check(&mut self) {
        self.settle();
        assert!(self.archive.scanned, "the scan was never reported");
        let (archived, on_disk) = (self.archive.live(), self.on_disk());
        assert_eq!(archived.keys().collect::<Vec<_>>(), on_disk.keys().collect::<Vec<_>>(), "other files");
        for (path, bytes) in on_disk {
            assert!(archived[&path] == bytes, "{path}: {} archived, {} on disk", archived[&path].len(), bytes.len());
        }
    }
}

pub(crate) fn text(path: &Path) -> String {
    path.to_str().unwrap().to_owned()
}
