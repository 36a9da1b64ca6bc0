//! What a session holds: turns, tool calls, subagents.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use super::failure::{Answer, Failure};
use super::fleet::{limit_of, no_session};
use super::json::{Path, Query};
use crate::derive::{calls, context, files, graph, outline, subagents};
use crate::domain::session::SessionId;
use crate::domain::session_state::Turn as Whose;
use crate::domain::time::now_ms;
use crate::house::House;
use crate::store::sessions::{self, SessionRow};
use crate::wire::history::{ContextPoint, Subagent, ToolCall, Turn};
use crate::wire::page::Page;
use crate::wire::presence::{AgentNode, TouchedFile};

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/sessions/{id}/turns", get(list_turns))
        .route("/sessions/{id}/tool-calls", get(list_calls))
        .route("/sessions/{id}/subagents", get(list_subagents))
        .route("/sessions/{id}/agents", get(list_agents))
        .route("/sessions/{id}/files", get(list_files))
        .route("/sessions/{id}/context", get(list_context))
}

async fn known(house: &House, id: &str) -> Result<SessionRow, Failure> {
    match sessions::get(&house.db, id).await? {
        Some(row) => Ok(row),
        None => Err(no_session(house, id).await),
    }
}

/// Prompts with what followed them.
async fn list_turns(State(house): State<Arc<House>>, Path(id): Path<String>) -> Answer<Page<Turn>> {
    known(&house, &id).await?;
    let items = outline::of_session(&house.db, &id).await?.iter().map(Turn::from).collect();
    Ok(Json(Page { items, next_cursor: None }))
}

/// Subagents of a session.
async fn list_subagents(State(house): State<Arc<House>>, Path(id): Path<String>) -> Answer<Page<Subagent>> {
    known(&house, &id).await?;
    let items = subagents::of_session(&house.db, &id).await?.iter().map(Subagent::from).collect();
    Ok(Json(Page { items, next_cursor: None }))
}

/// The coder is known to have ended: nothing of the session runs any more, whatever its files say.
fn has_ended(house: &House, id: &str) -> bool {
    let view = house.states.of(&SessionId::from_stored(id));
    view.is_some_and(|view| view.processes.is_empty() && matches!(view.state.turn, Whose::Done | Whose::Failed))
}

/// The session itself and its subagents to any depth.
async fn list_agents(State(house): State<Arc<House>>, Path(id): Path<String>) -> Answer<Page<AgentNode>> {
    let session = known(&house, &id).await?;
    let mut nodes = graph::of_session(&house.db, &session, &house.alarms.settings(), now_ms()).await?;
    if has_ended(&house, &id) {
        graph::end(&mut nodes);
    }
    let items = nodes.iter().map(AgentNode::from).collect();
    Ok(Json(Page { items, next_cursor: None }))
}

/// How full the context was at each reply of the main conversation.
async fn list_context(State(house): State<Arc<House>>, Path(id): Path<String>) -> Answer<Page<ContextPoint>> {
    known(&house, &id).await?;
    let items = context::of_session(&house.db, &id).await?.iter().map(ContextPoint::from).collect();
    Ok(Json(Page { items, next_cursor: None }))
}

/// Calls that can be asked for by their ids at once.
const IDS: usize = 50;

/// Words of a filter that are looked at.
const WORDS: usize = 8;

