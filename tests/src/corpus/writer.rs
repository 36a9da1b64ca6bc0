//! Writes one transcript, and those of the subagents that it begins.

use std::fs::{self, File};
use std::io::{self, BufWriter, Write as _};
use std::path::{Path, PathBuf};

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use uuid::Uuid;

use super::plants::Plant;
use crate::dice::Dice;
use crate::pen::{Facts, Outcome, Pen, folder_of};
use crate::prose::Prose;
use crate::truth::{AgentTruth, Spot};

/// Client versions and how many of ten sessions they wrote.
const VERSIONS: [(&str, usize); 3] = [("2.0.76", 1), ("2.1.197", 3), ("2.1.329", 6)];

/// A turn in this many begins a subagent; subagents begin further ones only once.
const AGENT_EVERY: usize = 14;
const DEEPEST: u64 = 2;

/// Size of a subagent's transcript, bytes.
const AGENT_BYTES: u64 = 24_000;

/// What clients write before anything is said, bytes: about what they were seen to write; and a word of it.
const HEAD_BYTES: u64 = 120_000;
const WORD_BYTES: u64 = 7;

pub(super) struct Writer<'a> {
    pub(super) pen: Pen,
    pub(super) planted: Vec<Plant>,
    pub(super) agents: Vec<AgentTruth>,
    path: PathBuf,
    prose: &'a Prose,
    now: Timestamp,
    // Not written yet.
    plants: Vec<Plant>,
    // In a subagent's transcript: which, and how deep.
    agent: Option<(String, u64)>,
    // Bytes of subagents and their side files.
    beside: u64,
}

impl<'a> Writer<'a> {
    pub(super) fn new(root: &Path, dice: &mut Dice, prose: &'a Prose) -> io::Result<Self> {
        let of_ten = VERSIONS.iter().flat_map(|(version, count)| vec![*version; *count]).collect::<Vec<_>>();
        let models = ["claude-opus-4-8", "claude-sonnet-4-6", "claude-haiku-4-5-20251001"];
        let facts = Facts {
            session: Uuid::new_v4().to_string(),
            cwd: format!("/srv/{}", prose.word(dice.below(40))),
            branch: format!("feat/{}", prose.word(dice.below(200))),
            version: of_ten[dice.below(of_ten.len())].to_owned(),
            entrypoint: "cli".to_owned(),
            model: models[dice.below(models.len())].to_owned(),
        };
        let folder = root.join(folder_of(&facts.cwd));
        fs::create_dir_all(&folder)?;
        let ago = SignedDuration::from_mins(dice.between(1, 60 * 24 * 30).cast_signed());
        let path = folder.join(format!("{}.jsonl", facts.session));
        Ok(Self::at(path, Pen::new(facts), prose, Timestamp::now() - ago))
    }

    fn at(path: PathBuf, pen: Pen, prose: &'a Prose, now: Timestamp) -> Self {
        let (planted, plants, agents) = (Vec::new(), Vec::new(), Vec::new());
        Self { pen, planted, agents, path, prose, now, plants, agent: None, beside: 0 }
    }

    /// Texts to write at the next occasion.
    pub(super) fn plant(&mut self, plants: Vec<Plant>) {
        self.plants = plants;
    }

    /// Writes turns until the file holds `bytes`; says how many were written with all files beside it.
    pub(super) fn fill(&mut self, bytes: u64, dice: &mut Dice) -> io::Result<u64> {
        let mut file = BufWriter::with_capacity(1 << 18, File::create(&self.path)?);
        let lines = self.head(bytes, dice);
        let written = self.turns(&mut file, &lines, bytes, dice)?;
        file.flush()?;
        Ok(written + self.beside)
    }

    /// A fork of what was written: a session of its own that begins with the same lines, and goes on.
    pub(super) fn fork(&self, dice: &mut Dice) -> io::Result<(Self, u64)> {
        let facts = Facts { session: Uuid::new_v4().to_string(), ..self.pen.facts().clone() };
        let (old, new) = (self.pen.facts().session.clone(), facts.session.clone());
        let path = self.path.with_file_name(format!("{new}.jsonl"));
        let mut fork = Self::at(path, Pen::new(facts), self.prose, self.now);
        fork.pen.begin_with(self.pen.tally());
        // Subagents' files stay where they are.
        fork.planted = self.planted.iter().filter(|plant| plant.spot != Spot::Agent).cloned().collect();
        let text = fs::read_to_string(&self.path)?;
        let kept = text.split_inclusive('\n').filter(|line| !line.contains("\"type\":\"api-request"));
        let copied: String = kept.map(|line| line.replace(&old, &new)).collect();
        let mut file = BufWriter::new(File::create(&fork.path)?);
        let written = fork.turns(&mut file, &copied, copied.len() as u64 + 8_000, dice)?;
        file.flush()?;
        let beside = fork.beside;
        Ok((fork, written + beside))
    }

