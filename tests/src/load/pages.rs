//! Many open pages, each following one topic, that note how old every line is when it arrives.

use std::sync::{Arc, Mutex, PoisonError};
use std::time::{Duration, Instant};

use anyhow::Context as _;
use tokio::task::JoinSet;

use super::stamp::{Clock, Samples};
use crate::api::Api;
use crate::socket::Page;

/// Pages that are opened at the same time.
const OPENED_AT_ONCE: usize = 32;

/// How long a session may take to exist.
const DERIVED_WITHIN: Duration = Duration::from_secs(30);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(50);

/// Open pages. Dropping them closes all.
pub struct Pages {
    seen: Arc<Mutex<Samples>>,
    readers: JoinSet<()>,
    // Subscribed, never read from.
    stalled: Vec<Page>,
}

impl Pages {
    /// Opens one page per topic. Each has got its snapshot when this returns.
    pub async fn open(api: &Api, clock: Clock, topics: &[String]) -> anyhow::Result<Self> {
        let mut pages = Self { seen: Arc::default(), readers: JoinSet::new(), stalled: Vec::new() };
        for some in topics.chunks(OPENED_AT_ONCE) {
            let opened = some.iter().map(|topic| subscribed(api, topic));
            for page in futures_util::future::try_join_all(opened).await? {
                pages.read(page, clock);
            }
        }
        Ok(pages)
    }

    /// Opens a page that follows `topic` and never reads what it is sent.
    pub async fn open_stalled(&mut self, api: &Api, topic: &str) -> anyhow::Result<()> {
        self.stalled.push(subscribed(api, topic).await?);
        Ok(())
    }

    fn read(&mut self, mut page: Page, clock: Clock) {
        let seen = Arc::clone(&self.seen);
        self.readers.spawn(async move {
            while let Ok(text) = page.next_text().await {
                let ages = clock.ages(&text);
                seen.lock().unwrap_or_else(PoisonError::into_inner).extend(ages);
            }
        });
    }

    /// What was seen since the last call.
    pub fn take(&self) -> Samples {
        std::mem::take(&mut *self.seen.lock().unwrap_or_else(PoisonError::into_inner))
    }

    /// How many lines were seen since the last [`Pages::take`].
    pub fn seen(&self) -> usize {
        self.seen.lock().unwrap_or_else(PoisonError::into_inner).count()
    }

    /// Pages that are still connected.
    pub fn open_count(&mut self) -> usize {
        while self.readers.try_join_next().is_some() {}
        self.readers.len()
    }
}

async fn subscribed(api: &Api, topic: &str) -> anyhow::Result<Page> {
    let mut page = Page::open(api).await.map_err(anyhow::Error::msg).context("a page cannot be opened")?;
    let start = Instant::now();
    loop {
        page.subscribe(topic, None).await.map_err(anyhow::Error::msg)?;
        let first = page.next().await.map_err(anyhow::Error::msg)?;
        if first["error"].is_null() {
            return Ok(page);
        }
        // A session exists once its first lines are derived, a moment after they are archived.
        anyhow::ensure!(start.elapsed() < DERIVED_WITHIN, "{topic} cannot be followed: {}", first["error"]);
        tokio::time::sleep(PAUSE).await;
    }
}
