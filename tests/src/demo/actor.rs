//! A simulated coder that lives: what it writes, what it says of itself meanwhile, and how it ends up.

use std::path::Path;
use std::time::Duration;

use jiff::{SignedDuration, Timestamp};
use serde_json::{Value, json};
use tokio::time::Instant;

use super::beat::{Beat, in_background};
use super::body::Body;
use super::scribe::Scribe;
use super::story::Story;
use crate::pen::Outcome;

/// Where a session is left when its story is told, so that every state can be seen. From the story's `ends`.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Ending {
    /// It goes on with turns from the pool.
    None,
    /// It has yielded, and waits for the person.
    Idle,
    /// The service refused for good.
    Failed,
    /// A usage limit is reached.
    Limit,
    /// A call that never answers.
    Stuck,
    /// The same call, again and again.
    Loop,
    /// It has yielded; a subagent works on.
    Agents,
    /// It has yielded; a command runs on.
    Shell,
    /// Its process dies in the middle of a turn.
    Killed,
}

impl Ending {
    /// How the session of this story ends up.
    pub fn of(story: &Story) -> Self {
        match story.fact("ends") {
            "" => Self::None,
            "idle" => Self::Idle,
            "failed" => Self::Failed,
            "limit" => Self::Limit,
            "stuck" => Self::Stuck,
            "loop" => Self::Loop,
            "agents" => Self::Agents,
            "shell" => Self::Shell,
            "killed" => Self::Killed,
            other => panic!("a story cannot end as {other:?}"),
        }
    }

    /// Bends what is to come so that it ends there.
    pub fn bend(self, scribe: &mut Scribe) {
        let coming = scribe.coming();
        match self {
            Self::None | Self::Idle => {}
            Self::Failed | Self::Limit => {
                let hour = SignedDuration::from_hours(2);
                let resets = (self == Self::Limit).then(|| (Timestamp::now() + hour).as_second() / 3600 * 3600);
                let text = match resets.and_then(|at| Timestamp::from_second(at).ok()) {
                    Some(at) => format!("You've hit your 5-hour limit · resets {} (UTC)", at.strftime("%-I%P")),
                    None => "API Error: 500 Internal server error · the service refused after 10 attempts".to_owned(),
                };
                coming.pop_back();
                coming.push_back(Beat::Refused { text, resets_at: resets });
            }
            Self::Stuck | Self::Killed => {
                let calls = coming.iter().rposition(|beat| matches!(beat, Beat::Use { .. }));
                coming.truncate(calls.map_or(0, |at| at + 1));
            }
            Self::Loop => coming.push_back(Beat::Prompt("Make the cache benchmark pass.".into())),
            Self::Agents => coming.push_back(Beat::Launch {
                kind: "Explore".into(),
                description: "Find what retries".into(),
                prompt: "Find every caller that retries, and how often.".into(),
            }),
            Self::Shell => {
                let input = json!({"command": "docker build --progress plain .", "run_in_background": true});
                coming.push_back(Beat::Prompt("Build the image in the background.".into()));
                coming.push_back(Beat::Use { name: "Bash", input });
                coming.push_back(Beat::Result(in_background("b1x7k2")));
                coming.push_back(Beat::Say { text: "The build runs; you can go on.".into(), last: true });
            }
        }
    }

    /// What comes when nothing is left to come; nothing for those who have ended up.
    fn more(self) -> Vec<Beat> {
        let call = |command: &str| Beat::Use { name: "Bash", input: json!({"command": command}) };
        match self {
            Self::Loop => {
                let text = "Exit code 1\nFAILED tests/cache/test_bench.py::test_random_read - TimeoutError";
                let outcome = Outcome { content: json!(text), detail: json!(format!("Error: {text}")), failed: true };
                vec![call("uv run pytest -q tests/cache"), Beat::Result(outcome)]
            }
            Self::Agents => {
                let found = json!("docs/retry.md:12: retries three times\nsrc/client.rs:88: retries twice");
                let detail = json!({"stdout": found, "stderr": "", "interrupted": false, "isImage": false});
                let outcome = Outcome { content: found, detail, failed: false };
                vec![Beat::Think("One more folder.".into()), call("grep -rn retry src docs"), Beat::Result(outcome)]
            }
            _ => Vec::new(),
        }
    }
}

/// A living coder.
pub struct Actor {
    scribe: Scribe,
    bodies: Vec<Body>,
    pace: Duration,
    ending: Ending,
    /// A tool for which it asks, and how long the person takes to answer.
    asks: Option<(String, Duration)>,
    /// When it goes on.
    pub due: Instant,
}