    fn turns(&mut self, file: &mut impl io::Write, first: &str, bytes: u64, dice: &mut Dice) -> io::Result<u64> {
        file.write_all(first.as_bytes())?;
        let mut written = first.len() as u64;
        while written < bytes || !self.plants.is_empty() {
            let lines = self.turn(dice)?;
            file.write_all(lines.as_bytes())?;
            written += lines.len() as u64;
        }
        Ok(written)
    }

    /// What clients from 2.1 on write before anything is said: the system prompt, the skills, and the newest all of it
    /// once more as it is sent. In a transcript of `bytes` not all of it, so that small ones hold a conversation too.
    fn head(&mut self, bytes: u64, dice: &mut Dice) -> String {
        if !self.pen.is_modern() {
            return String::new();
        }
        let words = (bytes / 3).min(HEAD_BYTES) / 3 / WORD_BYTES;
        let mut text = || self.prose.text(words / 2, words * 3 / 2, dice);
        let (system, skills) = (text(), text());
        let records = self.pen.prompt_snapshot(&system, self.now) + &self.pen.skill_listing(&skills, self.now);
        if self.pen.facts().version != "2.1.329" {
            return records;
        }
        let shape = json!({
            "type": "api-request-shape", "sessionId": self.pen.facts().session, "version": "2.1.329",
            "shape": {"system": [{"type": "text", "text": format!("{system}{skills}")}]},
        });
        format!("{shape}\n{records}")
    }

    /// A prompt, some tool calls with thoughts between them, and a reply.
    fn turn(&mut self, dice: &mut Dice) -> io::Result<String> {
        let prompt = self.prose.text(10, 80, dice);
        let prompt = self.with_plant(Spot::Prompt, prompt);
        let mut lines = self.pen.prompt(&prompt, self.now);
        lines += &self.pen.sent(&json!(prompt), self.now);
        lines += &self.record(dice);
        for _ in 0..dice.between(1, 9) {
            self.now += SignedDuration::from_secs(dice.between(1, 20).cast_signed());
            if dice.below(3) == 0 || self.has_plant(Spot::Thinking) {
                let thought = self.prose.text(20, 200, dice);
                let thought = self.with_plant(Spot::Thinking, thought);
                lines += &self.pen.thinking(&thought, self.now);
            }
            lines += &self.call(dice);
        }
        if dice.below(AGENT_EVERY) == 0 || self.has_plant(Spot::Agent) {
            lines += &self.agent(dice)?;
        }
        lines += &self.incident(dice);
        let reply = self.prose.text(40, 300, dice);
        let reply = self.with_plant(Spot::Reply, reply);
        lines += &self.pen.text(&reply, true, self.now);
        Ok(lines + &self.pen.turn_end(dice.between(1_000, 300_000), self.now))
    }

    /// A record that is no conversation, with what nobody should find in it.
    fn record(&mut self, dice: &mut Dice) -> String {
        if dice.below(8) > 0 && !self.has_plant(Spot::Record) {
            return String::new();
        }
        let text = self.prose.text(20, 60, dice);
        let text = self.with_plant(Spot::Record, text);
        self.pen.skill_listing(&text, self.now)
    }

    /// What interrupts the even course of things, now and then.
    fn incident(&mut self, dice: &mut Dice) -> String {
        let text = self.prose.text(5, 20, dice);
        match dice.below(40) {
            0..4 if self.agent.is_none() => self.pen.queued_prompt(&text, self.now),
            4..8 => self.pen.injected(&format!("Stop hook feedback:\n{text}"), self.now),
            8..10 => self.pen.interrupt(self.now),
            10 => self.pen.api_error(&text, self.now),
            11 => self.pen.compaction(&text, self.now),
            12 => "{\"type\":\"assistant\",\"message\":{\"id\":\"msg_torn\",\"usage\":{\"outp\n".to_owned(),
            _ => String::new(),
        }
    }

    fn call(&mut self, dice: &mut Dice) -> String {
        let path = format!("{}/src/{}.rs", self.pen.facts().cwd, self.prose.word(dice.below(300)));
        let planted = self.has_plant(Spot::ToolInput);
        let (name, input) = match if planted { 0 } else { dice.below(3) } {
            0 => {
                let words = self.prose.text(1, 6, dice);
                ("Bash", json!({"command": format!("cargo test {}", self.with_plant(Spot::ToolInput, words))}))
            }
            1 => ("Read", json!({"file_path": path})),
            _ => ("Grep", json!({"pattern": self.prose.word(dice.below(900)), "path": path})),
        };
        let (mut lines, id) = self.pen.tool_use(name, &input, self.now);
        let output = self.prose.output(dice);
        let output = self.with_plant(Spot::ToolResult, output);
        let failed = dice.below(9) == 0;
        let detail = match name {
            _ if failed => json!("Error: Exit code 1"),
            "Read" => json!({"type": "text", "file": {"filePath": path, "content": output, "startLine": 1}}),
            _ => json!({"stdout": output, "stderr": "", "interrupted": false, "isImage": false}),
        };
        let outcome = Outcome { content: json!(output), detail, failed };
        lines += &self.pen.tool_result(&id, &outcome, self.now);
        let block = json!({"tool_use_id": id, "type": "tool_result", "content": outcome.content});
        lines += &self.pen.sent(&json!([block]), self.now);
        lines
    }

