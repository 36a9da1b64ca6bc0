//! Projects: working directories joined across hosts by what their repositories are, and as people choose.

mod change;
mod overview;
mod resolve;

#[cfg(test)]
mod tests;

use std::collections::HashMap;

use crate::domain::project;
use crate::live::Wake;
use crate::store::{Db, Result, projects};

pub use change::{ProjectError, Target};
pub use overview::{Happened, overview};

/// Moves of working directories wait for each other behind this lock.
const LOCK: &str = "projects";

/// The room. Cloning gives another handle to the same room.
#[derive(Debug, Clone)]
pub struct Projects {
    db: Db,
    /// Transcripts of sessions that moved: their rows are joined again and shown to the pages.
    moved: Wake,
}

impl Projects {
    /// A room over this database.
    pub fn new(db: Db, moved: Wake) -> Self {
        Self { db, moved }
    }

    /// Lets the pages see that the sessions of a working directory moved.
    async fn show(&self, host_id: &str, path: &str) -> Result<()> {
        for id in projects::transcripts_of(&self.db, host_id, path).await? {
            if let Ok(id) = id.parse() {
                self.moved.mark(id);
            }
        }
        Ok(())
    }
}

/// Names of all projects for people, by id: told apart where two would be called the same.
pub async fn names(db: &Db) -> Result<HashMap<String, String>> {
    Ok(project::names(&projects::all(db).await?))
}
