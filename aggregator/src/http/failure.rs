//! What a handler answers when it cannot do what was asked: an RFC 9457 problem document.

use axum::response::{IntoResponse, Response};
use http::header::{CONTENT_TYPE, RETRY_AFTER, WWW_AUTHENTICATE};
use http::{HeaderValue, StatusCode};

use crate::access::AccessError;
use crate::store::StoreError;
use crate::wire::problem::Problem;

/// Answer of a JSON handler.
pub type Answer<T> = Result<axum::Json<T>, Failure>;

/// A refusal or a fault, ready to be served.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Failure {
    status: StatusCode,
    code: &'static str,
    title: &'static str,
    detail: String,
    retry_after_seconds: Option<u64>,
}

impl Failure {
    fn new(status: StatusCode, code: &'static str, title: &'static str, detail: impl Into<String>) -> Self {
        Self { status, code, title, detail: detail.into(), retry_after_seconds: None }
    }

    /// 400: the request is not understood.
    pub fn bad_request(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::BAD_REQUEST, "bad-request", "The request is not understood", detail)
    }

    /// 401: no credential, or one that does not count any more.
    pub fn unauthorized(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::UNAUTHORIZED, "unauthorized", "Sign in first", detail)
    }

    /// 403: known, but not allowed.
    pub fn forbidden(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::FORBIDDEN, "forbidden", "Not allowed", detail)
    }

    /// 404: nothing there.
    pub fn not_found(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::NOT_FOUND, "not-found", "Not found", detail)
    }

    /// 405: the path exists, the method does not.
    pub fn method_not_allowed(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::METHOD_NOT_ALLOWED, "method-not-allowed", "This address cannot do that", detail)
    }

    /// 409: it contradicts what is there.
    pub fn conflict(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::CONFLICT, "conflict", "This contradicts what is there", detail)
    }

    /// 413: larger than accepted.
    pub fn too_large(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::PAYLOAD_TOO_LARGE, "too-large", "The request is too large", detail)
    }

    /// 416: the `Range` does not fit.
    pub fn range(detail: impl Into<String>) -> Self {
        Self::new(StatusCode::RANGE_NOT_SATISFIABLE, "range", "The range does not fit", detail)
    }

    /// 429: too many attempts; try again after the given seconds.
    pub fn too_many(detail: impl Into<String>, retry_after_seconds: u64) -> Self {
        let failure = Self::new(StatusCode::TOO_MANY_REQUESTS, "too-many", "Too many attempts", detail);
        Self { retry_after_seconds: Some(retry_after_seconds.max(1)), ..failure }
    }

    /// 500: our fault; the cause is in the log.
    pub fn internal() -> Self {
        Self::new(
            StatusCode::INTERNAL_SERVER_ERROR,
            "internal",
            "Something went wrong here",
            "The aggregator's log says what. Try again; if it stays, run `muster doctor` on the aggregator",
        )
    }

    /// 503: not now.
    pub fn unavailable(detail: impl Into<String>) -> Self {
        let failure = Self::new(StatusCode::SERVICE_UNAVAILABLE, "unavailable", "Not available right now", detail);
        Self { retry_after_seconds: Some(2), ..failure }
    }

    /// HTTP status of the answer.
    pub fn status(&self) -> StatusCode {
        self.status
    }

    /// What to do, in a sentence.
    pub fn detail(&self) -> &str {
        &self.detail
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        tracing::error!(error = %error, "a request failed on the database");
        Self::internal()
    }
}

impl From<AccessError> for Failure {
    fn from(error: AccessError) -> Self {
        let detail = error.to_string();
        match error {
            AccessError::Store(error) => error.into(),
            AccessError::Denied(_) => Self::unauthorized(detail),
            AccessError::TooMany { retry_after_seconds } => Self::too_many(detail, retry_after_seconds),
            AccessError::Forbidden(_) => Self::forbidden(detail),
            AccessError::Conflict(_) => Self::conflict(detail),
            AccessError::NotFound(_) => Self::not_found(detail),
            AccessError::Invalid(_) => Self::bad_request(detail),
        }
    }
}

impl From<muster_proto::ids::InvalidId> for Failure {
    fn from(error: muster_proto::ids::InvalidId) -> Self {
        Self::bad_request(error.to_string())
    }
}

impl IntoResponse for Failure {
    fn into_response(self) -> Response {
        let problem = Problem {
            code: self.code.to_owned(),
            status: self.status.as_u16(),
            title: self.title.to_owned(),
            detail: self.detail,
        };
        let mut response = (self.status, axum::Json(problem)).into_response();
        let headers = response.headers_mut();
        headers.insert(CONTENT_TYPE, HeaderValue::from_static("application/problem+json"));
        if let Some(seconds) = self.retry_after_seconds {
            headers.insert(RETRY_AFTER, HeaderValue::from(seconds));
        }
        if self.status == StatusCode::UNAUTHORIZED {
            headers.insert(WWW_AUTHENTICATE, HeaderValue::from_static("Bearer realm=\"muster\""));
        }
        response
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_failure_is_a_problem_document() {
        let response = Failure::too_many("Wait a little", 7).into_response();
        assert_eq!(response.status(), StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(response.headers()[RETRY_AFTER], "7");
        assert_eq!(response.headers()[CONTENT_TYPE], "application/problem+json");
        let body = axum::body::to_bytes(response.into_body(), 10_000).await.unwrap();
        let problem: serde_json::Value = serde_json::from_slice(&body).unwrap();
        assert_eq!(problem["code"], "too-many");
        assert_eq!(problem["status"], 429);
        assert_eq!(problem["detail"], "Wait a little");
    }

    #[test]
    fn a_database_error_does_not_leak_its_text() {
        let failure = Failure::from(StoreError::Corrupt("SELECT secret".into()));
        assert_eq!(failure, Failure::internal());
        assert!(!failure.detail().contains("SELECT"));
    }
}
