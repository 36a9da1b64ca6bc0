//! The commands.

mod doctor;
mod hook;
mod hooks;
mod join;
mod leave;
mod run;
mod show;

use std::path::PathBuf;
use std::process::ExitCode;

use clap::{Args, Parser, Subcommand};

use crate::config::{self, Given};

/// Follows the transcripts of coding agents on this host and streams them to a Muster aggregator.
///
/// Settings: flags go before the environment (MUSTER_AGENT_*), that before the config file (config.toml in the state
/// folder, or --config FILE), that before the defaults. The config file alone decides whether coders on this host may be
/// stopped from the aggregator: allow_stop = false forbids it.
///
///   muster-agent join https://hub.example:7443 TOKEN     join the fleet (the command `muster host add NAME` prints)
///   muster-agent run                                     follow transcripts until asked to end
///   muster-agent status                                  how it stands
///   muster-agent doctor                                  what is wrong, and how to mend it
#[allow(clippy::doc_markdown, rustdoc::bare_urls)] // shown as it is by --help
#[derive(Debug, Parser)]
#[command(name = "muster-agent", version, verbatim_doc_comment)]
pub struct Cli {
    /// Folder of this agent's identity, config file and status socket [default: ~/.config/muster-agent; as root
    /// /var/lib/muster-agent if it exists; `status`, `doctor` and `hooks` also find the agent that `muster up` runs]
    #[arg(long, global = true, env = "MUSTER_AGENT_STATE", value_name = "DIR")]
    state: Option<PathBuf>,
    /// Config file [default: config.toml in the state folder]
    #[arg(long, global = true, env = "MUSTER_AGENT_CONFIG", value_name = "FILE")]
    config: Option<PathBuf>,
    /// Write the log as JSON lines
    #[arg(long, global = true, env = "MUSTER_AGENT_LOG_JSON")]
    log_json: bool,
    /// What to log: error, warn, info, debug, or a filter such as `muster_agent=debug`
    #[arg(long, global = true, env = "MUSTER_AGENT_LOG", default_value = "info", value_name = "FILTER")]
    log: String,
    #[command(subcommand)]
    command: Command,
}

#[derive(Debug, Subcommand)]
enum Command {
    /// Join a fleet with a one-time token
    Join(join::Join),
    /// Follow transcripts until asked to end
    Run(run::Run),
    /// Show how the running agent stands
    Status(show::Show),
    /// Check everything that can be wrong, and say how to mend it
    Doctor(doctor::Doctor),
    /// Make the coders of this host tell of what they do as it happens (their hooks)
    #[command(subcommand)]
    Hooks(hooks::Hooks),
    /// Called by a coder at every event, with the event on the standard input; always succeeds
    Hook(hook::Hook),
    /// Leave the fleet: forget this host's identity
    Leave(leave::Leave),
}

/// Which transcripts to follow.
#[derive(Debug, Args)]
struct Roots {
    /// Follow DIR as the transcripts of CODER (claude, codex, gemini, ...), instead of ~/.claude/projects, ~/.codex and
    /// ~/.gemini (may be repeated). A coder's home, such as ~/.claude, stands for the folders in it that hold
    /// transcripts. Environment: `MUSTER_AGENT_ROOTS`, separated by `;`. Config file:
    /// roots = [{ coder = "claude", path = "/srv/alice/.claude" }]
    #[arg(long = "root", value_name = "CODER=DIR")]
    named: Vec<String>,
    /// Also follow the coders of every user of this machine (config file: `all_homes = true`)
    #[arg(long, env = "MUSTER_AGENT_ALL_HOMES")]
    all_homes: bool,
    /// Do not rely on change notification: look for changes every second or so (config file: rescan = true)
    #[arg(long, env = "MUSTER_AGENT_RESCAN")]
    rescan: bool,
    /// Send an incomplete last line as it is when it has not grown for this long [default: 30000; config file:
    /// `torn_after_seconds`]
    #[arg(long, env = "MUSTER_AGENT_TORN_AFTER_MS", value_name = "MILLISECONDS")]
    torn_after_ms: Option<u64>,
}

impl Roots {
    fn given(&self) -> Given {
        let from_env = || {
            let text = std::env::var("MUSTER_AGENT_ROOTS").unwrap_or_default();
            text.split(';').filter(|root| !root.is_empty()).map(str::to_owned).collect()
        };
        Given {
            roots: if self.named.is_empty() { from_env() } else { self.named.clone() },
            all_homes: self.all_homes,
            rescan: self.rescan,
            torn_after_ms: self.torn_after_ms,
        }
    }
}

/// What every command needs.
struct Place {
    state: PathBuf,
    config: Option<PathBuf>,
}

/// Runs the command line.
pub fn main() -> ExitCode {
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => return misunderstood(&error),
    };
    let logged = !matches!(cli.command, Command::Hook(_));
    if logged {
        start_log(&cli);
    }
    let asks = matches!(cli.command, Command::Status(_) | Command::Doctor(_) | Command::Hooks(_));
    let usual = if asks { config::meant_state } else { config::default_state };
    let place = Place { state: cli.state.unwrap_or_else(usual), config: cli.config };
    let done = match cli.command {
        Command::Join(join) => join.execute(&place),
        Command::Run(run) => run.execute(&place),
        Command::Status(show) => show.execute(&place),
        Command::Doctor(doctor) => doctor.execute(&place),
        Command::Hooks(hooks) => hooks.execute(&place),
        Command::Hook(hook) => return hook.execute(&place),
        Command::Leave(leave) => leave.execute(&place),
    };
    done.unwrap_or_else(|error| {
        eprintln!("muster-agent: {error:#}");
        ExitCode::FAILURE
    })
}

/// A coder takes the exit code 2, which stands for a wrong command line elsewhere, as an order to stop: a hook that is
/// called in a way that this version does not know must not end with it.
fn misunderstood(error: &clap::Error) -> ExitCode {
    let is_hook = std::env::args_os().any(|word| word == "hook");
    let words_shown = error.print();
    if is_hook || (words_shown.is_ok() && !error.use_stderr()) { ExitCode::SUCCESS } else { ExitCode::from(2) }
}

fn start_log(cli: &Cli) {
    use std::io::IsTerminal;

    // The notifier warns when a folder that was moved is no longer watched under its old name, which is as it should be.
    let filter = tracing_subscriber::EnvFilter::new(format!("notify=error,{}", cli.log));
    let log = tracing_subscriber::fmt().with_env_filter(filter).with_writer(std::io::stderr);
    if cli.log_json {
        log.json().flatten_event(true).init();
    } else {
        log.with_ansi(std::io::stderr().is_terminal()).init();
    }
}

/// One thread is enough: the link and the status wait for most of their time.
fn runtime() -> std::io::Result<tokio::runtime::Runtime> {
    tokio::runtime::Builder::new_current_thread().enable_all().build()
}
