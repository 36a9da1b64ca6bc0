//! `muster verify`: the archive against the files on all hosts, byte for byte.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use http::Method;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};

use super::args::Globals;
use super::client::Client;
use super::out::say;
use super::target::Target;
use super::{percent, table};

/// Transcripts compared with one request: each may take a while.
const AT_ONCE: u32 = 50;

/// Deleted sessions that are named, latest first; `--json` names all.
const NAMED: usize = 20;

/// Flags of `verify`.
#[derive(Debug, Args)]
#[command(after_help = "The exit code is 0 when nothing differs, and 1 when something does. Sessions that were deleted
on purpose are told apart: what was deleted may still be on their hosts, and is not archived again.")]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    target: Target,
    /// Only this host
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Print JSON: {"items": [...], "deletions": [...]} with every transcript, and every session deleted on purpose
    #[arg(long)]
    json: bool,
}

#[derive(Debug, Deserialize)]
struct Page<T> {
    items: Vec<T>,
    next_cursor: Option<String>,
}

#[derive(Debug, Deserialize)]
struct Host {
    id: String,
    name: String,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
struct Item {
    transcript_id: String,
    host: String,
    path: String,
    bytes: u64,
    outcome: String,
    remark: Option<String>,
}

#[derive(Debug, Clone, Deserialize, Serialize)]
struct Deletion {
    session_id: String,
    deleted_by: String,
    deleted_at: String,
    reason: String,
}

pub(super) async fn run(globals: &Globals, args: VerifyArgs) -> anyhow::Result<ExitCode> {
    let client = args.target.client(globals).await?;
    let host = match args.host {
        Some(name) => Some(host_id(&client, &name).await?),
        None => None,
    };
    let items = compare(&client, host.as_deref()).await?;
    let deletions: Vec<Deletion> = every(&client, Method::GET, "/api/v1/deletions?limit=1000").await?;
    if args.json {
        say!("{}", serde_json::json!({ "items": items, "deletions": deletions }));
    } else {
        show(&items)?;
        show_deletions(deletions)?;
    }
    let differs = items.iter().any(|item| item.outcome == "different");
    Ok(if differs { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

async fn host_id(client: &Client, name: &str) -> anyhow::Result<String> {
    let hosts: Page<Host> = client.ask(Method::GET, "/api/v1/hosts").await?;
    let host = hosts.items.into_iter().find(|host| host.name == name);
    Ok(host.with_context(|| format!("there is no host {name}: `muster host list` shows all"))?.id)
}

async fn compare(client: &Client, host: Option<&str>) -> anyhow::Result<Vec<Item>> {
    let host = host.map(|host| format!("&host={host}")).unwrap_or_default();
    every(client, Method::POST, &format!("/api/v1/verify?limit={AT_ONCE}{host}")).await
}

/// The items of all pages.
async fn every<T: DeserializeOwned>(client: &Client, method: Method, path: &str) -> anyhow::Result<Vec<T>> {
    let (mut items, mut cursor) = (Vec::new(), String::new());
    loop {
        let page: Page<T> = client.ask(method.clone(), &format!("{path}{cursor}")).await?;
        items.extend(page.items);
        match page.next_cursor {
            Some(next) => cursor = format!("&cursor={}", percent::encode(&next)),
            None => return Ok(items),
        }
    }
}

/// What is not in the archive because somebody wanted it so.
fn show_deletions(mut deletions: Vec<Deletion>) -> anyhow::Result<()> {
    if deletions.is_empty() {
        return Ok(());
    }
    deletions.sort_by(|a, b| b.deleted_at.cmp(&a.deleted_at));
    say!(
        "{} sessions were deleted on purpose; what was deleted is not archived again, whatever hosts still have of it",
        deletions.len()
    );
    let row = |deletion: &Deletion| {
        let Deletion { session_id, deleted_by, deleted_at, reason } = deletion.clone();
        [session_id, deleted_at, deleted_by, reason]
    };
    let rows: Vec<_> = deletions.iter().take(NAMED).map(row).collect();
    table::print(["SESSION", "DELETED", "BY", "REASON"], &rows)?;
    if deletions.len() > NAMED {
        say!("… and {} more; --json names all", deletions.len() - NAMED);
    }
    Ok(())
}

fn show(items: &[Item]) -> anyhow::Result<()> {
    let count = |outcome: &str| items.iter().filter(|item| item.outcome == outcome).count();
    let bytes: u64 = items.iter().map(|item| item.bytes).sum();
    let told: Vec<_> = items
        .iter()
        .filter(|item| item.outcome == "different" || item.outcome == "unchecked")
        .map(|item| {
            let remark = item.remark.clone().unwrap_or_default();
            [item.outcome.clone(), item.host.clone(), item.path.clone(), item.bytes.to_string(), remark]
        })
        .collect();
    if !told.is_empty() {
        table::print(["OUTCOME", "HOST", "PATH", "BYTES", "REMARK"], &told)?;
    }
    say!(
        "{} transcripts, {bytes} bytes: {} equal, {} different, {} kept (gone on their hosts), {} unchecked",
        items.len(),
        count("equal"),
        count("different"),
        count("kept"),
        count("unchecked")
    );
    Ok(())
}
