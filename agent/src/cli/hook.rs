//! `muster-agent hook`: called by a coder at every event. Whatever happens, the coder goes on: it never fails, never
//! prints, and never takes long.

use std::path::Path;
use std::process::ExitCode;
use std::sync::mpsc;
use std::time::Duration;

use clap::Args;

use super::Place;
use crate::hooks;
use crate::platform::hook_socket;

/// How long the coder may take to say what happened.
const READING: Duration = Duration::from_secs(2);

/// How long the running agent may take to accept it.
const DELIVERY: Duration = Duration::from_millis(100);

#[derive(Debug, Args)]
pub(super) struct Hook {
    /// The event's name, for input that does not say it
    event: Option<String>,
}

impl Hook {
    pub(super) fn execute(self, place: &Place) -> ExitCode {
        let (step, steps) = mpsc::sync_channel(2);
        let state = place.state.clone();
        // A thread that can be left behind: neither a pipe that stays open nor an agent that hangs holds up the coder.
        let started = std::thread::Builder::new().name("muster-hook".into()).spawn(move || tell(&self, &state, &step));
        if started.is_ok() && steps.recv_timeout(READING).is_ok() {
            // Late or not, nobody could do anything about it.
            let _delivered = steps.recv_timeout(DELIVERY);
        }
        std::process::exit(0)
    }
}

/// Reads the event and hands it on; `step` is told after each of both.
fn tell(hook: &Hook, state: &Path, step: &mpsc::SyncSender<()>) {
    let now = jiff::Timestamp::now().as_millisecond();
    let event = hooks::read(std::io::stdin().lock(), hook.event.as_deref(), now);
    let _read = step.send(());
    if let Some(mut event) = event {
        event.pid = crate::platform::ancestor::coder(&event.transcript_path).unwrap_or_default();
        let _nobody_to_tell = hook_socket::send(state, &hooks::encode(&event));
    }
    let _done = step.send(());
}
