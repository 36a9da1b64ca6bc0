//! Claude Code's registry of living sessions: the folder `sessions` in its home, one `PID.json` per process.
//!
//! Entries are overwritten in place, so one may be read half written: it is read again a moment later, and until then
//! what it said before counts. Nothing else in that folder is ever opened; keys lie there too.

use std::collections::BTreeMap;
use std::io::{ErrorKind, Read as _};
use std::path::{Path, PathBuf};
use std::time::{Duration, Instant};

use super::entry::Entry;
use crate::platform::process::{self, Process};
use crate::platform::{clock, file};

/// Largest entry that is read; real ones have under 1 KB.
const ENTRY_BYTES: u64 = 64 * 1024;

/// Entries that are looked at. Entries of killed sessions stay behind for ever; when there are more, the highest process
/// numbers are left out, and the registry's error says so.
const ENTRIES: usize = 4096;

/// First pause before a half-written entry is read again; it doubles up to the longest.
const RETRY: Duration = Duration::from_millis(10);
const RETRY_LONGEST: Duration = Duration::from_millis(320);

/// A file that changed this recently may change once more without another time of change.
const SETTLED_NS: i64 = 2_000_000_000;

/// One entry's file.
#[derive(Default)]
struct Slip {
    /// Size and time of change when it was read.
    seen: Option<(u64, i64)>,
    entry: Option<Entry>,
    retry: Option<(Instant, Duration)>,
    error: String,
}

/// The registry in one home.
pub(super) struct Registry {
    folder: PathBuf,
    slips: BTreeMap<u32, Slip>,
    error: String,
}

impl Registry {
    /// The registry in `home`, which need not exist yet.
    pub(super) fn new(home: &Path) -> Self {
        Self { folder: home.join("sessions"), slips: BTreeMap::new(), error: String::new() }
    }

    /// Where it lies.
    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    /// What it says, entry by entry. Whether their processes live is for others to find out.
    pub(super) fn entries(&self) -> impl Iterator<Item = &Entry> {
        self.slips.values().filter_map(|slip| slip.entry.as_ref())
    }

    /// The entry of this process, which has ended, stayed behind. Looked at on the disk: a coder that leaves by itself takes
    /// it back a moment before, and the notice of that may still be on its way.
    pub(super) fn keeps(&self, process: &Process, owner: Option<u32>) -> bool {
        let slip = self.slips.get(&process.pid);
        let is_its = slip.and_then(|slip| slip.entry.as_ref()).is_some_and(|entry| entry.is_of(process, owner));
        is_its && self.has_file(process.pid)
    }

    /// There is a file of an entry of this number.
    pub(super) fn has_file(&self, pid: u32) -> bool {
        file::look(&self.path(pid)).is_ok()
    }

    fn path(&self, pid: u32) -> PathBuf {
        self.folder.join(format!("{pid}.json"))
    }

    /// What stands between us and it, in words; empty when all is well.
    pub(super) fn error(&self) -> String {
        let unread = self.slips.values().map(|slip| &slip.error).find(|error| !error.is_empty());
        unread.filter(|_| self.error.is_empty()).unwrap_or(&self.error).clone()
    }

    /// Looks at the whole folder.
    pub(super) fn sweep(&mut self, now: Instant) {
        self.error.clear();
        let mut pids = match self.list() {
            Ok(pids) => pids,
            Err(error) if error.kind() == ErrorKind::NotFound => Vec::new(),
            Err(error) => {
                self.error = format!("cannot list {}: {error}", self.folder.display());
                return;
            }
        };
        pids.sort_unstable();
        if pids.len() > ENTRIES {
            self.error = format!("{} holds {} entries; {ENTRIES} are looked at", self.folder.display(), pids.len());
            pids.truncate(ENTRIES);
        }
        self.slips.retain(|pid, _| pids.binary_search(pid).is_ok());
        for pid in pids {
            self.look(pid, now);
        }
    }

    fn list(&self) -> std::io::Result<Vec<u32>> {
        Ok(std::fs::read_dir(&self.folder)?.flatten().filter_map(|entry| pid_of(&entry.path())).collect())
    }

