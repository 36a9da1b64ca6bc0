//! A simulated coder: lives through a story and writes its transcripts as the real client does.

use std::collections::VecDeque;
use std::fs::{self, File, OpenOptions};
use std::io::{self, Write as _};
use std::os::unix::fs::OpenOptionsExt as _;
use std::path::{Path, PathBuf};
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::json;
use uuid::Uuid;

use super::beat::{Beat, beats};
use super::story::{Step, Story};
use crate::dice::Dice;
use crate::pen::{Facts, Outcome, Pen, folder_of};

/// Tokens that a conversation holds when it begins: the client's own instructions.
const CONTEXT_TOKENS: u64 = 14_000;

/// One coder and its conversation.
pub struct Scribe {
    folder: PathBuf,
    main: PathBuf,
    pen: Pen,
    called: String,
    subagent: Option<Subagent>,
    coming: VecDeque<Beat>,
    story: Story,
    dice: Dice,
    turn_began: Timestamp,
}

struct Subagent {
    path: PathBuf,
    meta: PathBuf,
    pen: Pen,
    id: String,
    kind: String,
    description: String,
    prompt: String,
    // The parent's call and the subagent's own last one.
    parent_call: String,
    called: String,
}

impl Scribe {
    /// A coder on the host whose transcripts lie under `root`, about to live through `story`.
    pub fn new(root: &Path, story: &Story, session: &str, dice: Dice) -> io::Result<Self> {
        let facts = Facts {
            session: session.to_owned(),
            cwd: story.fact("project").to_owned(),
            branch: story.fact("branch").to_owned(),
            version: story.fact("version").to_owned(),
            entrypoint: story.fact("entrypoint").to_owned(),
            model: story.fact("model").to_owned(),
        };
        let folder = root.join(folder_of(&facts.cwd));
        fs::create_dir_all(&folder)?;
        Ok(Self {
            main: folder.join(format!("{session}.jsonl")),
            folder,
            coming: beats(&story.steps, &facts.cwd).into(),
            pen: Pen::new(facts).holding(story.number("context").unwrap_or(CONTEXT_TOKENS)),
            called: String::new(),
            subagent: None,
            story: story.clone(),
            dice,
            turn_began: Timestamp::UNIX_EPOCH,
        })
    }

    /// The story that it lives through.
    pub fn story(&self) -> &Story {
        &self.story
    }

    /// Beats that are still to come.
    pub fn left(&self) -> usize {
        self.coming.len()
    }

    /// Adds a turn from the pool, told about this story's project.
    pub fn go_on(&mut self, pool: &[Story]) {
        if let Some(turn) = self.dice.pick(pool) {
            let steps: Vec<Step> = turn.told_in(&self.story);
            self.coming.extend(beats(&steps, &self.pen.facts().cwd));
        }
    }

    /// Writes the next `count` beats as if they had happened before, the last of them at `end`; returns that one.
    pub fn remember(&mut self, count: usize, end: Timestamp) -> io::Result<Option<Beat>> {
        let count = count.min(self.coming.len());
        let gaps: Vec<SignedDuration> = self.coming.iter().take(count).map(|beat| gap(beat, &mut self.dice)).collect();
        let total = gaps.iter().skip(1).fold(SignedDuration::ZERO, |sum, gap| sum + *gap);
        let mut now = end - total;
        let mut last = None;
        self.write_title()?;
        for (at, gap) in gaps.iter().enumerate() {
            if at > 0 {
                now += *gap;
            }
            last = self.write_next(now)?;
        }
        for path in [Some(&self.main), self.subagent.as_ref().map(|own| &own.path)].into_iter().flatten() {
            if let Ok(file) = File::options().append(true).open(path) {
                file.set_modified(end.into())?;
            }
        }
        Ok(last)
    }

    /// Writes the title that the story gives, where the client would: at the head of a new transcript.
    fn write_title(&mut self) -> io::Result<()> {
        let title = self.story.fact("title");
        if title.is_empty() || self.main.exists() {
            return Ok(());
        }
        let source = match self.story.fact("named") {
            "" if self.pen.is_modern() => "ai-title",
            "" => "summary",
            _ => "custom-title",
        };
        append(&self.main, &self.pen.title(source, title))
    }

    /// Writes the next beat at `now`, and returns it.
    pub fn write_next(&mut self, now: Timestamp) -> io::Result<Option<Beat>> {
        let Some(beat) = self.coming.pop_front() else { return Ok(None) };
        match beat.clone() {
            Beat::Begin { kind, description, prompt } => self.begin(kind, description, prompt, now)?,
            Beat::Launch { kind, description, prompt } => self.launch(kind, description, prompt, now)?,
            Beat::End(report) => self.end(&report, now)?,
            beat => self.within(beat, now)?,
        }
        Ok(Some(beat))
    }

    /// What is still to come.
    pub fn coming(&mut self) -> &mut VecDeque<Beat> {
        &mut self.coming
    }

    /// What every line repeats.
    pub fn facts(&self) -> &Facts {
        self.pen.facts()
    }

    /// Its main transcript.
    pub fn transcript(&self) -> &Path {
        &self.main
    }

    /// Type of the subagent at work and its id.
    pub fn subagent(&self) -> Option<(&str, &str)> {
        self.subagent.as_ref().map(|own| (own.kind.as_str(), own.id.as_str()))
    }

    /// Id of the tool call made last, by the subagent at work or else by the conversation.
    pub fn called(&self) -> &str {
        self.subagent.as_ref().map_or(&self.called, |own| &own.called)
    }

