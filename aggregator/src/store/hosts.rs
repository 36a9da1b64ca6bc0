//! Hosts: machines that run our agent.

use std::collections::HashSet;

use muster_proto::ids::HostId;
use sqlx::{QueryBuilder, Sqlite};

use super::db::{Db, Result, StoreError, Tx};
use crate::domain::time::Millis;
use crate::{statements, vals};

statements! {
    INSERT = "INSERT INTO hosts (id, name, public_key, hostname, os, arch, agent_version, enrolled_at)
              VALUES ($1, $2, $3, $4, $5, $6, $7, $8)";
    GET = "SELECT id, name, public_key, hostname, os, arch, agent_version, enrolled_at, last_seen_at, link_epoch, roots
           FROM hosts WHERE id = $1 AND removed_at IS NULL";
    BY_NAME = "SELECT id, name, public_key, hostname, os, arch, agent_version, enrolled_at, last_seen_at, link_epoch, roots
               FROM hosts WHERE name = $1 AND removed_at IS NULL";
    ALL = "SELECT id, name, public_key, hostname, os, arch, agent_version, enrolled_at, last_seen_at, link_epoch, roots
           FROM hosts WHERE removed_at IS NULL ORDER BY name";
    TAKE_LINK = "UPDATE hosts SET link_epoch = link_epoch + 1, hostname = $2, os = $3, arch = $4, agent_version = $5,
                 roots = $6, last_seen_at = $7
                 WHERE id = $1 AND removed_at IS NULL RETURNING link_epoch";
    HOLD_LINK = "UPDATE hosts SET link_epoch = link_epoch WHERE id = $1 AND link_epoch = $2 AND removed_at IS NULL";
    SEEN = "UPDATE hosts SET last_seen_at = $2 WHERE id = $1";
    REMOVE = "UPDATE hosts SET removed_at = $2, link_epoch = link_epoch + 1 WHERE id = $1 AND removed_at IS NULL";
    TOTALS = "SELECT host_id, CAST(COUNT(*) AS BIGINT) AS transcripts, CAST(COUNT(DISTINCT session_id) AS BIGINT) AS sessions,
              CAST(COALESCE(SUM(committed_offset), 0) AS BIGINT) AS bytes FROM transcripts WHERE state = 'live'
              AND (committed_offset > 0 OR base_offset = 0) GROUP BY host_id";
    TOTALS_OF = "SELECT host_id, CAST(COUNT(*) AS BIGINT) AS transcripts, CAST(COUNT(DISTINCT session_id) AS BIGINT) AS sessions,
              CAST(COALESCE(SUM(committed_offset), 0) AS BIGINT) AS bytes FROM transcripts
              WHERE host_id = $1 AND state = 'live' AND (committed_offset > 0 OR base_offset = 0) GROUP BY host_id";
}

/// Operating system of a host that is none: what was imported lies under it.
pub const IMPORT: &str = "import";

/// One machine that runs our agent, as stored.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct HostRow {
    /// Typed id as text.
    pub id: String,
    /// Name given by `host add`.
    pub name: String,
    /// Ed25519 key that its links are signed with.
    pub public_key: Vec<u8>,
    /// What the machine calls itself.
    pub hostname: String,
    /// Operating system.
    pub os: String,
    /// Processor architecture.
    pub arch: String,
    /// Version of its agent.
    pub agent_version: String,
    /// When it joined.
    pub enrolled_at: Millis,
    /// When it was last heard from.
    pub last_seen_at: Option<Millis>,
    /// Number of its latest link.
    pub link_epoch: i64,
    /// Folders followed (JSON).
    pub roots: String,
}

/// What a host says of itself.
#[derive(Debug, Clone, Default)]
pub struct Facts {
    /// What the machine calls itself.
    pub hostname: String,
    /// Operating system.
    pub os: String,
    /// Processor architecture.
    pub arch: String,
    /// Version of its agent.
    pub agent_version: String,
}

/// How much the archive holds of a host.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub struct Totals {
    /// Host.
    pub host_id: String,
    /// Transcripts.
    pub transcripts: i64,
    /// Sessions.
    pub sessions: i64,
    /// Bytes.
    pub bytes: i64,
}

