//! A person opens a very long session.

use std::time::{Duration, Instant};

use anyhow::Context as _;

use super::table::{Table, mb, median, ms};
use crate::corpus;
use crate::dice::Dice;
use crate::house::{House, until};

/// Name of the host.
const HOST: &str = "reading";

/// Size of the session.
const BYTES: u64 = 50_000_000;

/// Looks whose median counts.
const LOOKS: usize = 25;

/// Measures the first screen, and jumps to random lines.
pub async fn measure(house: &mut House, table: &mut Table) -> anyhow::Result<()> {
    let root = house.root(HOST);
    let session = tokio::task::spawn_blocking(move || corpus::write_one(&root, BYTES, 3)).await??;
    house.add_host(HOST).await?;
    house.caught_up(HOST).await?;
    let id = format!("claude-{session}");
    let lines = all_derived(house, &id).await?;
    let mut dice = Dice::new(4);
    let first = looks(house, || format!("/sessions/{id}/entries?class=conversation&limit=100")).await?;
    table.row("open a 50 MB session: first screen", "≤ 10 ms, ≤ 300 KB", said(&first));
    let last = looks(house, || format!("/sessions/{id}/entries?class=conversation&limit=100&before={lines}")).await?;
    table.row("its latest screen", "≤ 10 ms, ≤ 300 KB", said(&last));
    let jump = looks(house, || {
        format!("/sessions/{id}/entries?class=conversation&limit=100&around={}", dice.between(0, lines))
    })
    .await?;
    table.row("jump anywhere in it", "≤ 20 ms", said(&jump));
    Ok(())
}

/// Waits until all lines are derived; says how many there are.
async fn all_derived(house: &House, id: &str) -> anyhow::Result<u64> {
    until("the long session is listed whole", || async {
        let session = house.api.get(&format!("/sessions/{id}")).await?;
        let total = session["entries"]["total"].as_u64().unwrap_or(0);
        let archived = session["transcripts"][0]["lines"].as_u64().unwrap_or(0);
        if archived > 0 && total == archived { Ok(total) } else { Err(format!("{total} of {archived} lines")) }
    })
    .await
}

/// How long an answer took and how large it was, the median of many.
async fn looks(house: &House, mut path: impl FnMut() -> String) -> anyhow::Result<(Duration, u64)> {
    let (mut times, mut largest) = (Vec::new(), 0);
    for _ in 0..LOOKS {
        let path = format!("/api/v1{}", path());
        let start = Instant::now();
        let reply = house.api.request("GET", &path, &[], None).await.map_err(anyhow::Error::msg)?;
        times.push(start.elapsed());
        anyhow::ensure!(reply.status == 200, "{path}: {}", reply.text());
        let items = reply.json();
        items["items"].as_array().filter(|items| !items.is_empty()).with_context(|| format!("{path} has no items"))?;
        largest = largest.max(reply.body.len() as u64);
    }
    Ok((median(times), largest))
}

fn said((time, bytes): &(Duration, u64)) -> String {
    format!("{}, {}", ms(*time), mb(*bytes))
}
