//! JSON bodies, queries and paths of requests, refused with a problem document when they are not what was asked for.

use std::time::Duration;

use axum::extract::rejection::JsonRejection;
use axum::extract::{FromRequest, FromRequestParts, Request};
use http::StatusCode;
use http::request::Parts;
use serde::Serialize;
use serde::de::DeserializeOwned;
use serde_json::Value;

use super::failure::Failure;
use crate::wire::page::PageQuery;

/// How long a body may take to arrive; a caller that dribbles is sent away.
const PATIENCE: Duration = Duration::from_secs(15);

/// Items of a page unless told.
const PAGE: u32 = 100;

/// Most items of a page.
const MOST: u32 = 1_000;

/// A JSON body. Unknown fields are ignored, wrong ones refused.
#[derive(Debug)]
pub struct Body<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequest<S> for Body<T> {
    type Rejection = Failure;

    async fn from_request(request: Request, state: &S) -> Result<Self, Failure> {
        let body = axum::Json::<T>::from_request(request, state);
        match tokio::time::timeout(PATIENCE, body).await {
            Ok(Ok(axum::Json(body))) => Ok(Self(body)),
            Ok(Err(rejection)) => Err(explain(&rejection)),
            Err(_) => Err(Failure::bad_request("The body did not arrive within 15 s")),
        }
    }
}

fn explain(rejection: &JsonRejection) -> Failure {
    if rejection.status() == StatusCode::PAYLOAD_TOO_LARGE {
        return Failure::too_large("A request may have 1 MiB at most");
    }
    if matches!(rejection, JsonRejection::MissingJsonContentType(_)) {
        return Failure::bad_request("Send JSON, with the header `Content-Type: application/json`");
    }
    Failure::bad_request(format!("The body does not fit: {}", rejection.body_text()))
}

/// The query string.
#[derive(Debug)]
pub struct Query<T>(pub T);

impl<T: DeserializeOwned, S: Send + Sync> FromRequestParts<S> for Query<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match axum::extract::Query::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Query(query)) => Ok(Self(query)),
            Err(rejection) => Err(Failure::bad_request(format!("The query does not fit: {}", rejection.body_text()))),
        }
    }
}

/// Parts of the path.
#[derive(Debug)]
pub struct Path<T>(pub T);

impl<T: DeserializeOwned + Send, S: Send + Sync> FromRequestParts<S> for Path<T> {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, state: &S) -> Result<Self, Failure> {
        match axum::extract::Path::<T>::from_request_parts(parts, state).await {
            Ok(axum::extract::Path(path)) => Ok(Self(path)),
            Err(rejection) => Err(Failure::bad_request(format!("The address does not fit: {}", rejection.body_text()))),
        }
    }
}

/// What is there, with the fields that a body names in place of its own. Unknown ones are ignored.
pub fn merged<T: Serialize + DeserializeOwned>(current: &T, body: Value) -> Result<T, Failure> {
    let (Ok(Value::Object(mut fields)), Value::Object(new)) = (serde_json::to_value(current), body) else {
        return Err(Failure::bad_request("Send a JSON object with the fields to change"));
    };
    for (name, value) in new {
        if let Some(field) = fields.get_mut(&name) {
            *field = value;
        }
    }
    serde_json::from_value(Value::Object(fields))
        .map_err(|error| Failure::bad_request(format!("The body does not fit: {error}")))
}

/// Items asked for, within bounds.
pub fn limit_of(query: &PageQuery) -> Result<u32, Failure> {
    match query.limit.unwrap_or(PAGE) {
        0 => Err(Failure::bad_request(format!("`limit` must be 1 to {MOST}"))),
        limit => Ok(limit.min(MOST)),
    }
}

/// Cuts one more row than asked for off a list, and says from which kept row the next page goes on.
pub fn page_of<R, T: From<R>>(
    mut rows: Vec<R>,
    limit: u32,
    cursor_of: impl Fn(&R) -> String,
) -> crate::wire::page::Page<T> {
    let limit = usize::try_from(limit).unwrap_or(usize::MAX);
    let more = rows.len() > limit;
    rows.truncate(limit);
    let next_cursor = rows.last().filter(|_| more).map(cursor_of);
    crate::wire::page::Page { items: rows.into_iter().map(T::from).collect(), next_cursor }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_limit_has_bounds() {
        let limit = |limit| limit_of(&PageQuery { limit, cursor: None }).ok();
        assert_eq!([limit(None), limit(Some(1)), limit(Some(1000))], [Some(100), Some(1), Some(1000)]);
        assert_eq!([limit(Some(0)), limit(Some(1001))], [None, Some(1000)]);
    }

    #[test]
    fn the_last_page_has_no_cursor() {
        let page = page_of::<u8, u8>(vec![1, 2, 3], 2, u8::to_string);
        assert_eq!((page.items, page.next_cursor), (vec![1, 2], Some("2".to_owned())));
        let page = page_of::<u8, u8>(vec![1, 2], 2, u8::to_string);
        assert_eq!((page.items, page.next_cursor), (vec![1, 2], None));
    }
}
