//! The list of things to do: `TodoWrite` gives it whole, `TaskCreate` and `TaskUpdate` change one thing.
//!
//! What a tool answered counts, not what was asked of it; only a new text of a thing stands nowhere but in the question.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use crate::transcript::act::{Act, Todo, TodoChange, TodoState};
use crate::transcript::lenient;
use crate::transcript::preview::title_of;

/// Most things of one list that are kept: no person reads more.
const THINGS: usize = 200;

/// An element of `TodoWrite`'s list.
#[derive(Deserialize)]
pub(super) struct Item<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    content: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    status: Option<Cow<'a, str>>,
}

/// `TodoWrite`'s list.
#[derive(Deserialize)]
pub(super) struct Items<'a>(#[serde(borrow, deserialize_with = "lenient::objects")] pub(super) Vec<Item<'a>>);

/// The thing that `TaskCreate` made.
#[derive(Deserialize)]
pub(super) struct Task<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    subject: Option<Cow<'a, str>>,
}

/// What became of a thing.
#[derive(Deserialize)]
pub(super) struct StatusChange<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    to: Option<Cow<'a, str>>,
}

#[derive(Deserialize)]
struct Update<'a> {
    #[serde(borrow, default, rename = "taskId", deserialize_with = "lenient::text")]
    task_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    subject: Option<Cow<'a, str>>,
}

/// The list as it now is.
pub(super) fn list(items: &[Item<'_>]) -> Act {
    let todos = items.iter().take(THINGS).enumerate().map(|(number, item)| Todo {
        id: item.id.as_deref().map_or_else(|| (number + 1).to_string(), str::to_owned),
        text: item.content.as_deref().and_then(title_of).unwrap_or_default(),
        state: item.status.as_deref().and_then(state).unwrap_or(TodoState::Pending),
    });
    Act::Todos(todos.collect())
}

/// A thing was made.
pub(super) fn made(task: &Task<'_>) -> Option<Act> {
    let id = task.id.as_deref()?.to_owned();
    let text = task.subject.as_deref().and_then(title_of);
    Some(Act::Todo(TodoChange { id, text, state: Some(TodoState::Pending) }))
}

/// A thing was changed.
pub(super) fn changed(id: &str, change: &StatusChange<'_>) -> Option<Act> {
    let state = Some(change.to.as_deref().and_then(state)?);
    Some(Act::Todo(TodoChange { id: id.to_owned(), text: None, state }))
}

/// A new text of a thing.
pub(super) fn asked(tool: &str, input: Option<&RawValue>) -> Option<Act> {
    if tool != "TaskUpdate" {
        return None;
    }
    let update: Update<'_> = serde_json::from_str(input?.get()).ok()?;
    let text = Some(title_of(update.subject.as_deref()?)?);
    Some(Act::Todo(TodoChange { id: update.task_id?.into_owned(), text, state: None }))
}

fn state(word: &str) -> Option<TodoState> {
    match word {
        "pending" => Some(TodoState::Pending),
        "in_progress" => Some(TodoState::Active),
        "completed" => Some(TodoState::Done),
        "deleted" | "cancelled" => Some(TodoState::Removed),
        _ => None,
    }
}
