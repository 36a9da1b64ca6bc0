//! `muster-agent hooks`: our entries in the settings of the coders on this host.

use std::io::{IsTerminal, Write};
use std::path::{Path, PathBuf};
use std::process::ExitCode;

use anyhow::Context;
use clap::{Args, Subcommand};
use muster_proto::fleet::HookState;

use super::{Place, Roots};
use crate::config::{self, ConfigFile};
use crate::hooks::{self, EventState, HookLine, Settings, Standing};
use crate::platform::hook_socket::{self, Reached};
use crate::roots::{RootSource, RootSpec};

#[derive(Debug, Subcommand)]
pub(super) enum Hooks {
    /// Add our entries to the settings of the coders; everything else in them stays as it is
    Install(Change),
    /// Take our entries out of the settings of the coders
    Uninstall(Change),
    /// Show which events reach us, and who else listens
    Status(Status),
}

#[derive(Debug, Args)]
pub(super) struct Change {
    #[command(flatten)]
    roots: Roots,
    /// Do not ask
    #[arg(long)]
    yes: bool,
    /// Only show what would change
    #[arg(long, conflicts_with = "yes")]
    dry_run: bool,
}

#[derive(Debug, Args)]
pub(super) struct Status {
    #[command(flatten)]
    roots: Roots,
}

impl Hooks {
    pub(super) fn execute(self, place: &Place) -> anyhow::Result<ExitCode> {
        let command = command(&place.state)?;
        match self {
            Self::Install(change) => change.execute(place, |text| hooks::install(text, &command)),
            Self::Uninstall(change) => change.execute(place, hooks::uninstall),
            Self::Status(status) => status.execute(place, &command),
        }
    }
}

/// What the settings are to call: this program, for the agent of this state folder.
pub(super) fn command(state: &Path) -> anyhow::Result<HookLine> {
    let program = std::env::current_exe().context("cannot tell where this program lies")?;
    let state = std::path::absolute(state)?;
    Ok(HookLine::new(&program, (state != config::default_state()).then_some(state.as_path())))
}

/// The homes of the coders that have hooks we know, as far as they are there.
pub(super) fn homes(roots: &[RootSpec]) -> Vec<PathBuf> {
    let claude = roots.iter().filter(|root| root.coder == "claude");
    let mut homes: Vec<PathBuf> = claude
        .filter_map(|root| {
            let folder = root.folder();
            folder.ends_with("projects").then(|| folder.parent().map(Path::to_path_buf)).flatten()
        })
        .collect();
    homes.retain(|home| home.is_dir());
    homes.dedup();
    homes
}

/// The command line that makes coders call this agent; `None` when those at `home` do already, or when that cannot be told.
pub(super) fn advice(state: &Path, home: &Path) -> Option<String> {
    if matches!(hooks::coverage(home), HookState::All | HookState::Unspecified) {
        return None;
    }
    let found_anyway = homes(&RootSource::defaults().find()).iter().any(|default| default == home);
    let root = if found_anyway { String::new() } else { format!(" --root 'claude={}'", home.display()) };
    command(state).ok().map(|line| format!("{}s install{root}", line.line()))
}

fn homes_of(place: &Place, roots: &Roots) -> anyhow::Result<Vec<PathBuf>> {
    let (source, _) = ConfigFile::load(place.config.as_deref(), &place.state)?.with(&roots.given())?;
    let homes = homes(&source.find());
    anyhow::ensure!(
        !homes.is_empty(),
        "no home of Claude Code is there; start the coder once, or name its home: --root claude=DIR"
    );
    Ok(homes)
}

impl Change {
    fn execute(
        &self,
        place: &Place,
        edit: impl Fn(&str) -> Result<String, hooks::EditError>,
    ) -> anyhow::Result<ExitCode> {
        let mut all = ExitCode::SUCCESS;
        for home in homes_of(place, &self.roots)? {
            let settings = Settings::read(&home)?;
            let text = edit(settings.text()).map_err(|error| settings.error(error))?;
            if text == settings.text() {
                println!("{} needs no change.", settings.path().display());
            } else if !self.apply(&settings, &text)? {
                all = ExitCode::FAILURE;
            }
        }
        Ok(all)
    }

