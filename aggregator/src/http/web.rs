//! The web app, embedded in the binary.

use std::borrow::Cow;
use std::fmt::Write as _;
use std::sync::Arc;

use axum::body::{Body, Bytes};
use axum::extract::{Request, State};
use axum::response::{IntoResponse, Response};
use http::header::{
    ACCEPT_ENCODING, CACHE_CONTROL, CONTENT_ENCODING, CONTENT_LENGTH, CONTENT_TYPE, ETAG, IF_NONE_MATCH, VARY,
};
use http::{HeaderMap, HeaderValue, Method, StatusCode};
use rust_embed::{EmbeddedFile, RustEmbed};
use sha2::{Digest as _, Sha256};

use super::failure::Failure;
use crate::house::House;
use crate::options::Options;

#[derive(RustEmbed)]
#[folder = "$CARGO_MANIFEST_DIR/../web/dist"]
struct Dist;

/// Vite puts files whose names contain a digest of their content here: they never change.
const HASHED: &str = "assets/";

const FOR_EVER: HeaderValue = HeaderValue::from_static("public, max-age=31536000, immutable");
const ASK_EACH_TIME: HeaderValue = HeaderValue::from_static("no-cache");

/// Answers every GET that is no other door's: a file of the app, or the app itself for its own addresses (deep links).
pub(super) async fn serve(State(house): State<Arc<House>>, request: Request) -> Response {
    let path = request.uri().path().trim_start_matches('/');
    if path == "api" || path.starts_with("api/") {
        return Failure::not_found("There is no such API: see /api/v1").into_response();
    }
    if !matches!(*request.method(), Method::GET | Method::HEAD) {
        return Failure::method_not_allowed("Pages can only be read").into_response();
    }
    if path != "index.html"
        && let Some(file) = Dist::get(path)
    {
        return file_response(path, file, request.headers());
    }
    if path.starts_with(HASHED) {
        // A page from before an upgrade asks for a file that is gone: the app's page in its place would only confuse.
        return Failure::not_found("This file is of another version of the app: reload the page").into_response();
    }
    index(&house.options, request.headers())
}

fn file_response(path: &str, file: EmbeddedFile, headers: &HeaderMap) -> Response {
    let cache = if path.starts_with(HASHED) { FOR_EVER } else { ASK_EACH_TIME };
    let kind = content_type(path);
    let accepted = headers.get(ACCEPT_ENCODING).and_then(|value| value.to_str().ok()).unwrap_or_default();
    for (coding, suffix) in [("br", "br"), ("gzip", "gz")] {
        if accepts(accepted, coding)
            && let Some(packed) = Dist::get(&format!("{path}.{suffix}"))
        {
            let tag = tag(packed.metadata.sha256_hash());
            let mut response = respond(packed.data, &tag, kind, cache, headers);
            response.headers_mut().insert(CONTENT_ENCODING, HeaderValue::from_static(coding));
            return response;
        }
    }
    respond(file.data, &tag(file.metadata.sha256_hash()), kind, cache, headers)
}

/// The app's page, told under which path it is served.
fn index(options: &Options, headers: &HeaderMap) -> Response {
    let Some(file) = Dist::get("index.html") else {
        return Failure::not_found("This build holds no web app: build web/ first").into_response();
    };
    let page = String::from_utf8_lossy(&file.data);
    let page = with_base(&page, &prefix(options, headers));
    let tag = tag(Sha256::digest(&page).into());
    respond(Cow::Owned(page.into_bytes()), &tag, "text/html; charset=utf-8", ASK_EACH_TIME, headers)
}

/// Path under which the caller's browser sees us, without a slash at the end.
fn prefix(options: &Options, headers: &HeaderMap) -> String {
    let forwarded = headers
        .get("x-forwarded-prefix")
        .filter(|_| options.trust_proxy)
        .and_then(|value| value.to_str().ok())
        .map(|value| value.trim_end_matches('/'))
        .filter(|value| value.is_empty() || is_path(value));
    match forwarded {
        Some(prefix) => prefix.to_owned(),
        None => options.base_path.clone(),
    }
}

fn is_path(text: &str) -> bool {
    text.starts_with('/')
        && !text.starts_with("//")
        && text.chars().all(|c| c.is_ascii_alphanumeric() || matches!(c, '/' | '-' | '_' | '.' | '~'))
}

fn with_base(page: &str, prefix: &str) -> String {
    const BASE: &str = "<base href=\"/\"";
    let base = format!("<base href=\"{prefix}/\"");
    if page.contains(BASE) {
        return page.replacen(BASE, &base, 1);
    }
    page.replacen("<head>", &format!("<head>{base}>"), 1)
}

