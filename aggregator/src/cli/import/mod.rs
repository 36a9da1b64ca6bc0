//! `muster import`: transcripts from elsewhere, over the REST API of the running aggregator.

mod conversations;
mod find;
mod source;
mod upload;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::Args;
use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};
use serde::Serialize;
use tokio::sync::mpsc;

use super::args::Globals;
use super::out::say;
use super::target::Target;
use crate::spawn;
use find::{Coder, Part};
use source::Source;
use upload::{Outcome, Uploader};

/// Files that were found and wait for their upload. Their content is not in memory.
const WAITING: usize = 16;

const EXAMPLES: &str = "Examples:
  muster import /backup/home/ann                          every coder's transcripts in a copy of a home
  muster import /backup/old-laptop/.claude --host old-laptop
  muster import --coder codex /mnt/sessions
  muster import claude-export/conversations.json          an export of claude.ai, unpacked
Imported files are archived byte for byte. A conversation of claude.ai becomes lines: itself without its messages, then
each message; the same goes for chats of Gemini CLI from before it wrote lines. Run it again at any time: what is
archived is not sent again, and an import that was broken off goes on where it was.";

/// Flags of `import`.
#[derive(Debug, Args)]
#[command(after_help = EXAMPLES)]
pub(super) struct ImportArgs {
    /// Folder or file to import: a coder's home, a copy of it, one transcript, or conversations.json
    path: PathBuf,
    /// Whose transcripts they are [default: told by the files]
    #[arg(long, value_enum)]
    coder: Option<Coder>,
    /// Where they are from: the name under which they stand among the hosts
    #[arg(long, value_name = "NAME", default_value = "imported")]
    host: String,
    /// Print a summary as JSON
    #[arg(long)]
    json: bool,
    #[command(flatten)]
    target: Target,
}

/// What an import did.
#[derive(Debug, Default, Serialize)]
struct Summary {
    host: String,
    /// Files that were not in the archive.
    new: u64,
    /// Files that had grown.
    grown: u64,
    /// Files that were archived already.
    known: u64,
    /// Files whose archived content is not how they begin now: archived anew beside it.
    replaced: u64,
    /// Bytes sent.
    bytes: u64,
    /// Files that could not be imported, with the reason.
    failed: Vec<Failed>,
}

#[derive(Debug, Serialize)]
struct Failed {
    path: String,
    error: String,
}

pub(super) async fn run(globals: &Globals, args: ImportArgs) -> anyhow::Result<ExitCode> {
    let path = std::path::absolute(&args.path).unwrap_or(args.path);
    let parts = find::parts(&path, args.coder)?;
    let client = args.target.client(globals).await?;
    let bar = bar(args.json, parts.iter().map(find::bytes).sum());
    let uploader = Uploader { client, host: args.host.clone(), bar: bar.clone() };
    let (found, mut sources) = mpsc::channel(WAITING);
    let finder = spawn::blocking(move || find_all(&parts, &found));
    let mut summary = Summary { host: args.host, ..Summary::default() };
    let upload = async {
        while let Some(source) = sources.recv().await {
            summary.add(&source, uploader.upload(&source).await)?;
        }
        // Dropped, so that the finder ends when an upload has failed for good.
        drop(sources);
        anyhow::Ok(())
    };
    let (looked, outcome) = tokio::join!(finder, upload);
    bar.finish_and_clear();
    outcome?;
    looked??;
    summary.print(args.json)?;
    Ok(if summary.failed.is_empty() { ExitCode::SUCCESS } else { ExitCode::FAILURE })
}

fn find_all(parts: &[Part], found: &mpsc::Sender<Source>) -> anyhow::Result<()> {
    for part in parts {
        find::each(part, |source| Ok(found.blocking_send(source)?))?;
    }
    Ok(())
}

/// Quiet when nobody watches.
fn bar(json: bool, bytes: u64) -> ProgressBar {
    let bar = ProgressBar::new(bytes);
    if json {
        bar.set_draw_target(ProgressDrawTarget::hidden());
    }
    let template = "{wide_bar} {binary_bytes} of {binary_total_bytes}, {binary_bytes_per_sec}, {eta} left  {msg}";
    match ProgressStyle::with_template(template) {
        Ok(style) => bar.with_style(style),
        Err(_) => bar,
    }
}

impl Summary {
    /// Counts one file. An error that every other file would meet too ends the import.
    fn add(&mut self, source: &Source, outcome: Result<(Outcome, u64), upload::UploadError>) -> anyhow::Result<()> {
        match outcome {
            Ok((outcome, bytes)) => {
                self.bytes += bytes;
                match outcome {
                    Outcome::New => self.new += 1,
                    Outcome::Grown => self.grown += 1,
                    Outcome::Known => self.known += 1,
                    Outcome::Replaced => self.replaced += 1,
                }
            }
            Err(upload::UploadError::File(error)) => {
                let path = source.file.display().to_string();
                self.failed.push(Failed { path, error: error.to_string() });
            }
            Err(upload::UploadError::Aggregator(error)) => return Err(error),
        }
        Ok(())
    }

    fn print(&self, json: bool) -> anyhow::Result<()> {
        if json {
            say!("{}", serde_json::to_string(self)?);
            return Ok(());
        }
        for failed in &self.failed {
            eprintln!("{}: {}", failed.path, failed.error);
        }
        say!(
            "{} transcripts stand under the host {}: {} new, {} grown, {} known already, {} replaced; {} bytes sent, {} failed",
            self.new + self.grown + self.known + self.replaced,
            self.host,
            self.new,
            self.grown,
            self.known,
            self.replaced,
            self.bytes,
            self.failed.len()
        );
        Ok(())
    }
}
