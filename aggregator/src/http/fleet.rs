//! Hosts, sessions and transcripts for readers.

use std::collections::HashMap;
use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use muster_proto::ids::{HostId, TranscriptId};
use serde::Deserialize;

use super::failure::{Answer, Failure};
use super::guard::Caller;
use super::json::{Path, Query};
use super::raw;
use crate::archive::verify::{self, Outcome};
use crate::domain::role::Role;
use crate::domain::time::rfc3339;
use crate::domain::transcript::TranscriptState;
use crate::house::House;
use crate::live::recent;
use crate::store::sessions::Sort;
use crate::store::transcripts::{Filter, TranscriptRow, unsigned};
use crate::store::{deletions, hosts, sessions, transcripts};
use crate::wire::convert;
use crate::wire::fleet::{Host, Session, SessionRow, Transcript, VerifyItem, VerifyOutcome};
use crate::wire::live::{HostActivity, RecentActivity};
use crate::wire::page::Page;

/// Items of a page unless told.
const LIMIT: u32 = 100;

/// Items of a page at most.
const MOST: u32 = 1000;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/hosts", get(list_hosts))
        .route("/hosts/{id}", get(one_host))
        .route("/activity", get(recent_activity))
        .route("/sessions", get(list_sessions))
        .route("/sessions/{id}", get(one_session).patch(super::actions::rename))
        .route("/transcripts", get(list_transcripts))
        .route("/transcripts/{id}", get(one_transcript))
        .route("/transcripts/{id}/raw", get(raw::serve))
        .route("/verify", post(verify_all))
}

/// Items wanted, within bounds.
pub(super) fn limit_of(limit: Option<u32>) -> Result<u32, Failure> {
    match limit.unwrap_or(LIMIT) {
        0 => Err(Failure::bad_request("`limit` must be 1 to 1000")),
        limit => Ok(limit.min(MOST)),
    }
}

/// All hosts with state, lag, backlog and roots.
async fn list_hosts(State(house): State<Arc<House>>) -> Answer<Page<Host>> {
    let items = house.host_views().await?.iter().map(Host::from).collect();
    Ok(Json(Page { items, next_cursor: None }))
}

/// One host.
async fn one_host(State(house): State<Arc<House>>, Path(id): Path<String>) -> Answer<Host> {
    let missing = || Failure::not_found("There is no such host");
    let id: HostId = id.parse().map_err(|_| missing())?;
    let view = house.host_view(id).await?.ok_or_else(missing)?;
    Ok(Json(Host::from(&view)))
}

/// Lines that hosts wrote in the last half hour.
async fn recent_activity(State(house): State<Arc<House>>) -> Answer<RecentActivity> {
    let host = |(host, lines): (HostId, Vec<u64>)| HostActivity {
        host_id: host.to_string(),
        lines: lines.into_iter().map(|lines| u32::try_from(lines).unwrap_or(u32::MAX)).collect(),
    };
    let step_ms = u32::try_from(recent::STEP_MS).unwrap_or(u32::MAX);
    Ok(Json(RecentActivity { step_ms, hosts: house.activity.recent().into_iter().map(host).collect() }))
}

#[derive(Deserialize)]
struct SessionsQuery {
    /// Id of a host that holds a file of it.
    host: Option<String>,
    /// The latest working directory.
    project: Option<String>,
    /// Id of a project; empty for sessions of none.
    project_id: Option<String>,
    coder: Option<String>,
    /// Only those whose files have all vanished from their hosts, or only the others.
    gone: Option<bool>,
    /// What the title contains.
    q: Option<String>,
    /// Also those without a single line.
    empty: Option<bool>,
    /// `recent` (the default), `title`, `prompts`, `tokens`, `cost` or `entries`.
    sort: Option<String>,
    /// Items wanted, 1 to 1,000.
    limit: Option<u32>,
    /// `next_cursor` of the page before, in the same order.
    cursor: Option<String>,
}

/// Sessions.
async fn list_sessions(
    State(house): State<Arc<House>>,
    Query(query): Query<SessionsQuery>,
) -> Answer<Page<SessionRow>> {
    let limit = limit_of(query.limit)?;
    let sort = match query.sort.as_deref() {
        None => Sort::default(),
        Some(word) => Sort::from_word(word).ok_or_else(|| {
            let words: Vec<&str> = Sort::ALL.into_iter().map(Sort::word).collect();
            Failure::bad_request(format!("`sort` must be one of: {}", words.join(", ")))
        })?,
    };
    let place = |cursor: &String| {
        sort.place(cursor).ok_or_else(|| {
            Failure::bad_request("`cursor` must be the `next_cursor` of the page before, in the same order")
        })
    };
    let after = query.cursor.as_ref().map(place).transpose()?;
    let filter = sessions::Filter {
        host: query.host,
        project_path: query.project,
        project: query.project_id,
        coder: query.coder,
        gone: query.gone,
        title: query.q.filter(|words| !words.trim().is_empty()),
        empty: query.empty.unwrap_or(false),
    };
    let rows = sessions::page(&house.db, sort, filter, after, limit).await?;
    let full = rows.len() == limit as usize;
    let next_cursor = rows.last().filter(|_| full).map(|row| sort.cursor(row));
    Ok(Json(Page { items: rows.iter().map(SessionRow::from).collect(), next_cursor }))
}

