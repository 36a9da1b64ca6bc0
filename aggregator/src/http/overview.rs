//! What happened in a project.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::extract::State;
use axum::routing::get;
use axum::{Json, Router};
use serde::Deserialize;

use super::failure::Answer;
use super::json::{Path, Query};
use super::moment::{Edge, moment};
use super::projects::find;
use crate::domain::time::{Millis, day_of};
use crate::house::House;
use crate::ledger::{self, Key, Sum};
use crate::projects::{Happened, overview};
use crate::store::project_report::{FileRow, ToolRow};
use crate::store::projects as store;
use crate::store::usage_report::Scope;
use crate::wire::projects::{FileCount, OpenTodo, ProjectDay, ProjectOverview, ToolCount};
use crate::wire::search::FacetCount;
use crate::wire::usage::UsageSum;

const DAY_MS: Millis = 24 * 60 * 60 * 1000;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/projects/{id}/overview", get(serve))
}

#[derive(Deserialize)]
struct PeriodQuery {
    /// First day, as in 2026-11-21, or an instant.
    from: Option<String>,
    /// Last day, or an instant.
    to: Option<String>,
}

/// What happened in a project.
///
/// Days are those of UTC; without a period everything counts.
async fn serve(
    State(house): State<Arc<House>>,
    Path(id): Path<String>,
    Query(query): Query<PeriodQuery>,
) -> Answer<ProjectOverview> {
    let from = query.from.as_deref().map(|text| moment(text, Edge::From, 0)).transpose()?;
    let to = query.to.as_deref().map(|text| moment(text, Edge::To, 0)).transpose()?;
    let project = find(&house, &id).await?;
    let scope = Scope { from, to, project: Some(id.clone()), ..Scope::default() };
    let report = ledger::report(&house.db, &scope, &[Key::Day], 0).await?;
    let folders = folders(&house, &id).await?;
    let period = (from.unwrap_or(Millis::MIN), to.unwrap_or(Millis::MAX));
    let happened = overview(&house.db, &id, period.0, period.1, &folders).await?;
    let used = report.items.iter().filter_map(|(values, sum)| Some((values.first()?.clone(), *sum))).collect();
    Ok(Json(ProjectOverview {
        project,
        days: days(&happened, used),
        usage: UsageSum::from(&report.total),
        sessions: happened.sessions as u64,
        branches: facets(happened.branches),
        tools: happened.tools.into_iter().map(ToolCount::from).collect(),
        people: facets(happened.people),
        files: happened.files.into_iter().map(FileCount::from).collect(),
        open_todos: happened
            .open_todos
            .into_iter()
            .map(|(text, state, session_id)| OpenTodo { text, state, session_id })
            .collect(),
    }))
}

/// Folders that the project's files lie in.
async fn folders(house: &House, id: &str) -> Result<Vec<String>, crate::store::StoreError> {
    let paths = store::paths_of(&house.db, id).await?;
    Ok(paths.into_iter().flat_map(|row| [Some(row.path), row.top_level]).flatten().collect())
}

fn days(happened: &Happened, mut used: HashMap<String, Sum>) -> Vec<ProjectDay> {
    let mut days: BTreeMap<String, ProjectDay> = BTreeMap::new();
    let small = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
    for (day, [sessions, prompts, tool_calls]) in &happened.days {
        let day = day_of(day.saturating_mul(DAY_MS));
        let sum = used.remove(&day).unwrap_or_default();
        let (sessions, prompts, tool_calls) = (small(*sessions), small(*prompts), small(*tool_calls));
        let told = ProjectDay {
            day: day.clone(),
            sessions,
            prompts,
            tool_calls,
            tokens: sum.tokens(),
            cost_microdollars: sum.cost_microdollars,
        };
        days.insert(day, told);
    }
    for (day, sum) in used {
        let told = ProjectDay {
            day: day.clone(),
            sessions: small(sum.sessions),
            prompts: 0,
            tool_calls: 0,
            tokens: sum.tokens(),
            cost_microdollars: sum.cost_microdollars,
        };
        days.insert(day, told);
    }
    days.into_values().collect()
}

fn facets(ranked: Vec<(String, u64)>) -> Vec<FacetCount> {
    ranked.into_iter().map(|(value, count)| FacetCount { name: value.clone(), value, count }).collect()
}

impl From<ToolRow> for ToolCount {
    fn from(row: ToolRow) -> Self {
        let small = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        Self { name: row.name, calls: small(row.calls), errors: small(row.errors) }
    }
}

impl From<FileRow> for FileCount {
    fn from(row: FileRow) -> Self {
        let small = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        let session_id = row.latest.split_once(' ').map_or("", |(_, session)| session).to_owned();
        let FileRow { path, added, removed, .. } = row;
        Self { path, writes: small(row.writes), reads: small(row.reads), added, removed, session_id }
    }
}
