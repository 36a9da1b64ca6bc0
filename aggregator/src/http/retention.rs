//! What is not kept: rules for old sessions with their dry run, and deleting one session for good.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post, put};
use axum::{Json, Router};
use http::StatusCode;
use serde::Deserialize;
use uuid::Uuid;

use super::failure::{Answer, Failure};
use super::fleet::no_session;
use super::guard::Caller;
use super::json::{Body, Path, Query, limit_of, page_of};
use crate::access::{By, note};
use crate::archive::retention::{DAYS, preview};
use crate::domain::role::Role;
use crate::domain::time::{now_ms, rfc3339};
use crate::house::House;
use crate::store::deletions::{self, DeletionRow};
use crate::store::retention::{self, RuleRow};
use crate::store::sessions;
use crate::store::transcripts::unsigned;
use crate::wire::keeping::{
    DeleteSession, Deletion, NewRetentionRule, RetentionExample, RetentionPreview, RetentionRule,
};
use crate::wire::page::{Page, PageQuery};

/// Characters of a reason.
const REASON: usize = 500;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/retention", get(list).post(add))
        .route("/retention/preview", get(dry_run))
        .route("/retention/{id}", put(change).delete(remove))
        .route("/deletions", get(list_deletions))
        .route("/sessions/{id}/delete", post(delete_session))
}

/// Rules that delete old sessions.
async fn list(State(house): State<Arc<House>>, caller: Caller) -> Answer<Page<RetentionRule>> {
    caller.require(Role::Admin)?;
    let items = retention::all(&house.db).await?.into_iter().map(RetentionRule::from).collect();
    Ok(Json(Page { items, next_cursor: None }))
}

/// A rule in words, for the audit trail.
fn told(rule: &RuleRow) -> String {
    let of = |what: &str, id: &Option<String>| id.as_ref().map(|id| format!(", {what} {id}")).unwrap_or_default();
    let state = if rule.enabled { "enabled" } else { "disabled" };
    format!("{} days{}{}, {state}", rule.days, of("host", &rule.host_id), of("project", &rule.project_id))
}

fn row(id: String, rule: NewRetentionRule) -> Result<RuleRow, Failure> {
    if !DAYS.contains(&rule.days) {
        return Err(Failure::bad_request(format!("`days` must be {} to {}", DAYS.start(), DAYS.end())));
    }
    let NewRetentionRule { host_id, project_id, days, enabled } = rule;
    Ok(RuleRow { id, host_id, project_id, days: i64::from(days), enabled })
}

/// Adds a rule.
async fn add(
    State(house): State<Arc<House>>,
    caller: Caller,
    Body(new): Body<NewRetentionRule>,
) -> Answer<RetentionRule> {
    caller.require(Role::Admin)?;
    let rule = row(Uuid::now_v7().to_string(), new)?;
    let mut tx = house.db.begin().await?;
    retention::insert(&mut tx, &rule, &caller.name, now_ms()).await?;
    note(&mut tx, &By::from(&caller), "retention.add", &told(&rule)).await?;
    tx.commit().await?;
    Ok(Json(rule.into()))
}

fn no_rule() -> Failure {
    Failure::not_found("There is no such rule; see GET /api/v1/retention")
}

/// Changes a rule.
async fn change(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(new): Body<NewRetentionRule>,
) -> Answer<RetentionRule> {
    caller.require(Role::Admin)?;
    let rule = row(id, new)?;
    let mut tx = house.db.begin().await?;
    if !retention::update(&mut tx, &rule).await? {
        return Err(no_rule());
    }
    note(&mut tx, &By::from(&caller), "retention.change", &told(&rule)).await?;
    tx.commit().await?;
    Ok(Json(rule.into()))
}

/// Takes a rule back.
async fn remove(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    caller.require(Role::Admin)?;
    let mut tx = house.db.begin().await?;
    if !retention::delete(&mut tx, &id).await? {
        return Err(no_rule());
    }
    note(&mut tx, &By::from(&caller), "retention.remove", &id).await?;
    tx.commit().await?;
    Ok(StatusCode::NO_CONTENT)
}

#[derive(Deserialize)]
struct DryRun {
    /// Only of this host.
    host_id: Option<String>,
    /// Only of this project.
    project_id: Option<String>,
    /// Without activity for this many days.
    days: u32,
}

/// What a rule would delete now.
async fn dry_run(
    State(house): State<Arc<House>>,
    caller: Caller,
    Query(DryRun { host_id, project_id, days }): Query<DryRun>,
) -> Answer<RetentionPreview> {
    caller.require(Role::Admin)?;
    let rule = row(String::new(), NewRetentionRule { host_id, project_id, days, enabled: false })?;
    let (sum, sessions) = preview(&house.db, &rule, now_ms()).await?;
    let example = |due: retention::DueRow| RetentionExample {
        session_id: due.id,
        title: due.title,
        last_activity_at: Some(rfc3339(due.last_activity_at)),
    };
    let examples = sessions.into_iter().map(example).collect();
    Ok(Json(RetentionPreview { sessions: unsigned(sum.sessions), bytes: unsigned(sum.bytes), examples }))
}

/// Sessions that were deleted for good.
async fn list_deletions(
    State(house): State<Arc<House>>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer<Page<Deletion>> {
    caller.require(Role::Admin)?;
    let limit = limit_of(&query)?;
    let rows = deletions::page(&house.db, query.cursor.as_deref().unwrap_or_default(), limit + 1).await?;
    Ok(Json(page_of(rows, limit, |row: &DeletionRow| row.session_id.clone())))
}

/// Deletes a session for good.
async fn delete_session(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(DeleteSession { reason }): Body<DeleteSession>,
) -> Result<StatusCode, Failure> {
    caller.require(Role::Admin)?;
    let reason = reason.trim();
    if reason.is_empty() || reason.chars().count() > REASON {
        return Err(Failure::bad_request(format!(
            "`reason` must have 1 to {REASON} characters: it stays in the audit trail"
        )));
    }
    let is_known =
        sessions::get(&house.db, &id).await?.is_some() || !deletions::files(&house.db, &id).await?.is_empty();
    if !is_known {
        return Err(no_session(&house, &id).await);
    }
    house.delete_session(&id, &By::from(&caller), reason).await?;
    Ok(StatusCode::NO_CONTENT)
}

impl From<RuleRow> for RetentionRule {
    fn from(row: RuleRow) -> Self {
        let RuleRow { id, host_id, project_id, days, enabled } = row;
        Self { id, host_id, project_id, days: u32::try_from(days).unwrap_or(u32::MAX), enabled }
    }
}

impl From<DeletionRow> for Deletion {
    fn from(row: DeletionRow) -> Self {
        let DeletionRow { session_id, deleted_by, deleted_at, reason } = row;
        Self { session_id, deleted_by, deleted_at: rfc3339(deleted_at), reason }
    }
}
