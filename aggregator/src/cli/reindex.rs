//! `muster reindex`: what is made of the archive, made again while it is read.

use std::io::{IsTerminal as _, Write as _};
use std::time::Duration;

use clap::Args;
use http::Method;
use serde::Deserialize;

use super::args::Globals;
use super::client::Client;
use super::out::say;
use super::target::Target;

/// How often the aggregator is asked how far it is.
const ASK_EVERY: Duration = Duration::from_millis(500);

/// Flags of `reindex`.
#[derive(Debug, Args)]
#[command(after_help = "Everything stays readable meanwhile. The archive itself is only read.")]
pub(super) struct ReindexArgs {
    #[command(flatten)]
    target: Target,
    /// Only sessions, turns, tool calls, subagents and usage
    #[arg(long, conflicts_with = "search")]
    views: bool,
    /// Only the search index
    #[arg(long)]
    search: bool,
}

#[derive(Debug, Deserialize)]
struct Page {
    items: Vec<Progress>,
}

#[derive(Debug, Deserialize)]
struct Progress {
    work: String,
    done_bytes: u64,
    total_bytes: u64,
}

pub(super) async fn run(globals: &Globals, args: ReindexArgs) -> anyhow::Result<()> {
    let client = args.target.client(globals).await?;
    if !args.search {
        follow(&client, "views").await?;
    }
    if !args.views {
        follow(&client, "search").await?;
    }
    Ok(())
}

/// Begins a work and shows how far it is until it is done.
async fn follow(client: &Client, work: &str) -> anyhow::Result<()> {
    let mut page: Page = client.ask(Method::POST, &format!("/api/v1/reindex?what={work}")).await?;
    let shows = std::io::stderr().is_terminal();
    while let Some(progress) = page.items.into_iter().find(|item| item.work == work) {
        if shows {
            let Progress { done_bytes, total_bytes, .. } = progress;
            eprint!("\r{work}: {} % of {} MB ", percent(done_bytes, total_bytes), total_bytes / 1_000_000);
            std::io::stderr().flush()?;
        }
        tokio::time::sleep(ASK_EVERY).await;
        page = client.ask(Method::GET, "/api/v1/progress").await?;
    }
    if shows {
        eprintln!();
    }
    say!("{work}: done");
    Ok(())
}

fn percent(done: u64, total: u64) -> u64 {
    done.saturating_mul(100).checked_div(total).unwrap_or(100).min(100)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn nothing_to_do_is_done() {
        assert_eq!([percent(0, 0), percent(1, 3), percent(4, 3)], [100, 33, 100]);
    }
}
