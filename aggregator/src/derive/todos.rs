//! The list of things to do of one conversation.

use serde::{Deserialize, Serialize};

use super::clean::clean;
use crate::transcript::act::{Todo, TodoChange, TodoState};

/// Things to do that are kept; of a longer list the first.
const THINGS: usize = 50;

/// Bytes of one.
const TEXT_BYTES: usize = 200;

/// Bytes of an id.
const ID_BYTES: usize = 64;

/// Things to do, in the order in which they were listed.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Todos(Vec<Kept>);

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Kept {
    id: String,
    text: String,
    state: State,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum State {
    Pending,
    Active,
    Done,
}

impl Todos {
    /// There is nothing to do.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Text and state (`pending`, `active`, `done`) of each.
    pub fn told(&self) -> Vec<(String, String)> {
        let word = |state| match state {
            State::Pending => "pending",
            State::Active => "active",
            State::Done => "done",
        };
        self.0.iter().map(|todo| (todo.text.clone(), word(todo.state).to_owned())).collect()
    }

    /// The whole list, as it now is.
    pub(super) fn replace(&mut self, list: Vec<Todo>) {
        let kept = |todo: Todo| {
            let state = State::of(todo.state)?;
            Some(Kept { id: clean(&todo.id, ID_BYTES), text: clean(&todo.text, TEXT_BYTES), state })
        };
        self.0 = list.into_iter().filter_map(kept).take(THINGS).collect();
    }

    /// One was made or changed.
    pub(super) fn change(&mut self, change: TodoChange) {
        let id = clean(&change.id, ID_BYTES);
        if change.state == Some(TodoState::Removed) {
            self.0.retain(|todo| todo.id != id);
            return;
        }
        let text = change.text.map(|text| clean(&text, TEXT_BYTES));
        let state = change.state.and_then(State::of);
        if let Some(todo) = self.0.iter_mut().find(|todo| todo.id == id) {
            todo.text = text.unwrap_or_else(|| std::mem::take(&mut todo.text));
            todo.state = state.unwrap_or(todo.state);
        } else if self.0.len() < THINGS {
            self.0.push(Kept { id, text: text.unwrap_or_default(), state: state.unwrap_or(State::Pending) });
        }
    }
}

impl State {
    fn of(state: TodoState) -> Option<Self> {
        match state {
            TodoState::Pending => Some(Self::Pending),
            TodoState::Active => Some(Self::Active),
            TodoState::Done => Some(Self::Done),
            TodoState::Removed => None,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn change(id: &str, text: Option<&str>, state: Option<TodoState>) -> TodoChange {
        TodoChange { id: id.to_owned(), text: text.map(str::to_owned), state }
    }

    #[test]
    fn things_to_do_are_made_changed_and_removed() {
        let mut todos = Todos::default();
        todos.change(change("1", Some("write"), None));
        todos.change(change("2", Some("test"), Some(TodoState::Pending)));
        todos.change(change("1", None, Some(TodoState::Done)));
        todos.change(change("2", Some("test it"), None));
        assert_eq!(
            todos.told(),
            [("write", "done"), ("test it", "pending")].map(|(a, b)| (a.to_owned(), b.to_owned()))
        );
        todos.change(change("1", None, Some(TodoState::Removed)));
        assert_eq!(todos.told().len(), 1);
    }

    #[test]
    fn the_list_is_bounded() {
        let mut todos = Todos::default();
        for number in 0..2 * THINGS {
            todos.change(change(&number.to_string(), Some(&"x".repeat(1000)), None));
        }
        assert_eq!((todos.0.len(), todos.0[0].text.len()), (THINGS, TEXT_BYTES));
    }
}
