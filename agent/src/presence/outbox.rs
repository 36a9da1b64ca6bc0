//! What the link has to say of living coders: kept as the latest of each thing, and taken only when the stream has room,
//! so that it never waits behind transcripts and never grows.

use std::collections::{BTreeMap, BTreeSet, VecDeque};
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::task::{Context, Poll, Waker};

use muster_proto::fleet::{Coder, Coders, HookEvent, Stopped, Up, up};
use tokio_stream::Stream;
use tokio_stream::wrappers::ReceiverStream;

use super::memory::Memory;
use crate::platform::clock;

/// Coders in one message that tells of changes: some 30 KB, so that it delays nothing.
const PART: usize = 64;

/// Processes that ended since the last message. When there are more, the whole list is sent instead.
const ENDED: usize = 1024;

/// Hook events that wait for the stream. When there are more, they are dropped, and the latest of each kind is told again.
const EVENTS: usize = 1024;

/// Reports that wait for the stream; the oldest is dropped when there are more. As many orders are never under way.
const REPORTS: usize = 64;

#[derive(Default)]
struct Inner {
    /// The link that takes presence; none while there is no link, or its aggregator is too old.
    link: Option<u64>,
    links: u64,
    waker: Option<Waker>,
    coders: BTreeMap<String, Coder>,
    whole: bool,
    /// The whole list is the first that the link hears.
    fresh: bool,
    changed: BTreeSet<String>,
    ended: BTreeSet<String>,
    /// Those that ended lately; `true`: it was killed.
    departed: BTreeMap<String, bool>,
    /// The same as they were last told of: an aggregator that was away hears of their ends too.
    lately: BTreeMap<String, Coder>,
    reports: VecDeque<Stopped>,
    events: VecDeque<HookEvent>,
    again: VecDeque<HookEvent>,
    memory: Memory,
}

/// Between those who know of living coders and the link.
#[derive(Clone, Default)]
pub struct Outbox(Arc<Mutex<Inner>>);

impl Outbox {
    /// Sets the living coders, and those that ended lately (`true`: was killed); what changed is told.
    pub(super) fn coders(&self, coders: BTreeMap<String, Coder>, departed: BTreeMap<String, bool>) {
        self.tell(|inner| {
            inner.departed = departed;
            inner.replace(coders);
        });
    }

    /// The living coders as they were last set.
    pub fn living(&self) -> Vec<Coder> {
        self.lock().coders.values().cloned().collect()
    }

    /// The living coder with this key.
    pub(super) fn coder(&self, key: &str) -> Option<Coder> {
        self.lock().coders.get(key).cloned()
    }

    /// The whole list is told again.
    pub(super) fn whole(&self) {
        self.tell(|inner| inner.whole = true);
    }

    /// Something that a coder's hook told just now.
    pub(super) fn hook(&self, event: HookEvent) {
        self.tell(|inner| inner.hook(event));
    }

    /// What became of an order.
    pub(super) fn report(&self, report: Stopped) {
        self.tell(|inner| {
            if inner.reports.len() >= REPORTS {
                inner.reports.pop_front();
            }
            inner.reports.push_back(report);
        });
    }

    /// What a new link says: messages of this outbox go before those of `ups`, once [`Outbound::opens`] was called.
    pub(crate) fn before(&self, ups: ReceiverStream<Up>) -> (Outbound, Opener) {
        let mut inner = self.lock();
        inner.links += 1;
        let opener = Opener { outbox: self.clone(), link: inner.links };
        (Outbound { outbox: self.clone(), link: inner.links, ups }, opener)
    }

    fn tell(&self, change: impl FnOnce(&mut Inner)) {
        let mut inner = self.lock();
        change(&mut inner);
        let waker = inner.waker.take();
        drop(inner);
        if let Some(waker) = waker {
            waker.wake();
        }
    }

    fn lock(&self) -> MutexGuard<'_, Inner> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }
}

impl Inner {
    fn replace(&mut self, coders: BTreeMap<String, Coder>) {
        for (key, coder) in self.coders.iter().filter(|(key, _)| !coders.contains_key(*key)) {
            self.ended.insert(key.clone());
            self.lately.insert(key.clone(), coder.clone());
        }
        self.lately.retain(|key, _| self.departed.contains_key(key) && !coders.contains_key(key));
        for (key, coder) in &coders {
            if self.coders.get(key) != Some(coder) {
                self.changed.insert(key.clone());
            }
        }
        self.coders = coders;
        if self.ended.len() > ENDED {
            self.whole = true;
        }
    }

