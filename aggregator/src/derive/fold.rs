//! The fold over the lines of one transcript: the same facts and rows in any chunking.

use std::collections::BTreeMap;

use sha2::{Digest as _, Sha256};

use super::branches::From;
use super::clean::{clean, cleaned};
use super::facts::Facts;
use super::tail;
use crate::domain::time::Millis;
use crate::store::tool_calls::CallRow;
use crate::store::turns::TurnRow;
use crate::store::usage::UsageRow;
use crate::transcript::act::{Act, AgentReport, Prompt, ToolResult, ToolUse, Usage};
use crate::transcript::{Entry, LineFacts};

/// Bytes of an id or a name that are kept. Those of coders have 40; longer ones are still told apart by their beginning,
/// and fit into the indexes of every database.
const ID_BYTES: usize = 200;

/// Bytes of a path.
const PATH_BYTES: usize = 1024;

/// Bytes of a text of one line.
const TEXT_BYTES: usize = 4 * 160;

/// Prompts of one turn whose end is kept; of more, the latest.
const PROMPTS: usize = 16;

/// Tokens of one kind in one reply that are believed; sums over all replies of a fleet then never overflow.
const TOKENS: i64 = 100_000_000_000;

/// Bytes of the name of a reply.
const KEY_BYTES: usize = 16;

/// What a stretch of lines tells: rows that are new, or parts of rows that were told of before.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Told {
    /// Turns that begin here, by line.
    pub turns: BTreeMap<i64, TurnRow>,
    /// Ends of turns that began before, by line: when, and how long they took.
    pub ends: BTreeMap<i64, (Option<Millis>, Option<i64>)>,
    /// Turns that began before and go on, by line: the line that says so.
    pub named: BTreeMap<i64, i64>,
    /// Tool calls, by id.
    pub calls: BTreeMap<String, CallRow>,
    /// How subagents ended whose call a report does not name.
    pub reports: BTreeMap<String, bool>,
    /// Replies, by key.
    pub replies: BTreeMap<Vec<u8>, UsageRow>,
}

/// The fold: what is known of the whole transcript, and what the lines since the last save tell.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Fold {
    transcript: String,
    /// Prompts are a person's: this is a main transcript.
    is_main: bool,
    /// What is known.
    pub facts: Facts,
    /// What is to be saved.
    pub told: Told,
}

impl Fold {
    /// Goes on from what is known of a transcript.
    pub(super) fn new(transcript: &str, is_main: bool, facts: Facts) -> Self {
        Self { transcript: transcript.to_owned(), is_main, facts, told: Told::default() }
    }

    /// Takes the next line.
    pub(super) fn add(&mut self, entry: Entry) {
        let line = self.facts.entries;
        self.facts.count(entry.class, entry.time);
        let from = if self.is_main { self.facts.branches.follow(&entry) } else { From::default() };
        self.facts.learn(bounded(entry.facts));
        for act in entry.acts {
            self.act(line, entry.time, entry.uuid.as_deref(), act);
        }
        self.go_on_from(line, from);
    }

    fn act(&mut self, line: i64, time: Option<Millis>, uuid: Option<&str>, act: Act) {
        let at = time.or(self.facts.last_at).unwrap_or(0);
        tail::add(&mut self.facts.tail, self.is_main, at, &act);
        self.facts.repeats.add(at, &act);
        match act {
            Act::Prompt(prompt) => self.prompt(line, time, uuid, &prompt),
            Act::TurnEnd { duration_ms } => self.end_turn(time, duration_ms),
            // A later reply of the turn moves its end.
            Act::Spoke => self.set_end(time, None),
            Act::Interrupt => {
                self.facts.interrupts = self.facts.interrupts.saturating_add(1);
                self.end_turn(time, None);
            }
            Act::StopHook => self.go_on(),
            Act::ToolUse(used) => self.call(use_row(&self.transcript, line, time, used)),
            Act::ToolResult(result) => self.call(result_row(&self.transcript, line, time, result)),
            Act::AgentReport(report) => self.report(line, report),
            Act::Usage(usage) => self.usage(line, time, *usage),
            Act::Searches { call, count } => self.searches(line, time, &call, count),
            Act::Compaction { .. } => {
                self.facts.compactions = self.facts.compactions.saturating_add(1);
                self.facts.context = None;
            }
            Act::ApiError { .. } => self.facts.api_errors = self.facts.api_errors.saturating_add(1),
            Act::PullRequest { url } => self.facts.pull_request(cleaned(url, PATH_BYTES)),
            Act::Todos(list) => self.facts.todos.replace(list),
            Act::Todo(change) => self.facts.todos.change(change),
            Act::EndsAt { id } => self.name_end(line, &id),
            Act::TurnBegin | Act::OwnCost { .. } => {}
        }
    }

    /// A prompt of this line goes on from an earlier turn.
    fn go_on_from(&mut self, line: i64, from: From) {
        let Some(turn) = self.told.turns.get_mut(&line) else { return };
        if self.facts.turn.first() == Some(&line) {
            turn.after_line = self.facts.branches.prompted(line, from);
        } else {
            self.facts.branches.joined(line);
        }
    }

