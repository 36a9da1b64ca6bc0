//! The API's own description, written from the source of `http` and `wire` by `make wire`.

use std::sync::Arc;

use axum::Router;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use http::header::CONTENT_TYPE;

use crate::house::House;

const DOCUMENT: &str = include_str!("openapi.json");

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/openapi.json", get(serve))
}

/// This document.
async fn serve() -> Response {
    ([(CONTENT_TYPE, "application/json")], DOCUMENT).into_response()
}
