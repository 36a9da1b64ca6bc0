//! The hits of a page: their lines read from the archive, their snippets cut.

use std::collections::HashMap;
use std::sync::Arc;

use futures_util::{StreamExt as _, TryStreamExt as _};

use super::catalogue::{Catalogue, Place};
use super::collect::Rank;
use super::document::{self, Part};
use super::role::{Kind, Role};
use super::snippet::{self, Snippet};
use super::terms::Row;
use super::{Search, SearchError};
use crate::domain::time::Millis;
use crate::spawn::blocking;
use crate::store::search;
use crate::transcript::{Depth, parse};

/// Lines read at the same time: reading waits for the database, unpacking for a processor.
const AT_ONCE: usize = 4;

/// One hit.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Hit {
    /// Session that it stands in.
    pub session: String,
    /// Transcript that it stands in.
    pub transcript: String,
    /// Its line there.
    pub line: u64,
    /// Hosts on which it stands, that of the transcript first.
    pub hosts: Vec<String>,
    /// Whose words.
    pub role: Role,
    /// Name of the tool.
    pub tool: Option<String>,
    /// The tool failed.
    pub is_error: bool,
    /// The coder's own id of the subagent.
    pub subagent: Option<String>,
    /// When.
    pub time: Option<Millis>,
    /// Text around what was found.
    pub snippet: Snippet,
}

/// A session with hits.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct SessionHits {
    /// Its id.
    pub id: String,
    /// Its title.
    pub title: Option<String>,
    /// Its coder.
    pub coder: String,
    /// Hosts that it lies on.
    pub host_ids: Vec<String>,
    /// Its project.
    pub project_id: Option<String>,
    /// Name of its project.
    pub project_name: Option<String>,
    /// Latest activity.
    pub last_activity: Option<Millis>,
    /// Every file of it is gone from its hosts.
    pub gone: bool,
    /// Hits in it.
    pub hits: u64,
}

/// What a hit's line gave.
#[derive(Default)]
struct Shown {
    snippet: Snippet,
    call: Option<String>,
    tool: Option<String>,
    subagent: Option<String>,
}

impl Search {
    /// The hits of these ranks.
    pub(super) async fn hits(
        &self,
        ranks: &[Rank],
        elsewhere: &HashMap<Rank, Vec<u32>>,
        rows: &Arc<Vec<Row>>,
        catalogue: &Arc<Catalogue>,
    ) -> Result<Vec<Hit>, SearchError> {
        let hits: Vec<_> =
            ranks.iter().map(|rank| self.clone().hit(*rank, Arc::clone(rows), Arc::clone(catalogue))).collect();
        let hits: Vec<Option<Hit>> = futures_util::stream::iter(hits).buffered(AT_ONCE).try_collect().await?;
        let named = ranks.iter().zip(hits).filter_map(|(rank, hit)| {
            let mut hit = hit?;
            let copies = elsewhere.get(rank).into_iter().flatten().filter_map(|key| catalogue.place(*key));
            hit.hosts.extend(copies.map(|copy| copy.host.clone()));
            Some(hit)
        });
        Ok(named.collect())
    }

    async fn hit(self, rank: Rank, rows: Arc<Vec<Row>>, catalogue: Arc<Catalogue>) -> Result<Option<Hit>, SearchError> {
        let kind = Kind::from_stored(rank.kind.0);
        let (Some(place), Some(role)) = (catalogue.place(rank.key.0), kind.role()) else { return Ok(None) };
        let session = catalogue.session(place);
        let mut hit = Hit {
            session: session.id.clone(),
            transcript: place.transcript.clone(),
            line: rank.line.0,
            hosts: vec![place.host.clone()],
            role,
            tool: None,
            is_error: kind.is_error(),
            subagent: None,
            time: (rank.time > 0).then_some(rank.time),
            snippet: Snippet::default(),
        };
        if role == Role::Title {
            hit.transcript = session.main.clone().unwrap_or_default();
            hit.line = 0;
            hit.hosts.clone_from(&session.hosts);
            hit.snippet = snippet::cut(session.title.as_deref().unwrap_or_default(), &rows);
            return Ok(Some(hit));
        }
        let shown = self.shown(place, rank, role, &rows).await?;
        if kind.is_subagent() {
            hit.subagent = shown.subagent.or_else(|| agent_of(&place.file));
        }
        hit.tool = match (shown.tool, shown.call) {
            (None, Some(call)) => search::tool(&self.0.db, &place.transcript, &call).await?.map(|(tool, _)| tool),
            (tool, _) => tool,
        };
        hit.snippet = shown.snippet;
        Ok(Some(hit))
    }

    async fn shown(&self, place: &Place, rank: Rank, role: Role, rows: &Arc<Vec<Row>>) -> Result<Shown, SearchError> {
        let Ok(id) = place.transcript.parse() else { return Ok(Shown::default()) };
        // The catalogue may be a moment older than the index: the archive only grows.
        let bytes = self.0.pieces.line(&self.0.db, id, rank.line.0, u64::MAX >> 1).await?;
        let Some(bytes) = bytes else { return Ok(Shown::default()) };
        let (coder, rows) = (place.coder.clone(), Arc::clone(rows));
        let shown = blocking(move || show(&coder, &bytes, role, &rows)).await;
        shown.map_err(|error| SearchError::Index(format!("a snippet could not be cut: {error}")))
    }
}

fn show(coder: &str, bytes: &[u8], role: Role, rows: &[Row]) -> Shown {
    let entry = parse(coder, bytes, Depth::Full);
    let subagent = entry.facts.agent.clone();
    let mut best: Option<(Part, Snippet)> = None;
    for part in document::parts(entry).into_iter().filter(|part| part.role == role) {
        let snippet = snippet::cut(&part.text, rows);
        let found = snippet.found;
        if found || best.is_none() {
            best = Some((part, snippet));
        }
        if found {
            break;
        }
    }
    let Some((part, snippet)) = best else { return Shown { subagent, ..Shown::default() } };
    Shown { snippet, call: part.call, tool: part.tool, subagent }
}

/// The coder's own id in the name of a subagent's file: `agent-ID.jsonl`.
fn agent_of(file: &str) -> Option<String> {
    Some(file.strip_prefix("agent-")?.split('.').next()?.to_owned())
}
