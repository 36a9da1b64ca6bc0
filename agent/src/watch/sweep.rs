//! Step 1 at work: looking at paths, walking folders, sweeping roots; telling new, changed, renamed and gone apart.

use std::io::ErrorKind;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::{Duration, Instant, SystemTime, UNIX_EPOCH};

use muster_proto::fleet::{FileForm, WatchMode};

use super::discover::{Visitor, form_of, walk};
use super::files::{Key, Record, Stage};
use super::follower::{About, Follower, GRACE, GRACE_WITHOUT_EVENTS, Timer, gone, moved};
use super::root::Root;
use super::tail::open_regular;
use crate::platform::file::{self, Stat};

/// Several notices about missing folders lead to one sweep.
const SWEEP_SOON: Duration = Duration::from_millis(50);

/// What a walk found, to be taken in when the walk is over. Bounded by one root's folder tree.
#[derive(Default)]
struct Harvest {
    files: Vec<(PathBuf, FileForm, Stat)>,
    problems: Vec<(PathBuf, String)>,
}

struct Walker<'a> {
    root: &'a mut Root,
    watches: &'a mut dyn super::notice::Watches,
    harvest: Harvest,
}

impl Visitor for Walker<'_> {
    fn folder(&mut self, path: &Path) {
        self.root.watch(path, self.watches);
    }

    fn file(&mut self, path: PathBuf, form: FileForm, stat: Stat) {
        self.harvest.files.push((path, form, stat));
    }

    fn problem(&mut self, path: &Path, text: String) {
        self.harvest.problems.push((path.to_path_buf(), text));
    }
}

impl Follower {
    /// Looks at a path about which something was noticed.
    pub(super) fn look_at(&mut self, path: &Path, now: Instant) {
        if let Some(key) = path.to_str().and_then(|text| self.files.at(text)) {
            self.look_at_file(key, now);
            return;
        }
        let Some(index) = self.root_of(path) else { return };
        match file::look(path) {
            Ok(stat) if stat.is_dir => self.walk_new_again(index, path, now),
            Ok(stat) if stat.is_file => {
                let form = path.strip_prefix(&self.roots[index].path).ok().and_then(form_of);
                if let (Some(form), Some(_)) = (form, path.to_str()) {
                    self.found(index, path, form, stat, now);
                }
            }
            Ok(_) => {}
            Err(_) => self.folder_missing(index, path, now),
        }
    }

    /// The root that `path` lies under; of nested roots the innermost.
    fn root_of(&self, path: &Path) -> Option<usize> {
        let under = self.roots.iter().enumerate().filter(|(_, root)| path.starts_with(&root.path));
        under.max_by_key(|(_, root)| root.path.as_os_str().len()).map(|(index, _)| index)
    }

    /// Something that is no known file is gone. If it was a folder, what it held is looked for.
    fn folder_missing(&mut self, index: usize, path: &Path, now: Instant) {
        let Self { roots, watches, .. } = self;
        let watched_before = roots[index].watches();
        roots[index].unwatch(path, watches.as_mut());
        if roots[index].watches() < watched_before || path.extension().is_none() {
            self.sweep_soon(now);
        }
    }

    fn sweep_soon(&mut self, now: Instant) {
        if !self.sweep_is_near {
            self.sweep_is_near = true;
            self.timers.insert((now + SWEEP_SOON, Timer::Sweep));
        }
    }

    /// A folder appeared: it is walked at once, and once more after a moment.
    fn walk_new_again(&mut self, index: usize, folder: &Path, now: Instant) {
        let Self { roots, watches, .. } = self;
        // It may be another folder than the one that was watched under this name.
        roots[index].unwatch(folder, watches.as_mut());
        self.walk_new(folder, now);
        self.walk_again_later(folder.to_path_buf(), now);
    }

    pub(super) fn walk_new(&mut self, folder: &Path, now: Instant) {
        if let Some(index) = self.root_of(folder) {
            let before = self.roots[index].mode;
            let harvest = self.walk(index, folder);
            self.take_in(index, harvest, now);
            if self.roots[index].mode != before {
                // The watches have run out: the next sweep was set for a root that tells of changes.
                self.roots[index].swept(now, Duration::ZERO);
            }
        }
    }

    fn walk(&mut self, index: usize, folder: &Path) -> Harvest {
        let Self { roots, watches, .. } = self;
        let root = &mut roots[index];
        let path = root.path.clone();
        let mut walker = Walker { root, watches: watches.as_mut(), harvest: Harvest::default() };
        walk(&path, folder, &mut walker);
        walker.harvest
    }

