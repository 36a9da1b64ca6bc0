//! The process table of Linux: the files below `/proc`.

use std::collections::HashMap;
use std::fs::File;
use std::io::{self, Read as _};
use std::path::PathBuf;

use rustix::process::{Pid, PidfdFlags, pidfd_open, pidfd_send_signal};

use super::{ARGUMENT_BYTES, Detail, ENVIRONMENT_BYTES, Process, Signal, by_name, ended_is_no_error, signal_number};
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
    pub(super) fn environment(&mut self, pid: u32, names: &[&'static str]) -> Option<HashMap<&'static str, String>> {
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
