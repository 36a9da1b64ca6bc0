//! Load: simulated hosts that speak the real protocol, and many open pages.

mod coders;
pub mod hosts;
pub mod limits;
pub mod line;
pub mod pages;
pub mod stamp;

use std::time::{Duration, Instant};

use anyhow::Context as _;

use crate::api::Api;
use crate::process::{Usage, usage_of};
use hosts::{Rate, Sent};
use pages::Pages;
use stamp::{Clock, Samples};

/// How long lines that were sent may take to reach the pages.
const ARRIVAL: Duration = Duration::from_secs(20);

/// What to load an aggregator with.
#[derive(Debug, Clone)]
pub struct Plan {
    /// Simulated hosts.
    pub hosts: usize,
    /// Sessions of all hosts together; each host has one at least.
    pub living: usize,
    /// Open pages; they follow the first sessions in turn.
    pub pages: usize,
    /// Sessions that pages follow; 0 for as many as there are pages.
    pub followed: usize,
    /// What the hosts send.
    pub rate: Rate,
    /// For how long.
    pub lasting: Duration,
    /// One more page subscribes and never reads.
    pub stalled: bool,
    /// All links are broken afterwards and opened again at once.
    pub storm: bool,
    /// What the hosts are called.
    pub name: String,
}

/// What was measured.
#[derive(Debug)]
pub struct Report {
    /// What the hosts sent.
    pub sent: Sent,
    /// From sending a line to its arrival at a page.
    pub seen: Samples,
    /// Lines times pages that should have arrived.
    pub expected: usize,
    /// Until all links stood.
    pub linked_in: Duration,
    /// Until all links stood again after the storm.
    pub storm: Option<Duration>,
    /// What the aggregator used in the meantime, when its process is known.
    pub used: Option<Usage>,
    /// Memory that each link took, bytes, when its process is known.
    pub per_link_bytes: Option<u64>,
}

/// Loads the aggregator behind `api`. `process` is its id, when it runs on this machine.
pub async fn run(api: &Api, plan: &Plan, process: Option<u32>) -> anyhow::Result<Report> {
    let clock = Clock::start();
    let joined = hosts::join(api, &plan.name, plan.hosts, plan.living).await?;
    let calm = rested(process).await;
    let linked = hosts::link(api.address(), &joined).await?;
    let linked_in = linked.took;
    let senders = linked.begin(clock).await?;
    let per_link_bytes = calm
        .zip(rested(process).await)
        .map(|(calm, linked)| linked.saturating_sub(calm) / u64::try_from(plan.hosts.max(1)).unwrap_or(u64::MAX));
    let topics = topics(plan, &senders);
    let mut pages = Pages::open(api, clock, &topics).await?;
    if plan.stalled {
        pages.open_stalled(api, topics.first().context("a stalled page needs a followed session")?).await?;
    }
    pages.take();
    let before = process.map(usage_of);
    let (senders, sent) = hosts::send(senders, plan.rate, plan.lasting).await;
    let expected = expected(plan, sent.lines, &topics);
    arrived(&pages, expected).await;
    let used = before
        .zip(process.map(usage_of))
        .map(|(before, after)| Usage { cpu: after.cpu.saturating_sub(before.cpu), ..after });
    let seen = pages.take();
    drop((senders, pages));
    let storm = if plan.storm { Some(hosts::link(api.address(), &joined).await?.took) } else { None };
    Ok(Report { sent, seen, expected, linked_in, storm, used, per_link_bytes })
}

/// Memory of a process when it has given back what it will, bytes: no less for two seconds.
async fn rested(process: Option<u32>) -> Option<u64> {
    let process = process?;
    let mut least = usage_of(process).rss_bytes;
    let mut looked = Instant::now();
    while looked.elapsed() < Duration::from_secs(2) {
        tokio::time::sleep(Duration::from_millis(100)).await;
        let now = usage_of(process).rss_bytes;
        if now < least {
            (least, looked) = (now, Instant::now());
        }
    }
    Some(least)
}

fn topics(plan: &Plan, senders: &[hosts::Sender]) -> Vec<String> {
    let followed = if plan.followed == 0 { plan.pages } else { plan.followed };
    let sessions: Vec<String> = senders.iter().flat_map(hosts::Sender::session_ids).take(followed).collect();
    sessions.iter().cycle().take(plan.pages).map(|session| format!("session:{session}")).collect()
}

/// Lines that arrive at pages, all sessions sending equally much.
fn expected(plan: &Plan, lines: u64, topics: &[String]) -> usize {
    usize::try_from(lines).unwrap_or(usize::MAX) / plan.living.max(plan.hosts).max(1) * topics.len()
}

async fn arrived(pages: &Pages, expected: usize) {
    let start = Instant::now();
    while pages.seen() < expected && start.elapsed() < ARRIVAL {
        tokio::time::sleep(Duration::from_millis(20)).await;
    }
}

impl Report {
    /// Lines per second that were sent.
    pub fn lines_per_second(&self) -> f64 {
        let lines = u32::try_from(self.sent.lines).unwrap_or(u32::MAX);
        f64::from(lines) / self.sent.lasted.as_secs_f64().max(f64::EPSILON)
    }

    /// All figures, for a person.
    pub fn summary(&self) -> String {
        let mut lines = vec![
            format!("sent      {} lines, {:.0} per second", self.sent.lines, self.lines_per_second()),
            format!("to pages  {}, {} expected", self.seen.summary(), self.expected),
            format!("to acks   {}", self.sent.acks.summary()),
            format!("linked    in {:.1} s, {} links broke", self.linked_in.as_secs_f64(), self.sent.broken),
        ];
        lines.extend(
            self.storm.map(|took| format!("storm     all links stood again after {:.1} s", took.as_secs_f64())),
        );
        lines.extend(self.used.map(|used| {
            format!("used      {:.1} CPU-s, {} MB at most", used.cpu.as_secs_f64(), used.peak_rss_bytes / 1_000_000)
        }));
        lines.extend(self.per_link_bytes.map(|bytes| format!("per link  {} KB", bytes / 1000)));
        lines.join("\n")
    }
}
