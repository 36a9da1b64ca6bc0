//! `muster-agent status`.

use std::process::ExitCode;

use clap::Args;

use super::Place;
use crate::identity::Identity;
use crate::platform::status_socket;
use crate::status::{AgentStatus, CoderStatus, LinkState};
use crate::watch::RootStatus;

#[derive(Debug, Args)]
pub(super) struct Show {
    /// Print the whole status as JSON
    #[arg(long)]
    json: bool,
}

impl Show {
    pub(super) fn execute(self, place: &Place) -> anyhow::Result<ExitCode> {
        let Ok(text) = status_socket::ask(&place.state) else {
            let identity = Identity::load(&place.state)?;
            anyhow::bail!(
                "no agent is running for {} (host {:?} of {}); start it with: muster-agent run",
                place.state.display(),
                identity.host_name,
                identity.url
            );
        };
        if self.json {
            println!("{text}");
        } else {
            print!("{}", describe(&serde_json::from_str(&text)?));
        }
        Ok(ExitCode::SUCCESS)
    }
}

fn describe(status: &AgentStatus) -> String {
    let link = match status.link {
        LinkState::Up => format!("up since {} (aggregator {})", status.link_since, status.aggregator_version),
        LinkState::Connecting => format!("connecting; {}", status.link_error),
        LinkState::Waiting => format!("down since {}: {}", status.link_since, status.link_error),
        LinkState::Superseded | LinkState::Refused => status.link_error.clone(),
    };
    let mut lines = vec![
        format!("host     {} ({})", status.host_name, status.host_id),
        format!("agent    {} (process {}, {:.1} MB)", status.version, status.pid, megabytes(status.rss_bytes)),
        format!("link     {} to {}", link, status.url),
        format!("backlog  {} bytes, lag {} ms, {} files", status.backlog_bytes, status.lag_ms, status.transcripts),
    ];
    lines.extend(status.roots.iter().map(describe_root));
    lines.extend(status.coders.iter().map(describe_coder));
    if status.coders.is_empty() {
        lines.push("coders   none is running".into());
    }
    let stop = if status.allow_stop { "may be stopped" } else { "may not be stopped (allow_stop = false)" };
    lines.push(format!("policy   coders {stop} from the aggregator"));
    if !status.registry_error.is_empty() {
        lines.push(format!("registry {}", status.registry_error));
    }
    if !status.last_error.is_empty() {
        lines.push(format!("problem  {}", status.last_error));
    }
    lines.push(String::new());
    lines.join("\n")
}

fn describe_root(root: &RootStatus) -> String {
    let why = if root.error.is_empty() { String::new() } else { format!(": {}", root.error) };
    format!(
        "root     {}={} ({}, {} files, {} watches){why}",
        root.coder, root.path, root.mode, root.transcripts, root.watches
    )
}

fn describe_coder(coder: &CoderStatus) -> String {
    let known = |text: &str, unknown: &str| if text.is_empty() { unknown.to_owned() } else { text.to_owned() };
    let session = known(&coder.session, "unknown session");
    let says = known(&coder.says, "no registry");
    format!("coder    {} {} in {}: {session} ({says})", coder.coder, coder.pid, known(&coder.cwd, "unknown folder"))
}

#[allow(clippy::cast_precision_loss)] // shown with one decimal
fn megabytes(bytes: u64) -> f64 {
    bytes as f64 / 1_000_000.0
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn status_names_link_roots_and_problem() {
        let status = AgentStatus {
            host_name: "pi".into(),
            link: LinkState::Waiting,
            link_error: "cannot reach it".into(),
            roots: vec![RootStatus {
                coder: "claude".into(),
                path: "/r".into(),
                mode: "rescan".into(),
                ..Default::default()
            }],
            last_error: "cannot read x".into(),
            coders: vec![CoderStatus {
                coder: "claude".into(),
                pid: 7,
                cwd: "/srv/api".into(),
                says: "busy".into(),
                ..CoderStatus::default()
            }],
            ..AgentStatus::default()
        };
        let text = describe(&status);
        for part in [
            "pi",
            "cannot reach it",
            "claude=/r (rescan",
            "problem  cannot read x",
            "coder    claude 7 in /srv/api: unknown session (busy)",
            "may not be stopped",
        ] {
            assert!(text.contains(part), "{text}");
        }
    }
}