    /// The client names the line with which the conversation ends now.
    fn name_end(&mut self, line: i64, id: &str) {
        let Some(turn) = self.facts.branches.named(id) else { return };
        match self.told.turns.get_mut(&turn) {
            Some(row) => row.named_line = Some(line),
            None => {
                self.told.named.insert(turn, line);
            }
        }
    }

    fn prompt(&mut self, line: i64, time: Option<Millis>, uuid: Option<&str>, prompt: &Prompt) {
        let uuid = uuid.map(|uuid| clean(uuid, ID_BYTES));
        let is_repeated = uuid.is_some() && uuid == self.facts.prompt;
        if !self.is_main || is_repeated {
            return;
        }
        self.facts.prompts += 1;
        self.facts.prompt.clone_from(&uuid);
        let joins = prompt.queued && !self.facts.yielded;
        if !joins {
            self.facts.turn.clear();
        } else if self.facts.turn.len() == PROMPTS {
            self.facts.turn.remove(0);
        }
        self.facts.turn.push(line);
        self.facts.yielded = false;
        let row = TurnRow {
            transcript_id: self.transcript.clone(),
            line,
            uuid,
            text: clean(&prompt.text, TEXT_BYTES),
            queued: prompt.queued,
            started_at: time,
            ended_at: None,
            duration_ms: None,
            after_line: None,
            named_line: None,
        };
        self.told.turns.insert(line, row);
    }

    fn end_turn(&mut self, time: Option<Millis>, duration_ms: Option<i64>) {
        self.facts.yielded = true;
        self.set_end(time, duration_ms);
    }

    /// The coder was sent back to work.
    fn go_on(&mut self) {
        self.facts.yielded = false;
        self.set_end(None, None);
    }

    fn set_end(&mut self, ended_at: Option<Millis>, duration_ms: Option<i64>) {
        // The clock of the coder is that of the prompt which began the turn.
        for (place, line) in self.facts.turn.iter().enumerate() {
            let duration_ms = duration_ms.filter(|_| place == 0);
            if let Some(turn) = self.told.turns.get_mut(line) {
                (turn.ended_at, turn.duration_ms) = (ended_at, duration_ms);
            } else {
                self.told.ends.insert(*line, (ended_at, duration_ms));
            }
        }
    }

    fn call(&mut self, row: CallRow) {
        if row.id.is_empty() {
            return;
        }
        match self.told.calls.get_mut(&row.id) {
            Some(known) => merge_call(known, row),
            None => {
                self.told.calls.insert(row.id.clone(), row);
            }
        }
    }

    fn report(&mut self, line: i64, report: AgentReport) {
        let agent = cleaned(report.id, ID_BYTES);
        if let Some(call) = report.tool_use_id.filter(|id| !id.is_empty()) {
            let row = CallRow {
                transcript_id: self.transcript.clone(),
                line,
                id: cleaned(call, ID_BYTES),
                agent_id: Some(agent).filter(|agent| !agent.is_empty()),
                agent_ok: report.ok,
                ..CallRow::default()
            };
            return self.call(row);
        }
        let Some(ok) = report.ok else { return };
        self.told.reports.insert(agent, ok);
    }

    fn usage(&mut self, line: i64, time: Option<Millis>, usage: Usage) {
        let [input, output, read, short, long] =
            [usage.input, usage.output, usage.cache_read, usage.cache_write_5m, usage.cache_write_1h].map(believed);
        if usage.fills_context {
            self.facts.context = Some(input + read + short + long);
        }
        let thread = usage.request.as_deref().or(self.facts.thread.as_deref());
        let key = key_of(&usage.message, thread);
        let model = Some(usage.model).filter(|model| !model.is_empty()).or_else(|| self.facts.model.clone());
        let row = UsageRow {
            key,
            transcript_id: self.transcript.clone(),
            line,
            at: usage.at.or(time).or(self.facts.last_at).unwrap_or(0),
            model: cleaned(model.unwrap_or_default(), ID_BYTES),
            input_tokens: input,
            output_tokens: output,
            cache_read_tokens: read,
            cache_write_5m_tokens: short,
            cache_write_1h_tokens: long,
            thinking_tokens: believed(usage.thinking),
            web_searches: believed(usage.web_searches),
            records: 1,
            copied: usage.copied,
            // Until the copies of other transcripts are looked at.
            counted: true,
            cost_microdollars: None,
        };
        self.reply(row);
    }

    /// Searches that the client had made beside its replies: a row of their own, which no record tells of.
    fn searches(&mut self, line: i64, time: Option<Millis>, call: &str, count: i64) {
        self.reply(UsageRow {
            key: key_of(&format!("searches:{call}"), self.facts.thread.as_deref()),
            transcript_id: self.transcript.clone(),
            line,
            at: time.or(self.facts.last_at).unwrap_or(0),
            model: self.facts.model.clone().unwrap_or_default(),
            web_searches: believed(count),
            counted: true,
            ..UsageRow::default()
        });
    }

