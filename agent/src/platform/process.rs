//! Processes of this machine: which there are, whether one still is the one it was, and ending it.

use std::collections::HashMap;
use std::io;
use std::path::PathBuf;

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
mod body {
    use std::collections::HashMap;
    use std::fs::File;
    use std::io::{self, Read as _};
    use std::path::PathBuf;

    use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};

    use super::{
        ARGUMENT_BYTES, Detail, ENVIRONMENT_BYTES, Process, Signal, by_name, ended_is_no_error, signal_number,
    };
    use crate::platform::clock::now_ms;

    /// Bytes of `/proc/PID/stat` and `status` that are read; they are some hundreds.
    const STAT_BYTES: u64 = 4096;

    pub(super) struct Table {
        ticks_per_second: u64,
    }

    impl Table {
        pub(super) fn new() -> Self {
            Self { ticks_per_second: rustix::param::clock_ticks_per_second().max(1) }
        }

        #[allow(clippy::unused_self)] // other platforms keep a table
        pub(super) fn pids(&mut self) -> Vec<u32> {
            let entries = std::fs::read_dir("/proc").into_iter().flatten().flatten();
            entries.filter_map(|entry| entry.file_name().to_str()?.parse().ok()).collect()
        }

        pub(super) fn look(&mut self, pid: u32) -> Option<Process> {
            let stat = stat(pid)?;
            let (parent, terminal) = (stat.get(1)?.parse().ok()?, terminal(stat.get(4)?.parse().unwrap_or(0)));
            let stamp = stat.get(19)?.parse().ok()?;
            Some(Process { pid, parent, stamp, started_ms: self.started_ms(stamp), terminal })
        }

        #[allow(clippy::unused_self)] // other platforms keep a table
        pub(super) fn stamp(&mut self, pid: u32) -> Option<u64> {
            stat(pid)?.get(19)?.parse().ok()
        }

        fn started_ms(&self, stamp: u64) -> i64 {
            let text = std::fs::read_to_string("/proc/uptime").unwrap_or_default();
            let uptime: f64 = text.split(' ').next().and_then(|first| first.parse().ok()).unwrap_or_default();
            #[allow(clippy::cast_possible_truncation)] // a machine does not run that long
            let uptime_ms = (uptime * 1000.0) as i64;
            let begun_ms = i64::try_from(stamp.saturating_mul(1000) / self.ticks_per_second).unwrap_or(i64::MAX);
            now_ms() - uptime_ms + begun_ms
        }

        #[allow(clippy::unused_self)] // other platforms keep a table
        pub(super) fn detail(&mut self, pid: u32) -> Detail {
            let line = read(pid, "cmdline", ARGUMENT_BYTES).unwrap_or_default();
            Detail {
                args: parts(&line),
                cwd: std::fs::read_link(file(pid, "cwd")).ok(),
                owner: owner(&read(pid, "status", STAT_BYTES).unwrap_or_default()),
            }
        }

        #[allow(clippy::unused_self)] // other platforms keep a table
        pub(super) fn environment(
            &mut self,
            pid: u32,
            names: &[&'static str],
        ) -> Option<HashMap<&'static str, String>> {
            let all = read(pid, "environ", ENVIRONMENT_BYTES)?;
            let mut found = HashMap::new();
            for variable in all.split(|byte| *byte == 0) {
                let Some(at) = variable.iter().position(|byte| *byte == b'=') else { continue };
                let (name, value) = (&variable[..at], &variable[at + 1..]);
                if let Some(name) = names.iter().find(|wanted| wanted.as_bytes() == name) {
                    found.insert(*name, String::from_utf8_lossy(value).into_owned());
                }
            }
            Some(found)
        }

        pub(super) fn signal(&mut self, pid: u32, stamp: u64, signal: Signal) -> io::Result<bool> {
            let Some(raw) = Pid::from_raw(pid.cast_signed()) else { return Ok(false) };
            let held = pidfd_open(raw, PidfdFlags::empty());
            // Looked at while it is held: from here on its number cannot mean another.
            if self.stamp(pid) != Some(stamp) {
                return Ok(false);
            }
            match held {
                Ok(held) => ended_is_no_error(pidfd_send_signal(held, by_name(signal))),
                // Kernels before 5.3.
                Err(_) => signal_number(pid, signal),
            }
        }
    }

    fn file(pid: u32, name: &str) -> PathBuf {
        PathBuf::from(format!("/proc/{pid}/{name}"))
    }

    fn read(pid: u32, name: &str, limit: u64) -> Option<Vec<u8>> {
        let mut bytes = Vec::new();
        File::open(file(pid, name)).ok()?.take(limit).read_to_end(&mut bytes).ok()?;
        Some(bytes)
    }

    /// What `/proc/PID/stat` says behind the name, which may hold blanks and brackets. Nothing of a zombie.
    fn stat(pid: u32) -> Option<Vec<String>> {
        let stat = read(pid, "stat", STAT_BYTES)?;
        let text = String::from_utf8_lossy(&stat);
        let fields: Vec<String> = text.rsplit_once(") ")?.1.split(' ').map(str::to_owned).collect();
        (!matches!(fields.first()?.as_str(), "Z" | "X" | "x")).then_some(fields)
    }

    fn parts(line: &[u8]) -> Vec<String> {
        let line = line.strip_suffix(b"\0").unwrap_or(line);
        if line.is_empty() {
            return Vec::new();
        }
        line.split(|byte| *byte == 0).map(|part| String::from_utf8_lossy(part).into_owned()).collect()
    }

    /// The effective user in `status`.
    fn owner(status: &[u8]) -> Option<u32> {
        let text = String::from_utf8_lossy(status);
        let line = text.lines().find_map(|line| line.strip_prefix("Uid:"))?;
        line.split_whitespace().nth(1)?.parse().ok()
    }

    /// The kernel's number of a terminal, as people name it.
    pub(super) fn terminal(number: i64) -> String {
        let (major, minor) = ((number >> 8) & 0xFFF, (number & 0xFF) | ((number >> 12) & 0xFFF00));
        match major {
            136..=143 => format!("pts/{}", (major - 136) * 256 + minor),
            4 if minor < 64 => format!("tty{minor}"),
            4 => format!("ttyS{}", minor - 64),
            _ => String::new(),
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod body {
    use std::collections::HashMap;
    use std::io;

    use sysinfo::{Pid, ProcessRefreshKind, ProcessStatus, ProcessesToUpdate, System, UpdateKind};

    use super::{ARGUMENT_BYTES, Detail, ENVIRONMENT_BYTES, Process, Signal};

    pub(super) struct Table(System);

    impl Table {
        pub(super) fn new() -> Self {
            Self(System::new())
        }

        fn refresh(&mut self, pid: u32, kind: ProcessRefreshKind) -> Option<&sysinfo::Process> {
            let pid = Pid::from_u32(pid);
            self.0.refresh_processes_specifics(ProcessesToUpdate::Some(&[pid]), true, kind);
            self.0.process(pid)
        }

        pub(super) fn pids(&mut self) -> Vec<u32> {
            self.0.refresh_processes_specifics(ProcessesToUpdate::All, true, ProcessRefreshKind::nothing());
            self.0.processes().keys().map(|pid| pid.as_u32()).collect()
        }

        pub(super) fn look(&mut self, pid: u32) -> Option<Process> {
            let process = self.refresh(pid, ProcessRefreshKind::nothing())?;
            if matches!(process.status(), ProcessStatus::Zombie | ProcessStatus::Dead) {
                return None;
            }
            let seconds = process.start_time();
            Some(Process {
                pid,
                parent: process.parent().map_or(0, Pid::as_u32),
                stamp: seconds,
                started_ms: i64::try_from(seconds.saturating_mul(1000)).unwrap_or(i64::MAX),
                terminal: String::new(),
            })
        }

        pub(super) fn stamp(&mut self, pid: u32) -> Option<u64> {
            self.look(pid).map(|process| process.stamp)
        }

        pub(super) fn detail(&mut self, pid: u32) -> Detail {
            let once = UpdateKind::OnlyIfNotSet;
            let kind = ProcessRefreshKind::nothing().with_cmd(UpdateKind::Always).with_cwd(once).with_user(once);
            let Some(process) = self.refresh(pid, kind) else { return Detail::default() };
            let mut left = usize::try_from(ARGUMENT_BYTES).unwrap_or(usize::MAX);
            let mut args = Vec::new();
            for arg in process.cmd() {
                let arg = arg.to_string_lossy().into_owned();
                left = left.saturating_sub(arg.len());
                if left == 0 {
                    break;
                }
                args.push(arg);
            }
            #[cfg(unix)]
            let owner = process.effective_user_id().or(process.user_id()).map(|user| **user);
            #[cfg(not(unix))]
            let owner = None;
            Detail { args, cwd: process.cwd().map(std::path::Path::to_path_buf), owner }
        }

        pub(super) fn environment(
            &mut self,
            pid: u32,
            names: &[&'static str],
        ) -> Option<HashMap<&'static str, String>> {
            let kind = ProcessRefreshKind::nothing().with_environ(UpdateKind::Always);
            let all = self.refresh(pid, kind)?.environ();
            let size: usize = all.iter().map(|variable| variable.len()).sum();
            if all.is_empty() || size as u64 > ENVIRONMENT_BYTES {
                return None;
            }
            let mut found = HashMap::new();
            for variable in all {
                let variable = variable.to_string_lossy();
                let Some((name, value)) = variable.split_once('=') else { continue };
                if let Some(name) = names.iter().find(|wanted| **wanted == name) {
                    found.insert(*name, value.to_owned());
                }
            }
            // The crate keeps what it read with the process; it is to be forgotten.
            self.0 = System::new();
            Some(found)
        }

        #[cfg(unix)]
        pub(super) fn signal(&mut self, pid: u32, stamp: u64, signal: Signal) -> io::Result<bool> {
            if self.stamp(pid) != Some(stamp) {
                return Ok(false);
            }
            super::signal_number(pid, signal)
        }

        #[cfg(not(unix))]
        pub(super) fn signal(&mut self, pid: u32, stamp: u64, signal: Signal) -> io::Result<bool> {
            if signal == Signal::Interrupt {
                return Err(io::Error::new(
                    io::ErrorKind::Unsupported,
                    "Windows has no way to interrupt another program",
                ));
            }
            if self.stamp(pid) != Some(stamp) {
                return Ok(false);
            }
            let killed = self.0.process(Pid::from_u32(pid)).is_some_and(sysinfo::Process::kill);
            if killed { Ok(true) } else { Err(io::Error::from(io::ErrorKind::PermissionDenied)) }
        }
    }
}

#[cfg(test)]
mod tests {
    #![cfg(target_os = "linux")]

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