    /// Shows the change, asks, and makes it. `false`: the person said no.
    fn apply(&self, settings: &Settings, text: &str) -> anyhow::Result<bool> {
        println!("{}", settings.path().display());
        print!("{}", hooks::diff(settings.text(), text));
        if self.dry_run {
            println!("Nothing was changed.");
            return Ok(true);
        }
        if !self.yes && !confirmed()? {
            println!("Nothing was changed.");
            return Ok(false);
        }
        match settings.write(text)? {
            Some(backup) => println!("Changed. The settings as they were: {}", backup.display()),
            None => println!("Written."),
        }
        Ok(true)
    }
}

fn confirmed() -> anyhow::Result<bool> {
    anyhow::ensure!(std::io::stdin().is_terminal(), "this changes the settings as shown above; add --yes to confirm");
    print!("Change it like this? [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}

impl Status {
    fn execute(&self, place: &Place, command: &HookLine) -> anyhow::Result<ExitCode> {
        let mut all = true;
        for home in homes_of(place, &self.roots)? {
            let settings = Settings::read(&home)?;
            let states = hooks::standing(settings.text(), command).map_err(|error| settings.error(error))?;
            print!("{}", describe(settings.path(), &states, hooks::disabled(settings.text())));
            all &= hooks::complete(&states);
        }
        println!("command  {}", command.line());
        println!("agent    {}", reached(hook_socket::reach(&place.state).as_ref()));
        Ok(if all { ExitCode::SUCCESS } else { ExitCode::FAILURE })
    }
}

/// Who takes what the hooks tell.
fn reached(agent: Option<&Reached>) -> String {
    match agent {
        Some(Reached::Own) => "yours runs and takes them".into(),
        Some(Reached::Machine(folder)) => {
            format!("that of this machine takes them ({}), of sessions in your own homes", folder.display())
        }
        None => "none takes them now; until one runs they are lost, and the other sources tell".into(),
    }
}

fn describe(path: &Path, states: &[EventState], disabled: bool) -> String {
    let mut lines = vec![path.display().to_string()];
    if disabled {
        lines.push("  \"disableAllHooks\" is true here: no hook is called".into());
    }
    for state in states {
        let ours = match state.standing {
            Standing::Ours => "ours",
            Standing::Outdated => "ours, but not as it would be written now",
            Standing::Missing if hooks::EVENTS.contains(&state.event.as_str()) => "missing",
            Standing::Missing => "-",
        };
        let foreign = match state.foreign {
            0 => String::new(),
            1 => "; 1 of others".into(),
            more => format!("; {more} of others"),
        };
        lines.push(format!("  {:<19} {ours}{foreign}", state.event));
    }
    if states.iter().any(|state| state.standing == Standing::Outdated) || !hooks::complete(states) {
        lines.push("  to mend: muster-agent hooks install".into());
    }
    lines.push(String::new());
    lines.join("\n")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn homes_are_those_that_hold_projects() {
        let dir = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(dir.path().join("a/projects")).unwrap();
        let root = |text: &str| RootSpec::parse(&text.replace('@', &dir.path().display().to_string())).unwrap();
        let roots = [root("claude=@/a"), root("claude=@/a/projects"), root("codex=@/.codex"), root("claude=@/bare")];
        assert_eq!(homes(&roots), [dir.path().join("a")]);
    }

    #[test]
    fn what_is_missing_and_whose_the_others_are_is_said() {
        let command = HookLine::new(Path::new("muster-agent"), None);
        let theirs = r#"{"hooks": {"Stop": [{"hooks": [{"type": "command", "command": "say"}]}]}}"#;
        let said = |text: &str| describe(Path::new("s.json"), &hooks::standing(text, &command).unwrap(), false);
        assert!(said(theirs).contains("Stop                missing; 1 of others"), "{}", said(theirs));
        assert!(said(theirs).contains("to mend: muster-agent hooks install"));
        let both = hooks::install(theirs, &command).unwrap();
        assert!(
            said(&both).contains("Stop                ours; 1 of others") && !said(&both).contains("mend"),
            "{}",
            said(&both)
        );
    }
}
