//! Entries for readers: pages of a conversation, single lines with their bytes and images, and places of a text.

use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::header::{CACHE_CONTROL, CONTENT_DISPOSITION, CONTENT_LENGTH, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use serde::Deserialize;

use super::failure::{Answer, Failure};
use super::fleet::{find_transcript, no_session};
use super::json::{Path, Query, limit_of};
use crate::archive::conversation::{Conversation, Slice, Spot};
use crate::archive::entries::{self, Ask, Wanted};
use crate::archive::find::{self, Needle};
use crate::archive::raw;
use crate::house::House;
use crate::store::transcripts::{self, TranscriptRow, unsigned};
use crate::transcript::lines::Place;
use crate::transcript::{self, Depth, Located};
use crate::wire::blocks::{self, PAGE, WHOLE};
use crate::wire::entry::{Entry, FoundPlace};
use crate::wire::history::Seam;
use crate::wire::page::{Page, PageQuery};

/// JSON of a page of whole entries, so that a first screen is there at once even over a slow line.
const PAGE_BYTES: usize = 240 * 1024;

/// Images that a browser may show; anything else (SVG above all) could carry scripts.
const IMAGES: [&str; 4] = ["image/png", "image/jpeg", "image/gif", "image/webp"];

/// What came out of a transcript never runs, whoever opens it.
const SEALED: &str = "default-src 'none'; sandbox";

/// Archived bytes never change; they are for the signed-in person only.
const FOR_EVER: &str = "private, max-age=31536000, immutable";

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/sessions/{id}/entries", get(list_entries))
        .route("/sessions/{id}/seams", get(list_seams))
        .route("/sessions/{id}/find", get(find_in_session))
        .route("/transcripts/{id}/lines/{line}", get(one_line))
        .route("/transcripts/{id}/lines/{line}/raw", get(raw_line))
        .route("/transcripts/{id}/lines/{line}/images/{index}", get(image))
}

#[derive(Deserialize)]
struct EntriesQuery {
    /// Those that follow this place.
    after: Option<String>,
    /// Those just before this place.
    before: Option<String>,
    /// Those around this place.
    around: Option<String>,
    /// Items wanted, 1 to 1,000; 100 unless told.
    limit: Option<u32>,
    /// `all` or `conversation`.
    class: Option<String>,
    /// `full` adds `blocks`; a page then also ends at about 240 KB.
    detail: Option<String>,
    /// Only this file of the session.
    transcript: Option<String>,
}

impl EntriesQuery {
    fn wanted(&self) -> Result<Wanted, Failure> {
        match self.class.as_deref() {
            None | Some("all") => Ok(Wanted::All),
            Some("conversation") => Ok(Wanted::Conversation),
            Some(_) => Err(Failure::bad_request("`class` must be `all` or `conversation`")),
        }
    }

    fn depth(&self) -> Result<Depth, Failure> {
        match self.detail.as_deref() {
            None | Some("preview") => Ok(Depth::Glance),
            Some("full") => Ok(Depth::Full),
            Some(_) => Err(Failure::bad_request("`detail` must be `preview` or `full`")),
        }
    }

    /// The place that was asked for, whichever way.
    fn place(&self) -> Option<&str> {
        self.after.as_deref().or(self.before.as_deref()).or(self.around.as_deref())
    }
}

/// What one reads: a session's conversation, or one of its files by itself when that is asked for or when the place
/// lies in one that is no part of the conversation (a subagent's).
async fn conversation(
    house: &House,
    session: &str,
    transcript: Option<&str>,
    place: Option<&str>,
) -> Result<Conversation, Failure> {
    let files = transcripts::of_session(&house.db, session).await?;
    let by_itself = |id: &str| {
        let file = files.iter().find(|file| file.id == id).cloned();
        file.map(Conversation::of_file).ok_or_else(|| Failure::not_found("This session has no such transcript"))
    };
    if let Some(id) = transcript {
        return by_itself(id);
    }
    let Some(whole) = Conversation::of_files(&house.db, &house.seams, session, &files).await? else {
        return Err(no_session(house, session).await);
    };
    match place.and_then(|place| place.rsplit_once(':')) {
        Some((id, _)) if whole.spot(id, 0).is_none() => by_itself(id),
        _ => Ok(whole),
    }
}

