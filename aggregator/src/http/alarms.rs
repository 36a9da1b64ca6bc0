//! From when on something is wrong: thresholds that admins set.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde_json::Value;

use super::failure::{Answer, Failure};
use super::guard::Caller;
use super::json::{Body, merged};
use crate::access::By;
use crate::alarms::AlarmError;
use crate::domain::role::Role;
use crate::house::House;
use crate::wire::presence::AlarmSettings;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/alarms/settings", get(read).put(change))
}

/// From when on something is wrong: the thresholds of alarms.
async fn read(State(house): State<Arc<House>>) -> Answer<AlarmSettings> {
    Ok(Json(house.alarms.settings().into()))
}

/// Changes thresholds of alarms; `null` switches an alarm off.
///
/// What the body does not name stays as it is.
async fn change(State(house): State<Arc<House>>, caller: Caller, Body(body): Body<Value>) -> Answer<AlarmSettings> {
    caller.require(Role::Admin)?;
    let new: AlarmSettings = merged(&AlarmSettings::from(house.alarms.settings()), body)?;
    house.alarms.change(&By::from(&caller), new.into()).await?;
    Ok(Json(house.alarms.settings().into()))
}

impl From<AlarmError> for Failure {
    fn from(error: AlarmError) -> Self {
        match error {
            AlarmError::Store(error) => error.into(),
            AlarmError::Invalid(detail) => Self::bad_request(detail),
        }
    }
}
