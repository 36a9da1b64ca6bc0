//! Tool calls and their outputs. A call's input is an object, an object as a string, or any text.

use std::borrow::Cow;

use super::item::{image_url, texts};
use super::{Reading, made_up, outcome, patch};
use crate::transcript::Role;
use crate::transcript::act::{Act, Todo, TodoState, ToolResult, ToolUse};
use crate::transcript::content::{Image, Outcome};
use crate::transcript::digest;
use crate::transcript::object::{Object, string, value};
use crate::transcript::preview::title_of;

/// Inputs that say what a call is about, most telling first.
const TELLING: [&str; 16] = [
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
    "target",
    "id",
    "prompt",
    "chars",
    "explanation",
    "uri",
];

/// Shells whose `-c` is not worth showing.
const SHELLS: [&str; 5] = ["bash", "sh", "zsh", "/bin/bash", "/bin/zsh"];

/// Calls that the model's provider runs: no other line tells how they ended.
const PROVIDED: [&str; 2] = ["web_search_call", "image_generation_call"];

/// Media type of pictures that a model made.
pub(super) const GENERATED: &str = "image/png";

pub(super) fn call(kind: &str, payload: &Object<'_>, line: &[u8], reading: &mut Reading) {
    reading.said(Role::ToolUse);
    let provided = PROVIDED.contains(&kind);
    let id = payload.word("call_id").or_else(|| payload.word("id")).or_else(|| provided.then(|| made_up(line)));
    let id = id.unwrap_or_default();
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
    let agent_kind = fields.word("agent_type").filter(|_| name == "spawn_agent");
    reading.content.tool_use(&id, &name, about.as_deref(), || value(&input, "input"));
    if !id.is_empty() {
        let writes = !patched.is_empty();
        let (digest, waits) = (digest::of_input(&name, &input), ToolUse::waits_for(&name, command.as_deref()));
        let used = ToolUse { id: id.clone(), name, about, path, writes, agent_kind, digest, waits };
        reading.acts.push(Act::ToolUse(used));
    }
    if provided {
        answered(&id, payload, &input, reading);
    }
}

/// The outcome of a call that its provider ran, once the line says that it has ended.
fn answered(id: &str, payload: &Object<'_>, input: &str, reading: &mut Reading) {
    let is_error = match payload.text("status").as_deref() {
        Some("completed") => false,
        Some("failed" | "incomplete") => true,
        _ => return,
    };
    let text = payload.text("revised_prompt").unwrap_or_default();
    reading.content.tool_result(&Outcome { id, is_error, text: &text, ..Outcome::default() });
    if let Some(base64) = generated(payload) {
        reading.content.image(&Image::Inline(GENERATED, &base64));
    }
    let action = Object::read(input).unwrap_or_default();
    if action.text("type").as_deref() == Some("search") {
        // Lines of a fork have another time, and the call may have no id.
        let call = format!("{:x}", digest::of_input("web_search", input));
        reading.acts.push(Act::Searches { call, count: 1 });
    }
    reading.acts.push(Act::ToolResult(ToolResult { id: id.to_owned(), is_error, ..ToolResult::default() }));
}

/// Base64 of the picture that the model's provider made.
pub(super) fn generated<'a>(payload: &Object<'a>) -> Option<Cow<'a, str>> {
    let is_one = payload.text("type").as_deref() == Some("image_generation_call");
    payload.text("result").filter(|base64| is_one && !base64.is_empty())
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
    let listed =
        || ["queries", "ids", "targets"].iter().find_map(|field| fields.list(field).into_iter().find_map(string));
    let asked = || fields.objects("questions").first().and_then(|first| first.word("question"));
    let telling = || {
        asked()
            .or_else(|| TELLING.iter().find_map(|field| fields.word(field)))
            .or_else(|| listed().map(Cow::into_owned))
    };
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
    let permission = outcome::refusal_in(&text);
    let is_error = told.is_error || success == Some(false) || permission.is_some();
    let agent = told.agent.clone();
    let detail = told.detail.as_deref();
    let outcome = Outcome { id: &id, is_error, text: &told.text, detail, agent: agent.as_deref(), permission };
    reading.content.tool_result(&outcome);
    reading.acts.extend(told.reports);
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