/// `TRANSCRIPT_ID:LINE`, or a bare `LINE` of the first file; `on` lines further.
fn spot_of(place: &str, conversation: &Conversation, on: u64) -> Result<Spot, Failure> {
    let wrong = || Failure::bad_request("a place is TRANSCRIPT_ID:LINE, or LINE in the session's first transcript");
    let (id, line) = place.rsplit_once(':').map_or((None, place), |(id, line)| (Some(id), line));
    let line = line.parse::<u64>().map_err(|_| wrong())?.saturating_add(on);
    match id {
        Some(id) => conversation.spot(id, line).ok_or_else(wrong),
        None => Ok(conversation.line(line)),
    }
}

/// Entries of a session in order.
///
/// A place is `TRANSCRIPT_ID:LINE`, or `LINE` in the first transcript of the session.
async fn list_entries(
    State(house): State<Arc<House>>,
    Path(id): Path<String>,
    Query(query): Query<EntriesQuery>,
) -> Answer<Page<Entry>> {
    let limit = limit_of(&PageQuery { limit: query.limit, cursor: None })? as usize;
    let (wanted, depth) = (query.wanted()?, query.depth()?);
    if query.after.is_some() {
        // A page that reads on was told of these lines before they were stored. When the server is stopping, it gets what
        // is stored.
        let _ = house.ingest.flushed().await;
    }
    let conversation = conversation(&house, &id, query.transcript.as_deref(), query.place()).await?;
    let make = move |located: &Located| match depth {
        Depth::Full => {
            let entry = blocks::full(located, PAGE);
            let bytes = blocks::size(&entry);
            (entry, bytes)
        }
        Depth::Facts | Depth::Glance => (Entry::from(located), 0),
    };
    let (db, ask) = (&house.db, Ask { wanted, depth, limit, bytes: PAGE_BYTES, make });
    Ok(Json(match (&query.after, &query.before, &query.around) {
        (None, None, None) => onward(conversation.forward(db, conversation.start(), ask).await?),
        (Some(after), None, None) => {
            let at = spot_of(after, &conversation, 1)?;
            onward(conversation.forward(db, at, ask).await?)
        }
        (None, Some(before), None) => {
            let at = spot_of(before, &conversation, 0)?;
            let slice = conversation.backward(db, at, ask).await?;
            let next_cursor = cursor(slice.first.filter(|_| slice.more));
            Page { items: slice.items, next_cursor }
        }
        (None, None, Some(around)) => {
            let at = spot_of(around, &conversation, 0)?;
            let half = Ask { limit: limit / 2, bytes: PAGE_BYTES / 2, ..ask };
            let mut earlier =
                if half.limit == 0 { Vec::new() } else { conversation.backward(db, at, half).await?.items };
            let rest = Ask { limit: limit - earlier.len(), bytes: PAGE_BYTES / 2, ..ask };
            let later = onward(conversation.forward(db, at, rest).await?);
            earlier.extend(later.items);
            Page { items: earlier, next_cursor: later.next_cursor }
        }
        _ => return Err(Failure::bad_request("give one of `after`, `before` and `around`")),
    }))
}

fn onward(slice: Slice<Entry>) -> Page<Entry> {
    let next_cursor = cursor(slice.last.filter(|_| slice.more));
    Page { items: slice.items, next_cursor }
}

fn cursor(place: Option<(String, u64)>) -> Option<String> {
    place.map(|(transcript, line)| format!("{transcript}:{line}"))
}

/// Where a conversation goes on in the file of another host.
async fn list_seams(State(house): State<Arc<House>>, Path(id): Path<String>) -> Answer<Page<Seam>> {
    let Some(whole) = Conversation::of_session(&house.db, &house.seams, &id).await? else {
        return Err(no_session(&house, &id).await);
    };
    let seams = whole.parts().iter().skip(1).map(|part| Seam {
        transcript_id: part.file.id.clone(),
        host_id: part.file.host_id.clone(),
        line: part.from,
    });
    Ok(Json(Page { items: seams.collect(), next_cursor: None }))
}

