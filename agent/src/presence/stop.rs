//! Stopping a coder, one step at a time.

use muster_proto::fleet::{Coder, Stop, StopOutcome, StopStep, Stopped};

use super::tmux;
use crate::platform::process::{Signal, Table};

/// Obeys an order about `coder`, the living one that it names, and reports.
pub(super) fn obey(order: &Stop, coder: Option<&Coder>, table: &mut Table) -> Stopped {
    let (outcome, detail) = match coder {
        Some(coder) => step(order.step(), coder, table),
        None => ended(),
    };
    tracing::info!(coder.key = order.key, step = order.step().as_str_name(), outcome = outcome.as_str_name(), "stop");
    Stopped { request_id: order.request_id, outcome: outcome.into(), detail }
}

/// The report of a host that does not let itself be told.
pub(super) fn refused(order: &Stop) -> Stopped {
    let detail = "this host does not let coders be stopped from outside; its owner can allow it with \
                  `allow_stop = true` in the agent's config.toml";
    Stopped { request_id: order.request_id, outcome: StopOutcome::Refused.into(), detail: detail.into() }
}

fn ended() -> (StopOutcome, String) {
    (StopOutcome::Ended, "this process has ended already".into())
}

fn step(step: StopStep, coder: &Coder, table: &mut Table) -> (StopOutcome, String) {
    match step {
        StopStep::Interrupt => interrupt(coder, table),
        StopStep::Terminate => signal(coder, table, Signal::Terminate, "asked to end (SIGTERM)"),
        StopStep::Kill => signal(coder, table, Signal::Kill, "ended (SIGKILL)"),
        StopStep::Unspecified => {
            (StopOutcome::Failed, "this agent does not know that step; update muster-agent".into())
        }
    }
}

/// As a person would by Escape, where we can press it. The signal of Ctrl+C ends the turn only where the turn is all
/// there is: an interactive Claude Code leaves altogether when it gets it, whatever it is doing (seen in 2.1.329).
fn interrupt(coder: &Coder, table: &mut Table) -> (StopOutcome, String) {
    if coder.kind == "print" {
        return signal(coder, table, Signal::Interrupt, "interrupted (SIGINT)");
    }
    match tmux::escape(&coder.tmux, &coder.terminal) {
        Ok(()) => (StopOutcome::Done, "interrupted (Escape in its tmux pane)".into()),
        Err(why) => {
            let instead = "press Escape in its terminal, or choose `terminate`, which ends the whole session";
            (StopOutcome::Failed, format!("its turn cannot be ended from here: {why}; {instead}"))
        }
    }
}

fn signal(coder: &Coder, table: &mut Table, signal: Signal, done: &str) -> (StopOutcome, String) {
    let stamp = coder.key.rsplit_once('-').and_then(|(_, stamp)| stamp.parse().ok());
    let Some(stamp) = stamp else { return ended() };
    match table.signal(coder.pid, stamp, signal) {
        Ok(true) => (StopOutcome::Done, done.to_owned()),
        Ok(false) => ended(),
        Err(error) if error.kind() == std::io::ErrorKind::PermissionDenied => {
            (StopOutcome::Failed, "it belongs to another user; run muster-agent as that user, or as root".into())
        }
        Err(error) => (StopOutcome::Failed, format!("it could not be signalled: {error}")),
    }
}
