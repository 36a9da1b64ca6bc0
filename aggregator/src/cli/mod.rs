//! Floor 5: the command line.

mod agent;
mod args;
mod backup;
mod client;
mod doctor;
mod export;
mod hosts;
mod import;
mod logs;
mod out;
mod owner;
mod percent;
mod reach;
mod reindex;
mod search;
mod serve;
mod table;
mod target;
mod tokens;
mod up;
mod users;
mod verify;

use std::process::ExitCode;

use clap::{Parser, Subcommand};

use crate::access::Access;
use crate::machine;
use crate::store::Db;
use args::{Globals, ServeArgs};

#[derive(Debug, Parser)]
#[command(
    name = "muster",
    version,
    about = "See and keep what your coding agents do, on all your machines",
    after_help = "Examples:
  muster up                              try it: this machine's sessions, in the browser
  muster serve --listen 0.0.0.0:4600     the aggregator of a team (TLS is on by itself)
  muster host add workstation            print the command that makes another machine join
  muster user add ann --role member      print a sign-in link for a new member
  muster search login timeout            find a conversation, with links that open it
  muster export 6f0e4d5c -o talk.html    take a conversation along, with secrets masked
  muster verify                          compare the archive with the files on all hosts
  muster import ~/old-laptop/.claude     bring the transcripts of a backup into the archive

What a flag can say, the environment can say too: MUSTER_DATA, MUSTER_LISTEN, MUSTER_DATABASE, …
A flag counts more than the environment."
)]
struct Cli {
    #[command(flatten)]
    globals: Globals,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Run the aggregator and an agent for this machine: everything in one command.
    Up(up::UpArgs),
    /// Run the aggregator; agents join from other machines.
    Serve(ServeArgs),
    /// Add, list and remove the machines of the fleet.
    #[command(subcommand)]
    Host(hosts::HostCommand),
    /// Add and list people, set passwords, make sign-in links.
    #[command(subcommand)]
    User(users::UserCommand),
    /// Create, list and revoke the tokens of scripts.
    #[command(subcommand)]
    Token(tokens::TokenCommand),
    /// Find words in every conversation of the fleet.
    Search(search::SearchArgs),
    /// Take one conversation along as a file: Markdown, HTML or JSONL, with secrets masked.
    Export(export::ExportArgs),
    /// Compare the archive with the files on all hosts, byte for byte.
    Verify(verify::VerifyArgs),
    /// Bring transcripts from elsewhere into the archive: backups, other machines, an export of claude.ai.
    Import(import::ImportArgs),
    /// Make again what is made of the archive: sessions, turns, tool calls, subagents, usage.
    Reindex(reindex::ReindexArgs),
    /// Write everything into one file, while the aggregator runs.
    Backup(backup::BackupArgs),
    /// Read everything back from such a file, into either kind of database.
    Restore(backup::RestoreArgs),
    /// Look for what is wrong with this installation, and say how to mend it.
    Doctor(doctor::DoctorArgs),
}

impl Command {
    /// What is logged unless told: servers say what they do, other commands answer and say only what goes wrong.
    fn log_level(&self) -> &'static str {
        if matches!(self, Self::Up(_) | Self::Serve(_)) { "info" } else { "warn" }
    }
}

/// Runs the command line and says how it ended.
pub fn main() -> ExitCode {
    let cli = Cli::parse();
    logs::init(&cli.globals, cli.command.log_level());
    machine::keep_files_private();
    let runtime = match tokio::runtime::Builder::new_multi_thread().enable_all().build() {
        Ok(runtime) => runtime,
        Err(error) => {
            eprintln!("muster: the system gives no threads: {error}");
            return ExitCode::FAILURE;
        }
    };
    let outcome = runtime.block_on(run(cli));
    // Work that did not end within the drain time must not keep the process.
    runtime.shutdown_background();
    match outcome {
        Ok(code) => code,
        Err(error) => {
            eprintln!("muster: {}", told(&error));
            ExitCode::FAILURE
        }
    }
}

/// An error with its causes, each said once: many errors repeat their cause in their own words.
fn told(error: &anyhow::Error) -> String {
    error.chain().map(ToString::to_string).fold(String::new(), |told, cause| match told {
        told if told.contains(&cause) => told,
        told if told.is_empty() => cause,
        told => format!("{told}: {cause}"),
    })
}

async fn run(cli: Cli) -> anyhow::Result<ExitCode> {
    let globals = &cli.globals;
    match cli.command {
        Command::Up(args) => up::run(globals, args).await?,
        Command::Serve(args) => serve::run(globals, args).await?,
        Command::Host(command) => hosts::run(globals, command).await?,
        Command::User(command) => users::run(globals, command).await?,
        Command::Token(command) => tokens::run(globals, command).await?,
        Command::Search(args) => return search::run(globals, args).await,
        Command::Export(args) => export::run(globals, args).await?,
        Command::Verify(args) => return verify::run(globals, args).await,
        Command::Import(args) => return import::run(globals, args).await,
        Command::Reindex(args) => reindex::run(globals, args).await?,
        Command::Backup(args) => backup::backup(globals, args).await?,
        Command::Restore(args) => backup::restore(globals, args).await?,
        Command::Doctor(args) => return doctor::run(globals, args).await,
    }
    Ok(ExitCode::SUCCESS)
}

/// The database and the room of access, for commands that work beside a running server.
async fn open(globals: &Globals) -> anyhow::Result<(Db, Access)> {
    let db = globals.open_database().await?;
    Ok((db.clone(), Access::new(db)))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_command_line_is_sound() {
        use clap::CommandFactory as _;
        Cli::command().debug_assert();
    }

    #[test]
    fn a_cause_is_said_once() {
        let cause = std::io::Error::other("no room");
        let error = anyhow::Error::new(cause).context("database: no room").context("cannot start");
        assert_eq!(told(&error), "cannot start: database: no room");
    }
}
