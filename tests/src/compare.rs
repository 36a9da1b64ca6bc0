//! What the aggregator reports, against the truth of a corpus.

use std::collections::{BTreeMap, BTreeSet};

use serde_json::Value;

use crate::api::Api;
use crate::tally::{Tally, Tokens};
use crate::truth::{AgentTruth, SessionTruth, Spot, Truth};

/// Differences that are told at most: the first ones say enough.
const TOLD: usize = 20;

/// Everything that differs, in words; empty when all is equal.
#[derive(Debug, Default)]
pub struct Differences(Vec<String>);

impl Differences {
    /// Adds one where `got` is not `right`.
    fn same<T: PartialEq + std::fmt::Debug>(&mut self, what: &str, got: &T, right: &T) {
        if got != right {
            self.0.push(format!("{what} is {got:?}, but should be {right:?}"));
        }
    }

    /// As a result, with the first of them.
    pub fn into_result(self) -> Result<(), String> {
        let count = self.0.len();
        if count == 0 { Ok(()) } else { Err(format!("{count} differences: {}", self.0[..count.min(TOLD)].join("; "))) }
    }
}

/// Compares sessions, tool calls, subagents and tokens.
pub async fn numbers(api: &Api, truth: &Truth) -> Result<(), String> {
    let mut found = Differences::default();
    for session in &truth.sessions {
        compare_session(api, session, &mut found).await?;
    }
    let usage = api.get("/usage?group_by=session").await?;
    found.same("the fleet's tokens", &tokens(&usage["total"]), &truth.tokens());
    found.same("the fleet's replies", &number(&usage["total"], "replies"), &(truth.replies().len() as u64));
    let mut sum = Tokens::default();
    for item in items(&usage) {
        sum += tokens(item);
    }
    found.same("the sum over all sessions", &sum, &truth.tokens());
    found.into_result()
}

async fn compare_session(api: &Api, truth: &SessionTruth, found: &mut Differences) -> Result<(), String> {
    let id = format!("claude-{}", truth.id);
    let session = api.get(&format!("/sessions/{id}")).await?;
    let calls = api.list(&format!("/sessions/{id}/tool-calls")).await?;
    let agents = api.list(&format!("/sessions/{id}/subagents")).await?;
    let Tally { prompts, replies, tools, tool_errors } = &truth.tally;
    for (field, right) in [
        ("human_prompts", *prompts),
        ("assistant_messages", replies.len() as u64),
        ("tool_calls", tools.len() as u64),
        ("tool_errors", *tool_errors),
    ] {
        found.same(&format!("{field} of {id}"), &number(&session, field), &right);
    }
    compare_calls(&format!("the main conversation of {id}"), &calls, None, &truth.tally, found);
    let told: BTreeSet<&str> = agents.iter().filter(|agent| agent["transcript_id"].is_string()).map(id_of).collect();
    let right: BTreeSet<&str> = truth.agents.iter().map(|agent| agent.id.as_str()).collect();
    found.same(&format!("subagents of {id}"), &told, &right);
    for agent in &truth.agents {
        if let Some(told) = agents.iter().find(|told| id_of(told) == agent.id) {
            compare_agent(told, agent, found);
        }
        compare_calls(&format!("subagent {} of {id}", agent.id), &calls, Some(&agent.id), &agent.tally, found);
    }
    compare_graph(&id, &api.list(&format!("/sessions/{id}/agents")).await?, truth, found);
    Ok(())
}

/// The graph: the session and its subagents, each with its own tools and tokens, below the one that began it.
fn compare_graph(id: &str, nodes: &[Value], truth: &SessionTruth, found: &mut Differences) {
    let nodes: BTreeMap<&str, &Value> = nodes.iter().map(|node| (id_of(node), node)).collect();
    let mut right: BTreeSet<&str> = truth.agents.iter().map(|agent| agent.id.as_str()).collect();
    right.insert("");
    let told: BTreeSet<&str> =
        nodes.iter().filter(|(_, node)| node["transcript_id"].is_string()).map(|(id, _)| *id).collect();
    found.same(&format!("nodes of {id}"), &told, &right);
    if let Some(node) = nodes.get("") {
        compare_node(&format!("{id} itself"), node, &truth.tally, found);
    }
    for agent in &truth.agents {
        let Some(node) = nodes.get(agent.id.as_str()) else { continue };
        let what = format!("{} of {id}", agent.id);
        compare_node(&what, node, &agent.tally, found);
        let parent = Some(agent.parent.as_deref().unwrap_or_default());
        found.same(&format!("the node above {what}"), &node["parent_id"].as_str(), &parent);
        found.same(&format!("the depth of node {what}"), &number(node, "depth"), &agent.depth);
        found.same(&format!("the role of {what}"), &node["role"].as_str(), &Some(agent.kind.as_str()));
        found.same(&format!("{what} is an orphan"), &node["orphan"], &Value::Bool(false));
    }
}

