//! Child processes that never outlive their test.

use std::fs::{File, OpenOptions};
use std::path::{Path, PathBuf};
use std::process::{Child, Command, ExitStatus, Stdio};
use std::time::Duration;

use rustix::process::{Pid, Signal, kill_process};

use crate::wait;

/// Environment variable that marks every process of one fleet, so that a leftover can be found.
pub const MARK: &str = "MUSTER_TEST_FLEET";

/// A running program of ours. Killed when dropped.
#[derive(Debug)]
pub struct Process {
    name: String,
    child: Child,
    log: PathBuf,
}

/// The program `name`: from the environment variable `variable`, else beside the running test.
pub fn program(variable: &str, name: &str) -> PathBuf {
    if let Some(path) = std::env::var_os(variable) {
        return path.into();
    }
    let test = std::env::current_exe().expect("a running program has a path");
    let path = test.ancestors().skip(1).take(2).map(|folder| folder.join(name)).find(|path| path.exists());
    path.unwrap_or_else(|| {
        panic!("no {name} beside {}: run `cargo build --workspace` first, or set {variable}", test.display())
    })
}

/// Path of the aggregator's program.
pub fn muster() -> PathBuf {
    program("MUSTER_BIN", "muster")
}

/// Path of the agent's program.
pub fn muster_agent() -> PathBuf {
    program("MUSTER_AGENT_BIN", "muster-agent")
}

impl Process {
    /// Starts `command`; what it prints is appended to `log`.
    pub fn start(name: &str, command: &mut Command, log: &Path) -> Self {
        let child = command
            .stdin(Stdio::null())
            .stdout(append_to(log))
            .stderr(append_to(log))
            .spawn()
            .unwrap_or_else(|error| panic!("cannot start {command:?}: {error}"));
        Self { name: name.to_owned(), child, log: log.to_owned() }
    }

    /// Process id.
    pub fn id(&self) -> u32 {
        self.child.id()
    }

    /// What it has printed so far.
    pub fn log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(&self.log).unwrap_or_default()).into_owned()
    }

    /// SIGKILL, and waits until it is gone.
    pub fn kill(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }

    /// SIGTERM: asks it to end.
    pub fn terminate(&self) {
        self.signal(Signal::TERM);
    }

    /// SIGSTOP: freezes it, connections stay open.
    pub fn freeze(&self) {
        self.signal(Signal::STOP);
    }

    /// SIGCONT.
    pub fn thaw(&self) {
        self.signal(Signal::CONT);
    }

    fn signal(&self, signal: Signal) {
        let pid = i32::try_from(self.id()).ok().and_then(Pid::from_raw).expect("a child has an id");
        kill_process(pid, signal).unwrap_or_else(|error| panic!("cannot signal {}: {error}", self.name));
    }

    /// When it started, as the kernel counts: ticks since the machine did.
    pub fn start_ticks(&self) -> u64 {
        stat_field(self.id(), 19)
    }

    /// How it ended, or `None` while it runs.
    pub fn ended(&mut self) -> Option<ExitStatus> {
        self.child.try_wait().expect("a child can be asked")
    }

    /// Waits until it has ended by itself.
    pub async fn wait(&mut self, patience: Duration) -> ExitStatus {
        let name = self.name.clone();
        wait::until_within(&format!("{name} ends"), patience, || {
            let ended = self.ended();
            async move { ended.ok_or_else(|| "still running".to_owned()) }
        })
        .await
    }

    /// Processor time used so far and resident memory, as the kernel counts them.
    pub fn usage(&self) -> Usage {
        usage_of(self.id())
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        self.kill();
    }
}

fn append_to(log: &Path) -> File {
    OpenOptions::new().create(true).append(true).open(log).expect("the log's folder is ours")
}

/// What a process has used.
#[derive(Debug, Clone, Copy, Default)]
pub struct Usage {
    /// User and system time.
    pub cpu: Duration,
    /// Resident memory now, bytes.
    pub rss_bytes: u64,
    /// Most resident memory so far, bytes.
    pub peak_rss_bytes: u64,
}

/// A number of `/proc/PID/stat`, counted from the state behind the name; zero when the process is gone.
fn stat_field(pid: u32, at: usize) -> u64 {
    let stat = std::fs::read_to_string(format!("/proc/{pid}/stat")).unwrap_or_default();
    // The name in parentheses may hold spaces.
    let behind_name = stat.rsplit(')').next().unwrap_or_default();
    behind_name.split_whitespace().nth(at).and_then(|field| field.parse().ok()).unwrap_or(0)
}

/// [`Usage`] of any process of this machine; zero when it is gone.
pub fn usage_of(pid: u32) -> Usage {
    let per_second = rustix::param::clock_ticks_per_second().max(1);
    let status = std::fs::read_to_string(format!("/proc/{pid}/status")).unwrap_or_default();
    let kib = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap_or_default();
        line.split_whitespace().next().and_then(|number| number.parse::<u64>().ok()).unwrap_or(0)
    };
    Usage {
        cpu: Duration::from_millis((stat_field(pid, 11) + stat_field(pid, 12)) * 1000 / per_second),
        rss_bytes: kib("VmRSS:") * 1024,
        peak_rss_bytes: kib("VmHWM:") * 1024,
    }
}

/// Command lines of the running processes that carry this mark.
pub fn marked(mark: &str) -> Vec<String> {
    let wanted = format!("{MARK}={mark}");
    let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
    entries
        .filter_map(|entry| {
            let environ = std::fs::read(entry.path().join("environ")).ok()?;
            let ours = environ.split(|byte| *byte == 0).any(|variable| variable == wanted.as_bytes());
            let command =
                std::fs::read(entry.path().join("cmdline")).ok().filter(|command| ours && !command.is_empty())?;
            Some(String::from_utf8_lossy(&command).replace('\0', " "))
        })
        .collect()
}
