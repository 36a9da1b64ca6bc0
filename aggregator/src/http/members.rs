//! Members, for admins.

use std::sync::Arc;
use std::time::Duration;

use axum::extract::State;
use axum::routing::{get, patch, post};
use axum::{Json, Router};
use muster_proto::ids::ActorId;

use super::failure::{Answer, Failure};
use super::guard::Caller;
use super::json::{Body, Path, Query, limit_of, page_of};
use crate::access::{By, Change};
use crate::domain::role::Role;
use crate::domain::time::rfc3339;
use crate::house::House;
use crate::store::actors;
use crate::wire::access::{Actor, ChangeMember, MemberLink, NewMember};
use crate::wire::page::{Page, PageQuery};

/// How long the link of a new member works.
pub(crate) const LINK_LIFE: Duration = Duration::from_hours(7 * 24);

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/members", get(list).post(add))
        .route("/members/{id}", patch(change))
        .route("/members/{id}/link", post(link))
}

/// All members.
async fn list(State(house): State<Arc<House>>, caller: Caller, Query(query): Query<PageQuery>) -> Answer<Page<Actor>> {
    caller.require(Role::Admin)?;
    let limit = limit_of(&query)?;
    let after = query.cursor.unwrap_or_default();
    let rows = actors::page(&house.db, &after, i64::from(limit) + 1).await?;
    Ok(Json(page_of(rows, limit, |row| row.name.clone())))
}

/// Adds a member, with a one-time sign-in link.
async fn add(State(house): State<Arc<House>>, caller: Caller, Body(new): Body<NewMember>) -> Answer<MemberLink> {
    caller.require(Role::Admin)?;
    let by = By::from(&caller);
    let display_name = new.display_name.as_deref();
    let row = house.access.add_member(&by, &new.name, display_name, new.role.into()).await?;
    make_link(&house, &by, row.id.parse()?).await
}

/// Changes the role of a member, or lets them in no more.
async fn change(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(change): Body<ChangeMember>,
) -> Answer<Actor> {
    caller.require(Role::Admin)?;
    let change = Change { role: change.role.map(Role::from), disabled: change.disabled };
    let row = house.access.change_member(&By::from(&caller), id.parse()?, change).await?;
    Ok(Json(row.into()))
}

/// A new one-time sign-in link for a member.
async fn link(State(house): State<Arc<House>>, caller: Caller, Path(id): Path<String>) -> Answer<MemberLink> {
    caller.require(Role::Admin)?;
    make_link(&house, &By::from(&caller), id.parse()?).await
}

async fn make_link(house: &House, by: &By, id: ActorId) -> Result<Json<MemberLink>, Failure> {
    let link = house.access.link(by, id, LINK_LIFE).await?;
    Ok(Json(MemberLink {
        link: format!("{}/sign-in#{}", house.options.url(), link.secret),
        member: link.actor.into(),
        expires_at: rfc3339(link.expires_at),
    }))
}
