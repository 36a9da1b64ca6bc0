//! `POST /api/v1/imports` and `PUT /api/v1/imports/{transcript}`: files that people bring.

use std::sync::Arc;
use std::time::Duration;

use axum::body::Bytes;
use axum::extract::{FromRequest, Request, State};
use axum::routing::{post, put};
use axum::{Json, Router};
use muster_proto::ids::TranscriptId;
use serde::Deserialize;

use super::failure::{Answer, Failure};
use super::guard::Caller;
use super::json::{Body, Path, Query};
use crate::access::By;
use crate::domain::role::Role;
use crate::house::House;
use crate::ingest::IngestError;
use crate::ingest::desk::archived_to;
use crate::ingest::desk::{DeskError, NewFile};
use crate::store::transcripts::{TranscriptRow, unsigned};
use crate::wire::import::{ImportOpened, ImportTaken, OpenImport};

/// How long a piece may take to arrive.
const PATIENCE: Duration = Duration::from_mins(1);

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/imports", post(open)).route("/imports/{transcript}", put(take))
}

/// Begins or goes on with a file that no agent brings.
async fn open(State(house): State<Arc<House>>, caller: Caller, Body(new): Body<OpenImport>) -> Answer<ImportOpened> {
    caller.require(Role::Member)?;
    if new.path.starts_with(['/', '\\']) || new.path.is_empty() {
        return Err(Failure::bad_request("`path` is relative to the coder's root, as in `-srv-shop/SESSION.jsonl`"));
    }
    let host = house.access.import_host(&By::from(&caller), &new.host).await?;
    let file = NewFile {
        path: format!("{}/{}", new.coder, new.path),
        root: new.coder.clone(),
        coder: new.coder,
        in_lines: !new.whole,
        replace: new.replace,
    };
    Ok(Json(opened(&house.desks.open(host, &file).await?)))
}

fn opened(row: &TranscriptRow) -> ImportOpened {
    let hex = |digest: &Option<Vec<u8>>| {
        use std::fmt::Write as _;
        digest.iter().flatten().fold(String::new(), |mut text, byte| {
            // Writing to a string never fails.
            let _ = write!(text, "{byte:02x}");
            text
        })
    };
    ImportOpened {
        transcript_id: row.id.clone(),
        offset: archived_to(row),
        head_bytes: unsigned(row.head_bytes),
        head_sha256: hex(&row.head_sha256),
        tail_bytes: unsigned(row.tail_bytes),
        tail_sha256: hex(&row.tail_sha256),
    }
}

#[derive(Deserialize)]
struct Piece {
    /// Where the piece begins in the file.
    offset: u64,
    /// It is the last one.
    #[serde(default)]
    end: bool,
}

/// The next piece of an imported file, 1 MiB at most.
async fn take(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(piece): Query<Piece>,
    request: Request,
) -> Answer<ImportTaken> {
    caller.require(Role::Member)?;
    let id: TranscriptId = id.parse()?;
    let body = tokio::time::timeout(PATIENCE, Bytes::from_request(request, &())).await;
    let body = body.map_err(|_| Failure::bad_request("The piece did not arrive within a minute"))?;
    let body = body.map_err(|_| Failure::too_large("A piece may have 1 MiB at most"))?;
    let (offset, archived) = house.desks.take(id, piece.offset, body, piece.end).await?;
    Ok(Json(ImportTaken { offset, archived }))
}

impl From<DeskError> for Failure {
    fn from(error: DeskError) -> Self {
        match error {
            DeskError::Unknown => Self::not_found("There is no such import: open it with POST /api/v1/imports first"),
            DeskError::Failed(reason) => Self::unavailable(format!("The archive takes nothing right now: {reason}")),
            DeskError::Ingest(IngestError::Protocol(what)) => Self::bad_request(what),
            DeskError::Ingest(IngestError::Store(error)) => error.into(),
            DeskError::Ingest(IngestError::Stopping) => Self::unavailable("The aggregator is stopping"),
        }
    }
}
