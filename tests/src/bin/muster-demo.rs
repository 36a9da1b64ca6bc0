//! `make demo`: eight simulated hosts with live sessions on this machine.

use std::path::PathBuf;
use std::time::Duration;

use clap::Parser;
use muster_tests::demo::{Options, run};

/// Eight simulated hosts with about forty sessions, a dozen of them going on, against a real aggregator.
#[derive(Debug, Parser)]
struct Args {
    /// Address and port of the aggregator
    #[arg(long, default_value = "127.0.0.1:4600", value_name = "ADDR:PORT")]
    listen: String,
    /// Folder for everything [default: a temporary one, removed at the end]
    #[arg(long, value_name = "DIR")]
    dir: Option<PathBuf>,
    /// End after this many seconds
    #[arg(long, value_name = "N")]
    seconds: Option<u64>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    run(Options { listen: args.listen, folder: args.dir, lasting: args.seconds.map(Duration::from_secs) }).await
}
