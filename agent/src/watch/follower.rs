//! The follower: every file's state, and what is to be done next.

use std::collections::{BTreeMap, BTreeSet, HashMap, VecDeque};
use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use muster_proto::fleet::{self, FileForm, KnownTranscript, Welcome, up};
use muster_proto::ids::TranscriptId;
use muster_proto::limits::FRAME_BYTES;

use super::files::{Files, Key, Stage};
use super::notice::{Dirty, Watches};
use super::queue::Queue;
use super::root::Root;
use super::tail::Reader;
use crate::roots::RootSource;

/// How long a missing path may turn up under another name before it counts as gone. A rename's two halves arrive
/// together; a sweep of a root without events may meet the new name only the next time.
pub(super) const GRACE: Duration = Duration::from_millis(100);
pub(super) const GRACE_WITHOUT_EVENTS: Duration = Duration::from_millis(2500);

/// After a new folder was walked, it is walked once more: where a whole tree is watched by one call, files made in the
/// first moment raise no notice.
const SECOND_WALK: Duration = Duration::from_millis(200);

/// Problems kept for the status; the oldest give way.
const MAX_PROBLEMS: usize = 100;

/// What the operator can set.
#[derive(Debug, Clone)]
pub struct Settings {
    /// An incomplete line that has not grown for this long is sent as it is.
    pub torn_after: Duration,
    /// Do not rely on change notification.
    pub rescan_only: bool,
}

impl Default for Settings {
    fn default() -> Self {
        Self { torn_after: Duration::from_secs(30), rescan_only: false }
    }
}

/// What stands while a link stands.
pub(super) struct Link {
    pub window: u64,
    pub frame_bytes: usize,
    pub in_flight: u64,
    pub last_handle: u64,
    pub opening: HashMap<u64, Key>,
    /// `Open` messages since the last frame that had its turn.
    pub opens_in_row: u32,
    /// Transcripts that no file was found for at their path.
    pub unmatched: Vec<KnownTranscript>,
    /// All `Known` batches have come.
    pub known_complete: bool,
    pub scanned_sent: bool,
}

/// Something to do later.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum Timer {
    /// Read this file (a torn line, a side file that was being written).
    Read(Key),
    /// Is it still missing?
    Missing(Key),
    /// Walk this folder again.
    Walk(PathBuf),
    /// Look everywhere.
    Sweep,
}

/// What a problem is about: a later success of the same kind ends it.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) enum About {
    File(Key),
    Path(PathBuf),
}

/// Follows every file under the roots.
pub struct Follower {
    pub(super) settings: Settings,
    pub(super) source: RootSource,
    pub(super) roots: Vec<Root>,
    pub(super) watches: Box<dyn Watches>,
    pub(super) files: Files,
    pub(super) link: Option<Link>,
    pub(super) queue: Queue,
    pub(super) opens: BTreeSet<(std::cmp::Reverse<i64>, Key)>,
    /// Short messages that go before everything else; bounded by the number of files.
    pub(super) outbox: VecDeque<up::Kind>,
    pub(super) timers: BTreeSet<(Instant, Timer)>,
    pub(super) reader: Reader,
    pub(super) problems: BTreeMap<About, String>,
    pub(super) latest_problem: Option<About>,
    pub(super) sweeps: u64,
    pub(super) sweep_is_near: bool,
}

impl Follower {
    /// A follower that has not looked at anything yet; the first [`Follower::tick`] does.
    pub fn new(source: RootSource, watches: Box<dyn Watches>, settings: Settings) -> Self {
        Self {
            settings,
            source,
            roots: Vec::new(),
            watches,
            files: Files::default(),
            link: None,
            queue: Queue::default(),
            opens: BTreeSet::new(),
            outbox: VecDeque::new(),
            timers: BTreeSet::new(),
            reader: Reader::default(),
            problems: BTreeMap::new(),
            latest_problem: None,
            sweeps: 0,
            sweep_is_near: false,
        }
    }

    /// A link stands. What is on disk is looked at anew, so that it can be compared with what the aggregator holds.
    pub fn link_up(&mut self, welcome: &Welcome, now: Instant) {
        self.link_down();
        let frame_bytes = usize::try_from(welcome.frame_bytes).unwrap_or(usize::MAX);
        self.link = Some(Link {
            window: welcome.window_bytes,
            // A peer that names no bound gets ours; a frame never outgrows what either side decodes.
            frame_bytes: if frame_bytes == 0 { FRAME_BYTES } else { frame_bytes.clamp(4096, 4 * FRAME_BYTES) },
            in_flight: 0,
            last_handle: 0,
            opening: HashMap::new(),
            opens_in_row: 0,
            unmatched: Vec::new(),
            known_complete: false,
            scanned_sent: false,
        });
        self.sweep_all(now);
    }