    fn take_in(&mut self, index: usize, harvest: Harvest, now: Instant) {
        for (path, text) in harvest.problems {
            self.problem(About::Path(path), text);
        }
        for (path, form, stat) in harvest.files {
            self.found(index, &path, form, stat, now);
        }
    }

    /// A file that is archived stands at `path`.
    fn found(&mut self, index: usize, path: &Path, form: FileForm, stat: Stat, now: Instant) {
        let Some(text) = path.to_str() else { return };
        let key = match self.files.at(text) {
            Some(key) => {
                if self.files.get(key).is_some_and(|record| record.stat != stat) {
                    self.changed(key, stat, now);
                }
                key
            }
            None => match self.renamed(index, path, form, stat) {
                Some(key) => key,
                None => self.add(index, text, form, stat, now),
            },
        };
        if let Some(record) = self.files.get_mut(key) {
            record.swept = self.sweeps;
        }
    }

    fn add(&mut self, index: usize, text: &str, form: FileForm, stat: Stat, now: Instant) -> Key {
        let root = &self.roots[index];
        let key = self.files.insert(Record {
            path: text.into(),
            root: root.text.clone(),
            coder: root.coder.clone(),
            form,
            stat,
            is_written_anew: false,
            changed_at: changed_at(&stat, now),
            swept: self.sweeps,
            stage: Stage::Found,
            replaces: None,
            archived: 0,
            waiting: None,
            is_missing: false,
            in_live: false,
            in_backlog: None,
            in_opens: None,
        });
        if let Some(record) = self.files.get_mut(key) {
            record.mark_waiting(now);
        }
        if self.link.as_ref().is_some_and(|link| link.known_complete) {
            self.want_open(key);
        }
        key
    }

    /// The same file under a new name: an identity that is known, gone from its old path, with the content that was sent.
    fn renamed(&mut self, index: usize, path: &Path, form: FileForm, stat: Stat) -> Option<Key> {
        let key = self.files.with_id(stat.id)?;
        let record = self.files.get_mut(key)?;
        let left_its_path = file::look(record.path.as_ref().as_ref()).map_or(true, |there| there.id != stat.id);
        if record.form != form || !left_its_path {
            return None;
        }
        if let Some(follow) = record.follow() {
            let file = open_regular(path).ok().flatten()?;
            if stat.size < follow.sent || !follow.print.fits(&file, follow.sent).ok()? {
                return None;
            }
        }
        let path: Arc<str> = path.to_str()?.into();
        record.root = self.roots[index].text.clone();
        record.coder = self.roots[index].coder.clone();
        let announce = match &mut record.stage {
            Stage::Found | Stage::Unverified => None,
            Stage::Opening(happened) => {
                happened.moved = true;
                None
            }
            Stage::Following(follow) => Some(moved(follow.transcript, &record.root, &path)),
        };
        self.files.rename(key, path);
        self.outbox.extend(announce);
        Some(key)
    }

    fn look_at_file(&mut self, key: Key, now: Instant) {
        let Some(record) = self.files.get(key) else { return };
        match file::look(record.path.as_ref().as_ref()) {
            Ok(stat) if stat.is_file => self.changed(key, stat, now),
            Ok(_) => self.missing(key, now),
            Err(error) if error.kind() == ErrorKind::NotFound => self.missing(key, now),
            Err(error) => self.unreadable(key, &error),
        }
    }

    /// The file may have changed: what there is to read is queued.
    fn changed(&mut self, key: Key, stat: Stat, now: Instant) {
        let Some(record) = self.files.get_mut(key) else { return };
        if let Stage::Opening(happened) = &mut record.stage {
            happened.gone = false;
        }
        let another = record.stat.id != stat.id;
        self.files.looked(key, stat, now);
        if another {
            self.replaced(key);
        }
        self.enqueue_live(key);
    }

    pub(super) fn unreadable(&mut self, key: Key, error: &std::io::Error) {
        let Some(record) = self.files.get(key) else { return };
        let text = format!("cannot read {}: {error}", record.path);
        self.problem(About::File(key), text);
    }

    /// Nothing stands at the file's path. It may turn up under another name.
    pub(super) fn missing(&mut self, key: Key, now: Instant) {
        let Some(record) = self.files.get(key) else { return };
        let with_events = self.roots.iter().any(|root| root.text == record.root && root.mode == WatchMode::Events);
        let grace = if with_events { GRACE } else { GRACE_WITHOUT_EVENTS };
        if let Some(record) = self.files.get_mut(key)
            && !record.is_missing
        {
            record.is_missing = true;
            self.timers.insert((now + grace, Timer::Missing(key)));
        }
    }

