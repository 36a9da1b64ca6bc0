//! What people do about sessions: give them a title, stop their coders.

use std::sync::Arc;

use axum::extract::State;
use axum::routing::post;
use axum::{Json, Router};

use super::failure::{Answer, Failure};
use super::fleet::find_session;
use super::guard::Caller;
use super::json::{Body, Path};
use crate::access::By;
use crate::actions::{ActionError, Order, Step};
use crate::domain::role::Role;
use crate::domain::session::SessionId;
use crate::house::House;
use crate::wire::fleet::Session;
use crate::wire::presence::{RenameSession, StopReport, StopSession, StopStep};

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/sessions/{id}/stop", post(stop))
}

/// `PATCH /sessions/{id}`, beside what reads it.
pub(super) async fn rename(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(RenameSession { title }): Body<RenameSession>,
) -> Answer<Session> {
    caller.require(Role::Member)?;
    house.actions.rename(&By::from(&caller), &id, title.as_deref()).await?;
    Ok(Json(find_session(&house, &id).await?))
}

/// Stops the coder of a session, as far as its host allows it.
///
/// Answers 409 with the reason when it cannot be done.
async fn stop(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(StopSession { step, key }): Body<StopSession>,
) -> Answer<StopReport> {
    caller.require(Role::Member)?;
    let id = SessionId::from_stored(find_session(&house, &id).await?.id);
    let processes = house.states.of(&id).map(|view| view.processes).unwrap_or_default();
    let report =
        house.actions.stop(&By::from(&caller), id.as_str(), &processes, &Order { step: step.into(), key }).await?;
    Ok(Json(StopReport { done: report.done, text: report.text }))
}

impl From<StopStep> for Step {
    fn from(step: StopStep) -> Self {
        match step {
            StopStep::Interrupt => Self::Interrupt,
            StopStep::Terminate => Self::Terminate,
            StopStep::Kill => Self::Kill,
        }
    }
}

impl From<ActionError> for Failure {
    fn from(error: ActionError) -> Self {
        let detail = error.to_string();
        match error {
            ActionError::Store(error) => error.into(),
            ActionError::NotFound(_) => Self::not_found(detail),
            ActionError::Invalid(_) => Self::bad_request(detail),
            ActionError::Conflict(_) => Self::conflict(detail),
        }
    }
}
