//! Hosts, sessions, transcripts.

use std::sync::Arc;

use axum::Router;

use crate::house::House;

/// Routes below `/api/v1`.
pub fn routes() -> Router<Arc<House>> {
    Router::new()
}
