//! Tokens of scripts: one's own, and all of them for admins.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{delete, get};
use axum::{Json, Router};
use http::StatusCode;

use super::failure::{Answer, Failure};
use super::guard::Caller;
use super::json::{Body, Path, Query, limit_of, page_of};
use crate::access::By;
use crate::domain::role::Role;
use crate::house::House;
use crate::store::tokens;
use crate::wire::access::{NewToken, Token, TokenSecret};
use crate::wire::page::{Page, PageQuery};

/// Stands after every id, in every collation.
const NEWEST: &str = "zzz";

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/tokens", get(list).post(create)).route("/tokens/{id}", delete(revoke))
}

/// My tokens; admins see those of all.
async fn list(State(house): State<Arc<House>>, caller: Caller, Query(query): Query<PageQuery>) -> Answer<Page<Token>> {
    let limit = limit_of(&query)?;
    let before = query.cursor.unwrap_or_else(|| NEWEST.to_owned());
    let whose = if caller.role == Role::Admin { String::new() } else { caller.actor_id.to_string() };
    let rows = tokens::page(&house.db, &before, &whose, i64::from(limit) + 1).await?;
    Ok(Json(page_of(rows, limit, |row| row.id.clone())))
}

/// Makes a token; its secret is shown once.
async fn create(State(house): State<Arc<House>>, caller: Caller, Body(new): Body<NewToken>) -> Answer<TokenSecret> {
    let role = new.role.map_or(caller.role, Role::from);
    if role > caller.role {
        return Err(Failure::forbidden(format!("You have the role {} here: a token cannot do more", caller.role)));
    }
    if new.days == Some(0) {
        return Err(Failure::bad_request("`days` must be 1 or more; leave it out for a token that never expires"));
    }
    let grant = house.access.add_token(&By::from(&caller), caller.actor_id, &new.name, role, new.days).await?;
    Ok(Json(TokenSecret { token: grant.row.into(), secret: grant.secret }))
}

/// Revokes a token.
async fn revoke(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    let mine = (caller.role < Role::Admin).then_some(caller.actor_id);
    house.access.revoke_token(&By::from(&caller), &id, mine).await?;
    Ok(StatusCode::NO_CONTENT)
}
