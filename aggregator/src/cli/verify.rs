//! `muster verify`: the archive against the files on all hosts, byte for byte.

use std::process::ExitCode;

use anyhow::Context as _;
use clap::Args;
use http::Method;
use serde::{Deserialize, Serialize};

use super::args::Globals;
use super::client::Client;
use super::table;
use super::target::Target;

/// Transcripts compared with one request: each may take a while.
const AT_ONCE: u32 = 50;

/// Flags of `verify`.
#[derive(Debug, Args)]
#[command(after_help = "The exit code is 0 when nothing differs, and 1 when something does.")]
pub(super) struct VerifyArgs {
    #[command(flatten)]
    target: Target,
    /// Only this host
    #[arg(long, value_name = "NAME")]
    host: Option<String>,
    /// Print JSON: {"items": [...]} with every transcript
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

pub(super) async fn run(globals: &Globals, args: VerifyArgs) -> anyhow::Result<ExitCode> {
    let client = args.target.client(globals).await?;
    let host = match args.host {
        Some(name) => Some(host_id(&client, &name).await?),
        None => None,
    };
    let items = compare(&client, host.as_deref()).await?;
    if args.json {
        println!("{}", serde_json::json!({ "items": items }));
    } else {
        show(&items);
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
    let mut items = Vec::new();
    let mut cursor = None;
    loop {
        let mut path = format!("/api/v1/verify?limit={AT_ONCE}");
        for (name, value) in [("host", host), ("cursor", cursor.as_deref())] {
            if let Some(value) = value {
                path.extend(["&", name, "=", value]);
            }
        }
        let page: Page<Item> = client.ask(Method::POST, &path).await?;
        items.extend(page.items);
        match page.next_cursor {
            Some(next) => cursor = Some(next),
            None => return Ok(items),
        }
    }
}

fn show(items: &[Item]) {
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
        table::print(["OUTCOME", "HOST", "PATH", "BYTES", "REMARK"], &told);
    }
    println!(
        "{} transcripts, {bytes} bytes: {} equal, {} different, {} kept (gone on their hosts), {} unchecked",
        items.len(),
        count("equal"),
        count("different"),
        count("kept"),
        count("unchecked")
    );
}
