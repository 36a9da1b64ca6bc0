//! `muster up`: the aggregator and an agent for this machine, in one command.

use std::io::{IsTerminal as _, stdout};
use std::path::PathBuf;
use std::process::Stdio;

use clap::Args;
use clap::builder::FalseyValueParser;

use super::agent::LocalAgent;
use super::args::{Globals, ServeArgs};
use super::out::say;
use super::owner;
use super::serve::Running;
use crate::spawn;

/// Flags of `up`.
// The comments of flags are the help text, without markup.
#[allow(clippy::doc_markdown)]
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  muster up                                    this machine's sessions, in the browser
  muster up --listen 0.0.0.0:4600              other machines may join: `muster host add NAME`
  muster up --root claude=/srv/team/.claude    follow another folder instead of ~/.claude")]
pub(super) struct UpArgs {
    /// Folder of transcripts to follow, with its coder's name, for example claude=/srv/claude; may be repeated.
    /// Replaces the agent's defaults (Claude Code's, Codex' and Gemini CLI's own folders)
    #[arg(long = "root", value_name = "CODER=DIR")]
    roots: Vec<String>,
    /// The agent's program [default: beside muster, else in PATH]
    #[arg(long, env = "MUSTER_AGENT_BIN", value_name = "FILE")]
    agent_bin: Option<PathBuf>,
    /// Run no agent for this machine
    #[arg(long)]
    no_agent: bool,
    /// Do not open the browser
    #[arg(long, env = "MUSTER_NO_OPEN", value_parser = FalseyValueParser::new())]
    no_open: bool,
    #[command(flatten)]
    serve: ServeArgs,
}

pub(super) async fn run(globals: &Globals, args: UpArgs) -> anyhow::Result<()> {
    let running = Running::start(args.serve.options(globals)?).await?;
    let house = &running.house;
    owner::token(&house.access, &house.options.data).await?;
    let link = owner::sign_in_link(&house.access, &house.options).await?;
    say!("Muster runs at {}", house.options.url());
    say!("Sign in (works once, for 15 minutes; again with `muster user link owner`):\n  {link}");
    if !args.no_agent {
        LocalAgent::new(house, args.roots, args.agent_bin).start(&running.tasks);
    }
    if !args.no_open && stdout().is_terminal() {
        open_browser(&link);
    }
    running.until_stopped().await
}

/// Opens the browser where there is a desktop; failing costs nothing, the link is printed.
fn open_browser(link: &str) {
    let desktop = |name| std::env::var_os(name).is_some_and(|value| !value.is_empty());
    let program = if cfg!(target_os = "macos") {
        "open"
    } else if desktop("DISPLAY") || desktop("WAYLAND_DISPLAY") {
        "xdg-open"
    } else {
        return;
    };
    let opened = spawn::program(program)
        .arg(link)
        .stdin(Stdio::null())
        .stdout(Stdio::null())
        .stderr(Stdio::null())
        // The browser stays when we go.
        .kill_on_drop(false)
        .spawn();
    if let Err(error) = opened {
        tracing::debug!(error = %error, "no browser could be opened");
    }
}
