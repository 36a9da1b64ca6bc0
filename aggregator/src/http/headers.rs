//! Headers that protect the browser, on every answer.

use std::sync::Arc;

use axum::extract::{Request, State};
use axum::middleware::Next;
use axum::response::Response;
use http::header::{
    CACHE_CONTROL, CONTENT_SECURITY_POLICY, HOST, REFERRER_POLICY, STRICT_TRANSPORT_SECURITY, X_CONTENT_TYPE_OPTIONS,
    X_FRAME_OPTIONS,
};
use http::{HeaderMap, HeaderValue};

use super::guard::{Peer, is_https};
use crate::house::House;

/// Only our own files; styles may be inline (the app's components set some); no page may frame ours.
const POLICY: HeaderValue = HeaderValue::from_static(
    "default-src 'self'; connect-src 'self' ws: wss:; img-src 'self' data:; style-src 'self' 'unsafe-inline'; \
     object-src 'none'; base-uri 'self'; form-action 'self'; frame-ancestors 'none'",
);

/// One year.
const HTTPS_ONLY: HeaderValue = HeaderValue::from_static("max-age=31536000");

/// Middleware.
pub(super) async fn protect(State(house): State<Arc<House>>, mut request: Request, next: Next) -> Response {
    name_the_host(&mut request);
    let https = is_https(request.headers(), request.extensions().get::<Peer>(), &house.options);
    let api = request.uri().path().contains("/api/v1");
    let mut response = next.run(request).await;
    let headers = response.headers_mut();
    // What comes out of a transcript brings a stricter one.
    headers.entry(CONTENT_SECURITY_POLICY).or_insert(POLICY);
    headers.insert(X_CONTENT_TYPE_OPTIONS, HeaderValue::from_static("nosniff"));
    headers.insert(X_FRAME_OPTIONS, HeaderValue::from_static("DENY"));
    headers.insert(REFERRER_POLICY, HeaderValue::from_static("no-referrer"));
    if https && stands_for_long(&house) {
        headers.insert(STRICT_TRANSPORT_SECURITY, HTTPS_ONLY);
    }
    if api {
        keep_private(headers);
    }
    response
}

/// HTTP/2 carries the host in the address; the rest of the house reads it from the header.
fn name_the_host(request: &mut Request) {
    if request.headers().contains_key(HOST) {
        return;
    }
    let authority = request.uri().authority().map(|authority| authority.as_str().to_owned());
    if let Some(host) = authority.and_then(|authority| HeaderValue::try_from(authority).ok()) {
        request.headers_mut().insert(HOST, host);
    }
}

/// A browser that was told "HTTPS only" accepts no exception for a certificate it cannot check: with the generated one
/// that would lock people out.
fn stands_for_long(house: &House) -> bool {
    house.options.tls != crate::options::TlsChoice::Generated
}

fn keep_private(headers: &mut HeaderMap) {
    headers.entry(CACHE_CONTROL).or_insert(HeaderValue::from_static("no-store"));
}