fn compare_node(what: &str, node: &Value, truth: &Tally, found: &mut Differences) {
    let tools = node["tools"].as_array().map_or(&[][..], Vec::as_slice);
    let by_tool: BTreeMap<&str, u64> =
        tools.iter().map(|tool| (tool["name"].as_str().unwrap_or_default(), number(tool, "calls"))).collect();
    let errors: u64 = tools.iter().map(|tool| number(tool, "errors")).sum();
    found.same(&format!("tools of {what}"), &by_tool, &truth.calls());
    found.same(&format!("failed calls in the tools of {what}"), &errors, &truth.tool_errors);
    found.same(&format!("tokens of the node {what}"), &number(node, "tokens"), &truth.tokens().sum());
}

fn compare_calls(what: &str, calls: &[Value], agent: Option<&str>, truth: &Tally, found: &mut Differences) {
    let mine = || calls.iter().filter(|call| call["subagent_id"].as_str() == agent);
    let mut by_tool: BTreeMap<&str, u64> = BTreeMap::new();
    for call in mine() {
        *by_tool.entry(call["name"].as_str().unwrap_or_default()).or_default() += 1;
    }
    found.same(&format!("calls of {what}"), &by_tool, &truth.calls());
    let errors = mine().filter(|call| call["is_error"] == true).count() as u64;
    found.same(&format!("failed calls of {what}"), &errors, &truth.tool_errors);
}

fn compare_agent(told: &Value, truth: &AgentTruth, found: &mut Differences) {
    let id = &truth.id;
    let text = |field: &str| told[field].as_str();
    found.same(&format!("the call that began {id}"), &text("parent_tool_use_id"), &Some(truth.tool_use_id.as_str()));
    found.same(&format!("the parent of {id}"), &text("parent_id"), &truth.parent.as_deref());
    found.same(&format!("the type of {id}"), &text("type"), &Some(truth.kind.as_str()));
    found.same(&format!("the depth of {id}"), &number(told, "depth"), &truth.depth);
    found.same(&format!("tokens of {id}"), &number(told, "tokens"), &truth.tally.tokens().sum());
    found.same(&format!("usage of {id}"), &tokens(&told["usage"]), &truth.tally.tokens());
}

/// Compares what happened in each project: its sessions, its prompts, its calls by tool, and its tokens.
pub async fn projects(api: &Api, truth: &Truth) -> Result<(), String> {
    let mut projects: BTreeMap<String, Truth> = BTreeMap::new();
    for session in &truth.sessions {
        let told = api.get(&format!("/sessions/claude-{}", session.id)).await?;
        let project = told["project_id"].as_str().ok_or_else(|| format!("{} has no project", session.id))?;
        projects.entry(project.to_owned()).or_default().sessions.push(session.clone());
    }
    let mut found = Differences::default();
    found.same("projects", &(api.list("/projects").await?.len()), &projects.len());
    for (project, truth) in &projects {
        let told = api.get(&format!("/projects/{project}/overview")).await?;
        compare_overview(project, &told, truth, &mut found);
    }
    found.into_result()
}

