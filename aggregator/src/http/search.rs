//! Search, and the searches that people keep.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{delete, get};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use uuid::Uuid;

use super::failure::{Answer, Failure};
use super::guard::Caller;
use super::json::{Body, Path, Query};
use crate::domain::time::{now_ms, rfc3339};
use crate::house::House;
use crate::search::query::QUERY_CHARS;
use crate::search::{self, Asked, Facet, Facets, Hit, SearchError, SessionHits, Sort};
use crate::store::saved_searches::{self, SavedSearchRow};
use crate::wire::page::Page;
use crate::wire::search::{
    FacetCount, NewSavedSearch, SavedSearch, SearchFacets, SearchItem, SearchPage, SearchProgress, SearchSession,
    SearchTerm,
};

/// Hits of a page unless told.
const LIMIT: usize = 20;

/// Most hits of a page.
const MOST: usize = 100;

/// Searches that one person can keep.
const SAVED: i64 = 200;

/// Characters of the name of a kept search.
const NAME_CHARS: usize = 80;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/search", get(find))
        .route("/searches", get(list).post(keep))
        .route("/searches/{id}", delete(forget))
}

#[derive(Deserialize)]
struct SearchQuery {
    /// Words, phrases and filters; docs/SEARCH.md has the language.
    #[serde(default)]
    q: String,
    /// `best` (the default) or `recent`.
    sort: Option<String>,
    /// `session`: one hit of each session.
    group: Option<String>,
    /// Also count what filters would find.
    facets: Option<bool>,
    /// Where nothing holds all words as they stand, what comes closest will do.
    loose: Option<bool>,
    /// Hits wanted, 100 at most.
    limit: Option<usize>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Searches all sessions.
async fn find(State(house): State<Arc<House>>, Query(query): Query<SearchQuery>) -> Answer<SearchPage> {
    let sort = match query.sort.as_deref() {
        None | Some("best") => Sort::Best,
        Some("recent") => Sort::Recent,
        Some(_) => return Err(Failure::bad_request("`sort` must be `best` or `recent`")),
    };
    let by_session = match query.group.as_deref() {
        None | Some("none" | "") => false,
        Some("session") => true,
        Some(_) => return Err(Failure::bad_request("`group` must be `session`; leave it out for single hits")),
    };
    let asked = Asked {
        query: query.q,
        sort,
        limit: query.limit.unwrap_or(LIMIT).min(MOST),
        cursor: query.cursor.filter(|cursor| !cursor.is_empty()),
        facets: query.facets.unwrap_or(false),
        by_session,
        loose: query.loose.unwrap_or(false),
    };
    Ok(Json(page(house.search.find(asked).await?)))
}

/// My saved searches.
async fn list(State(house): State<Arc<House>>, caller: Caller) -> Answer<Page<SavedSearch>> {
    let rows = saved_searches::of_actor(&house.db, &caller.actor_id.to_string()).await?;
    Ok(Json(Page { items: rows.into_iter().map(saved).collect(), next_cursor: None }))
}

/// Saves a search.
async fn keep(
    State(house): State<Arc<House>>,
    caller: Caller,
    Body(new): Body<NewSavedSearch>,
) -> Result<(StatusCode, Json<SavedSearch>), Failure> {
    let (name, query) = (new.name.trim(), new.query.trim());
    if name.is_empty() || name.chars().count() > NAME_CHARS {
        return Err(Failure::bad_request(format!("`name` must have 1 to {NAME_CHARS} characters")));
    }
    if query.is_empty() || query.chars().count() > QUERY_CHARS {
        return Err(Failure::bad_request(format!("`query` must have 1 to {QUERY_CHARS} characters")));
    }
    let row = SavedSearchRow { id: Uuid::now_v7().to_string(), name: name.to_owned(), query: query.to_owned() };
    let actor = caller.actor_id.to_string();
    if !saved_searches::insert(&house.db, &actor, &row, now_ms(), SAVED).await? {
        return Err(Failure::conflict(format!("You keep {SAVED} searches already: delete one first")));
    }
    Ok((StatusCode::CREATED, Json(saved(row))))
}

/// Forgets a saved search.
async fn forget(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    if saved_searches::delete(&house.db, &caller.actor_id.to_string(), &id).await? {
        return Ok(StatusCode::NO_CONTENT);
    }
    Err(Failure::not_found("You keep no such search; see GET /api/v1/searches"))
}

fn saved(row: SavedSearchRow) -> SavedSearch {
    SavedSearch { id: row.id, name: row.name, query: row.query }
}

impl From<SearchError> for Failure {
    fn from(error: SearchError) -> Self {
        match error {
            SearchError::Query(_) | SearchError::Cursor => Self::bad_request(error.to_string()),
            SearchError::Store(error) => error.into(),
            SearchError::Index(why) => {
                tracing::error!(error = why, "a search failed on the index");
                Self::unavailable("The search index cannot be read just now; it mends itself. Try again in a moment")
            }
            SearchError::Stopping => Self::unavailable("The aggregator is stopping"),
        }
    }
}

fn page(answer: search::Answer) -> SearchPage {
    let term = |part: search::query::Part| SearchTerm {
        text: part.text,
        filter: part.filter.map(str::to_owned),
        value: part.value,
        excludes: part.excludes,
    };
    SearchPage {
        items: answer.hits.into_iter().map(item).collect(),
        next_cursor: answer.next_cursor,
        total: answer.total,
        sessions: answer.sessions.into_iter().map(session).collect(),
        total_sessions: answer.total_sessions,
        facets: answer.facets.map(facets),
        query: answer.parts.into_iter().map(term).collect(),
        remarks: answer.remarks,
        partial: answer
            .partial
            .map(|progress| SearchProgress { done_bytes: progress.done_bytes, total_bytes: progress.total_bytes }),
        took_ms: answer.took.as_secs_f64() * 1000.0,
    }
}

fn item(hit: Hit) -> SearchItem {
    SearchItem {
        session_id: hit.session,
        transcript_id: hit.transcript,
        line: hit.line,
        host_ids: hit.hosts,
        role: hit.role.word().to_owned(),
        tool: hit.tool,
        is_error: hit.is_error,
        subagent_id: hit.subagent,
        time: hit.time.map(rfc3339),
        snippet: hit.snippet.text,
        highlights: hit.snippet.highlights,
    }
}

fn session(hits: SessionHits) -> SearchSession {
    SearchSession {
        id: hits.id,
        title: hits.title,
        coder: hits.coder,
        host_ids: hits.host_ids,
        project_id: hits.project_id,
        project_name: hits.project_name,
        last_activity_at: hits.last_activity.map(rfc3339),
        gone: hits.gone,
        hits: hits.hits,
    }
}

fn facets(facets: Facets) -> SearchFacets {
    let counts = |values: Vec<Facet>| {
        let count = |facet: Facet| FacetCount { value: facet.value, name: facet.name, count: facet.count };
        values.into_iter().map(count).collect()
    };
    SearchFacets {
        host: counts(facets.host),
        project: counts(facets.project),
        coder: counts(facets.coder),
        role: counts(facets.role),
        tool: counts(facets.tool),
        day: counts(facets.day),
    }
}
