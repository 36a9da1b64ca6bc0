//! The subagents of a session, joined when they are read: their transcripts, what their parents' calls tell of them, and
//! the notes that lie beside them. Nothing of it depends on which file came first.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::facts::Facts;
use super::join::relative;
use super::notes::{AgentNote, Notes};
use crate::domain::time::Millis;
use crate::domain::transcript::TranscriptKind;
use crate::store::sessions::{self, CursorRow};
use crate::store::tool_calls::{self, CallRow};
use crate::store::usage::{self, TranscriptSum};
use crate::store::{Db, StoreError};
use crate::transcript::{claude, layout};

/// Tools that begin a subagent: for calls of which only a later report tells.
const TOOLS: [&str; 3] = ["Agent", "Task", "spawn_agent"];

/// Steps from a subagent up to the main conversation at most; more are a circle.
const DEPTH: u32 = 64;

/// A subagent.
#[derive(Debug, Clone, Default)]
pub struct Subagent {
    /// The coder's own id of it.
    pub id: String,
    /// Tool call that began it.
    pub call: Option<String>,
    /// Subagent that made that call; `None` for the main conversation.
    pub parent: Option<String>,
    /// 1 for what the main conversation began.
    pub depth: u32,
    /// Its type.
    pub kind: Option<String>,
    /// What it was begun for.
    pub description: Option<String>,
    /// Its conversation.
    pub transcript: Option<String>,
    /// Workflow run that it belongs to.
    pub workflow: Option<String>,
    /// Model of its latest reply.
    pub model: Option<String>,
    /// How it is.
    pub state: State,
    /// It runs on while the conversation that began it goes on.
    pub background: bool,
    /// The client began it for its own ends.
    pub internal: bool,
    /// First line.
    pub started_at: Option<Millis>,
    /// Last line.
    pub last_at: Option<Millis>,
    /// From the first line to the last, milliseconds.
    pub duration_ms: Option<i64>,
    /// Tool calls that it made.
    pub calls: i64,
    /// Failed ones among them.
    pub errors: i64,
    /// Lines.
    pub lines: i64,
    /// What it used.
    pub used: TranscriptSum,
}

/// How a subagent is.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum State {
    /// It has not ended.
    Running,
    /// It ended well.
    Done,
    /// It failed, or was refused.
    Failed,
    /// Nothing says.
    #[default]
    Unknown,
}

/// A subagent's conversation.
struct File {
    transcript: String,
    workflow: Option<String>,
    internal: bool,
    facts: Facts,
}

/// All that is known of a session's subagents.
pub(super) struct Known {
    files: BTreeMap<String, File>,
    /// Which subagent a transcript belongs to, copies and earlier generations included.
    pub(super) agents: HashMap<String, String>,
    notes: HashMap<String, AgentNote>,
}

/// The subagent that a call began.
pub(super) fn began(call: &CallRow) -> Option<&str> {
    let is_told = call.agent_background.is_some() || begins(call);
    // What reports of a workflow name is a task of the background, not one of its members.
    call.agent_id.as_deref().filter(|_| is_told && call.workflow_id.is_none())
}

/// The tool of this call begins subagents.
pub(super) fn begins(call: &CallRow) -> bool {
    TOOLS.contains(&call.name.as_str())
}

/// The subagents of a session, by their beginning.
pub async fn of_session(db: &Db, session: &str) -> Result<Vec<Subagent>, StoreError> {
    let known = known(sessions::sides(db, session).await?);
    let calls = tool_calls::beginnings(db, session).await?;
    Ok(joined(&known, &calls, used(db, session).await?))
}

/// What each transcript of a session used.
pub(super) async fn used(db: &Db, session: &str) -> Result<HashMap<String, TranscriptSum>, StoreError> {
    let sums = usage::by_transcript(db, session).await?;
    Ok(sums.into_iter().map(|sum| (sum.transcript_id.clone(), sum)).collect())
}

/// What the files beside a session's main transcripts tell.
pub(super) fn known(rows: Vec<CursorRow>) -> Known {
    let mut known = Known { files: BTreeMap::new(), agents: HashMap::new(), notes: HashMap::new() };
    // Oldest first: of several generations and copies the one with the most lines stays, of notes the latest.
    for row in rows {
        if row.kind == TranscriptKind::Subagent.word() {
            known.file(row);
        } else {
            for note in Notes::load(&row.facts).agents {
                known.notes.entry(note.id.clone()).or_default().merge(note);
            }
        }
    }
    known
}

impl Known {
    /// What is known of a subagent's conversation.
    pub(super) fn facts(&self, agent: &str) -> Option<&Facts> {
        self.files.get(agent).map(|file| &file.facts)
    }

    /// Transcript of a subagent.
    pub(super) fn transcript(&self, agent: &str) -> Option<&str> {
        self.files.get(agent).map(|file| file.transcript.as_str())
    }

    /// A subagent has more than one file: copies on other hosts, or earlier content.
    pub(super) fn has_copies(&self) -> bool {
        self.agents.len() > self.files.len()
    }

    /// Somebody has begun it: a note names the call or the subagent.
    pub(super) fn names_beginner(&self, agent: &str) -> bool {
        self.notes.get(agent).is_some_and(|note| note.tool_use_id.is_some() || note.parent.is_some())
    }

