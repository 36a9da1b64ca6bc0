//! Where the next page of a search begins, and the state of the index that it is a page of.

use std::cmp::Reverse;
use std::collections::VecDeque;
use std::sync::{Mutex, PoisonError};
use std::time::{Duration, Instant};

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use tantivy::Searcher;

use super::collect::Rank;
use crate::domain::time::Millis;

/// States of the index that are kept for next pages; beyond that the oldest goes, and its pages are of the present state.
const PINS: usize = 8;

/// How long a next page is waited for.
const PATIENCE: Duration = Duration::from_mins(2);

/// The last hit of a page, and what the page was of.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Cursor {
    /// State of the index.
    pub(super) generation: u64,
    /// From what recency and `7d` count.
    pub(super) now: Millis,
    /// The last hit; its key stands beside it, numbers do not outlive the process.
    pub(super) rank: Rank,
    pub(super) key: String,
}

impl Cursor {
    pub(super) fn encode(&self) -> String {
        let rank = &self.rank;
        let text = format!(
            "{} {} {} {} {} {} {}",
            self.generation, self.now, rank.worth, rank.time, rank.line.0, rank.kind.0, self.key
        );
        URL_SAFE_NO_PAD.encode(text)
    }

    /// Reads a cursor; the number of its key is found by `number`.
    pub(super) fn decode(text: &str, number: impl Fn(&str) -> u32) -> Option<Self> {
        let text = String::from_utf8(URL_SAFE_NO_PAD.decode(text).ok()?).ok()?;
        let mut parts = text.splitn(7, ' ');
        let generation = parts.next()?.parse().ok()?;
        let now = parts.next()?.parse().ok()?;
        let (worth, time) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let (line, kind) = (parts.next()?.parse().ok()?, parts.next()?.parse().ok()?);
        let key = parts.next().filter(|key| key.len() <= 200)?.to_owned();
        let rank = Rank { worth, time, key: Reverse(number(&key)), line: Reverse(line), kind: Reverse(kind) };
        Some(Self { generation, now, rank, key })
    }
}

/// States of the index of which somebody may want a next page.
#[derive(Default)]
pub(super) struct Pins(Mutex<VecDeque<(Searcher, Instant)>>);

impl Pins {
    /// Keeps a state for next pages.
    pub(super) fn keep(&self, searcher: &Searcher) {
        let mut pins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let generation = searcher.generation().generation_id();
        pins.retain(|(kept, at)| at.elapsed() < PATIENCE && kept.generation().generation_id() != generation);
        pins.truncate(PINS - 1);
        pins.push_front((searcher.clone(), Instant::now()));
    }

    /// The state of this generation, when it is still kept.
    pub(super) fn find(&self, generation: u64) -> Option<Searcher> {
        let pins = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        let found = pins.iter().find(|(kept, _)| kept.generation().generation_id() == generation);
        found.map(|(searcher, _)| searcher.clone())
    }

    /// Lets go of states that nobody has asked for in a while.
    pub(super) fn expire(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).retain(|(_, at)| at.elapsed() < PATIENCE);
    }

    /// Lets go of all states: their files can be deleted.
    pub(super) fn clear(&self) {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).clear();
    }
}

impl std::fmt::Debug for Pins {
    fn fmt(&self, formatter: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        formatter.debug_struct("Pins").finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_survives_its_text() {
        let rank = Rank { worth: 7, time: -1, key: Reverse(3), line: Reverse(9), kind: Reverse(33) };
        let cursor = Cursor { generation: 4, now: 5, rank, key: "=claude-1".to_owned() };
        assert_eq!(Cursor::decode(&cursor.encode(), |_| 3), Some(cursor));
        for wrong in ["", "x", "MTIz", "%%%"] {
            assert_eq!(Cursor::decode(wrong, |_| 0), None);
        }
    }
}
