//! Our entries in the text of a coder's settings: put in, taken out, looked up. The rest of the text stays byte for byte.

use std::ops::Range;

use serde_json::Value;

use super::EVENTS;
use super::json_text::{self, Member};
use super::ours::{HookLine, handlers, is_ours};

/// Settings that are not touched because they are not understood.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
pub enum EditError {
    /// Not JSON.
    #[error("it is not valid JSON ({0}); mend it first (comments are not allowed in it)")]
    NotJson(String),
    /// JSON, but of another shape than the coder reads.
    #[error("{0} is not {1}; mend it first")]
    Shape(String, &'static str),
    /// A key stands twice: which one counts is the reader's choice.
    #[error("it holds the key {0:?} twice; remove one of them first")]
    Twice(String),
}

/// How our entry for one event stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Standing {
    /// As we would write it.
    Ours,
    /// Ours, but it names another program, or stands there twice.
    Outdated,
    /// Not there.
    Missing,
}

/// One event of the settings.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct EventState {
    /// The event's name.
    pub event: String,
    /// Ours.
    pub standing: Standing,
    /// Handlers of others for the same event.
    pub foreign: usize,
}

/// How `text` stands towards `command`: each event that we ask for, then those that only others ask for.
pub fn standing(text: &str, command: &HookLine) -> Result<Vec<EventState>, EditError> {
    let Some(hooks) = hooks_of(text)? else {
        let missing = |event: &&str| EventState { event: (*event).to_owned(), standing: Standing::Missing, foreign: 0 };
        return Ok(EVENTS.iter().map(missing).collect());
    };
    let members = json_text::members(text, &hooks.value);
    let entries = |event: &str| {
        members.iter().find(|member| member.key == event).map(|member| parsed(text, &member.value)).unwrap_or_default()
    };
    let known = EVENTS.iter().map(|event| (*event).to_owned());
    let other = members.iter().map(|member| member.key.clone()).filter(|key| !EVENTS.contains(&key.as_str()));
    Ok(known.chain(other).map(|event| event_state(&entries(&event), event, command)).collect())
}

fn event_state(entries: &[Value], event: String, command: &HookLine) -> EventState {
    let all: usize = entries.iter().map(|entry| handlers(entry).len()).sum();
    let ours = entries.iter().flat_map(handlers).filter(|handler| is_ours(handler)).count();
    let exact = ours == 1 && entries.iter().any(|entry| command.is(entry));
    let standing = match ours {
        0 => Standing::Missing,
        _ if exact => Standing::Ours,
        _ => Standing::Outdated,
    };
    EventState { event, standing, foreign: all - ours }
}

/// Whether every event that we ask for reaches us.
pub fn complete(states: &[EventState]) -> bool {
    states.iter().filter(|state| EVENTS.contains(&state.event.as_str())).all(|state| state.standing == Standing::Ours)
}

/// Whether the coder is told to call no hook at all.
pub fn disabled(text: &str) -> bool {
    serde_json::from_str::<Value>(text).is_ok_and(|settings| settings["disableAllHooks"] == Value::Bool(true))
}

/// Puts our entry in for every event; what is there already stays where it is.
pub fn install(text: &str, command: &HookLine) -> Result<String, EditError> {
    let mut text = if text.trim().is_empty() { "{}\n".to_owned() } else { text.to_owned() };
    for state in standing(&text, command)? {
        let wanted = EVENTS.contains(&state.event.as_str());
        if state.standing == Standing::Outdated || (!wanted && state.standing == Standing::Ours) {
            take_out(&mut text, &state.event)?;
        }
        if wanted && state.standing != Standing::Ours {
            put_in(&mut text, &state.event, command)?;
        }
    }
    Ok(text)
}

/// Takes our entries out, and whatever they leave empty.
pub fn uninstall(text: &str) -> Result<String, EditError> {
    let mut text = text.to_owned();
    if let Some(hooks) = hooks_of(&text)? {
        for member in json_text::members(&text, &hooks.value) {
            take_out(&mut text, &member.key)?;
        }
    }
    Ok(text)
}

