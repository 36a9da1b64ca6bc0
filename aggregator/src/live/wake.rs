//! How one room tells another that there is work, without knowing it.

use std::collections::{HashSet, VecDeque};
use std::sync::{Arc, Mutex, PoisonError};

use muster_proto::ids::TranscriptId;
use tokio::sync::Notify;

/// Transcripts that a follower should look at, each at most once. Bounded by the number of transcripts; a lost wake-up
/// costs nothing but time, because followers keep their own cursors.
#[derive(Debug, Clone, Default)]
pub struct Wake(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    waiting: Mutex<Waiting>,
    bell: Notify,
}

#[derive(Debug, Default)]
struct Waiting {
    order: VecDeque<TranscriptId>,
    seen: HashSet<TranscriptId>,
}

impl Wake {
    /// There is something new in this transcript.
    pub fn mark(&self, id: TranscriptId) {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.seen.insert(id) {
            waiting.order.push_back(id);
        }
        drop(waiting);
        self.0.bell.notify_one();
    }

    /// Up to `most` transcripts, longest waiting first; waits until there is one.
    pub async fn take(&self, most: usize) -> Vec<TranscriptId> {
        loop {
            let taken = self.try_take(most);
            if !taken.is_empty() {
                return taken;
            }
            self.0.bell.notified().await;
        }
    }

    /// Returns when there is one, and leaves it there.
    pub async fn waiting(&self) {
        while self.is_empty() {
            self.0.bell.notified().await;
        }
    }

    fn try_take(&self, most: usize) -> Vec<TranscriptId> {
        let mut waiting = self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner);
        let count = most.min(waiting.order.len());
        let taken: Vec<TranscriptId> = waiting.order.drain(..count).collect();
        for id in &taken {
            waiting.seen.remove(id);
        }
        taken
    }

    /// Transcripts that wait.
    pub fn len(&self) -> usize {
        self.0.waiting.lock().unwrap_or_else(PoisonError::into_inner).order.len()
    }

    /// Whether none waits.
    pub fn is_empty(&self) -> bool {
        self.len() == 0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_transcript_waits_once_however_often_it_is_marked() {
        let wake = Wake::default();
        let (first, second) = (TranscriptId::new(), TranscriptId::new());
        for id in [first, second, first] {
            wake.mark(id);
        }
        assert_eq!(wake.take(10).await, [first, second]);
        assert!(wake.is_empty());
    }
}