#[derive(sqlx::FromRow)]
struct Link {
    id: String,
    link_epoch: i64,
}

#[derive(sqlx::FromRow)]
struct Epoch {
    link_epoch: i64,
}

/// Adds a host.
pub async fn insert(tx: &mut Tx, id: HostId, name: &str, public_key: &[u8], facts: &Facts, now: Millis) -> Result<()> {
    let Facts { hostname, os, arch, agent_version } = facts.clone();
    tx.execute(INSERT, vals![id.to_string(), name, public_key, hostname, os, arch, agent_version, now]).await?;
    Ok(())
}

/// The host with this id, unless it was removed.
pub async fn get(db: &Db, id: HostId) -> Result<Option<HostRow>> {
    db.optional(GET, vals![id.to_string()]).await
}

/// The host with this name, unless it was removed.
pub async fn by_name(db: &Db, name: &str) -> Result<Option<HostRow>> {
    db.optional(BY_NAME, vals![name]).await
}

/// All hosts by name.
pub async fn all(db: &Db) -> Result<Vec<HostRow>> {
    db.all(ALL, vec![]).await
}

/// A new link of the host stands: its number. From now on nothing is committed for an older one.
pub async fn take_link(db: &Db, id: HostId, facts: &Facts, roots: &str, now: Millis) -> Result<i64> {
    let Facts { hostname, os, arch, agent_version } = facts.clone();
    let mut tx = db.begin().await?;
    let row: Option<Epoch> =
        tx.optional(TAKE_LINK, vals![id.to_string(), hostname, os, arch, agent_version, roots, now]).await?;
    tx.commit().await?;
    row.map(|row| row.link_epoch).ok_or(StoreError::Superseded)
}

/// Keeps hosts from being taken by newer links until the transaction ends; says which still stand at the epoch given.
/// The others have a newer link, or were removed.
pub async fn hold_links(tx: &mut Tx, links: &[(HostId, i64)]) -> Result<HashSet<(HostId, i64)>> {
    let mut standing = HashSet::new();
    match tx {
        // Nobody else can write while a transaction of the embedded database is open: looking is enough, and writes no
        // page per host and group.
        Tx::Lite(tx) => {
            for links in links.chunks(LINKS) {
                let found: Vec<Link> = standing_lite(links).build_query_as().fetch_all(&mut **tx).await?;
                for link in found {
                    let id = link.id.parse().map_err(|_| StoreError::Corrupt(format!("host id {}", link.id)))?;
                    standing.insert((id, link.link_epoch));
                }
            }
        }
        Tx::Pg(_) => {
            for (id, epoch) in links {
                if tx.execute(HOLD_LINK, vals![id.to_string(), *epoch]).await? == 1 {
                    standing.insert((*id, *epoch));
                }
            }
        }
    }
    Ok(standing)
}

/// Links of one statement on the embedded database.
const LINKS: usize = 64;

fn standing_lite(links: &[(HostId, i64)]) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("SELECT h.id, h.link_epoch FROM (");
    query.push_values(links, |mut row, (id, epoch)| {
        row.push_bind(id.to_string()).push_bind(*epoch);
    });
    query
        .push(") AS v CROSS JOIN hosts h WHERE h.id = v.column1 AND h.link_epoch = v.column2 AND h.removed_at IS NULL");
    query
}

/// The host was heard from.
pub async fn seen(db: &Db, id: HostId, now: Millis) -> Result<()> {
    db.execute(SEEN, vals![id.to_string(), now]).await?;
    Ok(())
}

/// Removes a host; `false` when there is none. Its archive stays, its link can commit nothing more.
pub async fn remove(tx: &mut Tx, id: HostId, now: Millis) -> Result<bool> {
    Ok(tx.execute(REMOVE, vals![id.to_string(), now]).await? == 1)
}

/// How much the archive holds, per host.
pub async fn totals(db: &Db) -> Result<Vec<Totals>> {
    db.all(TOTALS, vec![]).await
}

/// How much the archive holds of one host.
pub async fn totals_of(db: &Db, id: HostId) -> Result<Totals> {
    Ok(db.optional(TOTALS_OF, vals![id.to_string()]).await?.unwrap_or_default())
}