/// The member `hooks`, after checking the shape of everything that we touch.
fn hooks_of(text: &str) -> Result<Option<Member>, EditError> {
    if text.trim().is_empty() {
        return Ok(None);
    }
    let settings: Value = serde_json::from_str(text).map_err(|error| EditError::NotJson(error.to_string()))?;
    if !settings.is_object() {
        return Err(EditError::Shape("the file".into(), "a JSON object"));
    }
    let Some(hooks) = only(json_text::members(text, &json_text::root(text)), "hooks")? else { return Ok(None) };
    if !settings["hooks"].is_object() {
        return Err(EditError::Shape("\"hooks\"".into(), "an object"));
    }
    let events = json_text::members(text, &hooks.value);
    for event in &events {
        only(events.clone(), &event.key)?;
        if !settings["hooks"][&event.key].is_array() {
            return Err(EditError::Shape(format!("\"hooks\".{:?}", event.key), "a list"));
        }
    }
    Ok(Some(hooks))
}

fn only(members: Vec<Member>, key: &str) -> Result<Option<Member>, EditError> {
    let mut found = members.into_iter().filter(|member| member.key == key);
    let first = found.next();
    if found.next().is_some() { Err(EditError::Twice(key.to_owned())) } else { Ok(first) }
}

fn put_in(text: &mut String, event: &str, command: &HookLine) -> Result<(), EditError> {
    let entry = command.text();
    let Some(hooks) = hooks_of(text)? else {
        let root = json_text::root(text);
        let spot = append_at(text, &root);
        let (open, close) = if spot.before.contains('\n') {
            (format!("\n{}{}", spot.indent, spot.unit()), format!("\n{}", spot.indent))
        } else {
            (String::new(), String::new())
        };
        spot.insert(text, &format!("\"hooks\": {{{open}{event:?}: [{entry}]{close}}}"));
        return Ok(());
    };
    let found = json_text::members(text, &hooks.value).into_iter().find(|member| member.key == event);
    match found {
        Some(member) => append_at(text, &member.value).insert(text, &entry),
        None => append_at(text, &hooks.value).insert(text, &format!("{event:?}: [{entry}]")),
    }
    Ok(())
}

/// Takes our handlers out of one event's entries.
fn take_out(text: &mut String, event: &str) -> Result<(), EditError> {
    let mut removed = false;
    while let Some((event_at, entry_at)) = find_ours(text, event)? {
        removed = true;
        let entries = json_text::elements(text, &event_at);
        let entry = parsed_one(text, &entries[entry_at]);
        let list = handlers(&entry);
        if list.iter().all(is_ours) {
            remove(text, &entries, entry_at);
            continue;
        }
        let members = json_text::members(text, &entries[entry_at]);
        let Some(inner) = members.iter().find(|member| member.key == "hooks") else { break };
        let Some(handler_at) = list.iter().position(is_ours) else { break };
        remove(text, &json_text::elements(text, &inner.value), handler_at);
    }
    if removed { take_out_empty(text, event) } else { Ok(()) }
}

/// The list of `event`, and the first of its entries that holds a handler of ours.
fn find_ours(text: &str, event: &str) -> Result<Option<(Range<usize>, usize)>, EditError> {
    let Some(hooks) = hooks_of(text)? else { return Ok(None) };
    let members = json_text::members(text, &hooks.value);
    let Some(member) = members.into_iter().find(|member| member.key == event) else { return Ok(None) };
    let at = parsed(text, &member.value).iter().position(|entry| handlers(entry).iter().any(is_ours));
    Ok(at.map(|at| (member.value, at)))
}

