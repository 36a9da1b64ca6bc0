//! The doors for people and scripts: REST, health, and the web app.

mod actions;
mod alarms;
mod audit;
mod csv;
mod entries;
mod export;
pub mod failure;
pub(crate) mod fleet;
pub mod guard;
mod headers;
mod health;
mod history;
mod hosts;
mod import;
pub mod json;
mod members;
mod metrics;
mod moment;
mod notices;
mod openapi;
mod overview;
mod prices;
mod projects;
mod raw;
mod reindex;
mod retention;
mod search;
mod sign_in;
mod states;
mod tokens;
mod usage;
mod web;

#[cfg(test)]
mod action_tests;
#[cfg(test)]
mod asking_tests;
#[cfg(test)]
mod history_tests;
#[cfg(test)]
mod reading_tests;
#[cfg(test)]
mod tests;

pub(crate) use members::LINK_LIFE;

use std::sync::Arc;

use axum::extract::{DefaultBodyLimit, Request};
use axum::middleware::from_fn_with_state;
use axum::response::Response;
use axum::routing::get;
use axum::{Router, response::IntoResponse};
use tower_http::catch_panic::CatchPanicLayer;
use tower_http::trace::TraceLayer;

use crate::house::House;
use failure::Failure;

/// Largest body of a request. Nothing that people and scripts send is near it.
const BODY_BYTES: usize = 1024 * 1024;

/// Everything but gRPC.
pub fn router(house: Arc<House>) -> Router {
    let guarded = from_fn_with_state(Arc::clone(&house), guard::require);
    let api = Router::new()
        .merge(fleet::routes())
        .merge(entries::routes())
        .merge(export::routes())
        .merge(history::routes())
        .merge(actions::routes())
        .merge(alarms::routes())
        .merge(notices::routes())
        .merge(retention::routes())
        .merge(reindex::routes())
        .merge(crate::ws::routes())
        .merge(sign_in::routes())
        .merge(members::routes())
        .merge(states::routes())
        .merge(tokens::routes())
        .merge(hosts::routes())
        .merge(import::routes())
        .merge(search::routes())
        .merge(audit::routes())
        .merge(projects::routes())
        .merge(overview::routes())
        .merge(usage::routes())
        .merge(prices::routes())
        .merge(openapi::routes())
        .fallback(no_such_address)
        .method_not_allowed_fallback(no_such_method)
        .layer(guarded.clone())
        .merge(sign_in::open_routes());
    let app = Router::new()
        .nest("/api/v1", api)
        .merge(metrics::routes().layer(guarded))
        .merge(health::open_routes())
        .fallback(get(web::serve).fallback(web::serve))
        .with_state(Arc::clone(&house));
    under_base(app, &house.options.base_path)
        .layer(DefaultBodyLimit::max(BODY_BYTES))
        .layer(from_fn_with_state(house, headers::protect))
        .layer(CatchPanicLayer::custom(panicked))
        .layer(TraceLayer::new_for_http().make_span_with(span).on_failure(()))
}

/// Some proxies cut the sub-path off before they pass a request on, some do not: both work.
fn under_base(app: Router, base_path: &str) -> Router {
    if base_path.is_empty() {
        return app;
    }
    Router::new().nest(base_path, app.clone()).fallback_service(app)
}

async fn no_such_address() -> Failure {
    Failure::not_found("There is no such address in this API")
}

async fn no_such_method() -> Failure {
    Failure::method_not_allowed("This address exists, but does not take this method")
}

/// Without the query: what people search for is theirs.
fn span(request: &Request) -> tracing::Span {
    tracing::debug_span!("request", http.method = %request.method(), http.path = request.uri().path())
}

// The signature is the layer's.
#[allow(clippy::needless_pass_by_value)]
fn panicked(panic: Box<dyn std::any::Any + Send + 'static>) -> Response {
    let cause = panic.downcast_ref::<String>().map(String::as_str);
    let cause = cause.or_else(|| panic.downcast_ref::<&str>().copied()).unwrap_or("unknown");
    tracing::error!(cause, "a request broke off; this is a defect of Muster");
    Failure::internal().into_response()
}
