//! A recording of a real client, fed to the room as hosts and the archive would.

use std::collections::HashMap;
use std::path::Path;

use muster_proto::fleet;
use muster_proto::ids::HostId;
use serde_json::Value;

use crate::derive::testing::Growing;
use crate::domain::session::SessionId;
use crate::domain::session_state::Turn;
use crate::domain::time::Millis;
use crate::states::read::Greeting;
use crate::states::room::Room;

/// What of a recording reaches the room.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Heard {
    pub registry: bool,
    pub hooks: bool,
    pub transcript: bool,
}

pub(super) const ALL: Heard = Heard { registry: true, hooks: true, transcript: true };

/// What a person saw from a moment on.
#[derive(Debug, Clone)]
pub(super) struct Mark {
    pub at: Millis,
    pub session: SessionId,
    pub turn: Turn,
    pub subagents: u32,
    pub shells: u32,
}

/// One recording.
pub(super) struct Recording {
    pub name: String,
    pub started_at: Millis,
    pub items: Vec<Value>,
    pub marks: Vec<Mark>,
    pub ends_at: Millis,
}

pub(super) fn all() -> Vec<Recording> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures/state");
    let files = std::fs::read_dir(&folder).unwrap().map(|file| file.unwrap().path());
    let mut files: Vec<_> = files.filter(|file| file.extension().is_some_and(|end| end == "jsonl")).collect();
    files.sort();
    assert!(files.len() >= 15, "the recordings are gone");
    files.iter().map(|file| Recording::read(file)).collect()
}

impl Recording {
    fn read(file: &Path) -> Self {
        let text = std::fs::read_to_string(file).unwrap();
        let items: Vec<Value> = text.lines().map(|line| serde_json::from_str(line).unwrap()).collect();
        let started_at = items[0]["started_at_ms"].as_i64().unwrap();
        let marks = items.iter().filter(|item| item["source"] == "expect").map(|item| Mark {
            at: started_at + at(item),
            session: SessionId::new("claude", item["session"].as_str().unwrap()).unwrap(),
            turn: Turn::from_word(item["turn"].as_str().unwrap()).unwrap(),
            subagents: number(&item["subagents"]),
            shells: number(&item["shells"]),
        });
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        let ends_at = started_at + at(items.last().unwrap());
        Self { name, started_at, marks: marks.collect(), ends_at, items }
    }
}

fn at(item: &Value) -> Millis {
    item["at_ms"].as_i64().unwrap()
}

fn number(value: &Value) -> u32 {
    value.as_u64().and_then(|number| u32::try_from(number).ok()).unwrap_or(0)
}

fn text(value: &Value) -> String {
    value.as_str().unwrap_or_default().to_owned()
}

/// Hands the items of a recording to a room.
pub(super) struct Feeder {
    pub host: HostId,
    heard: Heard,
    started_at: Millis,
    files: HashMap<String, Growing>,
    processes: HashMap<u64, fleet::Coder>,
    /// Background jobs by their short ids.
    jobs: HashMap<String, fleet::Job>,
}

impl Feeder {
    pub(super) fn new(recording: &Recording, heard: Heard, room: &mut Room) -> Self {
        let host = HostId::new();
        let greeting = Greeting { clock_ms: recording.started_at, reports_coders: true, no_stop: None };
        room.linked(host, &greeting, recording.started_at);
        let all = fleet::Coders { whole: true, clock_ms: recording.started_at, ..fleet::Coders::default() };
        room.coders(host, all, recording.started_at);
        Self {
            host,
            heard,
            started_at: recording.started_at,
            files: HashMap::new(),
            processes: HashMap::new(),
            jobs: HashMap::new(),
        }
    }

    pub(super) fn feed(&mut self, item: &Value, room: &mut Room) {
        let now = self.started_at + at(item);
        match item["source"].as_str().unwrap() {
            "process" => self.process(item, now, room),
            "registry" if self.heard.registry => self.registry(item, now, room),
            "job" if self.heard.registry => self.job(item, now, room),
            "hook" if self.heard.hooks => room.hook(self.host, hook(&item["stdin"], now), now),
            "transcript" if self.heard.transcript => self.line(item, now, room),
            _ => {}
        }
    }

