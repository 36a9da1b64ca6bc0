//! Many living sessions: how soon a page knows that one needs somebody, and what watching them costs.

use std::collections::HashMap;
use std::path::Path;
use std::time::{Duration, Instant};

use muster_proto::fleet::{Coder, Coders, Registry, up};
use muster_proto::limits::PROTOCOL;
use serde_json::Value;

use super::table::{Table, mb, ms};
use crate::house::{House, free_address, until};
use crate::link::Link;
use crate::load::hosts;
use crate::load::stamp::Samples;
use crate::socket::Page;

/// Hosts.
const HOSTS: usize = 60;

/// Living sessions of all hosts together.
const SESSIONS: usize = 500;

/// Changes that are measured.
const CHANGES: usize = 2_000;

/// Between two changes of the fleet: 500 sessions that each change their state every ten seconds.
const BETWEEN: Duration = Duration::from_millis(20);

/// A living session on a host.
struct Living {
    host: usize,
    coder: Coder,
}

/// Measures on a fresh aggregator in `folder`.
pub async fn measure(folder: &Path, table: &mut Table) -> anyhow::Result<()> {
    let house = House::start(folder, &free_address()?).await?;
    let joined = hosts::join(&house.api, "states", HOSTS, HOSTS).await?;
    let mut links = Vec::with_capacity(HOSTS);
    for host in &joined {
        links.push(Link::open(house.api.address(), host.identity(), PROTOCOL).await?);
    }
    let mut living: Vec<Living> = (0..SESSIONS).map(begun).collect();
    for (number, link) in links.iter().enumerate() {
        let coders = living.iter().filter(|one| one.host == number).map(|one| one.coder.clone()).collect();
        link.send(up::Kind::Coders(Coders { whole: true, coders, clock_ms: now_ms(), ..Coders::default() })).await?;
    }
    until("all sessions are known", || async {
        let states = house.api.list("/states").await?;
        if states.len() == SESSIONS { Ok(()) } else { Err(format!("{} of {SESSIONS}", states.len())) }
    })
    .await?;
    let mut page = Page::open(&house.api).await.map_err(anyhow::Error::msg)?;
    page.subscribe("fleet", None).await.map_err(anyhow::Error::msg)?;
    page.next().await.map_err(anyhow::Error::msg)?;
    let before = (house.aggregator.usage(), Instant::now());
    let seen = changes(&links, &mut living, &mut page).await?;
    let (after, lasted) = (house.aggregator.usage(), before.1.elapsed());
    let cpu = after.cpu.saturating_sub(before.0.cpu).as_secs_f64() / lasted.as_secs_f64() * 100.0;
    table.row(
        "state of a session changes → page; 60 hosts, 500 living sessions, 50 changes/s",
        "dialog on the page within 500 ms",
        format!(
            "p50 {}, p99 {}; aggregator {cpu:.1} % CPU, {}",
            ms(seen.percentile(50)),
            ms(seen.percentile(99)),
            mb(after.rss_bytes)
        ),
    );
    drop(links);
    house.stop().await
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn begun(number: usize) -> Living {
    let coder = Coder {
        key: format!("{number}-1"),
        coder: "claude".to_owned(),
        pid: u32::try_from(number + 2).unwrap_or(2),
        started_ms: now_ms() - 60_000,
        cwd: format!("/srv/{number}"),
        session: uuid::Uuid::new_v4().to_string(),
        registry: Some(registry("busy", "")),
        ..Coder::default()
    };
    Living { host: number % HOSTS, coder }
}

fn registry(status: &str, waiting_for: &str) -> Registry {
    let (status, waiting_for) = (status.to_owned(), waiting_for.to_owned());
    Registry { status, waiting_for, since_ms: now_ms(), updated_ms: now_ms(), name: String::new() }
}

/// Sessions open and close dialogs in turn; how long until the page knows of each.
async fn changes(links: &[Link], living: &mut [Living], page: &mut Page) -> anyhow::Result<Samples> {
    let mut tick = tokio::time::interval(BETWEEN);
    let mut waiting: HashMap<String, (&str, Instant)> = HashMap::new();
    let (mut seen, mut sent) = (Vec::with_capacity(CHANGES), 0_usize);
    while seen.len() < CHANGES {
        tokio::select! {
            _ = tick.tick(), if sent < CHANGES => {
                let one = &mut living[sent % SESSIONS];
                let asks = (sent / SESSIONS).is_multiple_of(2);
                let (now, turn) = if asks {
                    (registry("waiting", "permission prompt"), "needs_permission")
                } else {
                    (registry("busy", ""), "working")
                };
                one.coder.registry = Some(now);
                let coders = Coders { coders: vec![one.coder.clone()], clock_ms: now_ms(), ..Coders::default() };
                waiting.insert(format!("claude-{}", one.coder.session), (turn, Instant::now()));
                links[one.host].send(up::Kind::Coders(coders)).await?;
                sent += 1;
            }
            text = tokio::time::timeout(Duration::from_secs(30), page.next_text()) => {
                let message: Value = serde_json::from_str(&text?.map_err(anyhow::Error::msg)?)?;
                for state in message["update"]["states"].as_array().into_iter().flatten() {
                    let id = state["session_id"].as_str().unwrap_or_default();
                    if waiting.get(id).is_some_and(|(turn, _)| state["turn"] == *turn) {
                        seen.extend(waiting.remove(id).map(|(_, at)| at.elapsed()));
                    }
                }
            }
        }
    }
    Ok(seen.into_iter().collect())
}