    /// The link ended: positions are forgotten, the next link tells them.
    pub fn link_down(&mut self) {
        self.link = None;
        self.files.reset();
        self.queue.clear();
        self.opens.clear();
        self.outbox.clear();
        self.reader.rest();
    }

    /// Ends the following of a file; its bytes in flight no longer count.
    pub(super) fn unfollow(&mut self, key: Key) -> Option<TranscriptId> {
        let follow = self.files.unfollow(key)?;
        if let Some(link) = &mut self.link {
            link.in_flight = link.in_flight.saturating_sub(follow.in_flight());
        }
        Some(follow.transcript)
    }

    /// The file at this path is no longer the one that was followed.
    pub(super) fn replaced(&mut self, key: Key) {
        let Some(record) = self.files.get_mut(key) else { return };
        match &mut record.stage {
            Stage::Found => record.forget_archived(),
            Stage::Unverified => record.stage = Stage::Found,
            Stage::Opening(happened) => happened.replaced = true,
            Stage::Following(_) => {
                if let Some(transcript) = self.unfollow(key) {
                    self.open_in_place_of(key, transcript);
                }
            }
        }
    }

    pub(super) fn open_in_place_of(&mut self, key: Key, transcript: TranscriptId) {
        let Some(record) = self.files.get_mut(key) else { return };
        record.replaces = Some(transcript);
        record.is_written_anew = record.form == FileForm::Whole;
        record.forget_archived();
        self.want_open(key);
    }

    /// Puts a file into the order of those to be opened.
    pub(super) fn want_open(&mut self, key: Key) {
        let Some(record) = self.files.get_mut(key) else { return };
        if let Some(before) = record.in_opens {
            self.opens.remove(&(std::cmp::Reverse(before), key));
        }
        record.in_opens = Some(record.stat.modified_ns);
        self.opens.insert((std::cmp::Reverse(record.stat.modified_ns), key));
    }

    /// Takes in what was noticed.
    pub fn notice(&mut self, dirty: Dirty, now: Instant) {
        if dirty.everything || dirty.limit_reached {
            self.sweep_all(now);
        }
        // What is gone first: a folder that was moved leaves its watches before its new name takes them.
        let (there, missing): (Vec<_>, Vec<_>) =
            dirty.paths.into_iter().partition(|path| std::fs::symlink_metadata(path).is_ok());
        for path in missing.iter().chain(&there) {
            self.look_at(path, now);
        }
    }

    /// Does what is due.
    pub fn tick(&mut self, now: Instant) {
        while self.timers.first().is_some_and(|(at, _)| *at <= now) {
            let Some((_, timer)) = self.timers.pop_first() else { break };
            match timer {
                Timer::Read(key) => self.enqueue_live(key),
                Timer::Missing(key) => self.still_missing(key, now),
                Timer::Walk(folder) => self.walk_new(&folder, now),
                Timer::Sweep => self.sweep_all(now),
            }
        }
        self.sweep_due(now);
    }

    /// When [`Follower::tick`] has something to do next.
    pub fn deadline(&self) -> Option<Instant> {
        let sweep = self.roots.iter().map(|root| root.next_sweep).min();
        let timer = self.timers.first().map(|(at, _)| *at);
        sweep.into_iter().chain(timer).min()
    }

    pub(super) fn walk_again_later(&mut self, folder: PathBuf, now: Instant) {
        self.timers.insert((now + SECOND_WALK, Timer::Walk(folder)));
    }

    pub(super) fn problem(&mut self, about: About, text: String) {
        if self.problems.get(&about) != Some(&text) {
            tracing::warn!(problem = %text, "a file or folder is not followed");
            if self.problems.len() >= MAX_PROBLEMS {
                self.problems.pop_first();
            }
            self.problems.insert(about.clone(), text);
        }
        self.latest_problem = Some(about);
    }

    pub(super) fn solved(&mut self, about: &About) {
        if !self.problems.is_empty()
            && self.problems.remove(about).is_some()
            && self.latest_problem.as_ref() == Some(about)
        {
            self.latest_problem = self.problems.keys().next_back().cloned();
        }
    }
}

pub(super) fn gone(transcript: TranscriptId) -> up::Kind {
    up::Kind::Gone(fleet::Gone { transcript_id: transcript.to_string() })
}

pub(super) fn moved(transcript: TranscriptId, root: &Arc<str>, path: &Arc<str>) -> up::Kind {
    up::Kind::Moved(fleet::Moved {
        transcript_id: transcript.to_string(),
        root: root.to_string(),
        path: path.to_string(),
    })
}
