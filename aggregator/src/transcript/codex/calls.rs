//! Tool calls and their outputs. A call's input is an object, an object as a string, or any text.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::item::{image_url, texts};
use super::{Reading, outcome, patch};
use crate::transcript::Role;
use crate::transcript::act::{Act, Todo, TodoState, ToolResult, ToolUse};
use crate::transcript::content::{Image, Outcome};
use crate::transcript::digest;
use crate::transcript::object::{Object, string, value};
use crate::transcript::preview::title_of;

/// Inputs that say what a call is about, most telling first.
const TELLING: [&str; 14] = [
    "cmd",
    "command",
    "file_path",
    "path",
    "dir_path",
    "pattern",
    "query",
    "url",
    "task_name",
    "message",
    "prompt",
    "chars",
    "explanation",
    "uri",
];

/// Shells whose `-c` is not worth showing.
const SHELLS: [&str; 5] = ["bash", "sh", "zsh", "/bin/bash", "/bin/zsh"];

pub(super) fn call(kind: &str, payload: &Object<'_>, reading: &mut Reading) {
    reading.said(Role::ToolUse);
    let id = payload.word("call_id").or_else(|| payload.word("id")).unwrap_or_default();
    let name = payload.word("name").unwrap_or_else(|| named(kind).to_owned());
    let input = input_of(payload);
    let fields = Object::read(&input).unwrap_or_default();
    let command = command_of(&fields);
    let patched = patch::files(command.as_deref().unwrap_or(&input));
    let path = patched.first().cloned().or_else(|| fields.word("file_path").or_else(|| fields.word("path")));
    let about = if patched.is_empty() { about(&fields, command.as_deref(), &input) } else { Some(patched.join(", ")) };
    let mut about = about.as_deref().and_then(title_of);
    if name == "update_plan" {
        let plan = plan(&fields);
        let active = plan.iter().find(|step| step.state == TodoState::Active).or(plan.last());
        about = active.and_then(|step| title_of(&step.text));
        reading.acts.push(Act::Todos(plan));
    }
    reading.content.tool_use(&id, &name, about.as_deref(), || value(&input, "input"));
    if !id.is_empty() {
        let writes = !patched.is_empty();
        let (digest, waits) = (digest::of_input(&name, &input), ToolUse::waits_for(&name, command.as_deref()));
        reading.acts.push(Act::ToolUse(ToolUse { id, name, about, path, writes, agent_kind: None, digest, waits }));
    }
}

/// Name of a call that has none: `web_search_call` → `web_search`.
fn named(kind: &str) -> &str {
    kind.strip_suffix("_call").unwrap_or(kind)
}

/// Input as text: JSON where it is an object.
fn input_of(payload: &Object<'_>) -> String {
    let raw = ["arguments", "input", "action"].iter().find_map(|field| payload.raw(field));
    raw.map(|raw| string(raw).map_or_else(|| raw.get().to_owned(), Cow::into_owned)).unwrap_or_default()
}

/// The command line of a shell call, without the shell around it.
fn command_of(fields: &Object<'_>) -> Option<String> {
    if let Some(command) = fields.text("cmd").or_else(|| fields.text("command")) {
        return Some(command.into_owned());
    }
    let words: Vec<Cow<'_, str>> = fields.list("command").into_iter().filter_map(string).collect();
    match words.as_slice() {
        [] => None,
        [shell, flag, script] if SHELLS.contains(&shell.as_ref()) && flag.starts_with('-') => {
            Some(script.clone().into_owned())
        }
        words => Some(words.join(" ")),
    }
}

fn about(fields: &Object<'_>, command: Option<&str>, input: &str) -> Option<String> {
    let telling = || TELLING.iter().find_map(|field| fields.word(field));
    let other = || (!input.is_empty() && input != "{}").then(|| input.to_owned());
    command.map(str::to_owned).or_else(telling).or_else(other)
}

fn plan(fields: &Object<'_>) -> Vec<Todo> {
    let steps = fields.objects("plan").into_iter().enumerate();
    steps
        .map(|(number, step)| Todo {
            id: number.to_string(),
            text: step.word("step").unwrap_or_default(),
            state: match step.text("status").as_deref() {
                Some("completed") => TodoState::Done,
                Some("in_progress") => TodoState::Active,
                _ => TodoState::Pending,
            },
        })
        .collect()
}

pub(super) fn output(payload: &Object<'_>, reading: &mut Reading) {
    reading.said(Role::ToolResult);
    let id = payload.word("call_id").unwrap_or_default();
    let raw = payload.raw("output");
    let inner = raw.and_then(Object::of);
    let text = match (&inner, raw) {
        (Some(inner), _) => texts(inner, "content"),
        (None, Some(_)) => texts(payload, "output"),
        (None, None) => String::new(),
    };
    let told = outcome::read(&text);
    let success = inner.as_ref().and_then(|inner| inner.flag("success"));
    let is_error = told.is_error || success == Some(false);
    let agent = told.agent.clone();
    let detail: Option<&RawValue> = None;
    reading.content.tool_result(&Outcome { id: &id, is_error, text: &told.text, detail, agent: agent.as_deref() });
    for part in payload.objects("output") {
        if let Some(url) = image_url(&part) {
            reading.content.image(&Image::of_url(&url));
        }
    }
    if !id.is_empty() {
        let agent = agent.map(|id| outcome::agent_start(id, None));
        let result = ToolResult {
            id,
            is_error,
            duration_ms: told.duration_ms,
            exit_code: told.exit_code,
            agent,
            digest: digest::of_outcome(&told.text),
            ..ToolResult::default()
        };
        reading.acts.push(Act::ToolResult(result));
    }
}
