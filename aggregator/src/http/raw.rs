//! `GET /api/v1/transcripts/{id}/raw`: the archived bytes, whole or by range (RFC 9110 §14).

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use http::header::{ACCEPT_RANGES, CONTENT_LENGTH, CONTENT_RANGE, CONTENT_TYPE, ETAG, IF_RANGE, RANGE};
use http::{HeaderMap, StatusCode};

use super::failure::Failure;
use super::fleet::find_transcript;
use super::json::Path;
use crate::archive::raw;
use crate::house::House;
use crate::store::transcripts::unsigned;

/// What a `Range` header asks of so many bytes.
#[derive(Debug, PartialEq, Eq)]
enum Asked {
    /// Everything: no range, one that is not understood, or several.
    Whole,
    /// These bytes, first and last included.
    Part(u64, u64),
    /// Nothing of it is there.
    Nothing,
}

fn asked(range: Option<&str>, length: u64) -> Asked {
    let Some(spec) = range.and_then(|range| range.trim().strip_prefix("bytes=")) else { return Asked::Whole };
    let Some((first, last)) = spec.split_once('-').filter(|_| !spec.contains(',')) else { return Asked::Whole };
    match (first.trim().parse::<u64>(), last.trim().parse::<u64>()) {
        (Ok(first), last) if first < length => match last {
            Ok(last) if last < first => Asked::Whole,
            Ok(last) => Asked::Part(first, last.min(length - 1)),
            Err(_) => Asked::Part(first, length - 1),
        },
        (Ok(_), _) | (Err(_), Ok(0)) => Asked::Nothing,
        (Err(_), Ok(suffix)) if length > 0 => Asked::Part(length.saturating_sub(suffix), length - 1),
        (Err(_), Ok(_)) => Asked::Nothing,
        (Err(_), Err(_)) => Asked::Whole,
    }
}

/// The bytes of a file as they were written; `Range` is supported.
pub(super) async fn serve(
    State(house): State<Arc<House>>,
    Path(id): Path<String>,
    headers: HeaderMap,
) -> Result<Response, Failure> {
    let row = find_transcript(&house, &id).await?;
    let committed = unsigned(row.committed_offset);
    // Bytes of a transcript never change, they only grow.
    let etag = format!("\"{}-{committed}\"", row.id);
    let same = headers.get(IF_RANGE).is_none_or(|given| given.as_bytes() == etag.as_bytes());
    let range = headers.get(RANGE).filter(|_| same).and_then(|range| range.to_str().ok());
    let (status, from, to) = match asked(range, committed) {
        Asked::Whole => (StatusCode::OK, 0, committed),
        Asked::Part(first, last) => (StatusCode::PARTIAL_CONTENT, first, last + 1),
        Asked::Nothing => {
            let headers = [(CONTENT_RANGE, format!("bytes */{committed}"))];
            return Ok((StatusCode::RANGE_NOT_SATISFIABLE, headers).into_response());
        }
    };
    let id = row.id()?;
    let body = Body::from_stream(raw::stream(house.db.clone(), id, from, to, committed));
    let headers = [
        (CONTENT_TYPE, "application/octet-stream".to_owned()),
        (CONTENT_LENGTH, (to - from).to_string()),
        (ACCEPT_RANGES, "bytes".to_owned()),
        (ETAG, etag),
    ];
    let mut response = (status, headers, body).into_response();
    if status == StatusCode::PARTIAL_CONTENT
        && let Ok(value) = format!("bytes {from}-{}/{committed}", to - 1).parse()
    {
        response.headers_mut().insert(CONTENT_RANGE, value);
    }
    Ok(response)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn ranges_are_read_as_the_standard_says() {
        for (range, expected) in [
            (None, Asked::Whole),
            (Some("bytes=0-0"), Asked::Part(0, 0)),
            (Some("bytes=5-"), Asked::Part(5, 9)),
            (Some("bytes=-3"), Asked::Part(7, 9)),
            (Some("bytes=-30"), Asked::Part(0, 9)),
            (Some("bytes=2-99"), Asked::Part(2, 9)),
            (Some("bytes=10-"), Asked::Nothing),
            (Some("bytes=-0"), Asked::Nothing),
            (Some("bytes=5-2"), Asked::Whole),
            (Some("bytes=0-1,3-4"), Asked::Whole),
            (Some("lines=0-1"), Asked::Whole),
            (Some("bytes=a-b"), Asked::Whole),
        ] {
            assert_eq!(asked(range, 10), expected, "{range:?}");
        }
        assert_eq!(asked(Some("bytes=-5"), 0), Asked::Nothing);
    }
}
