//! Plays recordings of the real client (`fixtures/state`) on a host: its registry, transcripts, jobs, hooks and processes,
//! with the times of now.

use std::collections::{BTreeMap, VecDeque};
use std::io::Write as _;
use std::os::unix::process::CommandExt as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Stdio};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Map, Value};

use crate::coder::append;
use crate::fleet::fixtures;
use crate::host::Host;
use crate::process::{MARK, Process};

/// What a person at the terminal sees, from a mark of the recording on.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Seen {
    /// Id of the session at the aggregator.
    pub session: String,
    /// `working`, `needs_permission`, …
    pub turn: String,
    /// Subagents that have not ended.
    pub subagents: u64,
    /// Commands in the background that have not ended.
    pub shells: u64,
}

/// A recording on its way over a host.
#[derive(Debug)]
pub struct Recording {
    items: VecDeque<Value>,
    started_ms: i64,
    hooks: bool,
    /// Stand-ins for the client's processes, by the ids of the recording.
    processes: BTreeMap<u64, Process>,
}

/// What a person needs at least to see something and act on it. The recording's own pauses are longer.
const THOUGHT: Duration = Duration::from_millis(300);

/// Home of the recorded client.
const HOME: &str = "/home/dev/.claude";

/// Fields of registry entries that are times, in milliseconds since 1970.
const TIMES: [&str; 4] = ["startedAt", "updatedAt", "statusUpdatedAt", "nameSince"];

impl Recording {
    /// Opens `fixtures/state/NAME.jsonl`. Without `hooks` the client calls none.
    pub fn open(name: &str, hooks: bool) -> Self {
        let path = fixtures().join("state").join(format!("{name}.jsonl"));
        let text = std::fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let items: VecDeque<Value> =
            text.lines().map(|line| serde_json::from_str(line).expect("a recording holds JSON")).collect();
        let started_ms = items.front().and_then(|meta| meta["started_at_ms"].as_i64()).expect("it begins with meta");
        Self { items, started_ms, hooks, processes: BTreeMap::new() }
    }

    /// Plays on until a person has seen one thing for a while: `rest_ms` of the recording, of which the second half is
    /// still to come. `None` at the end.
    pub fn play(&mut self, host: &Host, rest_ms: i64) -> Option<Seen> {
        let mut mark: Option<Value> = None;
        while let Some(item) = self.items.front() {
            let at = item["at_ms"].as_i64().unwrap_or_default();
            if mark.as_ref().is_some_and(|mark| at > mark["at_ms"].as_i64().unwrap_or_default() + rest_ms / 2) {
                break;
            }
            let item = self.items.pop_front().expect("just seen");
            if item["source"] == "expect" {
                mark = self.lasts(&item, rest_ms).then_some(item);
            } else {
                self.apply(host, &item);
            }
        }
        mark.map(|mark| Seen {
            session: format!("claude-{}", mark["session"].as_str().unwrap_or_default()),
            turn: mark["turn"].as_str().unwrap_or_default().to_owned(),
            subagents: mark["subagents"].as_u64().unwrap_or_default(),
            shells: mark["shells"].as_u64().unwrap_or_default(),
        })
    }

    /// Whether the next mark is further away than `rest_ms`.
    fn lasts(&self, mark: &Value, rest_ms: i64) -> bool {
        let at = |item: &Value| item["at_ms"].as_i64().unwrap_or_default();
        let next = self.items.iter().find(|item| item["source"] == "expect");
        next.is_none_or(|next| at(next) - at(mark) > rest_ms)
    }

    fn apply(&mut self, host: &Host, item: &Value) {
        match item["source"].as_str().unwrap_or_default() {
            "process" => self.process(host, item),
            "registry" => self.registry(host, item),
            "transcript" => {
                let mut line = item["line"].clone();
                if let Some(time) = line.get_mut("timestamp") {
                    self.shift(item, time);
                }
                append(&path(host, item), format!("{line}\n").as_bytes());
            }
            "side" | "job" => write(&path(host, item), &here(host, &item["file"].to_string())),
            // What a person does comes a while after what it answers: whoever orders by time must be able to.
            "person" => std::thread::sleep(THOUGHT),
            "hook" if self.hooks => call(host, &item["stdin"]),
            _ => {}
        }
    }

    fn process(&mut self, host: &Host, item: &Value) {
        let pid = item["pid"].as_u64().expect("a process has an id");
        if item["event"] == "exit" {
            // What is left in its registry is the recording's to say.
            self.processes.remove(&pid);
            return;
        }
        self.stand_in(host, pid);
    }

    /// The stand-in for the client's process `pid`, started when there is none.
    fn stand_in(&mut self, host: &Host, pid: u64) -> &Process {
        self.processes.entry(pid).or_insert_with(|| {
            let mut command = Command::new("sleep");
            command.arg0("claude").arg("600").current_dir(&host.home).env(MARK, &host.mark);
            Process::start("the client", &mut command, &host.home.join("client.log"))
        })
    }

    fn registry(&mut self, host: &Host, item: &Value) {
        let pid = item["pid"].as_u64().expect("an entry is of a process");
        let process = self.stand_in(host, pid);
        let (id, started) = (process.id(), process.start_ticks());
        let path = host.home.join(format!(".claude/sessions/{id}.json"));
        if item["gone"] == true {
            std::fs::remove_file(path).expect("an entry that was there");
            return;
        }
        let Value::Object(mut entry) = item["file"].clone() else { return };
        entry.insert("pid".into(), id.into());
        entry.insert("procStart".into(), started.to_string().into());
        self.shift_millis(item, &mut entry);
        write(&path, &here(host, &Value::Object(entry).to_string()));
    }

    /// Moves a time in words from then to now.
    fn shift(&self, item: &Value, time: &mut Value) {
        let Some(then) = time.as_str().and_then(|text| text.parse::<Timestamp>().ok()) else { return };
        let now = then + SignedDuration::from_millis(self.shift_ms(item));
        *time = now.strftime("%Y-%m-%dT%H:%M:%S.%3fZ").to_string().into();
    }

    fn shift_millis(&self, item: &Value, entry: &mut Map<String, Value>) {
        for field in TIMES {
            if let Some(then) = entry.get(field).and_then(Value::as_i64) {
                entry.insert(field.into(), (then + self.shift_ms(item)).into());
            }
        }
    }

    /// From when `item` was recorded to now.
    fn shift_ms(&self, item: &Value) -> i64 {
        Timestamp::now().as_millisecond() - self.started_ms - item["at_ms"].as_i64().unwrap_or_default()
    }
}

/// Where the file of `item` lies on this host.
fn path(host: &Host, item: &Value) -> PathBuf {
    host.home.join(item["path"].as_str().expect("the item is about a file"))
}

/// The text with this host's home in place of the recorded one.
fn here(host: &Host, text: &str) -> String {
    text.replace(HOME, &host.home.join(".claude").display().to_string())
}

/// In place, as the client does it.
fn write(path: &Path, text: &str) {
    std::fs::create_dir_all(path.parent().expect("a file lies in a folder")).expect("the folder is ours");
    std::fs::write(path, text).expect("the file is ours");
}

fn call(host: &Host, stdin: &Value) {
    let mut command = host.command(&["hook"]);
    let mut child = command.stdin(Stdio::piped()).spawn().expect("the agent's program starts");
    let event = here(host, &stdin.to_string());
    child.stdin.take().expect("a pipe").write_all(event.as_bytes()).expect("a hook reads its input");
    let status = child.wait().expect("a child can be waited for");
    assert!(status.success(), "a hook must never fail the client: {status}");
}