impl Actor {
    /// Lets `scribe` live in `home`. It goes on after `first`, then about every `pace`.
    pub fn new(home: &Path, scribe: Scribe, pace: Duration, first: Duration) -> anyhow::Result<Self> {
        let story = scribe.story();
        let ending = Ending::of(story);
        let asks = story
            .fact("asks")
            .split_once(' ')
            .and_then(|(tool, seconds)| Some((tool.to_owned(), Duration::from_secs(seconds.parse().ok()?))));
        let writers = story.number("writers").unwrap_or(1);
        let body = |_| Body::new(home, scribe.facts(), scribe.transcript());
        let bodies = (0..writers).map(body).collect::<anyhow::Result<Vec<Body>>>()?;
        Ok(Self { scribe, bodies, pace, ending, asks, due: Instant::now() + first })
    }

    /// Says how it stands after `last`, which was written at `at`; what asks waits for its answer.
    pub fn stands(&mut self, last: Option<&Beat>, at: Timestamp) -> anyhow::Result<()> {
        if let Some((_, takes)) = last.and_then(|beat| self.asked(beat)) {
            self.due = Instant::now() + takes;
        }
        let (status, waiting_for) = self.status(last);
        self.bodies.iter().try_for_each(|body| body.says(status, waiting_for, at))
    }

    /// The beat after which it waits for the person, and how long.
    fn asked(&self, beat: &Beat) -> Option<(&str, Duration)> {
        match (beat, &self.asks) {
            (Beat::Use { name, .. }, Some((tool, takes))) if name == tool => Some((name, *takes)),
            _ => None,
        }
    }

    fn status(&self, last: Option<&Beat>) -> (&'static str, Option<&'static str>) {
        match last {
            Some(beat) if self.asked(beat).is_some_and(|(tool, _)| tool == "AskUserQuestion") => {
                ("waiting", Some("input needed"))
            }
            Some(beat) if self.asked(beat).is_some() => ("waiting", Some("permission prompt")),
            Some(Beat::Say { last: true, .. }) if self.ending == Ending::Shell => ("shell", None),
            None | Some(Beat::Say { last: true, .. } | Beat::Refused { .. }) => ("idle", None),
            Some(_) => ("busy", None),
        }
    }

    /// Does what is due.
    pub fn go_on(&mut self, pool: &[Story]) -> anyhow::Result<()> {
        self.due = Instant::now() + self.scribe.next_in(self.pace);
        if self.ending == Ending::Killed {
            self.bodies.drain(..).for_each(Body::dies);
        }
        if self.scribe.left() == 0 {
            let more = self.ending.more();
            match self.ending {
                Ending::None => self.scribe.go_on(pool),
                _ if more.is_empty() => self.due += Duration::from_hours(1),
                _ => self.scribe.coming().extend(more),
            }
        }
        let now = Timestamp::now();
        let Some(beat) = self.scribe.write_next(now)? else { return Ok(()) };
        self.tell(&beat)?;
        self.stands(Some(&beat), now)
    }

    /// Calls the hooks that the client calls at this beat.
    fn tell(&self, beat: &Beat) -> anyhow::Result<()> {
        let Some(body) = self.bodies.first() else { return Ok(()) };
        match beat {
            Beat::Prompt(text) => body.tells("UserPromptSubmit", json!({"prompt": text})),
            Beat::Use { name, input } => {
                let call = || {
                    self.within(json!({"tool_name": name, "tool_input": input, "tool_use_id": self.scribe.called()}))
                };
                body.tells("PreToolUse", call())?;
                if self.asked(beat).is_some() {
                    body.tells("PermissionRequest", call())?;
                }
                Ok(())
            }
            Beat::Result(outcome) => {
                let event = if outcome.failed { "PostToolUseFailure" } else { "PostToolUse" };
                body.tells(event, self.within(json!({"tool_use_id": self.scribe.called()})))
            }
            Beat::Say { last: true, .. } => body.tells("Stop", json!({"stop_hook_active": false})),
            Beat::Launch { kind, .. } => {
                let tasks = json!([{"id": "a", "type": "subagent", "status": "running"}]);
                body.tells("SubagentStart", self.within(json!({"agent_type": kind})))?;
                body.tells("Stop", json!({"stop_hook_active": false, "background_tasks": tasks}))
            }
            Beat::Begin { .. } => body.tells("SubagentStart", self.within(json!({}))),
            Beat::Say { .. } | Beat::Think(_) | Beat::End(_) | Beat::Refused { .. } => Ok(()),
        }
    }

    /// An event of the subagent at work says so.
    fn within(&self, mut event: Value) -> Value {
        if let Some((kind, id)) = self.scribe.subagent() {
            event["agent_type"] = json!(kind);
            event["agent_id"] = json!(id);
        }
        event
    }
}
