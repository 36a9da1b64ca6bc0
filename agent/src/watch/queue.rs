//! In which order files are read: fresh appends first, then the backlog, newest first.

use std::cmp::Reverse;
use std::collections::{BTreeSet, VecDeque};

use super::files::{Key, Record};

/// Round of the backlog in which every file shows its beginning, so that each session can be listed early.
pub(super) const FIRST_ROUND: u8 = 0;

/// Round in which files are read to their end.
pub(super) const REST: u8 = 1;

/// Files that have something to read. Bounded by the number of files: each stands in it once at most per queue.
#[derive(Default)]
pub(super) struct Queue {
    live: VecDeque<Key>,
    backlog: BTreeSet<(u8, Reverse<i64>, Key)>,
}

impl Queue {
    /// An append was seen just now.
    pub(super) fn push_live(&mut self, key: Key, record: &mut Record) {
        if !record.in_live {
            record.in_live = true;
            self.live.push_back(key);
        }
    }

    /// There is something to read, without hurry.
    pub(super) fn push_backlog(&mut self, key: Key, record: &mut Record, round: u8) {
        self.leave_backlog(key, record);
        let place = (round, record.stat.modified_ns);
        record.in_backlog = Some(place);
        self.backlog.insert((place.0, Reverse(place.1), key));
    }

    /// Takes the next file that had an append.
    pub(super) fn pop_live(&mut self) -> Option<Key> {
        self.live.pop_front()
    }

    /// Takes the next file of the backlog, and the round it stands in.
    pub(super) fn pop_backlog(&mut self) -> Option<(Key, u8)> {
        self.backlog.pop_first().map(|(round, _, key)| (key, round))
    }

    /// The file waits in the backlog no more.
    pub(super) fn leave_backlog(&mut self, key: Key, record: &mut Record) {
        if let Some((round, modified_ns)) = record.in_backlog.take() {
            self.backlog.remove(&(round, Reverse(modified_ns), key));
        }
    }

    /// Nothing is to be read.
    pub(super) fn is_empty(&self) -> bool {
        self.live.is_empty() && self.backlog.is_empty()
    }

    /// The link ended.
    pub(super) fn clear(&mut self) {
        self.live.clear();
        self.backlog.clear();
    }
}
