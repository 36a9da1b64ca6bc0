//! The process table of macOS and Windows, as the `sysinfo` crate reads it.

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

    pub(super) fn environment(&mut self, pid: u32, names: &[&'static str]) -> Option<HashMap<&'static str, String>> {
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
            return Err(io::Error::new(io::ErrorKind::Unsupported, "Windows has no way to interrupt another program"));
        }
        if self.stamp(pid) != Some(stamp) {
            return Ok(false);
        }
        let killed = self.0.process(Pid::from_u32(pid)).is_some_and(sysinfo::Process::kill);
        if killed { Ok(true) } else { Err(io::Error::from(io::ErrorKind::PermissionDenied)) }
    }
}
