//! Topics and the pages that follow them.
//!
//! A page first joins a topic and then builds its snapshot, so nothing falls between; updates that the snapshot already
//! contains come again, which is harmless. Every page has one bounded queue: when it is full the page is cut off from
//! the topic and told to subscribe again, so a slow page neither grows memory nor delays another.

use std::collections::{HashMap, VecDeque};
use std::sync::atomic::{AtomicU64, AtomicUsize, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::{Duration, Instant};

use axum::extract::ws::Utf8Bytes;
use tokio::sync::mpsc::{self, error::TrySendError};

use super::topic::Topic;
use super::update::Update;
use crate::domain::time::now_ms;

/// Updates that a topic remembers for pages that come back: several seconds at 100 updates a second.
const RING_UPDATES: usize = 1024;

/// Bytes that a topic remembers at most, whatever the number of updates.
const RING_BYTES: usize = 1024 * 1024;

/// Updates that wait for one page: about ten seconds of a busy fleet; a page that is further behind wants a snapshot.
const PAGE_QUEUE: usize = 1024;

/// Bytes that wait for one page at most, whatever the number of updates; a single update may be larger.
const PAGE_QUEUE_BYTES: usize = 8 * 1024 * 1024;

/// How long a topic that nobody follows remembers its updates: a reload, a tunnel, a restart of the browser.
const FORGET_AFTER: Duration = Duration::from_mins(2);

/// Turns an update into the text that all pages of a topic get. Doors know protocols, so a door provides it.
pub type Encode = fn(&Topic, u64, &Update) -> String;

/// All topics. Cloning gives another handle.
#[derive(Debug, Clone)]
pub struct Hub(Arc<Inner>);

#[derive(Debug)]
struct Inner {
    encode: Encode,
    topics: Mutex<HashMap<Topic, Arc<Mutex<State>>>>,
    pages: AtomicU64,
    cut_off: AtomicU64,
}

#[derive(Debug)]
struct State {
    revision: u64,
    ring: VecDeque<(u64, Utf8Bytes)>,
    ring_bytes: usize,
    pages: Vec<Arc<PageQueue>>,
    left_at: Instant,
}

/// What waits for one page.
#[derive(Debug)]
struct PageQueue {
    id: u64,
    sender: mpsc::Sender<Utf8Bytes>,
    /// Bytes in the queue.
    waiting: AtomicUsize,
    /// Topics that this page was cut off from, with the last revision it may have got.
    lost: Mutex<Vec<(Topic, u64)>>,
}

/// One page's end of the hub. Dropping it leaves all topics.
#[derive(Debug)]
pub struct Page {
    hub: Hub,
    queue: Arc<PageQueue>,
    receiver: mpsc::Receiver<Utf8Bytes>,
    topics: Vec<Topic>,
}

/// How a page joined a topic.
#[derive(Debug, PartialEq, Eq)]
pub enum Joined {
    /// Nothing is missing but these updates; they are sent to the page already encoded.
    Resumed {
        /// Revision after the last of them.
        revision: u64,
        /// The missed updates.
        missed: Vec<Utf8Bytes>,
    },
    /// The page needs a snapshot, which then stands at this revision.
    Fresh {
        /// Revision of the topic.
        revision: u64,
    },
}

fn locked<T>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

impl Hub {
    /// No topics, no pages.
    pub fn new(encode: Encode) -> Self {
        let (topics, pages, cut_off) = (Mutex::default(), AtomicU64::new(0), AtomicU64::new(0));
        Self(Arc::new(Inner { encode, topics, pages, cut_off }))
    }

    /// A page that follows nothing yet.
    pub fn page(&self) -> Page {
        let (sender, receiver) = mpsc::channel(PAGE_QUEUE);
        let id = self.0.pages.fetch_add(1, Ordering::Relaxed);
        let queue = Arc::new(PageQueue { id, sender, waiting: AtomicUsize::new(0), lost: Mutex::default() });
        Page { hub: self.clone(), queue, receiver, topics: Vec::new() }
    }

    /// Whether an update of this topic would reach or be remembered for anyone.
    pub fn is_followed(&self, topic: &Topic) -> bool {
        locked(&self.0.topics).contains_key(topic)
    }

    /// Sends an update to all pages of a topic; encodes it once. Does nothing when nobody follows the topic.
    pub fn publish(&self, topic: &Topic, update: &Update) {
        let Some(state) = locked(&self.0.topics).get(topic).cloned() else { return };
        let mut state = locked(&state);
        let revision = state.revision + 1;
        let text = Utf8Bytes::from((self.0.encode)(topic, revision, update));
        state.remember(revision, text.clone());
        let before = state.pages.len();
        state.pages.retain(|page| page.offer(topic, revision, &text));
        self.0.cut_off.fetch_add((before - state.pages.len()) as u64, Ordering::Relaxed);
    }

    /// Forgets topics that nobody has followed for a while.
    pub fn sweep(&self) {
        locked(&self.0.topics).retain(|_, state| {
            let state = locked(state);
            !state.pages.is_empty() || state.left_at.elapsed() < FORGET_AFTER
        });
    }

    /// Topics that are remembered, and how often a page was cut off for reading too slowly.
    pub fn counts(&self) -> (usize, u64) {
        (locked(&self.0.topics).len(), self.0.cut_off.load(Ordering::Relaxed))
    }

    fn join(&self, topic: &Topic, after: Option<u64>, page: &Arc<PageQueue>) -> Joined {
        let state = Arc::clone(locked(&self.0.topics).entry(topic.clone()).or_default());
        let mut state = locked(&state);
        state.pages.retain(|other| other.id != page.id);
        state.pages.push(Arc::clone(page));
        let revision = state.revision;
        match after.and_then(|after| state.since(after)) {
            Some(missed) => Joined::Resumed { revision, missed },
            None => Joined::Fresh { revision },
        }
    }

    fn forget(&self, topic: &Topic) {
        let mut topics = locked(&self.0.topics);
        if topics.get(topic).is_some_and(|state| locked(state).is_unused()) {
            topics.remove(topic);
        }
    }

    fn leave(&self, topic: &Topic, page: u64) {
        if let Some(state) = locked(&self.0.topics).get(topic).cloned() {
            let mut state = locked(&state);
            state.pages.retain(|other| other.id != page);
            state.left_at = Instant::now();
        }
    }
}

impl Default for State {
    fn default() -> Self {
        // Revisions of an earlier life of this topic must never be taken for ones of this life: microseconds grow faster
        // than any topic's updates, and stay exact in a page's numbers until the year 2255.
        let revision = now_ms().unsigned_abs() * 1000;
        Self { revision, ring: VecDeque::new(), ring_bytes: 0, pages: Vec::new(), left_at: Instant::now() }
    }
}

impl State {
    fn remember(&mut self, revision: u64, text: Utf8Bytes) {
        self.revision = revision;
        self.ring_bytes += text.len();
        self.ring.push_back((revision, text));
        while self.ring.len() > RING_UPDATES || self.ring_bytes > RING_BYTES {
            let Some((_, old)) = self.ring.pop_front() else { break };
            self.ring_bytes -= old.len();
        }
    }

    fn is_unused(&self) -> bool {
        self.pages.is_empty() && self.ring.is_empty()
    }

    /// Updates after a revision, when all of them are remembered.
    fn since(&self, after: u64) -> Option<Vec<Utf8Bytes>> {
        let oldest = self.ring.front().map_or(self.revision, |(revision, _)| revision - 1);
        (after >= oldest && after <= self.revision)
            .then(|| self.ring.iter().filter(|(revision, _)| *revision > after).map(|(_, text)| text.clone()).collect())
    }
}

impl PageQueue {
    /// Queues a text; `false` when the page is full or gone and must not be kept in the topic.
    fn offer(&self, topic: &Topic, revision: u64, text: &Utf8Bytes) -> bool {
        let before = self.waiting.fetch_add(text.len(), Ordering::Relaxed);
        let is_too_much = before > 0 && before + text.len() > PAGE_QUEUE_BYTES;
        let sent = if is_too_much { Err(TrySendError::Full(text.clone())) } else { self.sender.try_send(text.clone()) };
        if sent.is_err() {
            self.took(text);
        }
        match sent {
            Ok(()) => true,
            Err(TrySendError::Full(_)) => {
                locked(&self.lost).push((topic.clone(), revision - 1));
                false
            }
            Err(TrySendError::Closed(_)) => false,
        }
    }

    /// A text waits no more.
    fn took(&self, text: &Utf8Bytes) {
        self.waiting.fetch_sub(text.len(), Ordering::Relaxed);
    }
}

impl Page {
    /// Follows a topic. Updates from now on come by [`Page::next`].
    pub fn join(&mut self, topic: &Topic, after: Option<u64>) -> Joined {
        if !self.topics.contains(topic) {
            self.topics.push(topic.clone());
        }
        self.hub.join(topic, after, &self.queue)
    }

    /// Follows a topic no longer.
    pub fn leave(&mut self, topic: &Topic) {
        self.topics.retain(|other| other != topic);
        self.hub.leave(topic, self.queue.id);
    }

    /// Leaves a topic that turned out not to exist; nothing of it is remembered.
    pub fn leave_for_good(&mut self, topic: &Topic) {
        self.leave(topic);
        self.hub.forget(topic);
    }

    /// Number of topics followed.
    pub fn following(&self) -> usize {
        self.topics.len()
    }

    /// The next encoded update of any followed topic.
    pub async fn next(&mut self) -> Option<Utf8Bytes> {
        let text = self.receiver.recv().await;
        if let Some(text) = &text {
            self.queue.took(text);
        }
        text
    }

    /// Topics that this page was cut off from since the last call; it must join them again. None while updates wait for
    /// the page: they are older than the loss, and must not arrive after the page has come back to the topic.
    pub fn take_lost(&mut self) -> Vec<(Topic, u64)> {
        if !self.receiver.is_empty() {
            return Vec::new();
        }
        let lost = std::mem::take(&mut *locked(&self.queue.lost));
        self.topics.retain(|topic| !lost.iter().any(|(other, _)| other == topic));
        lost
    }
}

impl Drop for Page {
    fn drop(&mut self) {
        for topic in std::mem::take(&mut self.topics) {
            self.hub.leave(&topic, self.queue.id);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hub() -> Hub {
        Hub::new(|topic, revision, _| format!("{topic} {revision}"))
    }

    fn revision(joined: &Joined) -> u64 {
        match joined {
            Joined::Resumed { revision, .. } | Joined::Fresh { revision } => *revision,
        }
    }

    #[tokio::test]
    async fn a_page_that_comes_back_gets_only_what_it_missed() {
        let hub = hub();
        let mut page = hub.page();
        let start = revision(&page.join(&Topic::Fleet, None));
        hub.publish(&Topic::Fleet, &Update::default());
        drop(page);
        hub.publish(&Topic::Fleet, &Update::default());
        let mut page = hub.page();
        let Joined::Resumed { missed, .. } = page.join(&Topic::Fleet, Some(start + 1)) else {
            panic!("no snapshot needed")
        };
        assert_eq!(missed, [Utf8Bytes::from(format!("fleet {}", start + 2))]);
    }

    #[tokio::test]
    async fn a_revision_from_another_life_or_forgotten_updates_mean_a_snapshot() {
        let hub = hub();
        let mut page = hub.page();
        let start = revision(&page.join(&Topic::Fleet, Some(7)));
        assert_eq!(page.join(&Topic::Fleet, Some(start + 1)), Joined::Fresh { revision: start });
        for _ in 0..=RING_UPDATES {
            hub.publish(&Topic::Fleet, &Update::default());
        }
        assert!(matches!(page.join(&Topic::Fleet, Some(start)), Joined::Fresh { .. }));
        assert!(matches!(page.join(&Topic::Fleet, Some(start + 1)), Joined::Resumed { .. }));
    }

    #[tokio::test]
    async fn a_full_page_is_cut_off_and_others_go_on() {
        let hub = hub();
        let (mut slow, mut quick) = (hub.page(), hub.page());
        slow.join(&Topic::Fleet, None);
        quick.join(&Topic::Fleet, None);
        for _ in 0..=PAGE_QUEUE {
            hub.publish(&Topic::Fleet, &Update::default());
            quick.next().await.unwrap();
        }
        for _ in 0..PAGE_QUEUE {
            assert!(slow.take_lost().is_empty(), "what waits comes first");
            slow.next().await.unwrap();
        }
        assert_eq!(slow.take_lost().len(), 1);
        assert_eq!(slow.following(), 0);
        assert!(quick.take_lost().is_empty());
        assert_eq!(hub.counts().1, 1);
    }

    #[tokio::test]
    async fn a_page_is_cut_off_by_the_bytes_that_wait_for_it_too() {
        let hub = Hub::new(|_, _, _| "x".repeat(PAGE_QUEUE_BYTES / 4 * 3));
        let mut page = hub.page();
        for _ in 0..2 {
            page.join(&Topic::Fleet, None);
            hub.publish(&Topic::Fleet, &Update::default());
            hub.publish(&Topic::Fleet, &Update::default());
            assert_eq!(page.next().await.unwrap().len(), PAGE_QUEUE_BYTES / 4 * 3);
            assert_eq!(page.take_lost().len(), 1, "the second was too much");
        }
        let hub = Hub::new(|_, _, _| "x".repeat(PAGE_QUEUE_BYTES + 1));
        let mut page = hub.page();
        page.join(&Topic::Fleet, None);
        hub.publish(&Topic::Fleet, &Update::default());
        assert!(page.next().await.is_some() && page.take_lost().is_empty(), "one alone may be larger");
    }

    #[tokio::test]
    async fn topics_that_do_not_exist_leave_no_trace() {
        let hub = hub();
        let mut page = hub.page();
        page.join(&Topic::Fleet, None);
        page.leave_for_good(&Topic::Fleet);
        assert!(!hub.is_followed(&Topic::Fleet));
    }

    #[tokio::test]
    async fn nothing_is_kept_for_topics_that_nobody_follows() {
        let hub = hub();
        hub.publish(&Topic::Fleet, &Update::default());
        assert!(!hub.is_followed(&Topic::Fleet));
    }
}
