//! What sessions are doing, for scripts; pages get it live.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use muster_proto::ids::HostId;
use serde::Deserialize;

use super::failure::{Answer, Failure};
use super::fleet::limit_of;
use super::json::{Path, Query};
use crate::domain::session::SessionId;
use crate::domain::session_state::Turn;
use crate::domain::session_view::View;
use crate::house::House;
use crate::wire::page::Page;
use crate::wire::presence::SessionState;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/states", get(list)).route("/sessions/{id}/state", get(one))
}

#[derive(Deserialize)]
struct StatesQuery {
    /// Id of a host.
    host: Option<String>,
    /// One or more of `working`, `needs_permission`, `needs_answer`, `your_turn`, `done`, `failed`, `unknown`, with commas between.
    turn: Option<String>,
    /// Items wanted, 1 to 1,000; 100 unless told.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// What sessions are doing that live or were active in the last half hour.
///
/// In the order of the sessions' ids, so that the last id of a page leads to the next one.
async fn list(State(house): State<Arc<House>>, Query(query): Query<StatesQuery>) -> Answer<Page<SessionState>> {
    let limit = limit_of(query.limit)? as usize;
    let turns = query.turn.as_deref().map(turns_of).transpose()?;
    let host: Option<HostId> = query.host.map(|host| host.parse().map_err(|_| no_host())).transpose()?;
    let after = query.cursor.map(SessionId::from_stored);
    let wanted = |view: &View| {
        turns.as_ref().is_none_or(|turns| turns.contains(&view.state.turn))
            && host.is_none_or(|host| view.hosts.contains(&host))
            && after.as_ref().is_none_or(|after| view.session > *after)
    };
    let mut views = house.states.all();
    views.retain(wanted);
    let more = views.len() > limit;
    views.truncate(limit);
    let next_cursor = views.last().filter(|_| more).map(|view| view.session.to_string());
    Ok(Json(Page { items: views.iter().map(SessionState::from).collect(), next_cursor }))
}

/// What one session is doing.
async fn one(State(house): State<Arc<House>>, Path(id): Path<String>) -> Answer<SessionState> {
    let view = house.states.of(&SessionId::from_stored(id)).ok_or_else(|| {
        Failure::not_found("Nothing is known of what this session does: it ended a while ago, or there is none")
    })?;
    Ok(Json(SessionState::from(&view)))
}

/// `needs_permission,needs_answer`
fn turns_of(words: &str) -> Result<Vec<Turn>, Failure> {
    let known = || Turn::ALL.map(Turn::word).join(", ");
    let turn = |word: &str| {
        Turn::from_word(word.trim()).ok_or_else(|| Failure::bad_request(format!("`turn` must be of {}", known())))
    };
    words.split(',').map(turn).collect()
}

fn no_host() -> Failure {
    Failure::bad_request("`host` must be the id of a host")
}