    fn hook(&mut self, event: HookEvent) {
        self.memory.remember(event.clone());
        if self.link.is_none() {
            return;
        }
        self.events.push_back(event);
        if self.events.len() > EVENTS {
            self.events.clear();
            self.again = self.memory.again();
        }
    }

    fn open(&mut self, link: u64) {
        self.link = Some(link);
        self.whole = true;
        self.fresh = true;
        self.reports.clear();
        self.events.clear();
        self.again = self.memory.again();
    }

    /// The next message: the whole list before its changes, orders answered before anything that happens often.
    fn next(&mut self) -> Option<up::Kind> {
        if self.whole {
            return Some(up::Kind::Coders(self.list()));
        }
        if let Some(report) = self.reports.pop_front() {
            return Some(up::Kind::Stopped(report));
        }
        if !self.changed.is_empty() || !self.ended.is_empty() {
            return Some(up::Kind::Coders(self.part()));
        }
        self.again.pop_front().or_else(|| self.events.pop_front()).map(up::Kind::Hook)
    }

    fn list(&mut self) -> Coders {
        self.whole = false;
        self.changed.clear();
        self.ended.clear();
        let mut coders: Vec<Coder> = self.coders.values().cloned().collect();
        if std::mem::take(&mut self.fresh) {
            // Who has never heard of them must hear that they lived before it hears that they ended.
            coders.extend(self.lately.values().cloned());
            self.ended.extend(self.lately.keys().cloned());
        }
        let killed = self.departed.iter().filter(|(_, killed)| **killed).map(|(key, _)| key.clone()).collect();
        Coders { whole: true, coders, ended: Vec::new(), killed, clock_ms: clock::now_ms() }
    }

    fn part(&mut self) -> Coders {
        let mut coders = Vec::new();
        while coders.len() < PART
            && let Some(key) = self.changed.pop_first()
        {
            coders.extend(self.coders.get(&key).cloned());
        }
        let ended = std::mem::take(&mut self.ended);
        // Ended and begun again between two messages: it lives.
        let ended: Vec<String> = ended.into_iter().filter(|key| !self.coders.contains_key(key)).collect();
        let killed = ended.iter().filter(|key| self.departed.get(*key) == Some(&true)).cloned().collect();
        Coders { whole: false, coders, ended, killed, clock_ms: clock::now_ms() }
    }
}

/// Lets a link say what the outbox has, once the aggregator was found to understand it.
pub(crate) struct Opener {
    outbox: Outbox,
    link: u64,
}

impl Opener {
    /// From now on it is said; the whole list comes first.
    pub(crate) fn open(&self) {
        self.outbox.tell(|inner| inner.open(self.link));
    }
}

impl Drop for Opener {
    fn drop(&mut self) {
        let mut inner = self.outbox.lock();
        if inner.link == Some(self.link) {
            inner.link = None;
        }
    }
}

/// What a link says.
pub(crate) struct Outbound {
    outbox: Outbox,
    link: u64,
    ups: ReceiverStream<Up>,
}

impl Stream for Outbound {
    type Item = Up;

    fn poll_next(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Option<Up>> {
        let mut inner = self.outbox.lock();
        if inner.link == Some(self.link)
            && let Some(kind) = inner.next()
        {
            return Poll::Ready(Some(Up { kind: Some(kind) }));
        }
        // An older link's stream is never polled again once a newer one stands, so one waker is enough.
        inner.waker = Some(context.waker().clone());
        drop(inner);
        Pin::new(&mut self.ups).poll_next(context)
    }
}

#[cfg(test)]
mod tests {
    use muster_proto::fleet::Frame;
    use tokio::sync::mpsc;
    use tokio_stream::StreamExt as _;

    use super::*;

    fn coder(key: &str, cwd: &str) -> (String, Coder) {
        (key.to_owned(), Coder { key: key.into(), cwd: cwd.into(), ..Coder::default() })
    }

    fn hook(number: usize) -> HookEvent {
        HookEvent {
            session: "s".into(),
            event: format!("E{}", number % 3),
            at_ms: i64::try_from(number).unwrap(),
            ..HookEvent::default()
        }
    }

