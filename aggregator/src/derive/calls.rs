//! The tool calls of a session and its subagents, in order of time.

use std::collections::{HashMap, HashSet};

use super::running;
use super::subagents::{self, Known};
use crate::domain::time::{Millis, now_ms};
use crate::domain::transcript::TranscriptKind;
use crate::store::sessions::{self, CursorRow};
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
    /// In whose name, input or path all of these words stand, in lower case.
    pub words: Option<Vec<String>>,
    /// That still run.
    pub running: bool,
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

impl Place {
    fn first() -> Self {
        Self { at: Millis::MIN, line: 0, id: String::new() }
    }

    fn last() -> Self {
        Self { at: Millis::MAX, line: 0, id: String::new() }
    }
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

/// Calls of a session from a place on, at most one more than `limit`: later ones, or with `newest` earlier ones and the
/// latest first. A call that several copies hold stands once.
pub async fn page(
    db: &Db,
    session: &str,
    filter: &Filter,
    newest: bool,
    from: Option<&Place>,
    limit: u32,
) -> Result<Vec<Call>, StoreError> {
    let known = subagents::known(sessions::sides(db, session).await?);
    if filter.running {
        let running = running(db, session, &known).await?;
        return Ok(cut(running, filter, newest, from, limit));
    }
    let has_copies = known.has_copies() || sessions::mains(db, session).await?.len() > 1;
    if has_copies || filter.words.is_some() {
        let rows = once(tool_calls::of_session(db, session).await?);
        return Ok(cut(called(rows, &known), filter, newest, from, limit));
    }
    let (kind, transcript) = match &filter.caller {
        None => (None, None),
        Some(None) => (Some(TranscriptKind::Main.word().to_owned()), None),
        Some(Some(agent)) => match known.transcript(agent) {
            Some(transcript) => (None, Some(transcript.to_owned())),
            None => return Ok(Vec::new()),
        },
    };
    let wanted = tool_calls::Filter { name: filter.name.clone(), is_error: filter.is_error, kind, transcript };
    let end = if newest { Place::last() } else { Place::first() };
    let from = from.unwrap_or(&end);
    let rows =
        tool_calls::page(db, session, wanted, newest, (from.at, from.line, &from.id), limit.saturating_add(1)).await?;
    Ok(called(rows, &known))
}

/// The calls with these ids, in order of time.
pub async fn with_ids(db: &Db, session: &str, filter: &Filter, ids: &[&str]) -> Result<Vec<Call>, StoreError> {
    let known = subagents::known(sessions::sides(db, session).await?);
    let mut rows = Vec::new();
    for id in ids {
        rows.extend(tool_calls::one(db, session, id).await?);
    }
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    rows.dedup_by(|a, b| a.id == b.id);
    Ok(cut(called(rows, &known), filter, false, None, u32::MAX))
}

async fn running(db: &Db, session: &str, known: &Known) -> Result<Vec<Call>, StoreError> {
    let (mains, sides) = (sessions::mains(db, session).await?, sessions::sides(db, session).await?);
    let files: Vec<&CursorRow> = mains.iter().chain(&sides).collect();
    Ok(called(running::calls(db, session, &files, now_ms()).await?, known))
}

fn called(rows: Vec<CallRow>, known: &Known) -> Vec<Call> {
    rows.into_iter().map(|row| Call { caller: known.agents.get(&row.transcript_id).cloned(), row }).collect()
}

/// Those of all calls that a page shows, and one more.
fn cut(mut calls: Vec<Call>, filter: &Filter, newest: bool, from: Option<&Place>, limit: u32) -> Vec<Call> {
    let follows =
        |call: &Call| from.is_none_or(|from| if newest { call.place() < *from } else { call.place() > *from });
    calls.retain(|call| filter.takes(call) && follows(call));
    calls.sort_by_cached_key(Call::place);
    if newest {
        calls.reverse();
    }
    calls.truncate((limit as usize).saturating_add(1));
    calls
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
            && self.words.as_ref().is_none_or(|words| holds(call, words))
    }
}

fn holds(call: &Call, words: &[String]) -> bool {
    let CallRow { name, about, path, .. } = &call.row;
    let text = [Some(name), about.as_ref(), path.as_ref()].into_iter().flatten();
    let text = text.map(|part| part.to_lowercase()).collect::<Vec<String>>().join("\n");
    words.iter().all(|word| text.contains(word))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_page_goes_either_way_and_holds_what_was_asked_for() {
        let call = |at: i64, name: &str, about: &str| Call {
            row: CallRow {
                id: format!("c{at}"),
                name: name.to_owned(),
                about: Some(about.to_owned()),
                path: Some("/srv/Api.rs".to_owned()),
                started_at: Some(at),
                ..CallRow::default()
            },
            caller: None,
        };
        let calls = || vec![call(3, "Read", "x"), call(1, "Bash", "Cargo Test"), call(2, "Bash", "ls")];
        let told = |filter: &Filter, newest, from: Option<&Place>, limit| -> Vec<String> {
            cut(calls(), filter, newest, from, limit).into_iter().map(|call| call.row.id).collect()
        };
        let all = Filter::default();
        assert_eq!(told(&all, false, None, 1), ["c1", "c2"]);
        assert_eq!(told(&all, true, None, 9), ["c3", "c2", "c1"]);
        let second = call(2, "", "").place();
        assert_eq!(told(&all, false, Some(&second), 9), ["c3"]);
        assert_eq!(told(&all, true, Some(&second), 9), ["c1"]);
        let words = |text: &str| Filter { words: Some(vec![text.to_owned()]), ..Filter::default() };
        assert_eq!(told(&words("cargo"), false, None, 9), ["c1"]);
        assert_eq!(told(&words("bash"), false, None, 9), ["c1", "c2"]);
        assert_eq!(told(&words("/srv/api"), false, None, 9).len(), 3);
    }

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