    fn reply(&mut self, row: UsageRow) {
        match self.told.replies.get_mut(&row.key) {
            Some(known) => merge_reply(known, row),
            None => {
                self.told.replies.insert(row.key.clone(), row);
            }
        }
    }
}

fn believed(count: i64) -> i64 {
    count.clamp(0, TOKENS)
}

/// Names a reply: the same in every copy of it.
fn key_of(message: &str, request: Option<&str>) -> Vec<u8> {
    let mut hash = Sha256::new();
    hash.update(message.as_bytes());
    hash.update([0]);
    hash.update(request.unwrap_or_default().as_bytes());
    hash.finalize()[..KEY_BYTES].to_vec()
}

fn use_row(transcript: &str, line: i64, time: Option<Millis>, used: ToolUse) -> CallRow {
    let name = cleaned(used.name, ID_BYTES);
    CallRow {
        transcript_id: transcript.to_owned(),
        line,
        id: cleaned(used.id, ID_BYTES),
        // An empty name is that of a call whose use has not come.
        name: if name.is_empty() { "?".to_owned() } else { name },
        about: used.about.map(|about| cleaned(about, TEXT_BYTES)),
        path: used.path.map(|path| cleaned(path, PATH_BYTES)),
        writes: used.writes,
        agent_kind: used.agent_kind.map(|kind| cleaned(kind, ID_BYTES)),
        started_at: time,
        ..CallRow::default()
    }
}

fn result_row(transcript: &str, line: i64, time: Option<Millis>, result: ToolResult) -> CallRow {
    let agent = result.agent;
    let word = |text: &String| (!text.is_empty()).then(|| clean(text, ID_BYTES));
    CallRow {
        transcript_id: transcript.to_owned(),
        line,
        result_line: Some(line),
        id: cleaned(result.id, ID_BYTES),
        ended_at: time,
        duration_ms: result.duration_ms,
        is_error: Some(result.is_error),
        exit_code: result.exit_code,
        added: result.changed.map(|(added, _)| i64::from(added)),
        removed: result.changed.map(|(_, removed)| i64::from(removed)),
        agent_id: agent.as_ref().and_then(|agent| word(&agent.id)),
        agent_kind: agent.as_ref().and_then(|agent| agent.kind.as_ref().and_then(word)),
        agent_background: agent.as_ref().map(|agent| agent.background),
        workflow_id: agent.as_ref().and_then(|agent| agent.workflow.as_ref().and_then(word)),
        ..CallRow::default()
    }
}

/// Adds what later lines tell of a call.
pub(super) fn merge_call(known: &mut CallRow, later: CallRow) {
    if !later.name.is_empty() {
        if known.name.is_empty() {
            known.started_at = later.started_at;
        }
        known.line = later.line;
        (known.name, known.about, known.path, known.writes) = (later.name, later.about, later.path, later.writes);
    }
    first(&mut known.result_line, later.result_line);
    first(&mut known.ended_at, later.ended_at);
    first(&mut known.duration_ms, later.duration_ms);
    first(&mut known.exit_code, later.exit_code);
    first(&mut known.added, later.added);
    first(&mut known.removed, later.removed);
    known.is_error = match (known.is_error, later.is_error) {
        (Some(before), Some(now)) => Some(before || now),
        (before, now) => before.or(now),
    };
    first(&mut known.agent_id, later.agent_id);
    first(&mut known.agent_kind, later.agent_kind);
    first(&mut known.agent_background, later.agent_background);
    first(&mut known.workflow_id, later.workflow_id);
    if later.agent_ok.is_some() {
        known.agent_ok = later.agent_ok;
    }
}

/// Adds another record of a reply: the one with the greatest output tells the truth, of equal ones the first.
pub(super) fn merge_reply(known: &mut UsageRow, later: UsageRow) {
    let records = known.records + later.records;
    if later.output_tokens > known.output_tokens {
        *known = UsageRow { counted: known.counted, ..later };
    }
    known.records = records;
}

fn first<T>(known: &mut Option<T>, later: Option<T>) {
    if known.is_none() {
        *known = later;
    }
}

/// What a line says about its session, fit to be kept.
fn bounded(mut facts: LineFacts) -> LineFacts {
    let LineFacts {
        session,
        cwd,
        branch,
        version,
        entrypoint,
        mode,
        name,
        model,
        agent,
        thread,
        repository,
        worktree_of,
        ..
    } = &mut facts;
    for text in [cwd, repository, worktree_of] {
        *text = text.take().map(|text| cleaned(text, PATH_BYTES));
    }
    for text in [session, branch, version, entrypoint, mode, name, model, agent, thread] {
        *text = text.take().map(|text| cleaned(text, ID_BYTES));
    }
    facts.title = facts.title.map(|(source, title)| (source, cleaned(title, TEXT_BYTES)));
    facts
}
