//! Projects, and the working directories of hosts that belong to them.

use std::collections::{BTreeSet, HashMap, HashSet};

use uuid::Uuid;

use super::Result;
use super::db::{Db, Tx, Val};
use crate::domain::project::{Named, Repository, home_of};
use crate::domain::time::Millis;
use crate::{statements, vals};

statements! {
    FIND_PATH = "SELECT host_id, path, project_id, remote, root_commit, top_level, owner, pinned, asked_at
                 FROM project_paths WHERE host_id = $1 AND path = $2";
    ALL_PATHS = "SELECT host_id, path, project_id, remote, root_commit, top_level, owner, pinned, asked_at
                 FROM project_paths ORDER BY host_id, path";
    PATHS_OF = "SELECT host_id, path, project_id, remote, root_commit, top_level, owner, pinned, asked_at
                FROM project_paths WHERE project_id = $1 ORDER BY host_id, path";
    ADD_PATH = "INSERT INTO project_paths (host_id, path, project_id, remote, pinned) VALUES ($1, $2, $3, $4, FALSE)
                ON CONFLICT (host_id, path) DO NOTHING";
    ANSWERED = "UPDATE project_paths SET remote = $3, root_commit = $4, top_level = $5, owner = $6, asked_at = $7
                WHERE host_id = $1 AND path = $2";
    MOVE_PATH = "UPDATE project_paths SET project_id = $3, pinned = $4 WHERE host_id = $1 AND path = $2";
    MOVE_SESSIONS = "UPDATE sessions SET project_id = $3 WHERE began_host = $1 AND began_path = $2
                     AND (project_id IS NULL OR project_id <> $3)";
    ADD_PROJECT = "INSERT INTO projects (id, name, named, identity, created_at) VALUES ($1, $2, $3, $4, $5)
                   ON CONFLICT (identity) DO NOTHING";
    BY_IDENTITY = "SELECT id, name, named, identity FROM projects WHERE identity = $1";
    BY_ID = "SELECT id, name, named, identity FROM projects WHERE id = $1";
    ALL = "SELECT id, name, named, identity FROM projects ORDER BY id";
    RENAME = "UPDATE projects SET name = $2, named = TRUE WHERE id = $1";
    BECOME = "UPDATE projects SET identity = $2, name = CASE WHEN named THEN name ELSE $3 END WHERE id = $1";
    VANISH = "DELETE FROM projects WHERE id = $1 AND NOT EXISTS (SELECT 1 FROM project_paths WHERE project_id = $1)";
    DUE_HOSTS = "SELECT DISTINCT host_id FROM project_paths WHERE asked_at IS NULL OR asked_at < $1";
    DUE = "SELECT host_id, path, project_id, remote, root_commit, top_level, owner, pinned, asked_at FROM project_paths
           WHERE host_id = $1 AND (asked_at IS NULL OR asked_at < $2) ORDER BY COALESCE(asked_at, 0), path LIMIT $3";
    MAIN_OF = "SELECT t.id FROM sessions s JOIN transcripts t ON t.session_id = s.id AND t.kind = 'main'
               WHERE s.began_host = $1 AND s.began_path = $2";
    COUNTED = "SELECT p.id, p.name, p.named, p.identity, CAST(COUNT(s.id) AS BIGINT) AS sessions,
               MAX(s.last_activity_at) AS last_activity_at FROM projects p JOIN sessions s ON s.project_id = p.id
               GROUP BY p.id, p.name, p.named, p.identity ORDER BY MAX(s.last_activity_at) DESC, p.id";
    COUNTED_ONE = "SELECT p.id, p.name, p.named, p.identity, CAST(COUNT(s.id) AS BIGINT) AS sessions,
               MAX(s.last_activity_at) AS last_activity_at FROM projects p LEFT JOIN sessions s ON s.project_id = p.id
               WHERE p.id = $1 GROUP BY p.id, p.name, p.named, p.identity";
    TREE = "SELECT t.host_id, s.project_id, CAST(COUNT(*) AS BIGINT) AS sessions,
            CAST(SUM(CASE WHEN s.gone THEN 1 ELSE 0 END) AS BIGINT) AS gone, MAX(s.last_activity_at) AS last_activity_at
            FROM (SELECT DISTINCT host_id, session_id FROM transcripts WHERE kind = 'main' AND session_id IS NOT NULL) t
            JOIN sessions s ON s.id = t.session_id GROUP BY t.host_id, s.project_id
            ORDER BY t.host_id, MAX(s.last_activity_at) DESC, s.project_id";
}

