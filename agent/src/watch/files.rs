//! The table of files that were found, by key, path, identity and transcript.

use std::collections::HashMap;
use std::sync::Arc;
use std::time::Instant;

use muster_proto::fleet::FileForm;
use muster_proto::ids::TranscriptId;

use super::fingerprint::Fingerprint;
use super::frame::Place;
use crate::platform::file::{FileId, Stat};

/// A file's place in the table; never used twice.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub(super) struct Key(u64);

/// One file that was found.
#[derive(Debug)]
pub(super) struct Record {
    /// Absolute path, as the aggregator knows it.
    pub path: Arc<str>,
    /// The root it was found under.
    pub root: Arc<str>,
    /// Coder that writes it.
    pub coder: Arc<str>,
    /// How it is archived.
    pub form: FileForm,
    /// As last looked at.
    pub stat: Stat,
    /// When its size or time was last seen to change.
    pub changed_at: Instant,
    /// Number of the sweep that last met it.
    pub swept: u64,
    /// What this link knows of it.
    pub stage: Stage,
    /// Transcript that stood at this path before, until the file is opened in its place.
    pub replaces: Option<TranscriptId>,
    /// Bytes of it that are committed, as far as the last link told.
    pub archived: u64,
    /// The oldest append that is not acknowledged.
    pub waiting: Option<Waiting>,
    /// A side file whose content took the place of an archived one.
    pub is_written_anew: bool,
    /// Nothing stood at its path at the last look; a later look decides.
    pub is_missing: bool,
    /// It stands in the queue of fresh appends.
    pub in_live: bool,
    /// Its place in the backlog's order.
    pub in_backlog: Option<(u8, i64)>,
    /// It waits for `Open` to be sent, under this time of change.
    pub in_opens: Option<i64>,
}

/// How far a file has come in the present link.
#[derive(Debug)]
pub(super) enum Stage {
    /// Not opened yet.
    Found,
    /// The aggregator holds a part of it, which could not be compared with the file yet (unreadable).
    Unverified,
    /// `Open` was sent.
    Opening(Opening),
    /// The aggregator has named its transcript.
    Following(Box<Follow>),
}

/// What happened to a file between `Open` and `Opened`.
#[derive(Debug, Default)]
pub(super) struct Opening {
    /// It was replaced by another: open again.
    pub replaced: bool,
    /// It was renamed.
    pub moved: bool,
    /// It is gone.
    pub gone: bool,
}

/// A file of which frames are sent.
#[derive(Debug)]
pub(super) struct Follow {
    /// Its transcript at the aggregator.
    pub transcript: TranscriptId,
    /// Everything before this was sent.
    pub sent: u64,
    /// Everything before this can be committed: it was sent, and no line is left open.
    pub closed: u64,
    /// Everything before this is committed.
    pub acked: u64,
    /// Where `sent` lies.
    pub place: Place,
    /// The file's beginning and end up to `sent`.
    pub print: Fingerprint,
    /// For side files: size and time of the content that is being sent.
    pub whole: Option<(u64, i64)>,
}

impl Follow {
    /// Bytes that count against the window. The parts of an open line do not: they cannot be acknowledged before its
    /// last part, and a line larger than the window would never end.
    pub(super) fn in_flight(&self) -> u64 {
        self.closed.saturating_sub(self.acked)
    }
}

/// An append that waits for its acknowledgement.
#[derive(Debug, Clone, Copy)]
pub(super) struct Waiting {
    /// It is acknowledged when everything before this is.
    pub until: u64,
    /// When it was seen.
    pub since: Instant,
}

impl Record {
    /// The transcript, once named.
    pub(super) fn follow(&mut self) -> Option<&mut Follow> {
        match &mut self.stage {
            Stage::Following(follow) => Some(follow),
            _ => None,
        }
    }

    /// It is another file than the archived one.
    pub(super) fn forget_archived(&mut self) {
        self.archived = 0;
        self.waiting = None;
    }

    /// Takes note of a look at the file; `true` when it has changed since the last one.
    pub(super) fn looked(&mut self, stat: Stat, now: Instant) -> bool {
        let changed = stat != self.stat;
        if changed {
            self.stat = stat;
            self.changed_at = now;
            self.mark_waiting(now);
        }
        changed
    }

    /// Starts or moves on the clock of the oldest append that is not acknowledged.
    pub(super) fn mark_waiting(&mut self, now: Instant) {
        if self.waiting.is_some_and(|waiting| self.archived >= waiting.until) {
            self.waiting = None;
        }
        if self.waiting.is_none() && self.stat.size > self.archived {
            self.waiting = Some(Waiting { until: self.stat.size, since: now });
        }
    }
}

