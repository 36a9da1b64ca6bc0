//! Tool calls: use and result stand together in the reply.

use serde_json::value::RawValue;

use super::Reading;
use crate::domain::time::parse_rfc3339;
use crate::transcript::act::{Act, AgentStart, Todo, TodoState, ToolResult, ToolUse};
use crate::transcript::block::{Decider, Permission};
use crate::transcript::content::Outcome;
use crate::transcript::digest;
use crate::transcript::object::{Object, list, string};
use crate::transcript::preview::title_of;

/// Inputs that say what a call is about, most telling first.
const TELLING: [&str; 12] = [
    "command",
    "file_path",
    "absolute_path",
    "dir_path",
    "path",
    "pattern",
    "query",
    "objective",
    "prompt",
    "url",
    "fact",
    "agent_name",
];

/// Tools that change the file they name.
const WRITERS: [&str; 3] = ["write_file", "replace", "edit"];

/// What a call that was cancelled answers when a person refused it.
const NOT_ALLOWED: &str = "did not allow tool call";

pub(super) fn read(call: &Object<'_>, reading: &mut Reading) {
    let id = call.word("id").unwrap_or_default();
    let name = call.word("name").unwrap_or_else(|| "tool".to_owned());
    let input = call.object("args").unwrap_or_default();
    let telling = TELLING.iter().find_map(|field| input.word(field)).or_else(|| call.word("description"));
    let about = telling.as_deref().and_then(title_of);
    reading.content.tool_use(&id, &name, about.as_deref(), || call.raw("args").map(ToOwned::to_owned));
    if name == "write_todos" {
        reading.acts.push(Act::Todos(todos(&input)));
    }
    let is_error = match call.text("status").as_deref() {
        Some("success") => Some(false),
        Some("error" | "cancelled") => Some(true),
        _ => None,
    };
    if let Some(is_error) = is_error {
        let (text, detail, agent) = (text_of(call), call.raw("resultDisplay"), call.word("agentId"));
        let permission = refusal(call, &text);
        let agent = agent.as_deref();
        reading.content.tool_result(&Outcome { id: &id, is_error, text: &text, detail, agent, permission });
    }
    if id.is_empty() {
        return;
    }
    let path = ["file_path", "absolute_path", "path"].iter().find_map(|field| input.word(field));
    let writes = path.is_some() && WRITERS.contains(&name.as_str());
    let digest = digest::of_input(&name, call.raw("args").map_or("", RawValue::get));
    let waits = ToolUse::waits_for(&name, telling.as_deref());
    let used = ToolUse { id: id.clone(), name, about, path, writes, agent_kind: None, digest, waits };
    reading.acts.push(Act::ToolUse(used));
    if let Some(is_error) = is_error {
        reading.acts.push(Act::ToolResult(result(id, is_error, call, reading.time)));
    }
}

fn result(id: String, is_error: bool, call: &Object<'_>, began: Option<i64>) -> ToolResult {
    let ended = call.text("timestamp").as_deref().and_then(parse_rfc3339);
    let duration_ms = ended.zip(began).map(|(ended, began)| (ended - began).max(0));
    let stat = call.object("resultDisplay").and_then(|display| display.object("diffStat"));
    let lines = |field: &str| -> Option<u32> { stat.as_ref()?.number(field).and_then(|n| u32::try_from(n).ok()) };
    let agent = call.word("agentId").map(|id| AgentStart { id, ..AgentStart::default() });
    let text = text_of(call);
    ToolResult {
        id,
        is_error,
        duration_ms,
        exit_code: exit_code(&text),
        digest: digest::of_outcome(&text),
        agent,
        changed: lines("model_added_lines").zip(lines("model_removed_lines")),
        shell: None,
    }
}

/// The decision that a call's end tells of: a person did not let it run.
fn refusal(call: &Object<'_>, text: &str) -> Option<Permission> {
    let refused = call.text("status").as_deref() == Some("cancelled") && text.contains(NOT_ALLOWED);
    refused.then_some(Permission { allowed: false, by: Decider::Person, lasts: false })
}

/// `Exit Code: 1` in what the shell answered.
fn exit_code(text: &str) -> Option<i64> {
    text.lines().find_map(|line| line.strip_prefix("Exit Code: "))?.trim().parse().ok()
}

/// The answer in words: what the model was told, else what the person was shown.
fn text_of(call: &Object<'_>) -> String {
    let raw = call.raw("result");
    let parts = raw.map(list).unwrap_or_default();
    let told: Vec<String> =
        parts.into_iter().chain(raw).filter_map(Object::of).filter_map(|part| response(&part)).collect();
    if told.is_empty() {
        let bare = raw.and_then(string).or_else(|| call.text("resultDisplay"));
        return bare.unwrap_or_default().into_owned();
    }
    told.join("\n")
}

fn response(part: &Object<'_>) -> Option<String> {
    if let Some(text) = part.text("text") {
        return Some(text.into_owned());
    }
    let response = part.object("functionResponse")?.object("response")?;
    ["output", "error", "content"].iter().find_map(|field| response.word(field))
}

fn todos(input: &Object<'_>) -> Vec<Todo> {
    let todos = input.objects("todos").into_iter().enumerate();
    todos
        .map(|(number, todo)| Todo {
            id: number.to_string(),
            text: todo.word("description").unwrap_or_default(),
            state: match todo.text("status").as_deref() {
                Some("completed") => TodoState::Done,
                Some("in_progress") => TodoState::Active,
                Some("cancelled") => TodoState::Removed,
                _ => TodoState::Pending,
            },
        })
        .collect()
}
