//! `make bench`: takes the figures of the README and prints them as a Markdown table.

use clap::Parser;
use muster_tests::bench::{MEASURES, Options, run};

/// Measures agent and aggregator on this machine; leave it alone until the table appears.
#[derive(Debug, Parser)]
struct Args {
    /// Size of the corpus for the backfill, for example 300M or 1G
    #[arg(long, default_value = "1G", value_parser = size)]
    size: u64,
    /// Take only these measures
    #[arg(long, value_delimiter = ',', value_parser = MEASURES)]
    only: Vec<String>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    print!("{}", run(&Options { bytes: args.size, only: args.only }).await?);
    Ok(())
}

/// `300M` or `1G`, in powers of ten.
fn size(text: &str) -> Result<u64, String> {
    let (number, unit) = match text.strip_suffix(['M', 'm']) {
        Some(number) => (number, 1_000_000),
        None => (text.strip_suffix(['G', 'g']).ok_or("write a number and M or G, for example 300M")?, 1_000_000_000),
    };
    let number: u64 = number.parse().map_err(|_| format!("{number:?} is not a whole number"))?;
    number.checked_mul(unit).ok_or_else(|| "that is too large".to_owned())
}
