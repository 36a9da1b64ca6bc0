//! What people choose: names, and which working directories are one project.

use super::{LOCK, Projects};
use crate::access::{By, note};
use crate::domain::name::check_label;
use crate::domain::time::now_ms;
use crate::store::db::Tx;
use crate::store::projects::{self, PathRow};
use crate::store::{StoreError, settings};

/// Most working directories of one move.
const MOST_PATHS: usize = 1_000;

/// Why the room refuses. The text says what happened and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ProjectError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing of that id or path.
    #[error("{0}")]
    NotFound(String),
    /// Not a usable value.
    #[error("{0}")]
    Invalid(String),
}

/// Where working directories are moved to.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Target {
    /// A project that is there.
    Project(String),
    /// A new one of this name.
    New(String),
    /// Each to the project of its own repository.
    Repository,
}

impl Projects {
    /// Gives a project a name.
    pub async fn rename(&self, by: &By, id: &str, name: &str) -> Result<(), ProjectError> {
        check(name)?;
        let mut tx = self.db.begin().await?;
        if !projects::rename(&mut tx, id, name.trim()).await? {
            return Err(no_project(id));
        }
        note(&mut tx, by, "project.rename", &format!("{id} {}", name.trim())).await?;
        Ok(tx.commit().await?)
    }

    /// Moves working directories; gives the project where the first one then is. Those that people moved stay where they
    /// are, whatever their hosts say, until they are given back to their repositories.
    pub async fn move_paths(&self, by: &By, to: &Target, paths: &[(String, String)]) -> Result<String, ProjectError> {
        if paths.is_empty() || paths.len() > MOST_PATHS {
            return Err(ProjectError::Invalid(format!("`paths` must name 1 to {MOST_PATHS} working directories")));
        }
        let mut tx = self.db.begin().await?;
        settings::lock(&mut tx, LOCK).await?;
        let rows = found(&mut tx, paths).await?;
        let chosen = choose(&mut tx, to).await?;
        for row in &rows {
            match &chosen {
                Some(id) => projects::move_path(&mut tx, row, id, true).await?,
                None => projects::release(&mut tx, row, now_ms()).await?,
            }
            let whereto = chosen.as_deref().unwrap_or("its repository");
            let subject = format!("{} on host {} from {} to {whereto}", row.path, row.host_id, row.project_id);
            note(&mut tx, by, "project.move", &subject).await?;
        }
        let first = projects::find_path(&mut tx, &paths[0].0, &paths[0].1).await?.map(|row| row.project_id);
        tx.commit().await?;
        for (host_id, path) in paths {
            self.show(host_id, path).await?;
        }
        first.ok_or_else(|| no_project("of these paths"))
    }
}

async fn found(tx: &mut Tx, paths: &[(String, String)]) -> Result<Vec<PathRow>, ProjectError> {
    let mut rows = Vec::with_capacity(paths.len());
    for (host_id, path) in paths {
        let row = projects::find_path(tx, host_id, path).await?;
        rows.push(row.ok_or_else(|| {
            let path: String = path.chars().take(200).collect();
            ProjectError::NotFound(format!("No session began in {path} on that host; see GET /api/v1/projects"))
        })?);
    }
    Ok(rows)
}

/// The project to move to; none: each to its own.
async fn choose(tx: &mut Tx, to: &Target) -> Result<Option<String>, ProjectError> {
    match to {
        Target::Repository => Ok(None),
        Target::Project(id) => match projects::get_in(tx, id).await? {
            Some(project) => Ok(Some(project.id)),
            None => Err(no_project(id)),
        },
        Target::New(name) => {
            check(name)?;
            Ok(Some(projects::make(tx, name.trim(), now_ms()).await?))
        }
    }
}

fn check(name: &str) -> Result<(), ProjectError> {
    check_label(name).map_err(|error| ProjectError::Invalid(format!("This is no name for a project: {error}")))
}

fn no_project(id: &str) -> ProjectError {
    let id: String = id.chars().take(64).collect();
    ProjectError::NotFound(format!("There is no project {id}; see GET /api/v1/projects"))
}
