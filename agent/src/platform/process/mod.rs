//! Processes of this machine: which there are, whether one still is the one it was, and ending it.

#[cfg(not(target_os = "linux"))]
mod elsewhere;
#[cfg(target_os = "linux")]
mod linux;

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

#[cfg(not(target_os = "linux"))]
use elsewhere as body;
#[cfg(target_os = "linux")]
use linux as body;

/// Arguments of a process that are looked at, bytes: a prompt may stand there, what matters stands before it.
const ARGUMENT_BYTES: u64 = 16 * 1024;

/// Environment of a process that is looked through, bytes.
const ENVIRONMENT_BYTES: u64 = 512 * 1024;

/// A living process. Zombies do not count.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Process {
    /// Its number; another process may get it later.
    pub pid: u32,
    /// The process that started it.
    pub parent: u32,
    /// When it began, in the platform's own unit (Linux: clock ticks since boot). With the pid it names the process.
    pub stamp: u64,
    /// When it began, milliseconds since 1970.
    pub started_ms: i64,
    /// Its terminal: "pts/3"; empty where there is none or nobody knows.
    pub terminal: String,
}

impl Process {
    /// Names this process for as long as the machine runs.
    pub fn key(&self) -> String {
        format!("{}-{}", self.pid, self.stamp)
    }
}

/// What is asked once of a process.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Detail {
    /// Its command line; empty when it may not be read.
    pub args: Vec<String>,
    /// Its working directory.
    pub cwd: Option<PathBuf>,
    /// The number of the user that it runs as; `None` where the platform has none.
    pub owner: Option<u32>,
}

/// How a process is told to end.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Signal {
    /// As by Ctrl+C.
    Interrupt,
    /// It is asked to leave.
    Terminate,
    /// It is ended.
    Kill,
}

/// The process table.
pub struct Table(body::Table);

impl Default for Table {
    fn default() -> Self {
        Self(body::Table::new())
    }
}

impl Table {
    /// Every process of this machine.
    pub fn pids(&mut self) -> Vec<u32> {
        self.0.pids()
    }

    /// Looks at one process.
    pub fn look(&mut self, pid: u32) -> Option<Process> {
        self.0.look(pid)
    }

    /// What else can be said of it.
    pub fn detail(&mut self, pid: u32) -> Detail {
        self.0.detail(pid)
    }

    /// These variables of its environment; nothing else of it is kept. `None`: it may not be read.
    pub fn environment(&mut self, pid: u32, names: &[&'static str]) -> Option<HashMap<&'static str, String>> {
        self.0.environment(pid, names)
    }

    /// The process with this number still is the one that began then.
    pub fn is(&mut self, pid: u32, stamp: u64) -> bool {
        self.0.stamp(pid) == Some(stamp)
    }

    /// Signals the process that has this number and began then; `false`: it has ended.
    pub fn signal(&mut self, pid: u32, stamp: u64, signal: Signal) -> io::Result<bool> {
        self.0.signal(pid, stamp, signal)
    }
}

/// The machine and container in which numbers of processes count here, as Claude Code names them in its registry; `None`
/// where nobody knows.
pub fn domain() -> Option<String> {
    let machine = std::fs::read_to_string("/etc/machine-id").ok()?;
    let container = std::fs::read_link("/proc/self/ns/pid").ok()?;
    Some(format!("linux:{}:{}", machine.trim(), container.to_str()?))
}

/// The number of the user that this process runs as; `None` where the platform has none.
pub fn own_user() -> Option<u32> {
    #[cfg(unix)]
    return Some(rustix::process::geteuid().as_raw());
    #[cfg(not(unix))]
    return None;
}

/// The number of a file's owner; `None` where the platform has none.
pub fn owner_of(metadata: &std::fs::Metadata) -> Option<u32> {
    #[cfg(unix)]
    return Some(std::os::unix::fs::MetadataExt::uid(metadata));
    #[cfg(not(unix))]
    {
        let _no_owner = metadata;
        None
    }
}

#[cfg(unix)]
fn by_name(signal: Signal) -> rustix::process::Signal {
    match signal {
        Signal::Interrupt => rustix::process::Signal::INT,
        Signal::Terminate => rustix::process::Signal::TERM,
        Signal::Kill => rustix::process::Signal::KILL,
    }
}

/// By number: what has it now was looked at a moment before.
#[cfg(unix)]
fn signal_number(pid: u32, signal: Signal) -> io::Result<bool> {
    let Some(process) = rustix::process::Pid::from_raw(pid.cast_signed()) else { return Ok(false) };
    ended_is_no_error(rustix::process::kill_process(process, by_name(signal)))
}

#[cfg(unix)]
fn ended_is_no_error(done: rustix::io::Result<()>) -> io::Result<bool> {
    match done {
        Ok(()) => Ok(true),
        Err(rustix::io::Errno::SRCH) => Ok(false),
        Err(error) => Err(error.into()),
    }
}

#[cfg(target_os = "linux")]
#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn this_process_is_found_with_what_matters_of_it() {
        let mut table = Table::default();
        let own = std::process::id();
        assert!(table.pids().contains(&own));
        let process = table.look(own).unwrap();
        assert_eq!(process.parent, std::os::unix::process::parent_id());
        let age = crate::platform::clock::now_ms() - process.started_ms;
        assert!((-50..3_600_000).contains(&age), "{age}");
        assert!(table.is(own, process.stamp) && !table.is(own, process.stamp + 1));
        let detail = table.detail(own);
        assert_eq!(detail.cwd, std::env::current_dir().ok());
        assert_eq!(detail.owner, own_user());
        assert_eq!(detail.args, std::env::args().collect::<Vec<_>>());
        let kept = table.environment(own, &["PATH", "NO_SUCH_VARIABLE"]).unwrap();
        assert_eq!(kept.into_iter().collect::<Vec<_>>(), vec![("PATH", std::env::var("PATH").unwrap())]);
    }

    #[test]
    fn only_the_process_that_was_meant_is_signalled() {
        let mut table = Table::default();
        let mut child = std::process::Command::new("sleep").arg("1000").spawn().unwrap();
        let stamp = table.look(child.id()).unwrap().stamp;
        assert!(!table.signal(child.id(), stamp + 1, Signal::Kill).unwrap(), "another one");
        assert!(table.signal(child.id(), stamp, Signal::Terminate).unwrap());
        while table.look(child.id()).is_some() {
            std::thread::yield_now();
        }
        // A zombie until now.
        assert!(!table.signal(child.id(), stamp, Signal::Kill).unwrap());
        assert_eq!(std::os::unix::process::ExitStatusExt::signal(&child.wait().unwrap()), Some(15));
    }

    #[test]
    fn terminals_have_names() {
        for (number, name) in [(34816, "pts/0"), (34819, "pts/3"), (1025, "tty1"), (1088, "ttyS0"), (0, "")] {
            assert_eq!(body::terminal(number), name);
        }
    }
}