/// What copies of a session tell of counts once: replies and calls by their ids. Copied prompts have none that the truth
/// knows, so they are compared where nothing was copied.
fn compare_overview(id: &str, told: &Value, truth: &Truth, found: &mut Differences) {
    let days = told["days"].as_array().map_or(&[][..], Vec::as_slice);
    let of_days = |field: &str| days.iter().map(|day| number(day, field)).sum::<u64>();
    let mut calls: BTreeMap<&str, &str> = BTreeMap::new();
    for session in &truth.sessions {
        let tallies = std::iter::once(&session.tally).chain(session.agents.iter().map(|agent| &agent.tally));
        calls.extend(tallies.flat_map(|tally| &tally.tools).map(|(id, name)| (id.as_str(), name.as_str())));
    }
    let mut by_tool: BTreeMap<&str, u64> = BTreeMap::new();
    for name in calls.values() {
        *by_tool.entry(name).or_default() += 1;
    }
    let tools = told["tools"].as_array().map_or(&[][..], Vec::as_slice);
    let told_tools: BTreeMap<&str, u64> =
        tools.iter().map(|tool| (tool["name"].as_str().unwrap_or_default(), number(tool, "calls"))).collect();
    found.same(&format!("sessions of project {id}"), &number(told, "sessions"), &(truth.sessions.len() as u64));
    found.same(&format!("tools of project {id}"), &told_tools, &by_tool);
    found.same(&format!("calls by day of project {id}"), &of_days("tool_calls"), &(calls.len() as u64));
    found.same(&format!("usage of project {id}"), &tokens(&told["usage"]), &truth.tokens());
    found.same(&format!("tokens by day of project {id}"), &of_days("tokens"), &truth.tokens().sum());
    let replies: usize = truth.sessions.iter().map(|session| session.tally.replies.len()).sum();
    let main: BTreeSet<_> = truth.sessions.iter().flat_map(|session| session.tally.replies.keys()).collect();
    if main.len() == replies {
        let prompts: u64 = truth.sessions.iter().map(|session| session.tally.prompts).sum();
        found.same(&format!("prompts by day of project {id}"), &of_days("prompts"), &prompts);
    }
}

/// Searches for every planted phrase: it must be found in all its sessions and nowhere else.
pub async fn phrases(api: &Api, truth: &Truth) -> Result<(), String> {
    let mut found = Differences::default();
    for needle in &truth.needles {
        let items = api.list(&format!("/search?q=%22{}%22", needle.phrase.replace(' ', "%20"))).await?;
        let sessions: BTreeSet<String> = items
            .iter()
            .filter_map(|item| item["session_id"].as_str()?.strip_prefix("claude-").map(str::to_owned))
            .collect();
        found.same(&format!("sessions with {:?} ({:?})", needle.phrase, needle.spot), &sessions, &needle.holders);
        for item in &items {
            check_hit(item, &needle.phrase, needle.spot, &mut found);
        }
    }
    found.into_result()
}

/// A hit shows its words, and highlights exactly them.
fn check_hit(item: &Value, phrase: &str, spot: Spot, found: &mut Differences) {
    let snippet: Vec<char> = item["snippet"].as_str().unwrap_or_default().chars().collect();
    let text: String = snippet.iter().collect();
    found.same(&format!("a snippet that shows {phrase:?} ({spot:?})"), &text.contains(phrase), &true);
    let marked: String = item["highlights"]
        .as_array()
        .into_iter()
        .flatten()
        .filter_map(|range| Some((range[0].as_u64()?, range[1].as_u64()?)))
        .filter_map(|(start, end)| snippet.get(usize::try_from(start).ok()?..usize::try_from(end).ok()?))
        .map(|part| part.iter().collect::<String>())
        .collect::<Vec<String>>()
        .join(" ");
    let words = |text: &str| text.split_whitespace().map(str::to_owned).collect::<Vec<String>>();
    found.same(&format!("what is highlighted for {phrase:?}"), &words(&marked), &words(phrase));
}

fn items(page: &Value) -> &[Value] {
    page["items"].as_array().map_or(&[], Vec::as_slice)
}

fn id_of(item: &Value) -> &str {
    item["id"].as_str().unwrap_or_default()
}

fn number(item: &Value, field: &str) -> u64 {
    item[field].as_u64().unwrap_or(u64::MAX)
}

fn tokens(item: &Value) -> Tokens {
    Tokens {
        input: number(item, "input_tokens"),
        output: number(item, "output_tokens"),
        cache_read: number(item, "cache_read_input_tokens"),
        cache_write: number(item, "cache_creation_input_tokens"),
    }
}
