//! A coder appends on a host with a real agent: how long until a page has the line.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::PathBuf;
use std::time::Duration;

use super::table::{Table, median, ms};
use crate::house::House;
use crate::load::line::Template;
use crate::load::pages::Pages;
use crate::load::stamp::Clock;

/// Name of the host.
const HOST: &str = "live";

/// Sessions that grow.
const SESSIONS: usize = 5;

/// Rounds whose median counts.
const ROUNDS: usize = 5;

/// Measures at each rate.
pub async fn measure(house: &mut House, table: &mut Table) -> anyhow::Result<()> {
    house.add_host(HOST).await?;
    let folder = house.root(HOST).join("-srv-load");
    std::fs::create_dir_all(&folder)?;
    let clock = Clock::start();
    let coders: Vec<Coder> = (0..SESSIONS).map(|_| Coder::new(&folder, clock)).collect();
    for coder in &coders {
        coder.append()?;
    }
    let topics: Vec<String> = coders.iter().map(|coder| format!("session:claude-{}", coder.session)).collect();
    let pages = Pages::open(&house.api, clock, &topics).await?;
    let rates = [(200, "p50 ≤ 1.2 ms, p99 ≤ 10 ms"), (10, "p50 ≤ 1 ms")];
    for (rate, target) in rates {
        let (mut p50, mut p99) = (Vec::new(), Vec::new());
        for _ in 0..ROUNDS {
            pages.take();
            round(&coders, rate, Duration::from_secs(5), &pages).await?;
            let seen = pages.take();
            p50.push(seen.percentile(50));
            p99.push(seen.percentile(99));
        }
        let measured = format!("p50 {}, p99 {}", ms(median(p50)), ms(median(p99)));
        table.row(&format!("append → page, {rate} lines/s over {SESSIONS} sessions"), target, measured);
    }
    Ok(())
}

/// Appends lines in turn to all sessions at this rate, and waits until the pages have all.
async fn round(coders: &[Coder], rate: u32, lasting: Duration, pages: &Pages) -> anyhow::Result<()> {
    let mut tick = tokio::time::interval(Duration::from_secs(1) / rate);
    let lines = usize::try_from(u64::from(rate) * lasting.as_secs())?;
    for coder in coders.iter().cycle().take(lines) {
        tick.tick().await;
        coder.append()?;
    }
    crate::house::until("the pages have all lines", || async {
        let seen = pages.seen();
        if seen >= lines { Ok(()) } else { Err(format!("{seen} of {lines}")) }
    })
    .await
}

struct Coder {
    path: PathBuf,
    session: String,
    template: Template,
}

impl Coder {
    fn new(folder: &std::path::Path, clock: Clock) -> Self {
        let session = uuid::Uuid::new_v4().to_string();
        let path = folder.join(format!("{session}.jsonl"));
        Self { path, template: Template::new(clock, &session), session }
    }

    /// Opens, writes one line at once, closes, as the client does.
    fn append(&self) -> std::io::Result<()> {
        let line = self.template.line();
        OpenOptions::new().create(true).append(true).open(&self.path)?.write_all(line.as_bytes())
    }
}
