//! A host with a past joins: how fast everything is archived, at what cost, and when one can begin to read.

use std::time::{Duration, Instant};

use anyhow::Context as _;
use serde_json::Value;

use super::table::{Table, mb, median, mega, ms};
use crate::compare;
use crate::corpus;
use crate::house::{House, folder_bytes, until};
use crate::truth::Truth;

/// Name of the host.
pub const HOST: &str = "backfill";

/// What the corpus is made of.
pub(super) const SEED: u64 = 1;

/// Restarts whose median counts.
const RESTARTS: usize = 5;

/// Writes a corpus of `bytes`, lets the host join and measures until everything is archived, derived and searchable; then
/// compares what is reported with the truth of the corpus, which it returns.
pub async fn measure(house: &mut House, bytes: u64, table: &mut Table) -> anyhow::Result<Truth> {
    let root = house.root(HOST);
    let began = Instant::now();
    let corpus = tokio::task::spawn_blocking(move || corpus::write(&root, bytes, SEED)).await??;
    eprintln!(
        "  corpus: {} in {} sessions, made in {}",
        mb(corpus.bytes),
        corpus.truth.sessions.len(),
        ms(began.elapsed())
    );
    house.join_host(HOST).await?;
    let (_, before) = house.usage(HOST);
    let start = Instant::now();
    house.run_agent(HOST)?;
    let readable = first_readable(house).await.map(|()| start.elapsed())?;
    let archived = until("all is archived", || async {
        let host = house.api.host(HOST).await?;
        let bytes = host["bytes"].as_u64().unwrap_or(0);
        if bytes >= corpus.bytes { Ok(start.elapsed()) } else { Err(format!("{bytes} bytes are")) }
    })
    .await?;
    let derived = all_derived(house, corpus.truth.sessions.len(), start).await?;
    let searchable = all_searchable(house, start).await?;
    let (agent, aggregator) = house.usage(HOST);
    let cpu = agent.cpu + aggregator.cpu.saturating_sub(before.cpu);
    let per_gb = cpu.as_secs_f64() * 1000.0 / mega(corpus.bytes);
    let speed = mega(corpus.bytes) / searchable.as_secs_f64();
    table.row(
        &format!("backfill of {}, durable and searchable", mb(corpus.bytes)),
        "≥ 90 MB/s",
        format!(
            "{speed:.0} MB/s ({} until archived, {} derived, {} searchable)",
            ms(archived),
            ms(derived),
            ms(searchable)
        ),
    );
    table.row("its CPU time, agent and aggregator", "≤ 18 CPU-s per GB", format!("{per_gb:.1} CPU-s per GB"));
    table.row(
        "its peak memory, agent / aggregator",
        "≤ 40 MB / ≤ 240 MB",
        format!("{} / {}", mb(agent.peak_rss_bytes), mb(aggregator.peak_rss_bytes)),
    );
    table.row("first session listed and readable during it", "≤ 3 s", ms(readable));
    let equal = |result: Result<(), String>| result.map_or_else(|wrong| wrong, |()| "equal".to_owned());
    let numbers = equal(compare::numbers(&house.api, &corpus.truth).await);
    table.row("messages, tool calls, subagent links and tokens against the truth", "equal", numbers);
    let phrases = equal(compare::phrases(&house.api, &corpus.truth).await);
    let planted =
        format!("{} planted phrases in prompts, replies, thinking, tools, subagents", corpus.truth.needles.len());
    table.row(&format!("{planted} against the truth, no decoy"), "equal", phrases);
    restarts(house, table).await?;
    Ok(corpus.truth)
}

async fn first_readable(house: &House) -> anyhow::Result<()> {
    until("a session can be read", || async {
        let sessions = house.api.get("/sessions?limit=1").await?;
        let id = sessions["items"][0]["id"].as_str().ok_or("no session is listed")?.to_owned();
        let entries = house.api.get(&format!("/sessions/{id}/entries?limit=20&class=conversation")).await?;
        let any = entries["items"].as_array().is_some_and(|entries| !entries.is_empty());
        if any { Ok(()) } else { Err("it has no entries".to_owned()) }
    })
    .await
}

/// Waits until every session is listed with all lines of its main transcripts.
async fn all_derived(house: &House, sessions: usize, start: Instant) -> anyhow::Result<Duration> {
    until("all sessions are derived", || async {
        let listed = house.api.list("/sessions").await?;
        let seen = start.elapsed();
        if listed.len() < sessions {
            return Err(format!("{} of {sessions} are listed", listed.len()));
        }
        let derived: u64 = listed.iter().filter_map(|session| session["entries"]["total"].as_u64()).sum();
        let transcripts = house.api.list("/transcripts").await?;
        let main = transcripts.iter().filter(|transcript| transcript["kind"] == "main");
        let archived: u64 = main.filter_map(|transcript| transcript["lines"].as_u64()).sum();
        if derived == archived { Ok(seen) } else { Err(format!("{derived} of {archived} lines are")) }
    })
    .await
}

/// Waits until no part of the archive waits to be indexed.
pub(super) async fn all_searchable(house: &House, start: Instant) -> anyhow::Result<Duration> {
    until("everything is searchable", || async {
        let page = house.api.get("/search?q=the&limit=1").await?;
        if page["partial"].is_null() { Ok(start.elapsed()) } else { Err(page["partial"].to_string()) }
    })
    .await
}

async fn restarts(house: &mut House, table: &mut Table) -> anyhow::Result<()> {
    house.stop_agent(HOST).await?;
    house.stop_aggregator().await?;
    let ratio = mega(folder_bytes(&house.data())) / mega(folder_bytes(&house.root(HOST)));
    table.row("store: byte-exact archive and index", "≤ 0.40 × corpus", format!("{ratio:.2} × corpus"));
    let mut times = Vec::new();
    for _ in 0..RESTARTS {
        let start = Instant::now();
        house.start_aggregator().await?;
        let list: Value = house.api.get("/sessions?limit=100").await.map_err(anyhow::Error::msg)?;
        list["items"].as_array().filter(|items| !items.is_empty()).context("the list is empty")?;
        times.push(start.elapsed());
        house.stop_aggregator().await?;
    }
    house.start_aggregator().await?;
    table.row("restart until the list is answered", "≤ 0.25 s", ms(median(times)));
    Ok(())
}