/// All files that were found.
#[derive(Default)]
pub(super) struct Files {
    records: HashMap<Key, Record>,
    by_path: HashMap<Arc<str>, Key>,
    by_id: HashMap<FileId, Key>,
    by_transcript: HashMap<TranscriptId, Key>,
    last_key: u64,
}

impl Files {
    /// Adds a file whose path is not in the table.
    pub(super) fn insert(&mut self, record: Record) -> Key {
        self.last_key += 1;
        let key = Key(self.last_key);
        self.by_path.insert(record.path.clone(), key);
        self.note_id(record.stat.id, key);
        self.records.insert(key, record);
        key
    }

    /// Forgets a file.
    pub(super) fn remove(&mut self, key: Key) -> Option<Record> {
        let mut record = self.records.remove(&key)?;
        if self.by_path.get(&record.path) == Some(&key) {
            self.by_path.remove(&record.path);
        }
        self.forget_id(record.stat.id, key);
        if let Some(follow) = record.follow() {
            self.by_transcript.remove(&follow.transcript);
        }
        Some(record)
    }

    /// Gives a file its new path.
    pub(super) fn rename(&mut self, key: Key, path: Arc<str>) {
        let Some(record) = self.records.get_mut(&key) else { return };
        if self.by_path.get(&record.path) == Some(&key) {
            self.by_path.remove(&record.path);
        }
        record.path = path.clone();
        self.by_path.insert(path, key);
    }

    /// Takes note of a look at the file, which may have another identity than before.
    pub(super) fn looked(&mut self, key: Key, stat: Stat, now: Instant) -> bool {
        let Some(record) = self.records.get_mut(&key) else { return false };
        let before = record.stat.id;
        let changed = record.looked(stat, now);
        if before != stat.id {
            self.forget_id(before, key);
            self.note_id(stat.id, key);
        }
        changed
    }

    /// The aggregator named the file's transcript.
    pub(super) fn follow(&mut self, key: Key, follow: Follow) {
        if let Some(record) = self.records.get_mut(&key) {
            self.by_transcript.insert(follow.transcript, key);
            record.archived = follow.acked;
            record.stage = Stage::Following(Box::new(follow));
        }
    }

    /// Takes the file back to [`Stage::Found`]; returns what was followed.
    pub(super) fn unfollow(&mut self, key: Key) -> Option<Follow> {
        let record = self.records.get_mut(&key)?;
        match std::mem::replace(&mut record.stage, Stage::Found) {
            Stage::Following(follow) => {
                self.by_transcript.remove(&follow.transcript);
                Some(*follow)
            }
            _ => None,
        }
    }

    /// The link ended: nothing is opened any more.
    pub(super) fn reset(&mut self) {
        self.by_transcript.clear();
        for record in self.records.values_mut() {
            record.stage = Stage::Found;
            record.replaces = None;
            record.in_live = false;
            record.in_backlog = None;
            record.in_opens = None;
        }
    }

    /// By key.
    pub(super) fn get(&self, key: Key) -> Option<&Record> {
        self.records.get(&key)
    }

    /// By key, to change it.
    pub(super) fn get_mut(&mut self, key: Key) -> Option<&mut Record> {
        self.records.get_mut(&key)
    }

    /// By path.
    pub(super) fn at(&self, path: &str) -> Option<Key> {
        self.by_path.get(path).copied()
    }

    /// By identity.
    pub(super) fn with_id(&self, id: FileId) -> Option<Key> {
        if id.is_known() { self.by_id.get(&id).copied() } else { None }
    }

    /// By transcript.
    pub(super) fn of_transcript(&self, transcript: &TranscriptId) -> Option<Key> {
        self.by_transcript.get(transcript).copied()
    }

    /// Every file, in no order.
    pub(super) fn iter(&self) -> impl Iterator<Item = (Key, &Record)> {
        self.records.iter().map(|(key, record)| (*key, record))
    }

    /// How many there are.
    pub(super) fn len(&self) -> usize {
        self.records.len()
    }

    // Of two names of one file (hard links) the first keeps the identity.
    fn note_id(&mut self, id: FileId, key: Key) {
        if id.is_known() {
            self.by_id.entry(id).or_insert(key);
        }
    }

    fn forget_id(&mut self, id: FileId, key: Key) {
        if self.by_id.get(&id) == Some(&key) {
            self.by_id.remove(&id);
        }
    }
}