const FIND_PATHS: &str =
    "SELECT p.host_id, p.path, p.project_id, p.remote, p.root_commit, p.top_level, p.owner, p.pinned,
    p.asked_at FROM (";

const AT: &str = ") AS v CROSS JOIN project_paths p WHERE p.host_id = v.column1 AND p.path = v.column2";

/// A working directory of a host.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct PathRow {
    /// Host.
    pub host_id: String,
    /// Absolute path there.
    pub path: String,
    /// Project that it belongs to.
    pub project_id: String,
    /// `HOST/PATH` of its repository.
    pub remote: Option<String>,
    /// First commit of it.
    pub root_commit: Option<String>,
    /// Top folder of it.
    pub top_level: Option<String>,
    /// Who owns the directory.
    pub owner: Option<String>,
    /// A person has chosen the project.
    pub pinned: bool,
    /// When the host last answered.
    pub asked_at: Option<Millis>,
}

impl PathRow {
    /// What is known of its repository.
    pub fn repository(&self) -> Repository {
        let Self { remote, root_commit, top_level, owner, .. } = self.clone();
        Repository { remote, root_commit, top_level, owner }
    }
}

#[derive(sqlx::FromRow)]
struct ProjectRow {
    id: String,
    name: String,
    named: bool,
    identity: String,
}

impl From<ProjectRow> for Named {
    fn from(row: ProjectRow) -> Self {
        let ProjectRow { id, name, named, identity } = row;
        Self { id, name, by_person: named, identity }
    }
}

/// A project with its sessions counted.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct CountedRow {
    /// Id.
    pub id: String,
    /// Name as stored.
    pub name: String,
    /// A person has given it.
    pub named: bool,
    /// What makes it one.
    pub identity: String,
    /// Sessions.
    pub sessions: i64,
    /// Latest activity among them.
    pub last_activity_at: Option<Millis>,
}

/// A project on a host.
#[derive(Debug, Clone, PartialEq, Eq, sqlx::FromRow)]
pub struct TreeRow {
    /// Host.
    pub host_id: String,
    /// Project; `None` for sessions without one.
    pub project_id: Option<String>,
    /// Sessions that lie on the host.
    pub sessions: i64,
    /// Those of them whose files are all gone.
    pub gone: i64,
    /// Latest activity.
    pub last_activity_at: Millis,
}

/// Where a session began.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Beginning {
    /// Host.
    pub host_id: String,
    /// Working directory there.
    pub path: String,
    /// Address of its repository, where the coder names it.
    pub remote: Option<String>,
}

/// Where a session belongs.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Placed {
    /// Project.
    pub project_id: String,
    /// Working directory that it counts for: the home of a coder's own worktree.
    pub path: String,
}

/// Finds the projects of working directories, or makes them: by the repository's address where the coder names it, else by
/// the folder until the host has said more.
pub async fn place<'a>(
    tx: &mut Tx,
    beginnings: &BTreeSet<&'a Beginning>,
    now: Millis,
) -> Result<HashMap<&'a Beginning, Placed>> {
    let mut known = paths(tx, beginnings).await?;
    let mut is_new = false;
    for beginning in beginnings {
        let told = beginning.remote.as_deref().map(Repository::at).unwrap_or_default();
        let found = known.get(&key(beginning));
        if found.is_none_or(|row| row.asked_at.is_none() && row.remote.is_none() && told.remote.is_some()) {
            place_new(tx, beginning, &told, now).await?;
            is_new = true;
        }
    }
    if is_new {
        // One of them may have moved a directory that another one began in.
        known = paths(tx, beginnings).await?;
    }
    let place = |beginning: &&'a Beginning| {
        let row = known.get(&key(beginning))?;
        Some((*beginning, Placed { project_id: row.project_id.clone(), path: row.path.clone() }))
    };
    Ok(beginnings.iter().filter_map(place).collect())
}