    pub(super) fn still_missing(&mut self, key: Key, now: Instant) {
        let Some(record) = self.files.get_mut(key) else { return };
        record.is_missing = false;
        match file::look(record.path.as_ref().as_ref()) {
            Ok(stat) if stat.is_file => return self.changed(key, stat, now),
            Err(error) if error.kind() != ErrorKind::NotFound => return self.unreadable(key, &error),
            _ => {}
        }
        if let Stage::Opening(happened) = &mut record.stage {
            happened.gone = true;
            return;
        }
        let replaced = record.replaces.take();
        let in_opens = record.in_opens.take();
        self.queue.leave_backlog(key, record);
        if let Some(modified_ns) = in_opens {
            self.opens.remove(&(std::cmp::Reverse(modified_ns), key));
        }
        let followed = self.unfollow(key);
        self.files.remove(key);
        self.solved(&About::File(key));
        self.outbox.extend(followed.or(replaced).map(gone));
    }

    /// Sweeps the roots whose time has come.
    pub(super) fn sweep_due(&mut self, now: Instant) {
        if self.roots.is_empty() || self.roots.iter().any(|root| root.next_sweep <= now) {
            self.renew_roots(now);
            for index in 0..self.roots.len() {
                if self.roots[index].next_sweep <= now {
                    self.sweep(index, now);
                }
            }
        }
    }

    /// Sweeps every root now.
    pub fn sweep_all(&mut self, now: Instant) {
        self.sweep_is_near = false;
        self.renew_roots(now);
        for root in &mut self.roots {
            root.next_sweep = now;
        }
        self.sweep_due(now);
    }

    /// Asks again which roots there are.
    fn renew_roots(&mut self, now: Instant) {
        let specs = self.source.find();
        let Self { roots, watches, .. } = self;
        for root in roots.iter_mut().filter(|root| !specs.contains(&root.spec)) {
            let path = root.path.clone();
            root.unwatch(&path, watches.as_mut());
        }
        roots.retain(|root| specs.contains(&root.spec));
        for spec in specs {
            if roots.iter().all(|root| root.spec != spec) {
                roots.push(Root::new(spec, now));
            }
        }
    }

    fn sweep(&mut self, index: usize, now: Instant) {
        let began = Instant::now();
        self.sweeps += 1;
        let Self { roots, watches, .. } = self;
        if roots[index].prepare(self.settings.rescan_only) {
            roots[index].unwatch_missing(watches.as_mut());
            let path = roots[index].path.clone();
            self.forget_solved_paths(&path);
            let harvest = self.walk(index, &path);
            self.take_in(index, harvest, now);
            self.miss_unswept(index, now);
        }
        self.retry_unverified(index, now);
        self.retry_unreadable();
        self.roots[index].swept(now, began.elapsed());
    }

    /// Problems of folders are found anew by each sweep.
    fn forget_solved_paths(&mut self, root: &Path) {
        let over: Vec<About> = self
            .problems
            .keys()
            .filter(
                |about| matches!(about, About::Path(path) if path.starts_with(root) && std::fs::read_dir(path).is_ok()),
            )
            .cloned()
            .collect();
        for about in over {
            self.solved(&about);
        }
    }

    /// Files that could not be read are tried again.
    fn retry_unreadable(&mut self) {
        let stuck =
            self.problems.keys().filter_map(|about| if let About::File(key) = about { Some(*key) } else { None });
        for key in stuck.collect::<Vec<_>>() {
            self.enqueue_live(key);
        }
    }

    /// Files of a root that the sweep did not meet are looked at one by one.
    fn miss_unswept(&mut self, index: usize, now: Instant) {
        let root = &self.roots[index].text;
        let unmet: Vec<Key> = self
            .files
            .iter()
            .filter(|(_, record)| record.swept < self.sweeps && record.root == *root)
            .map(|(key, _)| key)
            .collect();
        for key in unmet {
            self.look_at_file(key, now);
        }
    }
}

/// When the file found just now was last changed, as far as the clocks tell: a file that is being written is treated
/// as such, an old one is not waited for.
fn changed_at(stat: &Stat, now: Instant) -> Instant {
    let wall = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default();
    let modified = Duration::from_nanos(u64::try_from(stat.modified_ns).unwrap_or_default());
    let age = wall.saturating_sub(modified);
    now.checked_sub(age.min(Duration::from_hours(1))).unwrap_or(now)
}