#[derive(Deserialize)]
struct CallsQuery {
    /// Of this tool.
    name: Option<String>,
    /// Only those that failed, or only the others.
    is_error: Option<bool>,
    /// Id of the subagent that called; `main` for the main conversation.
    subagent: Option<String>,
    /// Only those whose outcome may still come.
    running: Option<bool>,
    /// The latest first; `next_cursor` then leads to earlier ones.
    newest: Option<bool>,
    /// With all these words in name, input or path.
    q: Option<String>,
    /// Exactly these, `A,B`; 50 at most.
    id: Option<String>,
    /// Items wanted, 1 to 1,000; 100 unless told.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Calls of tools with their outcome.
async fn list_calls(
    State(house): State<Arc<House>>,
    Path(id): Path<String>,
    Query(query): Query<CallsQuery>,
) -> Answer<Page<ToolCall>> {
    known(&house, &id).await?;
    let limit = limit_of(query.limit)?;
    let from = query.cursor.as_deref().map(place_of).transpose()?;
    let caller = query.subagent.map(|word| Some(word).filter(|word| word != "main"));
    let words: Vec<String> =
        query.q.iter().flat_map(|words| words.split_whitespace()).take(WORDS).map(str::to_lowercase).collect();
    let filter = calls::Filter {
        name: query.name,
        is_error: query.is_error,
        caller,
        words: Some(words).filter(|words| !words.is_empty()),
        running: query.running.unwrap_or(false),
    };
    if let Some(ids) = &query.id {
        let ids: Vec<&str> = ids.split(',').map(str::trim).filter(|id| !id.is_empty()).collect();
        if ids.len() > IDS {
            return Err(Failure::bad_request(format!("`id` takes {IDS} ids at most, with commas between them")));
        }
        let found = calls::with_ids(&house.db, &id, &filter, &ids).await?;
        return Ok(Json(Page { items: found.iter().map(ToolCall::from).collect(), next_cursor: None }));
    }
    if filter.running && has_ended(&house, &id) {
        return Ok(Json(Page { items: Vec::new(), next_cursor: None }));
    }
    let newest = query.newest.unwrap_or(false);
    let mut found = calls::page(&house.db, &id, &filter, newest, from.as_ref(), limit).await?;
    let more = found.len() > limit as usize;
    found.truncate(limit as usize);
    let next_cursor = found.last().filter(|_| more).map(|call| cursor_of(&call.place()));
    Ok(Json(Page { items: found.iter().map(ToolCall::from).collect(), next_cursor }))
}

#[derive(Deserialize)]
struct FilesQuery {
    /// Items wanted, 1 to 1,000; 100 unless told.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Files that calls read and changed, that of the latest call first.
async fn list_files(
    State(house): State<Arc<House>>,
    Path(id): Path<String>,
    Query(query): Query<FilesQuery>,
) -> Answer<Page<TouchedFile>> {
    known(&house, &id).await?;
    let limit = limit_of(query.limit)? as usize;
    let after = query.cursor.as_deref().map(|cursor| {
        let place = cursor.split_once(':').and_then(|(at, path)| Some((at.parse().ok()?, path)));
        place.ok_or_else(|| Failure::bad_request("`cursor` must be the `next_cursor` of the page before"))
    });
    let after = after.transpose()?;
    let mut found = files::of_session(&house.db, &id).await?;
    if let Some(after) = after {
        found.retain(|file| file.place() > (std::cmp::Reverse(after.0), after.1));
    }
    let more = found.len() > limit;
    found.truncate(limit);
    let next_cursor = found.last().filter(|_| more).map(|file| format!("{}:{}", file.last_at, file.path));
    Ok(Json(Page { items: found.iter().map(TouchedFile::from).collect(), next_cursor }))
}

fn cursor_of(place: &calls::Place) -> String {
    format!("{}:{}:{}", place.at, place.line, place.id)
}

fn place_of(cursor: &str) -> Result<calls::Place, Failure> {
    let read = || {
        let (at, rest) = cursor.split_once(':')?;
        let (line, id) = rest.split_once(':')?;
        Some(calls::Place { at: at.parse().ok()?, line: line.parse().ok()?, id: id.to_owned() })
    };
    read().ok_or_else(|| Failure::bad_request("`cursor` must be the `next_cursor` of the page before"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_cursor_names_a_place() {
        let place = calls::Place { at: -5, line: 7, id: "a:b".to_owned() };
        assert_eq!(place_of(&cursor_of(&place)).unwrap(), place);
        assert!(place_of("5").is_err() && place_of("a:b:c").is_err());
    }
}
