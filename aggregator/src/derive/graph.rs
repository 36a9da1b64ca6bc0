//! The graph of a session: itself and every subagent to any depth, with what each used and what runs in it now.

use std::collections::{BTreeMap, HashMap, HashSet};

use super::join::{self, Part};
use super::running;
use super::subagents::{self, Known, State, Subagent};
use crate::domain::alarm::{Looping, Settings};
use crate::domain::time::Millis;
use crate::store::sessions::{self, CursorRow, SessionRow};
use crate::store::tool_calls::{self, CallPlace, CallRow, ToolCount};
use crate::store::usage::{self, MainReply, Sum};
use crate::store::{Db, StoreError};

/// Tools of one node; those used most.
const TOOLS: usize = 100;

/// Calls of one node that run; the latest.
const RUNNING: usize = 20;

/// A conversation without a line for longer has ended without anybody saying so, milliseconds.
const SILENT_MS: Millis = 24 * 3_600_000;

/// The session itself, or a subagent.
#[derive(Debug, Clone)]
pub struct Node {
    /// What is known of it; the session itself has an empty id and depth 0.
    pub agent: Subagent,
    /// Id of the node that began it; `None` for the session itself and for an orphan.
    pub parent: Option<String>,
    /// Nobody knows what began it.
    pub orphan: bool,
    /// What its own conversation used.
    pub used: Sum,
    /// Tools that it used, most used first.
    pub tools: Vec<Tool>,
    /// Its calls without an outcome, oldest first.
    pub running: Vec<CallRow>,
    /// What it calls again and again, when that is a loop by the thresholds.
    pub looping: Option<Looping>,
}

/// Calls of one tool.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Tool {
    /// Tool.
    pub name: String,
    /// Calls.
    pub calls: i64,
    /// Failed ones among them.
    pub errors: i64,
}

/// The session first, then its subagents by their beginning.
pub async fn of_session(
    db: &Db,
    session: &SessionRow,
    thresholds: &Settings,
    now: Millis,
) -> Result<Vec<Node>, StoreError> {
    let mains = sessions::mains(db, &session.id).await?;
    let sides = sessions::sides(db, &session.id).await?;
    let files: Vec<&CursorRow> = mains.iter().chain(&sides).collect();
    let running = running::calls(db, &session.id, &files, now).await?;
    let parts = join::parts(mains);
    let known = subagents::known(sides);
    let used = subagents::used(db, &session.id).await?;
    let main_used = match parts.as_slice() {
        [only] => used.get(&only.id).map(usage::TranscriptSum::total).unwrap_or_default(),
        _ => together(usage::main_replies(db, &session.id).await?),
    };
    let mut tools = Tools::of(tool_calls::tools(db, &session.id).await?);
    if parts.len() > 1 {
        tools.main = once(&tool_calls::places(db, &session.id).await?, &parts);
    } else if let Some(part) = parts.first() {
        tools.main = tools.by_transcript.remove(&part.id).unwrap_or_default();
    }
    let calls = tool_calls::beginnings(db, &session.id).await?;
    let agents = subagents::joined(&known, &calls, used);
    let mut nodes = vec![root(session, &parts, main_used, now)];
    nodes.extend(agents.into_iter().map(|agent| node(agent, &known, &running, now)));
    attach(&mut nodes);
    for node in &mut nodes {
        node.tools = tools.take(node);
        node.running = running.iter().filter(|call| caller(&known, call) == node.agent.id).cloned().collect();
        node.running.drain(..node.running.len().saturating_sub(RUNNING));
        node.looping = node.looping.take().filter(|looping| runs(node.agent.state) && looping.counts(thresholds));
    }
    Ok(nodes)
}

/// The coder has ended: whatever has no end of its own will never have one.
pub fn end(nodes: &mut [Node]) {
    for node in nodes.iter_mut().filter(|node| node.agent.state == State::Running) {
        node.agent.state = State::Unknown;
    }
    for node in nodes {
        node.running.clear();
        node.looping = None;
    }
}

/// It may still go on.
fn runs(state: State) -> bool {
    matches!(state, State::Running | State::Unknown)
}

/// Id of the node that made a call.
fn caller<'a>(known: &'a Known, call: &CallRow) -> &'a str {
    known.agents.get(&call.transcript_id).map_or("", String::as_str)
}