    /// A call that begins a subagent, whose transcript is written beside.
    fn agent(&mut self, dice: &mut Dice) -> io::Result<String> {
        let depth = self.agent.as_ref().map_or(0, |(_, depth)| *depth) + 1;
        if depth > DEEPEST {
            return Ok(String::new());
        }
        let (kind, modern) = ("Explore", self.pen.is_modern());
        let task = self.prose.text(5, 30, dice);
        let input = json!({"description": "look around", "prompt": task, "subagent_type": kind});
        let (mut lines, id) = self.pen.tool_use(if modern { "Agent" } else { "Task" }, &input, self.now);
        let agent = self.write_agent(&id, depth, kind, dice)?;
        let detail = json!({
            "status": "completed", "agentId": agent, "agentType": kind, "prompt": task, "totalDurationMs": 900,
            "content": [{"type": "text", "text": "done"}],
        });
        let outcome = Outcome { content: json!("done"), detail, failed: false };
        lines += &self.pen.tool_result(&id, &outcome, self.now);
        Ok(lines)
    }

    /// Writes a subagent's transcript and, for newer clients, what the client notes of it. Returns its id.
    fn write_agent(&mut self, tool_use_id: &str, depth: u64, kind: &str, dice: &mut Dice) -> io::Result<String> {
        let hex = Uuid::new_v4().simple().to_string();
        let modern = self.pen.is_modern();
        let id = if modern { format!("a{}", &hex[..16]) } else { hex[..7].to_owned() };
        // All subagents of a session lie in one folder; of old clients beside the session.
        let folder = match (modern, &self.agent) {
            (true, None) => self.path.with_extension("").join("subagents"),
            _ => self.path.with_file_name(""),
        };
        fs::create_dir_all(&folder)?;
        let path = folder.join(format!("agent-{id}.jsonl"));
        let mut writer = Self::at(path, self.pen.subagent(&id), self.prose, self.now);
        writer.agent = Some((id.clone(), depth));
        let (mine, rest) = std::mem::take(&mut self.plants).into_iter().partition(|plant| plant.spot == Spot::Agent);
        (writer.plants, self.plants) = (mine, rest);
        for plant in &mut writer.plants {
            plant.spot = [Spot::Prompt, Spot::Reply, Spot::ToolResult][dice.below(3)];
        }
        self.beside += writer.fill(AGENT_BYTES, dice)?;
        let parent = self.agent.as_ref().map(|(id, _)| id.clone());
        if modern {
            let mut meta = json!({"agentType": kind, "description": "look around", "toolUseId": tool_use_id,
                "spawnDepth": depth, "finished": true});
            if let Some(parent) = &parent {
                meta["parentAgentId"] = json!(parent);
            }
            self.beside += side_file(&folder.join(format!("agent-{id}.meta.json")), &meta)?;
        }
        let found = writer.planted.drain(..).map(|plant| Plant { spot: Spot::Agent, ..plant });
        self.planted.extend(found);
        self.agents.append(&mut writer.agents);
        let tally = writer.pen.tally().clone();
        let (tool_use_id, kind) = (tool_use_id.to_owned(), kind.to_owned());
        self.agents.push(AgentTruth { id: id.clone(), tool_use_id, parent, depth, kind, tally });
        Ok(id)
    }

    fn has_plant(&self, spot: Spot) -> bool {
        self.plants.iter().any(|plant| plant.spot == spot)
    }

    /// The text, with what waits for such a place in its middle.
    fn with_plant(&mut self, spot: Spot, text: String) -> String {
        let Some(at) = self.plants.iter().position(|plant| plant.spot == spot) else { return text };
        let plant = self.plants.remove(at);
        let middle = text.char_indices().nth(text.chars().count() / 2).map_or(0, |(at, _)| at);
        let (before, after) = text.split_at(middle);
        let text = format!("{before} {} {after}", plant.text);
        self.planted.push(plant);
        text
    }
}

fn side_file(path: &Path, value: &Value) -> io::Result<u64> {
    let text = value.to_string();
    fs::write(path, &text)?;
    Ok(text.len() as u64)
}
