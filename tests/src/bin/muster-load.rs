//! Loads a running aggregator with simulated hosts and pages, and prints how long lines took.

use std::net::SocketAddr;
use std::time::Duration;

use anyhow::Context as _;
use clap::Parser;
use muster_tests::api::Api;
use muster_tests::load::hosts::Rate;
use muster_tests::load::{Plan, limits, run};

/// Simulated hosts that speak the real protocol, and open pages, against a running aggregator (plain HTTP).
///
/// The hosts stay in its fleet: use a data folder that may be thrown away.
#[derive(Debug, Parser)]
struct Args {
    /// Address and port of the aggregator
    #[arg(long, default_value = "127.0.0.1:4600", value_name = "ADDR:PORT")]
    address: SocketAddr,
    /// Admin's token, for example the content of DIR/owner.token
    #[arg(long, env = "MUSTER_TOKEN", value_name = "TOKEN")]
    token: String,
    /// Simulated hosts
    #[arg(long, default_value_t = 10)]
    hosts: usize,
    /// Living sessions of all hosts together [default: one per host]
    #[arg(long, default_value_t = 0)]
    living: usize,
    /// How often per second some coder's registry says something else; 0: no living coders are told of
    #[arg(long, default_value_t = 0)]
    changes: u32,
    /// Lines per second of all hosts together
    #[arg(long, default_value_t = 100)]
    lines: u32,
    /// Lines that a host writes at once
    #[arg(long, default_value_t = 1)]
    at_once: u32,
    /// Open pages, each following one session
    #[arg(long, default_value_t = 5)]
    pages: usize,
    /// Sessions that the pages share [default: one per page]
    #[arg(long, default_value_t = 0)]
    sessions: usize,
    /// For how long
    #[arg(long, default_value_t = 10)]
    seconds: u64,
    /// One more page subscribes and never reads
    #[arg(long)]
    stalled: bool,
    /// Break all links afterwards and open them again at once
    #[arg(long)]
    storm: bool,
    /// Process id of the aggregator, to read what it uses
    #[arg(long)]
    process: Option<u32>,
}

#[tokio::main]
async fn main() -> anyhow::Result<()> {
    let args = Args::parse();
    limits::raise_file_limit();
    let api = Api::new(args.address, false, Some(args.token));
    api.healthy().await.map_err(anyhow::Error::msg).context("the aggregator does not answer")?;
    let plan = Plan {
        hosts: args.hosts,
        living: args.living,
        pages: args.pages,
        followed: args.sessions,
        rate: Rate {
            lines_per_second: args.lines,
            lines_per_frame: args.at_once.max(1),
            changes_per_second: args.changes,
        },
        lasting: Duration::from_secs(args.seconds),
        stalled: args.stalled,
        storm: args.storm,
        name: format!("load-{}", std::process::id()),
    };
    println!("{}", run(&api, &plan, args.process).await?.summary());
    Ok(())
}
