//! A stand-in for the real client: a process of its name, its entry in the registry, its transcript, its hooks.

use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Command, Stdio};

use jiff::Timestamp;
use serde_json::{Value, json};

use crate::coder::Coder;
use crate::host::Host;
use crate::lines::Version;
use crate::process::{MARK, Process};

/// One client that lives on a host.
#[derive(Debug)]
pub struct Client {
    /// Its conversation.
    pub coder: Coder,
    process: Process,
    entry: PathBuf,
    /// The outcome of the call that is open.
    outcome: String,
}

impl Client {
    /// A client that waits for its first prompt.
    pub fn start(host: &Host, cwd: &str) -> Self {
        Self::resume(host, host.coder(cwd, Version::V2_1_329))
    }

    /// A client that holds this conversation.
    pub fn resume(host: &Host, coder: Coder) -> Self {
        let mut command = Command::new("sleep");
        command.arg0("claude").arg("600").current_dir(&host.home).env(MARK, &host.mark);
        let process = Process::start("the client", &mut command, &host.home.join("client.log"));
        let entry = entry(host, process.id());
        let client = Self { coder, process, entry, outcome: String::new() };
        client.says("idle", None);
        client
    }

    /// Id of its session at the aggregator.
    pub fn session(&self) -> String {
        self.coder.id()
    }

    /// Number of its process.
    pub fn pid(&self) -> u32 {
        self.process.id()
    }

    /// Writes its entry in the registry, in place, as the real one does.
    pub fn says(&self, status: &str, waiting_for: Option<&str>) {
        let entry =
            entry_of(self.pid(), self.process.start_ticks(), &self.coder.session_id, status, waiting_for, now_ms());
        write(&self.entry, &entry);
    }

    /// A person prompts, and it calls a tool that does not answer yet.
    pub fn works(&mut self, command: &str) {
        self.says("busy", None);
        self.coder.prompt(&format!("Please run {command}"));
        let [call, outcome] = self.coder.lines.tool("Bash", &json!({"command": command, "description": "Run"}), "ok");
        self.coder.append(call.as_bytes());
        self.outcome = outcome;
    }

    /// The same, and a dialog asks whether it may.
    pub fn asks(&mut self, command: &str) {
        self.works(command);
        self.says("waiting", Some("permission prompt"));
    }

    /// The call answers, and the turn ends.
    pub fn finishes(&mut self) {
        let outcome = std::mem::take(&mut self.outcome);
        self.coder.append(outcome.as_bytes());
        self.coder.reply("Done.");
        self.says("idle", None);
    }

    /// Calls a hook as the coder does.
    pub fn hook(&self, host: &Host, event: &str, command: &str) {
        let input = json!({"hook_event_name": event, "session_id": self.coder.session_id, "tool_name": "Bash",
            "tool_input": {"command": command}});
        let mut called = host.command(&["hook"]).stdin(Stdio::piped()).spawn().expect("the agent's program starts");
        let written = called.stdin.take().expect("a pipe").write_all(input.to_string().as_bytes());
        written.expect("a hook reads its input");
        let status = called.wait().expect("a child can be waited for");
        assert!(status.success(), "a hook must never fail the client: {status}");
    }

    /// Stops it where it stands, as a machine that falls asleep does.
    pub fn freeze(&self) {
        self.process.freeze();
    }

    /// Lets it go on.
    pub fn thaw(&self) {
        self.process.thaw();
    }

    /// SIGKILL: its entry stays behind.
    pub fn kill(&mut self) {
        self.process.kill();
    }

    /// It leaves by itself: it takes its entry back first.
    pub fn leave(&mut self) {
        std::fs::remove_file(&self.entry).expect("the entry is ours");
        self.process.kill();
    }
}

/// Where the entry of a process lies.
pub fn entry(host: &Host, pid: u32) -> PathBuf {
    host.home.join(format!(".claude/sessions/{pid}.json"))
}

/// An entry as the client writes it, of a process that began at `start_ticks`; last written at `at_ms`.
pub fn entry_of(
    pid: u32,
    start_ticks: u64,
    session: &str,
    status: &str,
    waiting_for: Option<&str>,
    at_ms: i64,
) -> Value {
    let mut entry = json!({"pid": pid, "sessionId": session, "cwd": "/srv/demo/api", "startedAt": at_ms,
        "procStart": start_ticks.to_string(), "version": "2.1.329", "kind": "interactive", "entrypoint": "cli",
        "name": "api", "status": status, "statusUpdatedAt": at_ms, "updatedAt": at_ms});
    if let Some(what) = waiting_for {
        entry["waitingFor"] = what.into();
    }
    entry
}

/// In place, as the client does it.
pub fn write(path: &PathBuf, entry: &Value) {
    std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the folder is ours");
    std::fs::write(path, entry.to_string()).expect("the file is ours");
}

fn now_ms() -> i64 {
    Timestamp::now().as_millisecond()
}