    /// What the link says next, in words.
    async fn said(outbound: &mut Outbound) -> String {
        match outbound.next().await.unwrap().kind.unwrap() {
            up::Kind::Coders(told) => {
                let keys: Vec<&str> = told.coders.iter().map(|coder| coder.key.as_str()).collect();
                let (what, killed) = (if told.whole { "whole" } else { "part" }, " killed".repeat(told.killed.len()));
                format!("{what} {} -{}{killed}", keys.join(","), told.ended.join(","))
            }
            up::Kind::Hook(event) => format!("{}hook {}", if event.again { "again " } else { "" }, event.at_ms),
            up::Kind::Stopped(report) => format!("report {}", report.request_id),
            up::Kind::Frame(_) => "frame".into(),
            other => panic!("{other:?}"),
        }
    }

    fn frames() -> ReceiverStream<Up> {
        let (ups, stream) = mpsc::channel(2);
        for _ in 0..2 {
            ups.try_send(Up { kind: Some(up::Kind::Frame(Frame::default())) }).unwrap();
        }
        ReceiverStream::new(stream)
    }

    #[tokio::test]
    async fn coders_go_before_transcripts_and_the_whole_list_before_all() {
        let outbox = Outbox::default();
        outbox.coders([coder("1", "/a"), coder("2", "/b"), coder("9", "/")].into(), BTreeMap::new());
        outbox.coders([coder("1", "/a"), coder("2", "/b")].into(), [("9".to_owned(), true)].into());
        outbox.hook(hook(1));
        let (mut outbound, opener) = outbox.before(frames());
        assert_eq!(said(&mut outbound).await, "frame", "nothing is said before the link takes it");
        opener.open();
        outbox.hook(hook(2));
        outbox.report(Stopped { request_id: 9, ..Stopped::default() });
        assert_eq!(said(&mut outbound).await, "whole 1,2,9 - killed", "who ended lately is told of");
        assert_eq!(said(&mut outbound).await, "report 9");
        assert_eq!(said(&mut outbound).await, "part  -9 killed");
        let departed = || [("0".to_owned(), true), ("1".to_owned(), true)].into();
        outbox.coders([coder("2", "/c"), coder("3", "/d")].into(), departed());
        outbox.coders([coder("2", "/e"), coder("3", "/d")].into(), departed());
        for wanted in ["part 2,3 -1 killed", "again hook 1", "hook 2", "frame"] {
            assert_eq!(said(&mut outbound).await, wanted);
        }
        assert!(outbound.next().await.is_none(), "the stream ends with the transcripts'");
        drop(opener);
        assert!(outbox.lock().link.is_none());
    }

    #[tokio::test]
    async fn what_comes_while_the_stream_waits_wakes_it() {
        let outbox = Outbox::default();
        let (ups, stream) = mpsc::channel(2);
        let (mut outbound, opener) = outbox.before(ReceiverStream::new(stream));
        let later = async {
            tokio::task::yield_now().await;
            opener.open();
        };
        assert_eq!(tokio::join!(said(&mut outbound), later).0, "whole  -");
        drop(ups);
    }

    #[tokio::test]
    async fn an_older_link_says_no_more_once_a_newer_one_stands() {
        let outbox = Outbox::default();
        let (mut older, first) = outbox.before(frames());
        first.open();
        let (mut newer, second) = outbox.before(frames());
        second.open();
        drop(first);
        assert_eq!(said(&mut older).await, "frame");
        assert_eq!(said(&mut newer).await, "whole  -");
    }

    #[tokio::test]
    async fn too_many_hooks_shrink_to_the_latest_of_each_kind() {
        let outbox = Outbox::default();
        let (mut outbound, opener) = outbox.before(frames());
        opener.open();
        for number in 0..=EVENTS {
            outbox.hook(hook(number));
        }
        assert_eq!(said(&mut outbound).await, "whole  -");
        for at in EVENTS - 2..=EVENTS {
            assert_eq!(said(&mut outbound).await, format!("again hook {at}"));
        }
        assert_eq!(said(&mut outbound).await, "frame");
    }

    #[tokio::test]
    async fn many_ends_make_a_whole_list() {
        let outbox = Outbox::default();
        let (mut outbound, opener) = outbox.before(frames());
        opener.open();
        assert_eq!(said(&mut outbound).await, "whole  -");
        outbox.coders((0..ENDED + 2).map(|number| coder(&number.to_string(), "/")).collect(), BTreeMap::new());
        outbox.coders(BTreeMap::new(), [("7".to_owned(), true)].into());
        assert_eq!(said(&mut outbound).await, "whole  - killed");
        assert_eq!(said(&mut outbound).await, "frame");
    }
}
