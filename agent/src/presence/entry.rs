//! One entry of Claude Code's registry of living sessions: `sessions/PID.json` in its home.

use muster_proto::fleet;
use serde_json::{Map, Value};

use super::words::clip;
use crate::platform::process::Process;

/// A process that begins this much after an entry's own start is not the one that wrote it. The entry is written half a
/// second after the process began; platforms that tell starts in whole seconds round up.
const LATER_MS: i64 = 2_000;

/// What an entry says.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Entry {
    pub(super) pid: u32,
    /// `procStart`, where it is a number: Linux' start time in clock ticks.
    pub(super) stamp: Option<u64>,
    pub(super) started_ms: i64,
    /// In which machine and container its number counts, as newer clients say; empty where they do not.
    pub(super) domain: String,
    pub(super) session: String,
    pub(super) cwd: String,
    pub(super) version: String,
    pub(super) kind: String,
    pub(super) entrypoint: String,
    pub(super) job: String,
    pub(super) says: fleet::Registry,
    /// The user that owns the file, where the platform has owners.
    pub(super) owner: Option<u32>,
}

impl Entry {
    /// Reads the file of process `pid`; `None`: it is no entry (yet). A field of another type counts as absent.
    pub(super) fn parse(pid: u32, bytes: &[u8]) -> Option<Self> {
        let fields: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
        let text = |name: &str| clip(fields.get(name).and_then(Value::as_str).unwrap_or_default());
        let number = |name: &str| fields.get(name).and_then(Value::as_f64).unwrap_or_default();
        #[allow(clippy::cast_possible_truncation)] // saturates, as wanted
        let time = |name: &str| number(name) as i64;
        let stamp = match fields.get("procStart") {
            Some(Value::String(text)) => text.parse().ok(),
            other => other.and_then(Value::as_u64),
        };
        let since_ms = Some(time("statusUpdatedAt")).filter(|at| *at != 0).unwrap_or_else(|| time("updatedAt"));
        let updated_ms = Some(time("updatedAt")).filter(|at| *at != 0).unwrap_or_else(|| time("startedAt"));
        Some(Self {
            pid,
            stamp,
            started_ms: time("startedAt"),
            domain: text("pidDomain"),
            session: text("sessionId"),
            cwd: text("cwd"),
            version: text("version"),
            kind: text("kind"),
            entrypoint: text("entrypoint"),
            job: text("jobId"),
            says: fleet::Registry {
                status: text("status"),
                waiting_for: text("waitingFor"),
                since_ms,
                updated_ms,
                name: text("name"),
            },
            owner: None,
        })
    }

    /// `process` wrote this entry. After `kill -9` entries stay behind, and another process may get the number.
    pub(super) fn is_of(&self, process: &Process, owner: Option<u32>) -> bool {
        let same_user = self.owner.is_none() || owner.is_none() || self.owner == owner;
        let same_start = match self.stamp {
            Some(stamp) if cfg!(target_os = "linux") => stamp == process.stamp,
            _ => process.started_ms <= self.started_ms + LATER_MS,
        };
        self.pid == process.pid && same_start && same_user
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn process(stamp: u64) -> Process {
        Process { pid: 8071, parent: 1, stamp, started_ms: 1_795_278_898_030, terminal: String::new() }
    }

    #[test]
    fn an_entry_says_who_and_what() {
        let text = br#"{"pid":8071,"sessionId":"dbe8","cwd":"/srv/api","startedAt":1795278898560,"procStart":"2295916",
            "version":"2.1.329","kind":"interactive","entrypoint":"cli","messagingSocketPath":"/tmp/cc-socks/8071.sock",
            "name":"api-0a","status":"waiting","updatedAt":1795278900803,"statusUpdatedAt":1795278900800,
            "waitingFor":"permission prompt","new":{"field":[1]}}"#;
        let entry = Entry::parse(8071, text).unwrap();
        assert_eq!(
            (entry.session.as_str(), entry.cwd.as_str(), entry.kind.as_str()),
            ("dbe8", "/srv/api", "interactive")
        );
        assert_eq!((entry.says.status.as_str(), entry.says.waiting_for.as_str()), ("waiting", "permission prompt"));
        assert_eq!((entry.says.since_ms, entry.says.updated_ms), (1_795_278_900_800, 1_795_278_900_803));
        if cfg!(target_os = "linux") {
            assert!(entry.is_of(&process(2_295_916), None) && !entry.is_of(&process(2_295_917), None));
        }
    }

    #[test]
    fn without_a_stamp_the_times_decide_and_another_users_process_is_never_meant() {
        let mut entry =
            Entry::parse(8071, br#"{"startedAt":1795278898560,"procStart":"Sat Nov 21 16:45:27 2026"}"#).unwrap();
        assert!(entry.is_of(&process(1), Some(7)));
        entry.started_ms -= 10_000;
        assert!(!entry.is_of(&process(1), Some(7)), "it began after the entry's own process");
        entry.started_ms += 10_000;
        entry.owner = Some(8);
        assert!(!entry.is_of(&process(1), Some(7)));
    }

    #[test]
    fn what_is_half_written_or_something_else_is_no_entry() {
        for bytes in [&b""[..], b"{", b"{\"pid\":1,\"sess", b"[]", b"null", b"\xFF", b"{\"pid\":1}}"] {
            assert_eq!(Entry::parse(1, bytes), None);
        }
        let odd = Entry::parse(1, br#"{"sessionId":7,"startedAt":"x","status":null,"updatedAt":1e300}"#).unwrap();
        assert_eq!((odd.session.as_str(), odd.started_ms, odd.says.updated_ms), ("", 0, i64::MAX));
    }
}
