//! Projects, the tree of the archive, and what happened in a project.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::extract::State;
use axum::routing::{get, post};
use axum::{Json, Router};
use serde::Deserialize;

use super::failure::{Answer, Failure};
use super::guard::Caller;
use super::json::{Body, Path, Query, limit_of};
use crate::access::By;
use crate::domain::role::Role;
use crate::domain::time::rfc3339;
use crate::house::House;
use crate::projects::{self, ProjectError, Target};
use crate::store::projects::{self as store, CountedRow, PathRow, TreeRow};
use crate::store::transcripts::unsigned;
use crate::wire::page::{Page, PageQuery};
use crate::wire::projects::{MovePaths, Project, ProjectPath, TreeHost, TreeProject};

/// What sessions without a working directory stand under.
const NOWHERE: &str = "No project";

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new()
        .route("/tree", get(tree))
        .route("/projects", get(list))
        .route("/projects/move", post(move_paths))
        .route("/projects/{id}", get(one).patch(rename))
}

/// Hosts and the projects on each, with counts.
async fn tree(State(house): State<Arc<House>>) -> Answer<Page<TreeHost>> {
    let names = projects::names(&house.db).await?;
    let mut hosts: BTreeMap<String, TreeHost> = BTreeMap::new();
    for row in store::tree(&house.db).await? {
        let host = hosts.entry(row.host_id.clone());
        let host = host.or_insert_with(|| TreeHost { host_id: row.host_id.clone(), sessions: 0, projects: Vec::new() });
        host.sessions += unsigned(row.sessions);
        host.projects.push(tree_project(row, &names));
    }
    Ok(Json(Page { items: hosts.into_values().collect(), next_cursor: None }))
}

fn tree_project(row: TreeRow, names: &HashMap<String, String>) -> TreeProject {
    let name = row.project_id.as_ref().and_then(|id| names.get(id)).cloned();
    TreeProject {
        name: name.unwrap_or_else(|| NOWHERE.to_owned()),
        project_id: row.project_id,
        sessions: unsigned(row.sessions),
        gone: unsigned(row.gone),
        last_activity_at: Some(rfc3339(row.last_activity_at)),
    }
}

/// Projects, joined across hosts, latest activity first.
///
/// A page goes on behind the project that the last one ended with.
async fn list(State(house): State<Arc<House>>, Query(query): Query<PageQuery>) -> Answer<Page<Project>> {
    let limit = limit_of(&query)? as usize;
    let rows = store::counted(&house.db).await?;
    let skip = match &query.cursor {
        None => 0,
        Some(cursor) => rows.iter().position(|row| row.id == *cursor).map_or(rows.len(), |at| at + 1),
    };
    let names = projects::names(&house.db).await?;
    let mut paths: HashMap<String, Vec<PathRow>> = HashMap::new();
    for path in store::all_paths(&house.db).await? {
        paths.entry(path.project_id.clone()).or_default().push(path);
    }
    let next_cursor = (rows.len() > skip + limit).then(|| rows[skip + limit - 1].id.clone());
    let items = rows.into_iter().skip(skip).take(limit);
    let items = items.map(|row| {
        let paths = paths.remove(&row.id).unwrap_or_default();
        project(row, paths, &names)
    });
    Ok(Json(Page { items: items.collect(), next_cursor }))
}

/// A project with its working directories.
pub(super) async fn find(house: &House, id: &str) -> Result<Project, Failure> {
    let row = store::counted_one(&house.db, id).await?;
    let row = row.ok_or_else(|| Failure::not_found("There is no such project; see GET /api/v1/projects"))?;
    let paths = store::paths_of(&house.db, id).await?;
    Ok(project(row, paths, &projects::names(&house.db).await?))
}

fn project(row: CountedRow, paths: Vec<PathRow>, names: &HashMap<String, String>) -> Project {
    Project {
        name: names.get(&row.id).cloned().unwrap_or(row.name),
        id: row.id,
        identity: row.identity,
        paths: paths.into_iter().map(ProjectPath::from).collect(),
        sessions: unsigned(row.sessions),
        last_activity_at: row.last_activity_at.map(rfc3339),
    }
}

impl From<PathRow> for ProjectPath {
    fn from(row: PathRow) -> Self {
        let PathRow { host_id, path, remote, root_commit, owner, pinned, .. } = row;
        Self { host_id, path, remote, root_commit, owner, pinned }
    }
}

/// One project.
async fn one(State(house): State<Arc<House>>, Path(id): Path<String>) -> Answer<Project> {
    Ok(Json(find(&house, &id).await?))
}

#[derive(Deserialize)]
struct Rename {
    name: String,
}

/// Renames a project.
async fn rename(
    State(house): State<Arc<House>>,
    caller: Caller,
    Path(id): Path<String>,
    Body(new): Body<Rename>,
) -> Answer<Project> {
    caller.require(Role::Member)?;
    house.projects.rename(&By::from(&caller), &id, &new.name).await?;
    Ok(Json(find(&house, &id).await?))
}

/// Merges and splits projects, by moving working directories.
async fn move_paths(State(house): State<Arc<House>>, caller: Caller, Body(asked): Body<MovePaths>) -> Answer<Project> {
    caller.require(Role::Admin)?;
    let target = match (asked.automatic.unwrap_or(false), asked.project_id, asked.name) {
        (true, None, None) => Target::Repository,
        (false, Some(id), None) => Target::Project(id),
        (false, None, Some(name)) => Target::New(name),
        _ => {
            return Err(Failure::bad_request(
                "Give `project_id` to move the paths to a project, `name` to make a new one of them, or `automatic` to \
                 give them back to the projects of their repositories",
            ));
        }
    };
    let paths: Vec<(String, String)> = asked.paths.into_iter().map(|path| (path.host_id, path.path)).collect();
    let id = house.projects.move_paths(&By::from(&caller), &target, &paths).await?;
    Ok(Json(find(&house, &id).await?))
}

impl From<ProjectError> for Failure {
    fn from(error: ProjectError) -> Self {
        let detail = error.to_string();
        match error {
            ProjectError::Store(error) => error.into(),
            ProjectError::NotFound(_) => Self::not_found(detail),
            ProjectError::Invalid(_) => Self::bad_request(detail),
        }
    }
}
