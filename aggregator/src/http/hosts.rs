//! Adding and removing hosts, for admins. Reading them is the fleet's door.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::{delete, post};
use axum::{Json, Router};
use http::StatusCode;

use super::failure::{Answer, Failure};
use super::guard::Caller;
use super::json::{Body, Path};
use crate::access::By;
use crate::domain::role::Role;
use crate::domain::time::rfc3339;
use crate::house::House;
use crate::wire::access::{JoinCommand, NewHost};

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/hosts", post(add)).route("/hosts/{id}", delete(remove))
}

/// Lets a host join: answers with the command to run there.
async fn add(State(house): State<Arc<House>>, caller: Caller, Body(new): Body<NewHost>) -> Answer<JoinCommand> {
    caller.require(Role::Admin)?;
    let join = house.access.host_add(&By::from(&caller), &new.name).await?;
    let command = house.options.join_command(&join.secret);
    Ok(Json(JoinCommand { name: join.host_name, command, expires_at: rfc3339(join.expires_at) }))
}

/// Takes a host out of the fleet; its archive stays.
async fn remove(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path(id): Path<String>,
) -> Result<StatusCode, Failure> {
    caller.require(Role::Admin)?;
    let id = id.parse()?;
    house.access.host_remove(&By::from(&caller), id).await?;
    house.links.close(id);
    house.presence.removed(id, &house.hub);
    house.states.removed(id);
    Ok(StatusCode::NO_CONTENT)
}
