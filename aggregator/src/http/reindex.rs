//! What is made of the archive: made again on request, and how far that is.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;

use super::failure::{Answer, Failure};
use super::guard::Caller;
use super::json::Query;
use crate::access::{By, note};
use crate::domain::role::Role;
use crate::house::House;
use crate::store::transcripts::unsigned;
use crate::wire::keeping::Progress;
use crate::wire::page::Page;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/reindex", post(begin)).route("/progress", get(list))
}

#[derive(Deserialize)]
struct ReindexQuery {
    /// `views` or `search`.
    what: String,
}

/// Builds views or the search index anew from the archive.
async fn begin(
    State(house): State<Arc<House>>,
    caller: Caller,
    Query(query): Query<ReindexQuery>,
) -> Result<(StatusCode, Json<Page<Progress>>), Failure> {
    caller.require(Role::Admin)?;
    let what = query.what.as_str();
    if !["views", "search"].contains(&what) {
        return Err(Failure::bad_request("`what` must be `views` or `search`"));
    }
    let mut tx = house.db.begin().await?;
    note(&mut tx, &By::from(&caller), "reindex", what).await?;
    tx.commit().await?;
    match what {
        "views" => house.views.rebuild().await.map(drop)?,
        _ => house.search.rebuild().await?,
    }
    Ok((StatusCode::ACCEPTED, Json(progress(&house).await?)))
}

/// How far such work is; work that is done is not listed.
async fn list(State(house): State<Arc<House>>) -> Answer<Page<Progress>> {
    Ok(Json(progress(&house).await?))
}

/// Work that is not done yet.
async fn progress(house: &House) -> Result<Page<Progress>, Failure> {
    let views = house.views.progress().await?.map(|progress| Progress {
        work: "views".to_owned(),
        done_bytes: unsigned(progress.done),
        total_bytes: unsigned(progress.total),
    });
    let search = house.search.progress().map(|progress| Progress {
        work: "search".to_owned(),
        done_bytes: progress.done_bytes,
        total_bytes: progress.total_bytes,
    });
    Ok(Page { items: views.into_iter().chain(search).collect(), next_cursor: None })
}
