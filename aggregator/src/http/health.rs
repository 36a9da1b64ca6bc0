//! Is it alive, and is it ready. No credential is needed: nothing else is told.

use std::sync::Arc;
use std::time::{Duration, Instant};

use axum::Router;
use axum::extract::State;
use axum::routing::get;

use super::failure::Failure;
use crate::house::House;
use crate::store::settings;

/// A database that does not answer for this long is not ready.
const PATIENCE: Duration = Duration::from_secs(2);

pub(super) fn open_routes() -> Router<Arc<House>> {
    Router::new().route("/healthz", get(alive)).route("/readyz", get(ready))
}

async fn alive() -> &'static str {
    "ok\n"
}

async fn ready(State(house): State<Arc<House>>) -> Result<&'static str, Failure> {
    check_database(&house).await?;
    if house.ingest.is_broken() {
        // Reading works, writing does not: the disk is full, or the database refuses.
        return Err(Failure::unavailable(
            "The archive takes nothing: see the aggregator's log, and the room on its disk",
        ));
    }
    Ok("ready\n")
}

/// How long the database took to answer.
pub(super) async fn check_database(house: &House) -> Result<Duration, Failure> {
    let begun = Instant::now();
    match tokio::time::timeout(PATIENCE, settings::aggregator_id(&house.db)).await {
        Ok(Ok(_)) => Ok(begun.elapsed()),
        Ok(Err(error)) => {
            tracing::error!(error = %error, "the database does not answer");
            Err(Failure::unavailable("The database does not answer: see the aggregator's log"))
        }
        Err(_) => Err(Failure::unavailable("The database does not answer within 2 s")),
    }
}