#[derive(Deserialize)]
struct FindQuery {
    /// The text.
    q: String,
    /// Tell upper and lower case apart.
    case: Option<bool>,
    /// Only in this file of the session.
    transcript: Option<String>,
    /// `next_cursor` of the page before.
    cursor: Option<String>,
}

/// Places of a text in one session, as a reader sees it.
async fn find_in_session(
    State(house): State<Arc<House>>,
    Path(id): Path<String>,
    Query(query): Query<FindQuery>,
) -> Answer<Page<FoundPlace>> {
    let wrong = || Failure::bad_request(format!("`q` must have 1 to {} characters", find::QUERY_CHARS));
    let needle = if query.case == Some(true) { Needle::exact(&query.q) } else { Needle::new(&query.q) };
    let needle = needle.ok_or_else(wrong)?;
    let conversation = conversation(&house, &id, query.transcript.as_deref(), query.cursor.as_deref()).await?;
    let from = match &query.cursor {
        Some(cursor) => spot_of(cursor, &conversation, 1)?,
        None => conversation.start(),
    };
    let found = find::find(&house.db, &conversation, &needle, from).await?;
    let place = |hit: find::Hit| FoundPlace { transcript_id: hit.transcript, line: hit.line, count: hit.count };
    Ok(Json(Page { items: found.hits.into_iter().map(place).collect(), next_cursor: cursor(found.stopped_at) }))
}

/// A transcript, one of its lines, and the line's bytes when they are few enough to be parsed.
async fn find_line(house: &House, id: &str, line: u64) -> Result<(TranscriptRow, Place, Option<Vec<u8>>), Failure> {
    let row = find_transcript(house, id).await?;
    let found = entries::line(&house.db, &row, line).await?;
    let (place, bytes) = found.ok_or_else(|| Failure::not_found("This transcript has no such line"))?;
    Ok((row, place, bytes))
}

/// One entry with all of its content, however long.
async fn one_line(State(house): State<Arc<House>>, Path((id, line)): Path<(String, u64)>) -> Answer<Entry> {
    let (row, place, bytes) = find_line(&house, &id, line).await?;
    let entry = match bytes {
        Some(bytes) => transcript::parse(&row.coder, &bytes, Depth::Full),
        None => transcript::Entry::oversized(place.bytes),
    };
    Ok(Json(blocks::full(&Located { transcript: row.id()?, place, entry }, WHOLE)))
}

/// The bytes of one line as they are archived, without its newline.
async fn raw_line(State(house): State<Arc<House>>, Path((id, line)): Path<(String, u64)>) -> Result<Response, Failure> {
    let (row, place, bytes) = find_line(&house, &id, line).await?;
    let committed = unsigned(row.committed_offset);
    // A last line that has no newline yet may still grow.
    let whole = line < unsigned(row.lines);
    let end = place.offset + place.bytes - u64::from(whole);
    let body = match bytes {
        Some(bytes) => Body::from(bytes),
        None => Body::from_stream(raw::stream(house.db.clone(), row.id()?, place.offset, end, committed)),
    };
    let headers = [
        (CONTENT_TYPE, "application/json"),
        (CONTENT_SECURITY_POLICY, SEALED),
        (CACHE_CONTROL, if whole { FOR_EVER } else { "no-store" }),
    ];
    Ok((headers, [(CONTENT_LENGTH, (end - place.offset).to_string())], body).into_response())
}

/// An image in a line.
async fn image(
    State(house): State<Arc<House>>,
    Path((id, line, index)): Path<(String, u64, u32)>,
) -> Result<Response, Failure> {
    let (row, _, bytes) = find_line(&house, &id, line).await?;
    let found = bytes.and_then(|bytes| transcript::image(&row.coder, &bytes, index));
    let (media_type, bytes) = found.ok_or_else(|| Failure::not_found("This line has no such image"))?;
    let Some(media_type) = IMAGES.into_iter().find(|known| *known == media_type) else {
        return Err(Failure::not_found("Only PNG, JPEG, GIF and WebP are shown; the raw line has the others"));
    };
    let headers = [
        (CONTENT_TYPE, media_type),
        (CONTENT_SECURITY_POLICY, SEALED),
        (CONTENT_DISPOSITION, "inline"),
        (CACHE_CONTROL, FOR_EVER),
    ];
    Ok((headers, bytes).into_response())
}
