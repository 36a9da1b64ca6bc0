//! When a person wants to be told: rules that each sets for themselves.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

use super::failure::Answer;
use super::guard::Caller;
use super::json::{Body, merged};
use crate::house::House;
use crate::wire::presence::NoticeRules;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/notices/rules", get(read).put(change))
}

/// When I want to be told.
async fn read(State(house): State<Arc<House>>, caller: Caller) -> Answer<NoticeRules> {
    Ok(Json(house.alarms.rules(&caller.actor_id.to_string()).await?.into()))
}

/// Changes when I want to be told.
///
/// What the body does not name stays as it is.
async fn change(State(house): State<Arc<House>>, caller: Caller, Body(body): Body<Value>) -> Answer<NoticeRules> {
    let actor = caller.actor_id.to_string();
    let new: NoticeRules = merged(&NoticeRules::from(house.alarms.rules(&actor).await?), body)?;
    house.alarms.set_rules(&actor, &new.clone().into()).await?;
    Ok(Json(new))
}
