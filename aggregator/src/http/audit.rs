//! Every change of access and every refused password, for admins.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};

use super::failure::Answer;
use super::guard::Caller;
use super::json::{Query, limit_of, page_of};
use crate::domain::role::Role;
use crate::house::House;
use crate::store::audit;
use crate::wire::access::AuditItem;
use crate::wire::page::{Page, PageQuery};

/// Stands after every id, in every collation.
const NEWEST: &str = "zzz";

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/audit", get(list))
}

/// Changes of access and refused passwords, newest first.
async fn list(
    State(house): State<Arc<House>>,
    caller: Caller,
    Query(query): Query<PageQuery>,
) -> Answer<Page<AuditItem>> {
    caller.require(Role::Admin)?;
    let limit = limit_of(&query)?;
    let before = query.cursor.unwrap_or_else(|| NEWEST.to_owned());
    let rows = audit::page(&house.db, &before, i64::from(limit) + 1).await?;
    Ok(Json(page_of(rows, limit, |row| row.id.clone())))
}
