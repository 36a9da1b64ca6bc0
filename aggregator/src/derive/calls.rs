//! The tool calls of a session and its subagents, in order of time.

use std::collections::{HashMap, HashSet};

use super::subagents;
use crate::domain::time::Millis;
use crate::store::tool_calls::{self, CallRow};
use crate::store::{Db, StoreError};

/// A call, and who called.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Call {
    /// The call.
    pub row: CallRow,
    /// Subagent that called; `None` for the main conversation.
    pub caller: Option<String>,
}

/// Which calls are wanted.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Of this tool.
    pub name: Option<String>,
    /// That failed, or did not.
    pub is_error: Option<bool>,
    /// By this subagent; `Some(None)`: of the main conversation.
    pub caller: Option<Option<String>>,
}

/// Where a page goes on: the sort key of the last call of the page before.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub struct Place {
    /// When it was called.
    pub at: Millis,
    /// Its line.
    pub line: i64,
    /// Its id.
    pub id: String,
}

impl Call {
    /// Its place in the list.
    pub fn place(&self) -> Place {
        Place { at: self.row.started_at.unwrap_or(0), line: self.row.line, id: self.row.id.clone() }
    }

    /// How long it took, milliseconds.
    pub fn duration_ms(&self) -> Option<i64> {
        let by_lines = || Some((self.row.ended_at? - self.row.started_at?).max(0));
        self.row.duration_ms.or_else(by_lines)
    }

    /// Subagent that it began.
    pub fn began(&self) -> Option<&str> {
        subagents::began(&self.row)
    }
}

/// Calls of a session after the given place, at most one more than `limit`. A call that several copies hold stands once.
pub async fn page(
    db: &Db,
    session: &str,
    filter: &Filter,
    after: Option<&Place>,
    limit: usize,
) -> Result<Vec<Call>, StoreError> {
    let callers = subagents::callers(db, session).await?;
    let rows = tool_calls::of_session(db, session).await?;
    let mut calls: Vec<Call> = once(rows)
        .into_iter()
        .map(|row| Call { caller: callers.get(&row.transcript_id).cloned(), row })
        .filter(|call| filter.takes(call) && after.is_none_or(|after| call.place() > *after))
        .collect();
    let more = limit + 1;
    if calls.len() > more {
        calls.select_nth_unstable_by_key(more, Call::place);
        calls.truncate(more);
    }
    calls.sort_by_key(Call::place);
    Ok(calls)
}

/// Each call once: of copies the one that has its outcome.
fn once(mut rows: Vec<CallRow>) -> Vec<CallRow> {
    let mut places: HashMap<&str, usize> = HashMap::with_capacity(rows.len());
    let knows = |row: &CallRow| row.is_error.is_some();
    let mut dropped = HashSet::new();
    for (place, row) in rows.iter().enumerate() {
        let Some(kept) = places.insert(row.id.as_str(), place) else { continue };
        let rival = &rows[kept];
        let stays = (knows(rival), std::cmp::Reverse(&rival.transcript_id))
            > (knows(row), std::cmp::Reverse(&row.transcript_id));
        dropped.insert(if stays { place } else { kept });
        if stays {
            places.insert(row.id.as_str(), kept);
        }
    }
    let mut place = 0;
    rows.retain(|_| {
        place += 1;
        !dropped.contains(&(place - 1))
    });
    rows
}

impl Filter {
    fn takes(&self, call: &Call) -> bool {
        self.name.as_ref().is_none_or(|name| call.row.name.eq_ignore_ascii_case(name))
            && self.is_error.is_none_or(|wanted| call.row.is_error == Some(wanted))
            && self.caller.as_ref().is_none_or(|wanted| call.caller == *wanted)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn of_copies_the_one_with_an_outcome_stays() {
        let row = |transcript: &str, id: &str, is_error| CallRow {
            transcript_id: transcript.to_owned(),
            id: id.to_owned(),
            is_error,
            ..CallRow::default()
        };
        let rows = vec![
            row("a", "1", None),
            row("b", "1", Some(false)),
            row("c", "1", None),
            row("b", "2", Some(true)),
            row("a", "2", Some(true)),
        ];
        let kept: Vec<(String, String)> = once(rows).into_iter().map(|row| (row.id, row.transcript_id)).collect();
        assert_eq!(kept, [("1", "b"), ("2", "a")].map(|(a, b)| (a.to_owned(), b.to_owned())));
    }
}