/// The session itself, as a node.
fn root(session: &SessionRow, parts: &[Part], used: Sum, now: Millis) -> Node {
    let newest = parts.iter().max_by_key(|part| part.facts.last_at);
    let last_at = newest.and_then(|part| part.facts.last_at);
    let state = match newest {
        Some(part) if part.facts.yielded => State::Done,
        Some(part) if part.live && is_recent(last_at, now) => State::Running,
        _ => State::Unknown,
    };
    let agent = Subagent {
        depth: 0,
        description: session.title.clone(),
        transcript: newest.map(|part| part.id.clone()),
        model: session.model.clone(),
        state,
        started_at: session.first_activity_at,
        last_at,
        duration_ms: session.first_activity_at.zip(last_at).map(|(began, last)| (last - began).max(0)),
        calls: session.tool_calls,
        errors: session.tool_errors,
        lines: session.entries,
        ..Subagent::default()
    };
    let looping = newest.and_then(|part| part.facts.repeats.looping());
    Node { agent, parent: None, orphan: false, used, tools: Vec::new(), running: Vec::new(), looping }
}

fn is_recent(last_at: Option<Millis>, now: Millis) -> bool {
    last_at.is_some_and(|last| now - last < SILENT_MS)
}

/// A subagent as a node; what stands above it is not looked at yet.
fn node(mut agent: Subagent, known: &Known, running: &[CallRow], now: Millis) -> Node {
    if agent.state == State::Running && !still_runs(&agent, known, running, now) {
        agent.state = State::Unknown;
    }
    let is_begun = agent.call.is_some() || agent.workflow.is_some() || known.names_beginner(&agent.id);
    // Older clients name a subagent only when its call ends: until then it belongs to a call that runs.
    let beginner = || running.iter().find(|call| subagents::begins(call) && call.agent_id.is_none());
    let parent = match &agent.parent {
        Some(parent) => Some(parent.clone()),
        None if is_begun || agent.internal => Some(String::new()),
        None => beginner().map(|call| caller(known, call).to_owned()).filter(|parent| *parent != agent.id),
    };
    let used = agent.used.total();
    let looping = known.facts(&agent.id).and_then(|facts| facts.repeats.looping());
    Node { orphan: parent.is_none(), parent, agent, used, tools: Vec::new(), running: Vec::new(), looping }
}

/// A subagent that has not ended runs as long as somebody can still hear of it.
fn still_runs(agent: &Subagent, known: &Known, running: &[CallRow], now: Millis) -> bool {
    let has_file = known.facts(&agent.id).is_some();
    let last_at = agent.last_at.or(agent.started_at);
    let is_waited_for = || running.iter().any(|call| Some(&call.id) == agent.call.as_ref());
    is_recent(last_at, now) && (has_file || agent.background || is_waited_for())
}

/// Puts every node below the one that began it; one whose way up ends nowhere is an orphan.
fn attach(nodes: &mut [Node]) {
    let ids: HashSet<String> = nodes.iter().map(|node| node.agent.id.clone()).collect();
    for node in nodes.iter_mut().skip(1) {
        if node.parent.as_ref().is_none_or(|parent| !ids.contains(parent)) {
            (node.parent, node.orphan) = (None, true);
        }
    }
    let parents: HashMap<String, Option<String>> =
        nodes.iter().map(|node| (node.agent.id.clone(), node.parent.clone())).collect();
    for node in nodes.iter_mut().skip(1) {
        if let Some(depth) = steps(&node.agent.id, &parents) {
            node.agent.depth = depth;
        } else {
            (node.parent, node.orphan, node.agent.depth) = (None, true, 1);
        }
    }
}

/// Steps from a node up to the session, or to an orphan and one more; `None` when the way up is a circle.
fn steps(id: &str, parents: &HashMap<String, Option<String>>) -> Option<u32> {
    let (mut depth, mut above) = (1, parents.get(id)?.as_deref());
    while let Some(parent) = above.filter(|parent| !parent.is_empty()) {
        depth += 1;
        if depth as usize > parents.len() {
            return None;
        }
        above = parents.get(parent)?.as_deref();
    }
    Some(depth)
}

/// Tools by who uses them.
struct Tools {
    main: Vec<Tool>,
    by_transcript: HashMap<String, Vec<Tool>>,
}

impl Tools {
    fn of(counts: Vec<ToolCount>) -> Self {
        let mut by_transcript: HashMap<String, Vec<Tool>> = HashMap::new();
        for ToolCount { transcript_id, name, calls, errors } in counts {
            by_transcript.entry(transcript_id).or_default().push(Tool { name, calls, errors });
        }
        Self { main: Vec::new(), by_transcript }
    }

    /// The tools of a node, most used first.
    fn take(&mut self, node: &Node) -> Vec<Tool> {
        let mut tools = if node.agent.depth == 0 {
            std::mem::take(&mut self.main)
        } else {
            node.agent.transcript.as_ref().and_then(|id| self.by_transcript.remove(id)).unwrap_or_default()
        };
        tools.sort_by(|a, b| b.calls.cmp(&a.calls).then_with(|| a.name.cmp(&b.name)));
        tools.truncate(TOOLS);
        tools
    }
}