fn respond(
    data: Cow<'static, [u8]>,
    tag: &str,
    kind: &'static str,
    cache: HeaderValue,
    headers: &HeaderMap,
) -> Response {
    let known = headers.get(IF_NONE_MATCH).and_then(|value| value.to_str().ok()).unwrap_or_default();
    let fresh = known.split(',').any(|known| known.trim().trim_start_matches("W/") == tag);
    let length = data.len();
    let mut response = if fresh { StatusCode::NOT_MODIFIED.into_response() } else { Response::new(body(data)) };
    let answer = response.headers_mut();
    if !fresh {
        answer.insert(CONTENT_TYPE, HeaderValue::from_static(kind));
        answer.insert(CONTENT_LENGTH, HeaderValue::from(length));
    }
    if let Ok(tag) = HeaderValue::try_from(tag) {
        answer.insert(ETAG, tag);
    }
    answer.insert(CACHE_CONTROL, cache);
    answer.insert(VARY, HeaderValue::from_static("accept-encoding"));
    response
}

/// What is embedded is sent from where it lies.
fn body(data: Cow<'static, [u8]>) -> Body {
    match data {
        Cow::Borrowed(data) => Body::from(Bytes::from_static(data)),
        Cow::Owned(data) => Body::from(data),
    }
}

/// The first bytes of a file's digest tell its versions apart.
fn tag(digest: [u8; 32]) -> String {
    let mut tag = String::from("\"");
    for byte in digest.iter().take(12) {
        let _ = write!(tag, "{byte:02x}");
    }
    tag.push('"');
    tag
}

fn accepts(header: &str, coding: &str) -> bool {
    header.split(',').any(|part| {
        let mut words = part.split(';').map(str::trim);
        words.next().is_some_and(|word| word.eq_ignore_ascii_case(coding)) && !words.any(is_zero_quality)
    })
}

/// `q=0`, in any of its spellings, says that a coding is not wanted.
fn is_zero_quality(word: &str) -> bool {
    word.strip_prefix("q=").and_then(|q| q.parse::<f32>().ok()).is_some_and(|q| q <= 0.0)
}

fn content_type(path: &str) -> &'static str {
    match path.rsplit('.').next().unwrap_or_default() {
        "html" => "text/html; charset=utf-8",
        "js" | "mjs" => "text/javascript; charset=utf-8",
        "css" => "text/css; charset=utf-8",
        "json" | "map" => "application/json",
        "webmanifest" => "application/manifest+json",
        "svg" => "image/svg+xml",
        "png" => "image/png",
        "ico" => "image/x-icon",
        "woff2" => "font/woff2",
        "wasm" => "application/wasm",
        "txt" => "text/plain; charset=utf-8",
        _ => "application/octet-stream",
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use std::path::Path;

    #[test]
    fn the_page_learns_its_prefix() {
        assert_eq!(with_base("<head><base href=\"/\"></head>", "/m"), "<head><base href=\"/m/\"></head>");
        assert_eq!(with_base("<head></head>", ""), "<head><base href=\"/\"></head>");
    }

    #[test]
    fn a_forwarded_prefix_counts_from_a_trusted_proxy_only_and_cannot_carry_markup() {
        let mut options = Options::local(Path::new("/data"));
        let mut headers = HeaderMap::new();
        headers.insert("x-forwarded-prefix", HeaderValue::from_static("/team/"));
        assert_eq!(prefix(&options, &headers), "");
        options.trust_proxy = true;
        assert_eq!(prefix(&options, &headers), "/team");
        for evil in ["/\"><script>", "//evil.example", "team"] {
            headers.insert("x-forwarded-prefix", HeaderValue::from_static(evil));
            assert_eq!(prefix(&options, &headers), "", "{evil}");
        }
    }

    #[test]
    fn encodings_are_negotiated() {
        assert!(accepts("gzip, deflate, br", "br"));
        assert!(accepts("BR;q=0.5", "br"));
        assert!(!accepts("br;q=0, gzip", "br"));
        assert!(!accepts("brotli", "br"));
        assert!(!accepts("", "gzip"));
    }

    #[test]
    fn an_unchanged_file_is_not_sent_again() {
        let first = respond(Cow::Borrowed(b"x"), "\"1\"", "text/plain", FOR_EVER, &HeaderMap::new());
        assert_eq!(first.status(), StatusCode::OK);
        let mut headers = HeaderMap::new();
        headers.insert(IF_NONE_MATCH, first.headers()[ETAG].clone());
        let again = respond(Cow::Borrowed(b"x"), "\"1\"", "text/plain", FOR_EVER, &headers);
        assert_eq!(again.status(), StatusCode::NOT_MODIFIED);
        let changed = respond(Cow::Borrowed(b"y"), "\"2\"", "text/plain", FOR_EVER, &headers);
        assert_eq!(changed.status(), StatusCode::OK);
    }
}