    /// Something was noticed about `path`; `true` when it is an entry of this registry.
    pub(super) fn notice(&mut self, path: &Path, now: Instant) -> bool {
        let Some(pid) = pid_of(path).filter(|_| path.parent() == Some(&self.folder)) else { return false };
        if self.slips.contains_key(&pid) || self.slips.len() < ENTRIES {
            self.slips.entry(pid).or_default().seen = None;
            self.look(pid, now);
        }
        true
    }

    /// When a half-written entry is read again.
    pub(super) fn deadline(&self) -> Option<Instant> {
        self.slips.values().filter_map(|slip| slip.retry).map(|(at, _)| at).min()
    }

    /// Reads half-written entries again; `true` when one was due.
    pub(super) fn retry(&mut self, now: Instant) -> bool {
        let due = |slip: &Slip| slip.retry.is_some_and(|(at, _)| at <= now);
        let due: Vec<u32> = self.slips.iter().filter(|(_, slip)| due(slip)).map(|(pid, _)| *pid).collect();
        for pid in &due {
            self.look(*pid, now);
        }
        !due.is_empty()
    }

    fn look(&mut self, pid: u32, now: Instant) {
        let path = self.path(pid);
        let slip = self.slips.entry(pid).or_default();
        match slip.read(pid, &path, now) {
            Ok(()) => {}
            Err(error) if error.kind() == ErrorKind::NotFound => {
                self.slips.remove(&pid);
            }
            Err(error) => slip.error = format!("cannot read {}: {error}", path.display()),
        }
    }
}

impl Slip {
    fn read(&mut self, pid: u32, path: &Path, now: Instant) -> std::io::Result<()> {
        let stat = file::look(path)?;
        let present = (stat.size, stat.modified_ns);
        let age_ns = clock::now_ms().saturating_mul(1_000_000).saturating_sub(stat.modified_ns);
        if self.seen == Some(present) && self.retry.is_none() && age_ns > SETTLED_NS {
            return Ok(());
        }
        self.seen = Some(present);
        let opened = file::open(path)?;
        let metadata = opened.metadata()?;
        let mut bytes = Vec::new();
        if metadata.is_file() {
            opened.take(ENTRY_BYTES).read_to_end(&mut bytes)?;
        }
        match Entry::parse(pid, &bytes) {
            Some(entry) => {
                self.entry = Some(Entry { owner: process::owner_of(&metadata), ..entry });
                self.retry = None;
                self.error.clear();
            }
            None => self.not_understood(path, now),
        }
        Ok(())
    }

    /// Half written, most likely. What stays so for longer is said, and read again only when it changes.
    fn not_understood(&mut self, path: &Path, now: Instant) {
        let pause = self.retry.map_or(RETRY, |(_, pause)| pause * 2);
        if pause > RETRY_LONGEST {
            self.retry = None;
            self.error = format!("{} is not understood", path.display());
        } else {
            self.retry = Some((now + pause, pause));
        }
    }
}

