//! The figures of the README: everything measured on this machine, against real processes and a corpus made here.

pub mod backfill;
pub mod fleet;
pub mod idle;
pub mod live;
pub mod reading;
pub mod search;
pub mod states;
pub mod table;

use std::path::Path;

use anyhow::Context as _;

use crate::house::{House, free_address};
use crate::truth::Truth;
use table::Table;

/// What to measure.
#[derive(Debug, Clone)]
pub struct Options {
    /// Size of the corpus, bytes.
    pub bytes: u64,
    /// Names of the measures to take; all unless told.
    pub only: Vec<String>,
}

/// Names of the measures.
pub const MEASURES: [&str; 7] = ["backfill", "search", "idle", "live", "reading", "fleet", "states"];

/// Those that need an aggregator of their own.
const ALONE: [&str; 2] = ["fleet", "states"];

/// Takes the measures and returns the table. A measure that fails is a row that says why.
pub async fn run(options: &Options) -> anyhow::Result<String> {
    crate::load::limits::raise_file_limit();
    let machine = table::machine();
    let folder = tempfile::Builder::new().prefix("muster-bench-").tempdir().context("cannot make a folder")?;
    let mut table = Table::default();
    if MEASURES.iter().any(|measure| !ALONE.contains(measure) && wanted(options, measure)) {
        one_archive(options, folder.path(), &mut table).await?;
    }
    if wanted(options, "fleet") {
        eprintln!("fleet");
        if let Err(error) = fleet::measure(&folder.path().join("fleet"), &mut table).await {
            table.failed("fleet", &error);
        }
    }
    if wanted(options, "states") {
        eprintln!("states");
        if let Err(error) = states::measure(&folder.path().join("states"), &mut table).await {
            table.failed("states", &error);
        }
    }
    Ok(format!("{table}\n{machine} at the start; now {}\n", table::machine().rsplit(", ").next().unwrap_or_default()))
}

/// The measures that share one aggregator, so that later ones find a filled archive.
async fn one_archive(options: &Options, folder: &Path, table: &mut Table) -> anyhow::Result<()> {
    let mut house = House::start(&folder.join("house"), &free_address()?).await?;
    let mut truth = Truth::default();
    for measure in MEASURES.into_iter().filter(|measure| !ALONE.contains(measure) && wanted(options, measure)) {
        eprintln!("{measure}");
        let done = match measure {
            "backfill" => backfill::measure(&mut house, options.bytes, table).await.map(|found| truth = found),
            "search" => search::measure(&mut house, &truth, table).await,
            "idle" => idle::measure(&mut house, table).await,
            "live" => live::measure(&mut house, table).await,
            "reading" => reading::measure(&mut house, table).await,
            _ => Ok(()),
        };
        if let Err(error) = done {
            table.failed(measure, &error);
        }
    }
    house.stop().await
}

fn wanted(options: &Options, measure: &str) -> bool {
    options.only.is_empty() || options.only.iter().any(|only| only == measure)
}