    /// A beat of the subagent at work, else of the conversation itself.
    fn within(&mut self, beat: Beat, now: Timestamp) -> io::Result<()> {
        if matches!(beat, Beat::Prompt(_)) {
            self.turn_began = now;
            self.write_title()?;
        }
        let took_ms = u64::try_from(now.duration_since(self.turn_began).as_millis()).unwrap_or(0);
        let (path, pen, called) = match &mut self.subagent {
            Some(own) => (&own.path, &mut own.pen, &mut own.called),
            None => (&self.main, &mut self.pen, &mut self.called),
        };
        let lines = match beat {
            Beat::Prompt(text) => pen.prompt(&text, now),
            Beat::Think(text) => pen.thinking(&text, now),
            Beat::Say { text, last } => {
                let mut lines = pen.text(&text, last, now);
                if last {
                    lines += &pen.turn_end(took_ms, now);
                }
                lines
            }
            Beat::Use { name, input } => {
                let (lines, id) = pen.tool_use(name, &input, now);
                *called = id;
                lines
            }
            Beat::Result(outcome) => pen.tool_result(called, &outcome, now),
            Beat::Refused { text, resets_at: None } => pen.api_error(&text, now),
            Beat::Refused { text, resets_at: Some(at) } => pen.usage_limit(&text, at, now),
            Beat::Begin { .. } | Beat::Launch { .. } | Beat::End(_) => String::new(),
        };
        append(path, &lines)
    }

    fn begin(&mut self, kind: String, description: String, prompt: String, now: Timestamp) -> io::Result<()> {
        let tool = if self.pen.is_modern() { "Agent" } else { "Task" };
        let input = json!({"description": description, "prompt": prompt, "subagent_type": kind});
        let (lines, parent_call) = self.pen.tool_use(tool, &input, now);
        append(&self.main, &lines)?;
        let hex = Uuid::new_v4().simple().to_string();
        let (id, folder) = if self.pen.is_modern() {
            (format!("a{}", &hex[..16]), self.folder.join(&self.pen.facts().session).join("subagents"))
        } else {
            (format!("a{}", &hex[..6]), self.folder.clone())
        };
        fs::create_dir_all(&folder)?;
        let mut pen = self.pen.subagent(&id);
        let path = folder.join(format!("agent-{id}.jsonl"));
        append(&path, &pen.prompt(&prompt, now))?;
        let meta = folder.join(format!("agent-{id}.meta.json"));
        let own = Subagent { path, meta, pen, id, kind, description, prompt, parent_call, called: String::new() };
        own.write_meta(false)?;
        self.subagent = Some(own);
        Ok(())
    }

    /// A subagent that works on while the conversation has yielded.
    fn launch(&mut self, kind: String, description: String, prompt: String, now: Timestamp) -> io::Result<()> {
        self.begin(kind, description, prompt, now)?;
        let Some(own) = &self.subagent else { return Ok(()) };
        let content =
            json!([{"type": "text", "text": format!("Async agent launched successfully.\nagentId: {}", own.id)}]);
        let detail = json!({
            "isAsync": true, "status": "async_launched", "agentId": own.id, "description": own.description,
            "prompt": own.prompt,
        });
        let outcome = Outcome { content, detail, failed: false };
        let result = self.pen.tool_result(&own.parent_call, &outcome, now);
        let text = self.pen.text("It works in the background; I will tell you what it finds.", true, now);
        append(&self.main, &(result + &text + &self.pen.turn_end(4_000, now)))
    }

    fn end(&mut self, report: &str, now: Timestamp) -> io::Result<()> {
        let Some(mut own) = self.subagent.take() else { return Ok(()) };
        append(&own.path, &own.pen.text(report, true, now))?;
        own.write_meta(true)?;
        let content = json!([{"type": "text", "text": report}]);
        let detail = json!({
            "status": "completed", "prompt": own.prompt, "agentId": own.id, "agentType": own.kind, "content": content,
            "totalDurationMs": 48_210, "totalTokens": 21_400, "totalToolUseCount": 4,
        });
        let outcome = Outcome { content, detail, failed: false };
        append(&self.main, &self.pen.tool_result(&own.parent_call, &outcome, now))
    }

    /// How long until the next beat, when beats come about every `pace`.
    pub fn next_in(&mut self, pace: Duration) -> Duration {
        pace * u32::try_from(self.dice.between(40, 160)).unwrap_or(100) / 100
    }
}

impl Subagent {
    /// Whole, by a new file and a rename, as the client does. Clients before 2.1 write none.
    fn write_meta(&self, finished: bool) -> io::Result<()> {
        if !self.pen.is_modern() {
            return Ok(());
        }
        let mut meta = json!({
            "agentType": self.kind, "description": self.description, "toolUseId": self.parent_call, "spawnDepth": 1,
        });
        if finished {
            meta["finished"] = json!(true);
        }
        let beside = self.meta.with_extension("json.tmp");
        fs::write(&beside, meta.to_string())?;
        fs::rename(beside, &self.meta)
    }
}

/// How long a real coder takes for what the beat shows.
fn gap(beat: &Beat, dice: &mut Dice) -> SignedDuration {
    let (least, most) = match beat {
        Beat::Prompt(_) => (40, 400),
        Beat::Think(_) => (4, 22),
        Beat::Say { .. } => (4, 15),
        Beat::Use { .. } | Beat::Begin { .. } | Beat::Launch { .. } => (2, 7),
        Beat::Refused { .. } => (10, 20),
        Beat::Result(_) => (1, 25),
        Beat::End(_) => (5, 30),
    };
    SignedDuration::from_millis(dice.between(least * 1000, most * 1000).cast_signed())
}

/// Opens, writes once, closes.
fn append(path: &Path, lines: &str) -> io::Result<()> {
    OpenOptions::new().create(true).append(true).mode(0o600).open(path)?.write_all(lines.as_bytes())
}