    fn process(&mut self, item: &Value, now: Millis, room: &mut Room) {
        let pid = item["pid"].as_u64().unwrap();
        let key = format!("{pid}-{}", text(&item["proc_start"]));
        if item["event"] == "start" {
            let coder = fleet::Coder {
                key,
                coder: "claude".to_owned(),
                pid: u32::try_from(pid).unwrap(),
                started_ms: now,
                cwd: "/srv/demo/api".to_owned(),
                ..fleet::Coder::default()
            };
            self.processes.insert(pid, coder.clone());
            return self.tell(coder, now, room);
        }
        if let Some(coder) = self.processes.remove(&pid) {
            // As the agent does: whose entry stayed behind was killed.
            let killed = coder.registry.iter().map(|_| coder.key.clone()).collect();
            let ended = vec![coder.key];
            let told = fleet::Coders { ended, killed, clock_ms: now, ..fleet::Coders::default() };
            room.coders(self.host, told, now);
        }
    }

    fn registry(&mut self, item: &Value, now: Millis, room: &mut Room) {
        let file = &item["file"];
        let pid = file["pid"].as_u64().or_else(|| item["pid"].as_u64()).unwrap();
        let Some(coder) = self.processes.get_mut(&pid) else { return };
        if file.is_object() {
            coder.session = text(&file["sessionId"]);
            coder.kind = text(&file["kind"]);
            coder.entrypoint = text(&file["entrypoint"]);
            coder.cwd = text(&file["cwd"]);
            coder.job = file["jobId"].as_str().and_then(|id| self.jobs.get(id)).cloned();
            coder.registry = Some(fleet::Registry {
                status: text(&file["status"]),
                waiting_for: text(&file["waitingFor"]),
                since_ms: file["statusUpdatedAt"].as_i64().unwrap_or(0),
                updated_ms: file["updatedAt"].as_i64().unwrap_or(0),
                name: text(&file["name"]),
            });
        } else if item["gone"] == true {
            coder.registry = None;
        } else {
            return;
        }
        let coder = coder.clone();
        self.tell(coder, now, room);
    }

    /// As the agent reads it: what it needs says more than what it does.
    fn job(&mut self, item: &Value, now: Millis, room: &mut Room) {
        let path = text(&item["path"]);
        let Some(id) = path.strip_suffix("/state.json").and_then(|folder| folder.rsplit('/').next()) else { return };
        let file = &item["file"];
        let detail = file["needs"].as_str().or_else(|| file["detail"].as_str()).unwrap_or_default().to_owned();
        let job = fleet::Job { state: text(&file["state"]), detail, ..fleet::Job::default() };
        self.jobs.insert(id.to_owned(), job.clone());
        let session = text(&file["sessionId"]);
        if let Some(coder) =
            self.processes.values_mut().find(|coder| coder.registry.is_some() && coder.session == session)
        {
            coder.job = Some(job);
            let coder = coder.clone();
            self.tell(coder, now, room);
        }
    }

    fn line(&mut self, item: &Value, now: Millis, room: &mut Room) {
        let path = text(&item["path"]).trim_start_matches(".claude/projects/").to_owned();
        let (folder, is_subagent) = match path.split_once("/subagents/") {
            Some((folder, _)) => (folder.to_owned(), true),
            None => (path.trim_end_matches(".jsonl").to_owned(), false),
        };
        let session = format!("claude-{}", folder.rsplit('/').next().unwrap());
        let host = self.host;
        let file = self.files.entry(path.clone()).or_insert_with(|| Growing::new(host, &path, &session, is_subagent));
        room.end(file.add(&item["line"].to_string()), now);
    }

    fn tell(&self, coder: fleet::Coder, now: Millis, room: &mut Room) {
        room.coders(self.host, fleet::Coders { coders: vec![coder], clock_ms: now, ..fleet::Coders::default() }, now);
    }
}

/// A hook's input as the agent hands it on.
fn hook(stdin: &Value, now: Millis) -> fleet::HookEvent {
    let input = &stdin["tool_input"];
    let about = ["command", "file_path", "description", "prompt"].into_iter().find_map(|name| input[name].as_str());
    let cause = ["source", "reason", "trigger", "error"].into_iter().find_map(|name| stdin[name].as_str());
    fleet::HookEvent {
        coder: "claude".to_owned(),
        event: text(&stdin["hook_event_name"]),
        session: text(&stdin["session_id"]),
        at_ms: now,
        agent_id: text(&stdin["agent_id"]),
        agent_type: text(&stdin["agent_type"]),
        tool_name: text(&stdin["tool_name"]),
        tool_use_id: text(&stdin["tool_use_id"]),
        about: about.unwrap_or_default().to_owned(),
        notification: text(&stdin["notification_type"]),
        message: text(&stdin["message"]),
        cause: cause.unwrap_or_default().to_owned(),
        background_tasks: u32::try_from(stdin["background_tasks"].as_array().map_or(0, Vec::len)).unwrap(),
        ..fleet::HookEvent::default()
    }
}
