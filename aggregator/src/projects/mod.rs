//! Projects: working directories joined across hosts by what their repositories are, and as people choose.

use std::collections::HashMap;

use crate::domain::project;
use crate::store::{Db, Result, projects};

#[cfg(test)]
mod tests;

/// Names of all projects for people, by id: told apart where two would be called the same.
pub async fn names(db: &Db) -> Result<HashMap<String, String>> {
    Ok(project::names(&projects::all(db).await?))
}