/// The process that an entry's file is named after; no other name is looked at.
fn pid_of(path: &Path) -> Option<u32> {
    let digits = path.file_name()?.to_str()?.strip_suffix(".json")?;
    if digits.starts_with('0') || !digits.bytes().all(|byte| byte.is_ascii_digit()) {
        return None;
    }
    digits.parse().ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Home {
        folder: tempfile::TempDir,
        registry: Registry,
        now: Instant,
    }

    impl Home {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let registry = Registry::new(folder.path());
            std::fs::create_dir(registry.folder()).unwrap();
            Self { folder, registry, now: Instant::now() }
        }

        fn path(&self, name: &str) -> PathBuf {
            self.folder.path().join("sessions").join(name)
        }

        fn write(&mut self, name: &str, text: &str) -> bool {
            let path = self.path(name);
            std::fs::write(&path, text).unwrap();
            self.registry.notice(&path, self.now)
        }

        fn says(&self) -> Vec<String> {
            self.registry.entries().map(|entry| entry.says.status.clone()).collect()
        }
    }

    #[test]
    fn an_entry_comes_changes_and_goes() {
        let mut home = Home::new();
        assert!(home.write("12.json", r#"{"status":"idle"}"#));
        assert!(home.write("12.json", r#"{"status":"busy"}"#));
        assert_eq!(home.says(), ["busy"]);
        std::fs::remove_file(home.path("12.json")).unwrap();
        assert!(home.registry.notice(&home.path("12.json"), home.now));
        assert!(home.says().is_empty());
    }

    #[test]
    fn a_half_written_entry_says_what_it_said_until_it_is_read_again() {
        let mut home = Home::new();
        home.write("12.json", r#"{"status":"idle"}"#);
        home.write("12.json", r#"{"status":"bu"#);
        assert_eq!(home.says(), ["idle"]);
        let deadline = home.registry.deadline().unwrap();
        assert!(!home.registry.retry(home.now), "not yet");
        std::fs::write(home.path("12.json"), r#"{"status":"busy"}"#).unwrap();
        assert!(home.registry.retry(deadline));
        assert_eq!((home.says(), home.registry.deadline()), (vec!["busy".to_owned()], None));
    }

    #[test]
    fn garbage_is_said_and_not_read_for_ever() {
        let mut home = Home::new();
        home.write("12.json", "garbage");
        let mut reads = 0;
        while let Some(at) = home.registry.deadline() {
            home.registry.retry(at);
            reads += 1;
        }
        assert!(reads < 10 && home.says().is_empty());
        assert!(home.registry.error().contains("12.json is not understood"), "{}", home.registry.error());
        home.write("12.json", r#"{"status":"idle"}"#);
        assert_eq!((home.says(), home.registry.error()), (vec!["idle".to_owned()], String::new()));
    }

    #[test]
    fn only_entries_are_looked_at() {
        let mut home = Home::new();
        for name in
            ["12.key", "12.json.key", "012.json", "+12.json", "a12.json", "12.JSON", "99999999999.json", ".json"]
        {
            assert!(!home.write(name, r#"{"status":"idle"}"#), "{name}");
        }
        std::fs::create_dir(home.path("13.json")).unwrap();
        home.registry.sweep(home.now);
        assert!(home.says().is_empty());
        let elsewhere = home.folder.path().join("12.json");
        assert!(!home.registry.notice(&elsewhere, home.now));
    }

    #[cfg(unix)]
    #[test]
    fn links_are_not_followed() {
        let mut home = Home::new();
        std::fs::write(home.path("secret"), r#"{"status":"idle"}"#).unwrap();
        std::os::unix::fs::symlink(home.path("secret"), home.path("12.json")).unwrap();
        home.registry.sweep(home.now);
        assert!(home.says().is_empty());
    }

    /// The operating system tells who opened what.
    #[cfg(target_os = "linux")]
    #[test]
    fn keys_are_never_opened() {
        use notify::event::{AccessKind, EventKind};
        use notify::{RecursiveMode, Watcher as _};
        let mut home = Home::new();
        std::fs::write(home.path("12.key"), "secret").unwrap();
        std::fs::write(home.path("12.json"), r#"{"status":"idle"}"#).unwrap();
        let (sender, opened) = std::sync::mpsc::sync_channel(100);
        let mut watcher = notify::recommended_watcher(move |event: notify::Result<notify::Event>| {
            let event = event.unwrap();
            if matches!(event.kind, EventKind::Access(AccessKind::Open(_))) {
                event.paths.into_iter().for_each(|path| sender.send(path).unwrap());
            }
        });
        let watcher = watcher.as_mut().unwrap();
        watcher.watch(&home.path(""), RecursiveMode::NonRecursive).unwrap();
        home.registry.notice(&home.path("12.key"), home.now);
        home.registry.sweep(home.now);
        std::fs::write(home.path("the end"), "").unwrap();
        let mut seen = Vec::new();
        while !seen.contains(&home.path("the end")) {
            seen.push(opened.recv_timeout(Duration::from_secs(20)).unwrap());
        }
        assert!(seen.contains(&home.path("12.json")), "{seen:?}");
        assert!(!seen.contains(&home.path("12.key")), "{seen:?}");
    }
}