/// Host and directory as they are stored.
fn key(beginning: &Beginning) -> (String, String) {
    (beginning.host_id.clone(), home_of(&beginning.path).to_owned())
}

async fn paths(tx: &mut Tx, beginnings: &BTreeSet<&Beginning>) -> Result<HashMap<(String, String), PathRow>> {
    let keys: BTreeSet<(String, String)> = beginnings.iter().map(|beginning| key(beginning)).collect();
    let keys: Vec<Vec<Val>> = keys.into_iter().map(|(host, path)| vals![host, path]).collect();
    let rows: Vec<PathRow> = tx.all_of(FIND_PATHS, AT, &keys).await?;
    Ok(rows.into_iter().map(|row| ((row.host_id.clone(), row.path.clone()), row)).collect())
}

async fn place_new(tx: &mut Tx, beginning: &Beginning, told: &Repository, now: Millis) -> Result<()> {
    let (host_id, path) = key(beginning);
    if let Some(row) = find_path(tx, &host_id, &path).await? {
        if row.remote.is_none() {
            learn(tx, &row, told, now).await?;
        }
        return Ok(());
    }
    let id = ensure(tx, &told.identity(&path), &told.name(&path), now).await?;
    tx.execute(ADD_PATH, vals![host_id, path, id, told.remote.clone()]).await?;
    Ok(())
}

/// The host has said what the repository of a working directory is.
pub async fn answered(
    tx: &mut Tx,
    host_id: &str,
    path: &str,
    said: &Repository,
    now: Millis,
) -> Result<Option<String>> {
    let Some(row) = find_path(tx, host_id, path).await? else { return Ok(None) };
    let moved = learn(tx, &row, said, now).await?;
    tx.execute(ANSWERED, answer_vals(&row, said, Some(now))).await?;
    Ok(moved)
}

fn answer_vals(row: &PathRow, said: &Repository, asked_at: Option<Millis>) -> Vec<Val> {
    let Repository { remote, root_commit, top_level, owner } = said.clone();
    vals![row.host_id.as_str(), row.path.as_str(), remote, root_commit, top_level, owner, asked_at]
}

/// Moves a working directory to the project of its repository, unless a person has chosen another; gives that project
/// when it is another one than before.
async fn learn(tx: &mut Tx, row: &PathRow, said: &Repository, now: Millis) -> Result<Option<String>> {
    tx.execute(ANSWERED, answer_vals(row, said, row.asked_at)).await?;
    if row.pinned {
        return Ok(None);
    }
    let (identity, name) = (said.identity(&row.path), said.name(&row.path));
    let current = get_in(tx, &row.project_id).await?;
    if current.as_ref().is_some_and(|current| current.identity == identity) {
        return Ok(None);
    }
    let taken = tx.optional::<ProjectRow>(BY_IDENTITY, vals![identity.as_str()]).await?.is_some();
    let alone = tx.all::<PathRow>(PATHS_OF, vals![row.project_id.as_str()]).await?.len() == 1;
    let own = current.as_ref().is_some_and(|current| current.identity.starts_with("own:"));
    if alone && !taken && !own {
        // The same project, better known: links to it stay good.
        tx.execute(BECOME, vals![row.project_id.as_str(), identity, name]).await?;
        return Ok(None);
    }
    let id = ensure(tx, &identity, &name, now).await?;
    move_path(tx, row, &id, false).await?;
    Ok(Some(id))
}

/// Moves a working directory with its sessions; the project that it leaves vanishes when it was its last.
pub async fn move_path(tx: &mut Tx, row: &PathRow, project_id: &str, pinned: bool) -> Result<()> {
    tx.execute(MOVE_PATH, vals![row.host_id.as_str(), row.path.as_str(), project_id, pinned]).await?;
    tx.execute(MOVE_SESSIONS, vals![row.host_id.as_str(), row.path.as_str(), project_id]).await?;
    if row.project_id != project_id {
        tx.execute(VANISH, vals![row.project_id.as_str()]).await?;
    }
    Ok(())
}

