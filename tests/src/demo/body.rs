//! The body of a simulated coder: a small living process, its entry in the registry of sessions, and its hooks.

use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};

use anyhow::Context as _;
use jiff::Timestamp;
use serde_json::{Value, json};
use tokio::io::AsyncWriteExt as _;

use crate::pen::Facts;
use crate::process::muster_agent;

/// A living coder. It ends when this is dropped, and when this program ends for whatever reason.
pub struct Body {
    process: Child,
    home: PathBuf,
    facts: Facts,
    transcript: PathBuf,
    entry: Option<PathBuf>,
    started: Timestamp,
}

impl Body {
    /// Begins to live in the home of a host. Clients before 2.1 keep no registry.
    pub fn new(home: &Path, facts: &Facts, transcript: &Path) -> anyhow::Result<Self> {
        let mut command = Command::new("sh");
        // It waits for a word that never comes; when this program is gone its input ends, and so does it.
        command.arg0("claude").args(["-c", "read word", "claude", "--session-id", &facts.session]);
        command
            .current_dir(home)
            .env_clear()
            .env("HOME", home)
            .stdin(Stdio::piped())
            .stdout(Stdio::null())
            .stderr(Stdio::null());
        let process = command.spawn().context("no shell")?;
        let registry = home.join(".claude/sessions");
        std::fs::create_dir_all(&registry)?;
        let entry = (!facts.version.starts_with("2.0")).then(|| registry.join(format!("{}.json", process.id())));
        Ok(Self {
            process,
            home: home.to_owned(),
            facts: facts.clone(),
            transcript: transcript.to_owned(),
            entry,
            started: Timestamp::now(),
        })
    }

    /// What the client says of itself: its status since `since`, and what it waits for.
    pub fn says(&self, status: &str, waiting_for: Option<&str>, since: Timestamp) -> anyhow::Result<()> {
        let Some(entry) = &self.entry else { return Ok(()) };
        let mut said = json!({
            "pid": self.process.id(), "procStart": start_of(self.process.id())?, "sessionId": self.facts.session,
            "cwd": self.facts.cwd, "startedAt": self.started.as_millisecond(), "version": self.facts.version,
            "kind": "interactive", "entrypoint": self.facts.entrypoint, "status": status,
            "updatedAt": since.as_millisecond(), "statusUpdatedAt": since.as_millisecond(),
        });
        if let Some(waiting_for) = waiting_for {
            said["waitingFor"] = json!(waiting_for);
        }
        std::fs::write(entry, said.to_string()).context("no entry in the registry")
    }

    /// Calls `muster-agent hook` with an event, as the client would. Nobody waits for it.
    pub fn tells(&self, event: &str, more: Value) -> anyhow::Result<()> {
        let mut said = json!({
            "hook_event_name": event, "session_id": self.facts.session, "transcript_path": self.transcript,
            "cwd": self.facts.cwd, "permission_mode": "default",
        });
        if let (Value::Object(said), Value::Object(more)) = (&mut said, more) {
            said.extend(more);
        }
        let mut command = tokio::process::Command::new(muster_agent());
        command.arg("hook").env("HOME", &self.home).env("MUSTER_AGENT_STATE", self.home.join("agent"));
        let mut hook = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn().context("no muster-agent")?;
        tokio::spawn(async move {
            if let Some(mut input) = hook.stdin.take() {
                // A hook that is gone before it was told is as good as one that could not tell.
                let _unheard = input.write_all(said.to_string().as_bytes()).await;
            }
            hook.wait().await
        });
        Ok(())
    }

    /// It dies without a word: its entry stays behind.
    pub fn dies(mut self) {
        self.entry = None;
    }
}

impl Drop for Body {
    fn drop(&mut self) {
        if let Some(entry) = &self.entry {
            // The home may be gone already.
            let _gone = std::fs::remove_file(entry);
        }
        let _ended = self.process.kill();
        let _reaped = self.process.wait();
    }
}

/// When a process began, as the client writes it: clock ticks since boot on Linux.
fn start_of(pid: u32) -> anyhow::Result<String> {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    if stat.is_empty() {
        // Other systems keep no such number; the time of the entry is enough there.
        return Ok(String::new());
    }
    let fields = stat.rsplit_once(") ").map(|(_, fields)| fields).unwrap_or_default();
    fields.split(' ').nth(19).map(str::to_owned).context("a process without a start")
}