/// One session with its transcripts.
async fn one_session(State(house): State<Arc<House>>, Path(id): Path<String>) -> Answer<Session> {
    Ok(Json(find_session(&house, &id).await?))
}

/// The session with this id, or 404.
pub(super) async fn find_session(house: &House, id: &str) -> Result<Session, Failure> {
    let Some(row) = sessions::get(&house.db, id).await? else { return Err(no_session(house, id).await) };
    let files = transcripts::of_session(&house.db, id).await?;
    Ok(convert::session(&row, &files))
}

/// Why there is no session of this id.
pub(super) async fn no_session(house: &House, id: &str) -> Failure {
    match deletions::of_session(&house.db, id).await {
        Ok(Some(row)) => Failure::not_found(format!(
            "This session was deleted by {} at {}: nothing of it is kept",
            row.deleted_by,
            rfc3339(row.deleted_at)
        )),
        Ok(None) => Failure::not_found("There is no such session. Ids look like claude-UUID; see GET /api/v1/sessions"),
        Err(error) => error.into(),
    }
}

#[derive(Deserialize)]
struct TranscriptsQuery {
    /// Id of a host.
    host: Option<String>,
    /// Id of a session.
    session: Option<String>,
    /// `live` or `gone`.
    state: Option<String>,
    /// Items wanted, 1 to 1,000; 100 unless told.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Files as they are archived.
async fn list_transcripts(
    State(house): State<Arc<House>>,
    Query(query): Query<TranscriptsQuery>,
) -> Answer<Page<Transcript>> {
    let limit = limit_of(query.limit)?;
    let state = query
        .state
        .map(|word| word.parse::<TranscriptState>())
        .transpose()
        .map_err(|_| Failure::bad_request("`state` must be `live` or `gone`"))?;
    let filter = Filter { host: query.host, session: query.session, state };
    let rows = transcripts::page(&house.db, &filter, query.cursor.as_deref().unwrap_or(""), limit).await?;
    let full = rows.len() == limit as usize;
    let next_cursor = rows.last().filter(|_| full).map(|row| row.id.clone());
    Ok(Json(Page { items: rows.iter().map(Transcript::from).collect(), next_cursor }))
}

/// One archived file.
async fn one_transcript(State(house): State<Arc<House>>, Path(id): Path<String>) -> Answer<Transcript> {
    Ok(Json(Transcript::from(&find_transcript(&house, &id).await?)))
}

/// The transcript with this id, or 404.
pub(super) async fn find_transcript(house: &House, id: &str) -> Result<TranscriptRow, Failure> {
    let missing = || Failure::not_found("There is no such transcript; see GET /api/v1/transcripts");
    let id: TranscriptId = id.parse().map_err(|_| missing())?;
    transcripts::get(&house.db, id).await?.ok_or_else(missing)
}

#[derive(Deserialize)]
struct VerifyQuery {
    /// Id of a host.
    host: Option<String>,
    /// Files to compare, 1 to 1,000; 100 unless told.
    limit: Option<u32>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Compares a page of transcripts with their hosts.
///
/// Slow by nature: every byte is read on both sides.
async fn verify_all(
    State(house): State<Arc<House>>,
    caller: Caller,
    Query(query): Query<VerifyQuery>,
) -> Answer<Page<VerifyItem>> {
    caller.require(Role::Admin)?;
    let limit = limit_of(query.limit)?;
    let names: HashMap<String, String> =
        hosts::all(&house.db).await?.into_iter().map(|host| (host.id, host.name)).collect();
    let filter = Filter { host: query.host, ..Filter::default() };
    let rows = transcripts::page(&house.db, &filter, query.cursor.as_deref().unwrap_or(""), limit).await?;
    let tombstones = house.ingest.tombstones();
    let mut items = Vec::with_capacity(rows.len());
    // What is being deleted is on its way out of the archive, and no difference.
    let stays = |row: &&TranscriptRow| row.session_id.as_deref().is_none_or(|session| !tombstones.has(session));
    for row in rows.iter().filter(stays) {
        let (outcome, remark) = match verify::one(&house.db, &house.links, row).await? {
            Outcome::Equal => (VerifyOutcome::Equal, None),
            Outcome::Different(how) => (VerifyOutcome::Different, Some(how)),
            Outcome::Kept => (VerifyOutcome::Kept, None),
            Outcome::Unchecked(why) => (VerifyOutcome::Unchecked, Some(why)),
        };
        items.push(VerifyItem {
            transcript_id: row.id.clone(),
            host: names.get(&row.host_id).cloned().unwrap_or_else(|| "removed host".to_owned()),
            path: row.path.clone(),
            bytes: unsigned(row.committed_offset),
            outcome,
            remark,
        });
    }
    let full = rows.len() == limit as usize;
    Ok(Json(Page { items, next_cursor: rows.last().filter(|_| full).map(|row| row.id.clone()) }))
}