/// Gives a working directory back to the project of its repository.
pub async fn release(tx: &mut Tx, row: &PathRow, now: Millis) -> Result<()> {
    let repository = row.repository();
    let id = ensure(tx, &repository.identity(&row.path), &repository.name(&row.path), now).await?;
    move_path(tx, row, &id, false).await
}

/// The project with this identity; made when there is none.
pub async fn ensure(tx: &mut Tx, identity: &str, name: &str, now: Millis) -> Result<String> {
    if let Some(row) = tx.optional::<ProjectRow>(BY_IDENTITY, vals![identity]).await? {
        return Ok(row.id);
    }
    let id = Uuid::now_v7().to_string();
    tx.execute(ADD_PROJECT, vals![id.as_str(), name, false, identity, now]).await?;
    // Another aggregator may have been faster.
    Ok(tx.optional::<ProjectRow>(BY_IDENTITY, vals![identity]).await?.map_or(id, |row| row.id))
}

/// Makes a project of a person's own, whatever lies in it.
pub async fn make(tx: &mut Tx, name: &str, now: Millis) -> Result<String> {
    let id = Uuid::now_v7().to_string();
    tx.execute(ADD_PROJECT, vals![id.as_str(), name, true, format!("own:{id}"), now]).await?;
    Ok(id)
}

/// Gives a project a name; `false` when there is no such project.
pub async fn rename(tx: &mut Tx, id: &str, name: &str) -> Result<bool> {
    Ok(tx.execute(RENAME, vals![id, name]).await? == 1)
}

/// A working directory.
pub async fn find_path(tx: &mut Tx, host_id: &str, path: &str) -> Result<Option<PathRow>> {
    tx.optional(FIND_PATH, vals![host_id, path]).await
}

/// A project, inside a change.
pub async fn get_in(tx: &mut Tx, id: &str) -> Result<Option<Named>> {
    Ok(tx.optional::<ProjectRow>(BY_ID, vals![id]).await?.map(Named::from))
}

/// All projects as far as their names go.
pub async fn all(db: &Db) -> Result<Vec<Named>> {
    Ok(db.all::<ProjectRow>(ALL, vec![]).await?.into_iter().map(Named::from).collect())
}

/// All working directories.
pub async fn all_paths(db: &Db) -> Result<Vec<PathRow>> {
    db.all(ALL_PATHS, vec![]).await
}

/// The working directories of a project.
pub async fn paths_of(db: &Db, id: &str) -> Result<Vec<PathRow>> {
    db.all(PATHS_OF, vals![id]).await
}

/// Hosts with working directories that they have not answered for since `before`.
pub async fn due_hosts(db: &Db, before: Millis) -> Result<HashSet<String>> {
    Ok(db.all::<(String,)>(DUE_HOSTS, vals![before]).await?.into_iter().map(|(id,)| id).collect())
}

/// Working directories of a host that it has not answered for since `before`, new ones first.
pub async fn due(db: &Db, host_id: &str, before: Millis, limit: i64) -> Result<Vec<PathRow>> {
    db.all(DUE, vals![host_id, before, limit]).await
}

/// Main transcripts of the sessions that began in a working directory.
pub async fn transcripts_of(db: &Db, host_id: &str, path: &str) -> Result<Vec<String>> {
    Ok(db.all::<(String,)>(MAIN_OF, vals![host_id, path]).await?.into_iter().map(|(id,)| id).collect())
}

/// Projects that have sessions, latest activity first.
pub async fn counted(db: &Db) -> Result<Vec<CountedRow>> {
    db.all(COUNTED, vec![]).await
}

/// One project.
pub async fn counted_one(db: &Db, id: &str) -> Result<Option<CountedRow>> {
    db.optional(COUNTED_ONE, vals![id]).await
}

/// Projects by host, latest activity first.
pub async fn tree(db: &Db) -> Result<Vec<TreeRow>> {
    db.all(TREE, vec![]).await
}
