//! Words are looked for in everything that was archived, and in what is being written.

use std::fs::OpenOptions;
use std::io::Write as _;
use std::path::Path;
use std::time::{Duration, Instant};

use jiff::Timestamp;

use super::table::{Table, ms, percentile};
use crate::dice::Dice;
use crate::house::{House, until};
use crate::pen::{Facts, Pen, folder_of};
use crate::prose::Prose;
use crate::truth::{Spot, Truth};

/// Name of the host.
const HOST: &str = "search";

/// Queries of each kind.
const QUERIES: usize = 200;

/// Words that count as common: the most frequent ones.
const COMMON: usize = 20;

/// Appends that are looked for.
const APPENDS: usize = 60;

/// Measures queries with their snippets over HTTP, and how soon an append is found.
pub async fn measure(house: &mut House, truth: &Truth, table: &mut Table) -> anyhow::Result<()> {
    // After a restart the index is opened beside everything else.
    super::backfill::all_searchable(house, Instant::now()).await?;
    let mut dice = Dice::new(9);
    let phrases = some(&mut dice, &planted(truth));
    anyhow::ensure!(!phrases.is_empty(), "the corpus has no planted phrase: measure `backfill` too");
    let rare = phrases.iter().filter_map(|phrase| phrase.split(' ').next()).map(str::to_owned).collect();
    let quoted = phrases.iter().map(|phrase| format!("%22{}%22", phrase.replace(' ', "%20"))).collect();
    // The corpus was written with the same vocabulary.
    let prose = Prose::new(&mut Dice::new(super::backfill::SEED));
    let frequent: Vec<String> = (0..COMMON).map(|rank| prose.word(rank).to_owned()).collect();
    let kinds: [(&str, &str, Vec<String>); 3] = [
        ("a rare word", "p50 ≤ 2 ms, p99 ≤ 23 ms", rare),
        ("a phrase", "p50 ≤ 2 ms, p99 ≤ 23 ms", quoted),
        ("a common word", "p50 ≤ 5.6 ms, p99 ≤ 23 ms", some(&mut dice, &frequent)),
    ];
    for (kind, target, queries) in kinds {
        let times = ask(house, &queries).await?;
        table.row(&format!("search for {kind}, with snippets"), target, spread(&times));
    }
    let fresh = freshness(house).await?;
    table.row("append → searchable", "p99 ≤ 1 s", spread(&fresh));
    Ok(())
}

fn planted(truth: &Truth) -> Vec<String> {
    let held = truth.needles.iter().filter(|needle| needle.spot != Spot::Record && !needle.holders.is_empty());
    held.map(|needle| needle.phrase.clone()).collect()
}

fn some(dice: &mut Dice, of: &[String]) -> Vec<String> {
    (0..QUERIES).filter_map(|_| dice.pick(of).cloned()).collect()
}

fn spread(times: &[Duration]) -> String {
    format!("p50 {}, p99 {}", ms(percentile(times, 50)), ms(percentile(times, 99)))
}

/// Asks each query once, over one connection; each must find something.
async fn ask(house: &House, queries: &[String]) -> anyhow::Result<Vec<Duration>> {
    let mut times = Vec::new();
    for query in queries {
        let path = format!("/api/v1/search?limit=20&q={query}");
        let start = Instant::now();
        let reply = house.api.request("GET", &path, &[], None).await.map_err(anyhow::Error::msg)?;
        times.push(start.elapsed());
        let found = reply.json()["items"].as_array().map_or(0, Vec::len);
        anyhow::ensure!(reply.status == 200 && found > 0, "{path}: {} with {found} hits", reply.status);
    }
    Ok(times)
}

/// How long after an append a search finds it.
async fn freshness(house: &mut House) -> anyhow::Result<Vec<Duration>> {
    house.add_host(HOST).await?;
    let mut pen = Pen::new(Facts {
        session: uuid::Uuid::new_v4().to_string(),
        cwd: "/srv/search".to_owned(),
        branch: "main".to_owned(),
        version: "2.1.329".to_owned(),
        entrypoint: "cli".to_owned(),
        model: "claude-opus-4-8".to_owned(),
    });
    let folder = house.root(HOST).join(folder_of("/srv/search"));
    std::fs::create_dir_all(&folder)?;
    let path = folder.join(format!("{}.jsonl", pen.facts().session));
    let mut times = Vec::new();
    for number in 0..APPENDS {
        let word = format!("fresh{number}x{}", uuid::Uuid::new_v4().simple());
        append(&path, &pen.text(&format!("Now {word} stands here."), true, Timestamp::now()))?;
        let start = Instant::now();
        until("an append is found", || async {
            let page = house.api.get(&format!("/search?q={word}")).await?;
            if page["total"] == 1 { Ok(()) } else { Err(format!("{} hits", page["total"])) }
        })
        .await?;
        times.push(start.elapsed());
    }
    // The first one waits for the host to be followed.
    times.remove(0);
    Ok(times)
}

fn append(path: &Path, line: &str) -> std::io::Result<()> {
    OpenOptions::new().create(true).append(true).open(path)?.write_all(line.as_bytes())
}
