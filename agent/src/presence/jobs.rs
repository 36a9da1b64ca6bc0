//! Claude Code's sessions without a terminal: `jobs/ID/state.json` in its home.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use muster_proto::fleet::Job;
use serde_json::{Map, Value};

use super::entry::Entry;
use super::words::clip;
use crate::platform::file;

/// Largest state that is read: it holds the latest output in words.
const STATE_BYTES: u64 = 256 * 1024;

/// Longest detail that is told, characters: a line on a page.
const DETAIL: usize = 200;

/// The folder of the job that an entry speaks of; `None` when it speaks of none.
pub(super) fn folder(home: &Path, entry: &Entry) -> Option<PathBuf> {
    let is_plain = |name: &str| name.chars().all(|c| c.is_ascii_alphanumeric() || c == '-' || c == '_');
    let short = entry.session.get(..8).filter(|_| entry.kind == "bg").unwrap_or_default();
    let name = if entry.job.is_empty() { short } else { &entry.job };
    (!name.is_empty() && name.len() <= 64 && is_plain(name)).then(|| home.join("jobs").join(name))
}

/// How the job in `folder` stands; `None`: it does not say, or is being written.
pub(super) fn read(folder: &Path) -> Option<Job> {
    let opened: File = file::open(&folder.join("state.json")).ok()?;
    let mut bytes = Vec::new();
    opened.take(STATE_BYTES).read_to_end(&mut bytes).ok()?;
    parse(&bytes)
}

fn parse(bytes: &[u8]) -> Option<Job> {
    let fields: Map<String, Value> = serde_json::from_slice(bytes).ok()?;
    let text = |name: &str| clip(fields.get(name).and_then(Value::as_str).unwrap_or_default());
    let needs = text("needs");
    Some(Job {
        state: text("state"),
        // What it needs of a person says more than what it last did.
        detail: if needs.is_empty() { text("detail") } else { needs }.chars().take(DETAIL).collect(),
        tasks: fields.get("inFlight").and_then(|value| value.get("tasks")).map_or(0, count),
        updated_ms: fields.get("updatedAt").map_or(0, time),
    })
}

fn count(value: &Value) -> u32 {
    let number = value.as_array().map(|tasks| tasks.len() as u64).or(value.as_u64());
    number.and_then(|number| number.try_into().ok()).unwrap_or(0)
}

/// Milliseconds since 1970, or RFC 3339.
fn time(value: &Value) -> i64 {
    let written = || value.as_str()?.parse().ok().map(jiff::Timestamp::as_millisecond);
    value.as_i64().or_else(written).unwrap_or(0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_job_says_how_it_stands() {
        let text = br#"{"state":"working","detail":"running tests","inFlight":{"tasks":2,"queued":0,"kinds":["agent"]},
            "updatedAt":"2026-11-21T16:00:00.5Z"}"#;
        let job = parse(text).unwrap();
        assert_eq!((job.state.as_str(), job.detail.as_str(), job.tasks), ("working", "running tests", 2));
        assert_eq!(job.updated_ms % 100_000, 500);
        assert_eq!(parse(br#"{"inFlight":{"tasks":[{},{}]},"updatedAt":17}"#).unwrap().tasks, 2);
        let asks = parse(br#"{"state":"working","tempo":"blocked","needs":"approve Bash: ls","detail":"x"}"#).unwrap();
        assert_eq!(asks.detail, "approve Bash: ls");
        assert_eq!(parse(b"{\"state\":\"wor"), None);
    }

    #[test]
    fn only_a_plain_name_leads_to_a_folder() {
        let home = Path::new("/h");
        let of = |job: &str, kind: &str| {
            let entry = Entry { job: job.into(), kind: kind.into(), session: "0123456789".into(), ..Entry::default() };
            folder(home, &entry)
        };
        assert_eq!(of("a1b2", "interactive"), Some("/h/jobs/a1b2".into()));
        assert_eq!(of("", "bg"), Some("/h/jobs/01234567".into()));
        assert_eq!(of("", "interactive"), None);
        assert_eq!(of("../x", "bg"), None);
    }
}
