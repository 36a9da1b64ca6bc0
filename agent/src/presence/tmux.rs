//! tmux: pressing Escape where a coder runs, as a person would.

use std::io::Read as _;
use std::path::Path;
use std::process::{Command, Stdio};
use std::time::{Duration, Instant};

use crate::platform::process::{own_user, owner_of};

/// How long tmux may take; it answers within milliseconds, or its server hangs.
const WITHIN: Duration = Duration::from_secs(2);

/// How often it is looked whether tmux has ended.
const LOOK: Duration = Duration::from_millis(5);

/// Bytes of tmux' answer that are read: the name of a terminal.
const ANSWER_BYTES: u64 = 256;

/// Presses Escape in `place` (`SOCKET,PANE`) when that pane shows `terminal`. Says why not otherwise.
pub(super) fn escape(place: &str, terminal: &str) -> Result<(), String> {
    let (socket, pane) = place.rsplit_once(',').ok_or("it does not run in tmux")?;
    let metadata = std::fs::symlink_metadata(Path::new(socket)).map_err(|_| "its tmux server is gone".to_owned())?;
    if owner_of(&metadata) != own_user() {
        return Err("its tmux server belongs to another user".into());
    }
    let shown = tmux(socket, &["display-message", "-p", "-t", pane, "#{pane_tty}"])?;
    if terminal.is_empty() || shown.trim() != format!("/dev/{terminal}") {
        return Err("its tmux pane shows another terminal".into());
    }
    tmux(socket, &["send-keys", "-t", pane, "Escape"]).map(drop)
}

fn tmux(socket: &str, arguments: &[&str]) -> Result<String, String> {
    let mut command = Command::new("tmux");
    command.arg("-S").arg(socket).args(arguments);
    command.env_remove("TMUX").stdin(Stdio::null()).stdout(Stdio::piped()).stderr(Stdio::null());
    let mut running = command.spawn().map_err(|error| format!("tmux cannot be run: {error}"))?;
    let began = Instant::now();
    loop {
        match running.try_wait() {
            Ok(Some(status)) if status.success() => break,
            Ok(Some(_)) => return Err("tmux refused".into()),
            Ok(None) if began.elapsed() < WITHIN => std::thread::sleep(LOOK),
            _ => {
                // It may end by itself at this moment; either way it is waited for.
                let _ended = running.kill().and_then(|()| running.wait());
                return Err("tmux does not answer".into());
            }
        }
    }
    let mut answer = String::new();
    if let Some(output) = running.stdout {
        output.take(ANSWER_BYTES).read_to_string(&mut answer).map_err(|error| error.to_string())?;
    }
    Ok(answer)
}
