//! Conversations that leave: a review of what looks like a secret, and the export with those masked.

use std::collections::HashSet;
use std::sync::Arc;

use axum::body::Body;
use axum::extract::State;
use axum::response::{IntoResponse as _, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::header::{CONTENT_DISPOSITION, CONTENT_SECURITY_POLICY, CONTENT_TYPE};
use serde::Deserialize;

use super::failure::{Answer, Failure};
use super::fleet::no_session;
use super::guard::Caller;
use super::json::{Path, Query};
use crate::access::{self, By};
use crate::domain::role::Role;
use crate::export::{Export, Format, Keep, Secret};
use crate::house::House;
use crate::wire::keeping::{ExportReview, Finding};

/// Findings that one export can be told to keep.
const KEPT: usize = 1_000;

/// Says that nothing is to be masked.
const ALL: &str = "all";

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/sessions/{id}/export", get(serve)).route("/sessions/{id}/export/review", get(review))
}

#[derive(Deserialize)]
struct ExportQuery {
    /// `markdown` (the default), `html` or `jsonl`.
    format: Option<String>,
    /// With the conversations of its subagents, unless `false`.
    subagents: Option<bool>,
    /// Findings that are not masked, by id, or `all`; needs the role member.
    keep: Option<String>,
}

impl ExportQuery {
    /// What subagents did belongs to a session, unless it is left out by name.
    fn with_subagents(&self) -> bool {
        self.subagents != Some(false)
    }

    fn format(&self) -> Result<(Format, &'static str), Failure> {
        match self.format.as_deref() {
            None | Some("markdown") => Ok((Format::Markdown, "text/markdown; charset=utf-8")),
            Some("html") => Ok((Format::Html, "text/html; charset=utf-8")),
            Some("jsonl") => Ok((Format::Jsonl, "application/x-ndjson")),
            Some(_) => Err(Failure::bad_request("`format` must be `markdown`, `html` or `jsonl`")),
        }
    }

    fn keep(&self) -> Result<Keep, Failure> {
        let ids = self.keep.as_deref().unwrap_or_default();
        if ids == ALL {
            return Ok(Keep::All);
        }
        let kept: HashSet<String> = ids.split(',').filter(|id| !id.is_empty()).map(str::to_owned).collect();
        if kept.len() > KEPT {
            return Err(Failure::bad_request(format!("`keep` may name {KEPT} findings at most, or `all`")));
        }
        Ok(Keep::Some(kept))
    }
}

async fn find(house: &House, id: &str, subagents: bool) -> Result<Export, Failure> {
    match Export::of(&house.db, &house.seams, id, subagents).await? {
        Some(export) => Ok(export),
        None => Err(no_session(house, id).await),
    }
}

/// What an export would mask: secrets that were detected.
async fn review(
    State(house): State<Arc<House>>,
    Path(id): Path<String>,
    Query(query): Query<ExportQuery>,
) -> Answer<ExportReview> {
    let review = find(&house, &id, query.with_subagents()).await?.review(&house.db).await?;
    let findings = review.found().iter().map(Finding::from).collect();
    Ok(Json(ExportReview { findings, entries: review.entries }))
}

impl From<&Secret> for Finding {
    fn from(secret: &Secret) -> Self {
        let (rule, title) = secret.rule();
        Self {
            id: secret.id.clone(),
            rule: rule.to_owned(),
            title: title.to_owned(),
            masked: secret.hint.clone(),
            count: secret.count,
            transcript_id: secret.place.0.clone(),
            line: secret.place.1,
        }
    }
}

/// Whoever reads a session may take it along, secrets masked. Taking secrets along is for members, and is written down.
async fn serve(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path(id): Path<String>,
    Query(query): Query<ExportQuery>,
) -> Result<Response, Failure> {
    let (format, media_type) = query.format()?;
    let keep = query.keep()?;
    let export = find(&house, &id, query.with_subagents()).await?;
    let kept = match &keep {
        Keep::All => ALL.to_owned(),
        Keep::Some(ids) => ids.len().to_string(),
    };
    if kept != "0" {
        caller.require(Role::Member)?;
        let mut tx = house.db.begin().await?;
        access::note(&mut tx, &By::from(&caller), "session.export", &format!("{id} (unmasked secrets: {kept})"))
            .await?;
        tx.commit().await?;
    }
    let file = format!("attachment; filename=\"{}\"", export.file_name(format));
    let body = Body::from_stream(export.write(&house.db, format, keep).await?);
    let headers = [
        (CONTENT_TYPE, media_type),
        (CONTENT_SECURITY_POLICY, "default-src 'none'; style-src 'unsafe-inline'; img-src data:; sandbox"),
    ];
    Ok((headers, [(CONTENT_DISPOSITION, file)], body).into_response())
}