/// Removes the event when its list is empty, and `hooks` when it has no event left.
fn take_out_empty(text: &mut String, event: &str) -> Result<(), EditError> {
    let Some(hooks) = hooks_of(text)? else { return Ok(()) };
    let events = json_text::members(text, &hooks.value);
    let Some(at) = events.iter().position(|member| member.key == event) else { return Ok(()) };
    if !json_text::elements(text, &events[at].value).is_empty() {
        return Ok(());
    }
    if events.len() > 1 {
        remove(text, &wholes(&events), at);
        return Ok(());
    }
    let members = json_text::members(text, &json_text::root(text));
    if let Some(at) = members.iter().position(|member| member.key == "hooks") {
        remove(text, &wholes(&members), at);
    }
    Ok(())
}

fn wholes(members: &[Member]) -> Vec<Range<usize>> {
    members.iter().map(|member| member.whole.clone()).collect()
}

/// Removes one of several items with the comma and the space that came with it.
fn remove(text: &mut String, items: &[Range<usize>], at: usize) {
    let item = &items[at];
    let range = match (at.checked_sub(1).map(|before| &items[before]), items.get(at + 1)) {
        (Some(before), _) => before.end..item.end,
        (None, Some(after)) => item.start..after.start,
        (None, None) => {
            let start = text[..item.start].trim_end().len();
            let end = text.len() - text[item.end..].trim_start().len();
            start..end
        }
    };
    text.replace_range(range, "");
}

fn parsed_one(text: &str, at: &Range<usize>) -> Value {
    serde_json::from_str(&text[at.clone()]).unwrap_or_default()
}

fn parsed(text: &str, list: &Range<usize>) -> Vec<Value> {
    json_text::elements(text, list).iter().map(|at| parsed_one(text, at)).collect()
}

/// Where the next item of an object or array goes, and in what dress.
struct Spot {
    at: usize,
    before: String,
    after: String,
    /// Indentation of the item's line; empty when the items stand on one line.
    indent: String,
}

impl Spot {
    /// One step of indentation.
    fn unit(&self) -> String {
        if self.indent.starts_with('\t') { "\t".into() } else { " ".repeat(self.indent.len().clamp(2, 4)) }
    }

    fn insert(&self, text: &mut String, item: &str) {
        text.insert_str(self.at, &format!("{}{item}{}", self.before, self.after));
    }
}

/// Behind the last item of the container at `container`, dressed like the items that are there.
fn append_at(text: &str, container: &Range<usize>) -> Spot {
    let inside = &text[container.start + 1..container.end - 1];
    let Some(last) = last_item_end(text, container) else {
        let outer = indent_of_line(text, container.start);
        let lines = text.trim().contains('\n') || text.trim() == "{}";
        let step = if outer.starts_with('\t') { "\t" } else { "  " };
        let indent = if lines { format!("{outer}{step}") } else { String::new() };
        let (before, after) =
            if lines { (format!("\n{indent}"), format!("\n{outer}")) } else { (String::new(), String::new()) };
        // A closing bracket that stands on its own line stays there.
        let after = if inside.contains('\n') { String::new() } else { after };
        return Spot { at: container.start + 1, before, after, indent };
    };
    let space = &inside[..inside.len() - inside.trim_start().len()];
    let before = if space.contains('\n') { format!(",{space}") } else { ", ".to_owned() };
    let indent = space.rsplit('\n').next().unwrap_or_default().to_owned();
    Spot { at: last, before, after: String::new(), indent }
}

fn last_item_end(text: &str, container: &Range<usize>) -> Option<usize> {
    if text.as_bytes()[container.start] == b'{' {
        return json_text::members(text, container).last().map(|member| member.whole.end);
    }
    json_text::elements(text, container).last().map(|item| item.end)
}

fn indent_of_line(text: &str, at: usize) -> String {
    let line = text[..at].rfind('\n').map_or(0, |newline| newline + 1);
    text[line..].chars().take_while(|c| matches!(c, ' ' | '\t')).collect()
}

#[cfg(test)]
mod tests;
