//! `muster-agent doctor`: every check says what is wrong and how to mend it.

use std::path::Path;
use std::process::ExitCode;

use clap::Args;
use muster_proto::fleet::HookState;

use super::{Place, Roots, hooks, runtime};
use crate::config::{ConfigError, ConfigFile};
use crate::hooks::coverage;
use crate::identity::Identity;
use crate::link;
use crate::platform::{fs_kind, private, status_socket, watch_limit};
use crate::roots::{RootSource, RootSpec};
use crate::status::AgentStatus;

/// Clocks further apart than this confuse people who read times of two hosts side by side.
const SKEW_SECONDS: i64 = 30;

/// Free watches below which a large set of transcripts may run out of them.
const FEW_WATCHES: u64 = 65_536;

#[derive(Debug, Args)]
pub(super) struct Doctor {
    #[command(flatten)]
    roots: Roots,
}

/// What a check found.
enum Finding {
    Good(String),
    Note(String),
    Bad(String),
}

use Finding::{Bad, Good, Note};

impl Doctor {
    pub(super) fn execute(self, place: &Place) -> anyhow::Result<ExitCode> {
        let mut findings = Vec::new();
        match Identity::load(&place.state) {
            Ok(identity) => {
                findings.push(Good(format!("joined {} as {}", identity.url, identity.host_name)));
                findings.push(privacy(&Identity::file(&place.state)));
                findings.extend(runtime()?.block_on(aggregator(&identity)));
            }
            Err(error) => findings.push(Bad(error.to_string())),
        }
        findings.push(running(&place.state));
        match self.configured(place) {
            Ok((source, allow_stop)) => {
                let roots = source.find();
                findings.extend(roots.iter().map(root));
                for home in hooks::homes(&roots) {
                    findings.extend([registry(&home), hooks_in(&place.state, &home)]);
                }
                findings.push(policy(allow_stop));
            }
            Err(error) => findings.push(Bad(error.to_string())),
        }
        findings.extend(watches());
        Ok(report(&findings))
    }
}

impl Doctor {
    fn configured(&self, place: &Place) -> Result<(RootSource, bool), ConfigError> {
        let file = ConfigFile::load(place.config.as_deref(), &place.state)?;
        let allow_stop = file.allow_stop();
        Ok((file.with(&self.roots.given())?.0, allow_stop))
    }
}

fn report(findings: &[Finding]) -> ExitCode {
    for finding in findings {
        match finding {
            Good(text) => println!("ok    {text}"),
            Note(text) => println!("note  {text}"),
            Bad(text) => println!("BAD   {text}"),
        }
    }
    if findings.iter().any(|finding| matches!(finding, Bad(_))) { ExitCode::FAILURE } else { ExitCode::SUCCESS }
}

fn privacy(path: &Path) -> Finding {
    match private::exposure(path) {
        Ok(None) => Good(format!("{} is readable by its owner only", path.display())),
        Ok(Some(why)) => Bad(format!("{} holds this host's key and others may read it: {why}", path.display())),
        Err(error) => Bad(format!("{}: {error}", path.display())),
    }
}

async fn aggregator(identity: &Identity) -> Vec<Finding> {
    let url = match link::check_url(&identity.url, true) {
        Ok(url) => url,
        Err(error) => return vec![Bad(error.to_string())],
    };
    let clear = url.scheme_str() == Some("http") && link::check_url(&identity.url, false).is_err();
    let mut findings = Vec::new();
    if clear {
        findings.push(Note("the link is not encrypted; join again with an https:// address".into()));
    }
    match link::probe(&url, identity).await {
        Ok(probe) => {
            let how = if identity.pin.is_some() { "its key is the pinned one" } else { "no key is pinned" };
            findings.push(Good(format!("the aggregator answers in {} ms; {how}", probe.round_trip_ms)));
            findings.extend(probe.clock_ahead_seconds.map(skew));
        }
        Err(error) => findings.push(Bad(error.to_string())),
    }
    findings
}

fn skew(ahead: i64) -> Finding {
    if ahead.abs() <= SKEW_SECONDS {
        return Good("the clocks agree".into());
    }
    let which = if ahead > 0 { "ahead of" } else { "behind" };
    Note(format!(
        "this clock is {} s {which} the aggregator's; switch time synchronisation on (timedatectl set-ntp true)",
        ahead.abs()
    ))
}

fn running(state: &Path) -> Finding {
    let status = status_socket::ask(state).map(|text| serde_json::from_str::<AgentStatus>(&text).unwrap_or_default());
    match status {
        Ok(status) if status.registry_error.is_empty() => {
            Good(format!("an agent is running; living coders that it knows: {}", status.coders.len()))
        }
        Ok(status) => {
            Bad(format!("an agent is running, but its view of living coders is not whole: {}", status.registry_error))
        }
        Err(_) => Note("no agent is running; start it with: muster-agent run".into()),
    }
}

/// Claude Code's own list of its living sessions.
fn registry(home: &Path) -> Finding {
    let folder = home.join("sessions");
    match std::fs::read_dir(&folder) {
        Ok(_) => Good(format!("{} can be read: the coder says itself what its sessions do", folder.display())),
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => Note(format!(
            "{} does not exist (yet): Claude Code before 2.1 keeps no list of its sessions; what they do is told less exactly",
            folder.display()
        )),
        Err(error) => Bad(format!("{} cannot be read ({error}); run the agent as its owner", folder.display())),
    }
}

fn policy(allow_stop: bool) -> Finding {
    if allow_stop {
        return Good("coders on this host may be stopped from the aggregator (allow_stop = false forbids it)".into());
    }
    Note("coders on this host may not be stopped from the aggregator (allow_stop = false)".into())
}

fn root(spec: &RootSpec) -> Finding {
    let folder = spec.folder();
    let shown = format!("{}={}", spec.coder, folder.display());
    match std::fs::read_dir(&folder) {
        Ok(_) => match fs_kind::without_events(&folder) {
            Some(kind) => {
                Note(format!("{shown} lies on {kind}, which tells of no changes; it is rescanned every second or so"))
            }
            None => Good(format!("{shown} can be read")),
        },
        Err(error) if error.kind() == std::io::ErrorKind::NotFound => {
            Note(format!("{shown} does not exist yet; it is followed as soon as it does"))
        }
        Err(error) => Bad(format!(
            "{shown} cannot be read ({error}); run the agent as its owner, or give read access: setfacl -R -m u:$USER:rX '{}'",
            folder.display()
        )),
    }
}

fn hooks_in(state: &Path, home: &Path) -> Finding {
    let shown = home.join("settings.json");
    let shown = shown.display();
    match (coverage(home), hooks::advice(state, home)) {
        (HookState::All, _) => Good(format!("the coders of {shown} tell of each step as it happens")),
        (HookState::Unspecified, _) => Bad(format!("{shown} cannot be understood; see: muster-agent hooks status")),
        (_, Some(command)) => Note(format!(
            "the coders of {shown} do not tell of each step; what they need is seen a little later. To change that: {command}"
        )),
        (_, None) => Note(format!("the coders of {shown} do not tell of each step")),
    }
}

fn watches() -> Option<Finding> {
    let limit = watch_limit::present()?;
    if limit >= FEW_WATCHES {
        return Some(Good(format!("{limit} folders may be watched")));
    }
    Some(Note(format!("only {limit} folders may be watched by one user; raise that with: {}", watch_limit::RAISE)))
}