/// Tools of the parts of a session; a call that several of them hold counts once, and failed when one says so.
fn once(places: &[CallPlace], parts: &[Part]) -> Vec<Tool> {
    let parts: HashSet<&str> = parts.iter().map(|part| part.id.as_str()).collect();
    let mut calls: HashMap<&str, (&str, bool)> = HashMap::new();
    for place in places.iter().filter(|place| parts.contains(place.transcript_id.as_str())) {
        let (_, failed) = calls.entry(&place.id).or_insert((&place.name, false));
        *failed |= place.is_error == Some(true);
    }
    let mut tools: BTreeMap<&str, (i64, i64)> = BTreeMap::new();
    for (name, failed) in calls.into_values() {
        let (calls, errors) = tools.entry(name).or_default();
        *calls += 1;
        *errors += i64::from(failed);
    }
    let tool = |(name, (calls, errors)): (&str, (i64, i64))| Tool { name: name.to_owned(), calls, errors };
    tools.into_iter().map(tool).collect()
}

/// What the parts of a session used together; of a reply that several of them tell of, the one that tells most.
fn together(replies: Vec<MainReply>) -> Sum {
    let mut most: HashMap<Vec<u8>, MainReply> = HashMap::new();
    for reply in replies {
        let is_more = most.get(&reply.key).is_none_or(|known| reply.output_tokens > known.output_tokens);
        if is_more {
            most.insert(reply.key.clone(), reply);
        }
    }
    let mut sum = Sum::default();
    for reply in most.into_values() {
        sum.tokens += reply.tokens;
        sum.cost = sum.cost.map_or(reply.cost, |cost| Some(cost + reply.cost.unwrap_or(0)));
    }
    sum
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::derive::facts::Facts;

    fn below(id: &str, parent: Option<&str>) -> Node {
        let agent = Subagent { id: id.to_owned(), ..Subagent::default() };
        let parent = parent.map(str::to_owned);
        let (tools, running, looping) = (Vec::new(), Vec::new(), None);
        Node { agent, parent, orphan: false, used: Sum::default(), tools, running, looping }
    }

    #[test]
    fn a_node_whose_way_up_ends_nowhere_is_an_orphan() {
        let mut nodes = vec![
            below("", None),
            below("a", Some("")),
            below("deep", Some("a")),
            below("lost", Some("unheard of")),
            below("of-lost", Some("lost")),
            below("circle", Some("round")),
            below("round", Some("circle")),
        ];
        attach(&mut nodes);
        let told: Vec<_> =
            nodes.iter().map(|node| (node.agent.id.as_str(), node.parent.as_deref(), node.agent.depth)).collect();
        let right = [
            ("", None, 0),
            ("a", Some(""), 1),
            ("deep", Some("a"), 2),
            ("lost", None, 1),
            ("of-lost", Some("lost"), 2),
            ("circle", None, 1),
            ("round", None, 1),
        ];
        assert_eq!(told, right);
        let orphans: Vec<&str> = nodes.iter().filter(|node| node.orphan).map(|node| node.agent.id.as_str()).collect();
        assert_eq!(orphans, ["lost", "circle", "round"]);
    }

    #[test]
    fn what_copies_hold_twice_counts_once() {
        let part = |id: &str| Part { id: id.to_owned(), host: String::new(), live: true, facts: Facts::default() };
        let place = |transcript: &str, id: &str, is_error| CallPlace {
            transcript_id: transcript.to_owned(),
            line: 0,
            id: id.to_owned(),
            name: "Bash".to_owned(),
            is_error,
        };
        let places =
            [place("a", "1", None), place("b", "1", Some(true)), place("b", "2", Some(false)), place("old", "3", None)];
        let tools = once(&places, &[part("a"), part("b")]);
        assert_eq!(tools, [Tool { name: "Bash".to_owned(), calls: 2, errors: 1 }]);
        let reply = |key: u8, output_tokens, tokens, cost| MainReply { key: vec![key], output_tokens, tokens, cost };
        let sum = together(vec![reply(1, 5, 10, None), reply(1, 7, 12, Some(3)), reply(2, 1, 1, None)]);
        assert_eq!(sum, Sum { tokens: 13, cost: Some(3) });
    }

    #[test]
    fn a_subagent_that_only_its_own_file_tells_of_belongs_to_the_call_that_runs() {
        let known = subagents::known(Vec::new());
        let agent = || Subagent { id: "a".to_owned(), ..Subagent::default() };
        assert!(node(agent(), &known, &[], 0).orphan);
        let task = CallRow { name: "Task".to_owned(), ..CallRow::default() };
        assert_eq!(node(agent(), &known, &[task], 0).parent.as_deref(), Some(""));
        let internal = Subagent { internal: true, ..agent() };
        assert!(!node(internal, &known, &[], 0).orphan, "the client began it itself");
    }
}