    fn file(&mut self, row: CursorRow) {
        let facts = Facts::load(&row.facts);
        let place = relative(&row.root, &row.path);
        let told = facts.agent.clone();
        let Some(agent) = layout::agent_of(&row.coder, place).or(told) else { return };
        self.agents.insert(row.id.clone(), agent.clone());
        let is_less = self.files.get(&agent).is_some_and(|file| file.facts.entries > facts.entries);
        if !is_less {
            let workflow = claude::layout::workflow_of(place).map(str::to_owned);
            let internal = facts.internal || claude::layout::is_internal(&agent);
            self.files.insert(agent, File { transcript: row.id, workflow, internal, facts });
        }
    }
}

/// The subagents of a session, by their beginning, with the calls that began something and what each transcript used.
pub(super) fn joined(known: &Known, calls: &[CallRow], mut used: HashMap<String, TranscriptSum>) -> Vec<Subagent> {
    let mut by_agent: HashMap<&str, &CallRow> = HashMap::new();
    let mut by_id: HashMap<&str, &CallRow> = HashMap::new();
    let mut by_workflow: HashMap<&str, &CallRow> = HashMap::new();
    for call in calls {
        if let Some(agent) = began(call) {
            by_agent.entry(agent).or_insert(call);
        }
        if let Some(workflow) = &call.workflow_id {
            by_workflow.entry(workflow).or_insert(call);
        }
        by_id.entry(&call.id).or_insert(call);
    }
    let ids: HashSet<&str> = known.files.keys().map(String::as_str).chain(by_agent.keys().copied()).collect();
    let mut agents: Vec<Subagent> = ids
        .into_iter()
        .map(|id| {
            let file = known.files.get(id);
            let note = known.notes.get(id);
            let workflow = file.and_then(|file| file.workflow.as_deref());
            let noted = note.and_then(|note| note.tool_use_id.as_deref()).and_then(|call| by_id.get(call));
            let run = workflow.and_then(|run| by_workflow.get(run));
            let call = by_agent.get(id).or(noted).or(run).copied();
            let sum = file.and_then(|file| used.remove(&file.transcript)).unwrap_or_default();
            subagent(id, known, file, note, call, sum)
        })
        .collect();
    set_depths(&mut agents, known);
    agents.sort_by(|a, b| (a.started_at, &a.id).cmp(&(b.started_at, &b.id)));
    agents
}

fn subagent(
    id: &str,
    known: &Known,
    file: Option<&File>,
    note: Option<&AgentNote>,
    call: Option<&CallRow>,
    used: TranscriptSum,
) -> Subagent {
    let noted = |field: fn(&AgentNote) -> &Option<String>| note.and_then(|note| field(note).clone());
    let facts = file.map(|file| &file.facts);
    let own_call = call.filter(|call| call.workflow_id.is_none());
    let began = facts.and_then(|facts| facts.first_at).or_else(|| call.and_then(|call| call.started_at));
    let ended = facts.and_then(|facts| facts.last_at);
    Subagent {
        id: id.to_owned(),
        call: call.map(|call| call.id.clone()).or_else(|| noted(|note| &note.tool_use_id)),
        parent: call
            .and_then(|call| known.agents.get(&call.transcript_id).cloned())
            .or_else(|| noted(|note| &note.parent))
            .filter(|parent| parent != id),
        depth: 1,
        kind: noted(|note| &note.kind).or_else(|| call.and_then(|call| call.agent_kind.clone())),
        description: noted(|note| &note.description)
            .or_else(|| own_call.and_then(|call| call.about.clone()))
            .or_else(|| facts.and_then(|facts| facts.title().map(|(_, title)| title.clone()))),
        transcript: file.map(|file| file.transcript.clone()),
        workflow: file
            .and_then(|file| file.workflow.clone())
            .or_else(|| call.and_then(|call| call.workflow_id.clone())),
        model: facts.and_then(|facts| facts.model.clone()).or_else(|| noted(|note| &note.model)),
        state: state(facts, note, own_call),
        background: own_call.and_then(|call| call.agent_background).unwrap_or(false),
        internal: file.is_some_and(|file| file.internal) || claude::layout::is_internal(id),
        started_at: began,
        last_at: ended,
        duration_ms: began.zip(ended).map(|(began, ended)| (ended - began).max(0)),
        calls: facts.map_or(0, |facts| facts.calls),
        errors: facts.map_or(0, |facts| facts.errors),
        lines: facts.map_or(0, |facts| facts.entries),
        used,
    }
}

/// What ended it, best witness first: the call it ran in, a report, a note, its own last words.
fn state(facts: Option<&Facts>, note: Option<&AgentNote>, call: Option<&CallRow>) -> State {
    let of = |ok: bool| if ok { State::Done } else { State::Failed };
    let background = call.and_then(|call| call.agent_background).unwrap_or(false);
    if let Some(failed) = call.and_then(|call| call.is_error).filter(|failed| *failed || !background) {
        return of(!failed);
    }
    if let Some(ok) = call.and_then(|call| call.agent_ok).or_else(|| note.and_then(|note| note.ok)) {
        return of(ok);
    }
    match (facts, call) {
        (Some(facts), _) if facts.yielded => State::Done,
        (_, Some(_)) => State::Running,
        _ => State::Unknown,
    }
}

fn set_depths(agents: &mut [Subagent], known: &Known) {
    let parents: HashMap<String, Option<String>> =
        agents.iter().map(|agent| (agent.id.clone(), agent.parent.clone())).collect();
    for agent in agents {
        let mut above = agent.parent.as_ref();
        let mut depth = 1;
        while let Some(parent) = above.filter(|_| depth < DEPTH) {
            depth += 1;
            above = parents.get(parent).and_then(Option::as_ref);
        }
        let noted = known.notes.get(&agent.id).and_then(|note| note.depth);
        agent.depth = if agent.parent.is_none() { noted.unwrap_or(depth) } else { depth };
    }
}
