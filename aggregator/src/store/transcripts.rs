//! Transcripts: files of sessions, each in one generation of its content.

use std::collections::{HashMap, HashSet};

use muster_proto::ids::{HostId, TranscriptId};
use sqlx::{AssertSqlSafe, Postgres, QueryBuilder, Sqlite};

use super::db::{Db, Result, StoreError, Tx, Val};
use crate::domain::time::Millis;
use crate::domain::transcript::{Base, TranscriptKind, TranscriptState};
use crate::{statements, vals};

statements! {
    GET = "SELECT id, host_id, coder, root, path, kind, in_lines, generation, device, inode, session_id, committed_offset,
           lines, mid_line, head_bytes, head_sha256, tail_bytes, tail_sha256, state, updated_at, compacted_offset,
           base_offset, base_line
           FROM transcripts WHERE id = $1";
    LIVE_OF_HOST = "SELECT id, host_id, coder, root, path, kind, in_lines, generation, device, inode, session_id,
           committed_offset, lines, mid_line, head_bytes, head_sha256, tail_bytes, tail_sha256, state, updated_at, compacted_offset,
           base_offset, base_line
           FROM transcripts WHERE host_id = $1 AND state = 'live' ORDER BY updated_at DESC";
    PAGE = "SELECT id, host_id, coder, root, path, kind, in_lines, generation, device, inode, session_id, committed_offset,
           lines, mid_line, head_bytes, head_sha256, tail_bytes, tail_sha256, state, updated_at, compacted_offset,
           base_offset, base_line
           FROM transcripts
           WHERE id > $1 AND (CAST($2 AS TEXT) IS NULL OR host_id = $2) AND (CAST($3 AS TEXT) IS NULL OR session_id = $3)
             AND (CAST($4 AS TEXT) IS NULL OR state = $4) AND (committed_offset > 0 OR base_offset = 0)
           ORDER BY id LIMIT $5";
    OF_SESSION = "SELECT id, host_id, coder, root, path, kind, in_lines, generation, device, inode, session_id,
           committed_offset, lines, mid_line, head_bytes, head_sha256, tail_bytes, tail_sha256, state, updated_at, compacted_offset,
           base_offset, base_line
           FROM transcripts WHERE session_id = $1 AND (committed_offset > 0 OR base_offset = 0) ORDER BY id LIMIT 2000";
    LIVE_ROW_AT = "SELECT id, host_id, coder, root, path, kind, in_lines, generation, device, inode, session_id,
           committed_offset, lines, mid_line, head_bytes, head_sha256, tail_bytes, tail_sha256, state, updated_at, compacted_offset,
           base_offset, base_line
           FROM transcripts WHERE host_id = $1 AND path = $2 AND state = 'live'";
    LIVE_AT_PATH = "SELECT id FROM transcripts WHERE host_id = $1 AND path = $2 AND state = 'live'";
    GONE = "UPDATE transcripts SET state = 'gone', gone_at = $3, joined = FALSE WHERE id = $1 AND host_id = $2 AND state = 'live'";
    MOVED = "UPDATE transcripts SET root = $3, path = $4, kind = $5, session_id = $6, joined = FALSE
             WHERE id = $1 AND host_id = $2 AND state = 'live'";
    TOLD = "UPDATE transcripts SET kind = $3, session_id = $4, joined = FALSE WHERE id = $1 AND host_id = $2 AND state = 'live'";
    COLD = "SELECT id, compacted_offset, committed_offset FROM transcripts
            WHERE compacted_offset < committed_offset AND updated_at < $1 ORDER BY updated_at LIMIT $2";
    COMPACTED = "UPDATE transcripts SET compacted_offset = $2 WHERE id = $1 AND committed_offset >= $2";
    HOLD = "UPDATE transcripts SET updated_at = $3 WHERE id = $1 AND committed_offset = $2 AND state = 'live'";
}

const BEFORE: &str = "SELECT t.host_id, t.path, MAX(t.generation) AS generation,
    MAX(CASE WHEN t.state = 'live' THEN t.id END) AS live FROM (";

// CROSS JOIN keeps the embedded database from beginning with the transcripts.
const AT_PATH: &str = ") AS v CROSS JOIN transcripts t WHERE t.host_id = v.column1 AND t.path = v.column2
    GROUP BY t.host_id, t.path";

const INSERT: &str =
    "INSERT INTO transcripts (id, host_id, coder, root, path, kind, in_lines, generation, device, inode,
    session_id, state, created_at, updated_at)";

/// One file, as archived.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct TranscriptRow {
    /// Typed id as text.
    pub id: String,
    /// Host that it lies on.
    pub host_id: String,
    /// Coder whose root it lies in.
    pub coder: String,
    /// Root folder on the host.
    pub root: String,
    /// Absolute path on the host.
    pub path: String,
    /// Word of a [`TranscriptKind`].
    pub kind: String,
    /// Frames are cut at newlines.
    pub in_lines: bool,
    /// 0 for the first content at this path.
    pub generation: i64,
    /// Device number in decimal.
    pub device: String,
    /// Inode number in decimal.
    pub inode: String,
    /// Session that it belongs to.
    pub session_id: Option<String>,
    /// Archived bytes.
    pub committed_offset: i64,
    /// Newlines among them.
    pub lines: i64,
    /// They end inside a line.
    pub mid_line: bool,
    /// Fingerprint of the first bytes.
    pub head_bytes: i64,
    /// Its digest.
    pub head_sha256: Option<Vec<u8>>,
    /// Fingerprint of the last bytes.
    pub tail_bytes: i64,
    /// Its digest.
    pub tail_sha256: Option<Vec<u8>>,
    /// Word of a [`TranscriptState`].
    pub state: String,
    /// When bytes last arrived.
    pub updated_at: Millis,
    /// Where compaction goes on.
    pub compacted_offset: i64,
    /// Bytes of the file before the archived ones, which a rule deleted.
    pub base_offset: i64,
    /// Newlines among those.
    pub base_line: i64,
}

/// Reads a stored word or number of this floor.
fn stored<T: std::str::FromStr>(text: &str) -> Result<T>
where
    T::Err: std::fmt::Display,
{
    text.parse().map_err(|error: T::Err| StoreError::Corrupt(error.to_string()))
}

impl TranscriptRow {
    /// Typed id.
    pub fn id(&self) -> Result<TranscriptId> {
        stored(&self.id)
    }
    /// What it holds.
    pub fn kind(&self) -> Result<TranscriptKind> {
        stored(&self.kind)
    }
    /// Whether it is still on its host.
    pub fn state(&self) -> Result<TranscriptState> {
        stored(&self.state)
    }
    /// Where the archived bytes begin in the file.
    pub fn base(&self) -> Base {
        Base { offset: unsigned(self.base_offset), line: unsigned(self.base_line) }
    }
    /// Device and inode.
    pub fn identity(&self) -> Result<(u64, u64)> {
        Ok((stored(&self.device)?, stored(&self.inode)?))
    }
}

/// A file that the archive does not know yet.
#[derive(Debug, Clone)]
pub struct NewTranscript {
    /// Its id.
    pub id: TranscriptId,
    /// Host that it lies on.
    pub host: HostId,
    /// Coder whose root it lies in.
    pub coder: String,
    /// Root folder on the host.
    pub root: String,
    /// Absolute path on the host.
    pub path: String,
    /// What it holds.
    pub kind: TranscriptKind,
    /// Frames are cut at newlines.
    pub in_lines: bool,
    /// Device and inode.
    pub identity: (u64, u64),
    /// Session that it belongs to.
    pub session: Option<String>,
    /// Bytes that the host says it has: they come next.
    pub size_bytes: u64,
}

/// How far a transcript moves in one commit.
#[derive(Debug, Clone)]
pub struct Advance {
    /// Transcript.
    pub id: TranscriptId,
    /// Committed offset before; the commit is refused when it is another.
    pub from: u64,
    /// Committed offset after.
    pub to: u64,
    /// Newlines after.
    pub lines: u64,
    /// The bytes end inside a line.
    pub mid_line: bool,
    /// Fingerprint of the first bytes; kept only when there is none yet.
    pub head: (u32, [u8; 32]),
    /// Fingerprint of the last bytes.
    pub tail: (u32, [u8; 32]),
}

/// Which transcripts a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// Only of this host.
    pub host: Option<String>,
    /// Only of this session.
    pub session: Option<String>,
    /// Only in this state.
    pub state: Option<TranscriptState>,
}

/// What was at a path before.
#[derive(sqlx::FromRow)]
struct Predecessor {
    host_id: String,
    path: String,
    generation: i64,
    live: Option<String>,
}

#[derive(sqlx::FromRow)]
struct Id {
    id: String,
}

/// The transcript with this id.
pub async fn get(db: &Db, id: TranscriptId) -> Result<Option<TranscriptRow>> {
    db.optional(GET, vals![id.to_string()]).await
}

/// The transcript that is live at a path.
pub async fn live_at(db: &Db, host: HostId, path: &str) -> Result<Option<TranscriptRow>> {
    db.optional(LIVE_ROW_AT, vals![host.to_string(), path]).await
}

/// Live transcripts of a host, latest activity first.
pub async fn live_of_host(db: &Db, host: HostId) -> Result<Vec<TranscriptRow>> {
    db.all(LIVE_OF_HOST, vals![host.to_string()]).await
}

/// Transcripts in the order of their ids, after the given one.
pub async fn page(db: &Db, filter: &Filter, after: &str, limit: u32) -> Result<Vec<TranscriptRow>> {
    let state = filter.state.map(|state| state.word().to_owned());
    db.all(PAGE, vals![after, filter.host.clone(), filter.session.clone(), state, i64::from(limit)]).await
}

/// Transcripts of a session, oldest first, at most 2,000.
pub async fn of_session(db: &Db, session: &str) -> Result<Vec<TranscriptRow>> {
    db.all(OF_SESSION, vals![session]).await
}

/// Adds transcripts at paths that differ. Whatever was live at a path before is gone from now on; those ids are returned.
pub async fn open(tx: &mut Tx, opened: &[&NewTranscript], now: Millis) -> Result<Vec<String>> {
    let places: Vec<Vec<Val>> = opened.iter().map(|new| vals![new.host.to_string(), new.path.as_str()]).collect();
    let mut generations: HashMap<(String, String), i64> = HashMap::new();
    let mut gone = Vec::new();
    for before in tx.all_of::<Predecessor>(BEFORE, AT_PATH, &places).await? {
        if let Some(live) = before.live {
            tx.execute(GONE, vals![live.as_str(), before.host_id.as_str(), now]).await?;
            gone.push(live);
        }
        generations.insert((before.host_id, before.path), before.generation + 1);
    }
    let vals = |new: &&NewTranscript| {
        let host = new.host.to_string();
        let generation = generations.get(&(host.clone(), new.path.clone())).copied().unwrap_or(0);
        let (device, inode) = new.identity;
        vals![
            new.id.to_string(),
            host,
            new.coder.as_str(),
            new.root.as_str(),
            new.path.as_str(),
            new.kind.word(),
            new.in_lines,
            generation,
            device.to_string(),
            inode.to_string(),
            new.session.clone(),
            TranscriptState::Live.word(),
            now,
            now
        ]
    };
    tx.insert_all(INSERT, "", opened.iter().map(vals).collect()).await?;
    Ok(gone)
}

/// The file vanished; `false` when it was not live on this host.
pub async fn gone(tx: &mut Tx, host: HostId, id: TranscriptId, now: Millis) -> Result<bool> {
    Ok(tx.execute(GONE, vals![id.to_string(), host.to_string(), now]).await? == 1)
}

/// Where a moved file lies now, and what its new path says about it.
#[derive(Debug, Clone)]
pub struct NewPlace {
    /// Root folder on the host.
    pub root: String,
    /// Absolute path on the host.
    pub path: String,
    /// What it holds.
    pub kind: TranscriptKind,
    /// Session that it belongs to.
    pub session: Option<String>,
}

/// The file has a new name. Whatever was live under that name is gone.
pub async fn moved(tx: &mut Tx, host: HostId, id: TranscriptId, place: &NewPlace, now: Millis) -> Result<bool> {
    let (id, host) = (id.to_string(), host.to_string());
    let before: Vec<Id> = tx.all(LIVE_AT_PATH, vals![host.as_str(), place.path.as_str()]).await?;
    for old in before.iter().filter(|old| old.id != id) {
        tx.execute(GONE, vals![old.id.as_str(), host.as_str(), now]).await?;
    }
    let NewPlace { root, path, kind, session } = place.clone();
    Ok(tx.execute(MOVED, vals![id, host, root, path, kind.word(), session]).await? == 1)
}

/// What the first line of a file says of it, where the path does not.
#[derive(Debug, Clone)]
pub struct Told {
    /// What it holds.
    pub kind: TranscriptKind,
    /// Session that it belongs to.
    pub session: Option<String>,
}

/// The content says what the file is.
pub async fn told(tx: &mut Tx, host: HostId, id: TranscriptId, told: &Told) -> Result<bool> {
    let (kind, session) = (told.kind.word(), told.session.clone());
    Ok(tx.execute(TOLD, vals![id.to_string(), host.to_string(), kind, session]).await? == 1)
}

/// Moves committed offsets, one step per transcript; says which transcripts moved. The others stand elsewhere or are
/// gone. A step of no bytes only checks that its transcript stands where it is thought to.
pub async fn advance(tx: &mut Tx, steps: &[Advance], now: Millis) -> Result<HashSet<TranscriptId>> {
    let (moving, holding): (Vec<&Advance>, Vec<&Advance>) = steps.iter().partition(|step| step.to > step.from);
    let mut done = HashSet::new();
    for step in holding {
        if tx.execute(HOLD, vals![step.id.to_string(), offset(step.from), now]).await? == 1 {
            done.insert(step.id);
        }
    }
    for moving in moving.chunks(STEPS) {
        let moved: Vec<Id> = match tx {
            Tx::Lite(tx) => advance_lite(moving, now).build_query_as().fetch_all(&mut **tx).await?,
            Tx::Pg(tx) => advance_pg(tx, moving, now).await?,
        };
        for row in moved {
            done.insert(stored(&row.id)?);
        }
    }
    Ok(done)
}

/// Steps of one statement. A commit often moves a few bytes in each of many transcripts; a statement for each would cost
/// more than all the bytes.
const STEPS: usize = 64;

fn advance_lite(steps: &[&Advance], now: Millis) -> QueryBuilder<Sqlite> {
    let mut query = QueryBuilder::new("UPDATE transcripts SET updated_at = ");
    query.push_bind(now).push(
        ", committed_offset = v.column3, lines = v.column4, mid_line = v.column5,
         head_bytes = CASE WHEN head_bytes = 0 THEN v.column6 ELSE head_bytes END,
         head_sha256 = CASE WHEN head_bytes = 0 THEN v.column7 ELSE head_sha256 END,
         tail_bytes = v.column8, tail_sha256 = v.column9 FROM (",
    );
    query.push_values(steps, |mut row, step| {
        row.push_bind(step.id.to_string())
            .push_bind(offset(step.from))
            .push_bind(offset(step.to))
            .push_bind(offset(step.lines))
            .push_bind(step.mid_line)
            .push_bind(i64::from(step.head.0))
            .push_bind(step.head.1.to_vec())
            .push_bind(i64::from(step.tail.0))
            .push_bind(step.tail.1.to_vec());
    });
    query.push(") AS v WHERE id = v.column1 AND committed_offset = v.column2 AND state = 'live' RETURNING id");
    query
}

const ADVANCE_PG: &str = "UPDATE transcripts t SET updated_at = $1, committed_offset = v.to_offset, lines = v.lines, mid_line = v.mid_line,
    head_bytes = CASE WHEN t.head_bytes = 0 THEN v.head_bytes ELSE t.head_bytes END,
    head_sha256 = CASE WHEN t.head_bytes = 0 THEN v.head_sha256 ELSE t.head_sha256 END,
    tail_bytes = v.tail_bytes, tail_sha256 = v.tail_sha256
    FROM UNNEST($2::text[], $3::bigint[], $4::bigint[], $5::bigint[], $6::boolean[], $7::bigint[], $8::bytea[], $9::bigint[], $10::bytea[])
      AS v(id, from_offset, to_offset, lines, mid_line, head_bytes, head_sha256, tail_bytes, tail_sha256)
    WHERE t.id = v.id AND t.committed_offset = v.from_offset AND t.state = 'live' RETURNING t.id";

async fn advance_pg(tx: &mut sqlx::Transaction<'static, Postgres>, steps: &[&Advance], now: Millis) -> Result<Vec<Id>> {
    let column = |value: fn(&Advance) -> i64| steps.iter().map(|step| value(step)).collect::<Vec<i64>>();
    let query = sqlx::query_as(AssertSqlSafe(ADVANCE_PG))
        .bind(now)
        .bind(steps.iter().map(|step| step.id.to_string()).collect::<Vec<String>>())
        .bind(column(|step| offset(step.from)))
        .bind(column(|step| offset(step.to)))
        .bind(column(|step| offset(step.lines)))
        .bind(steps.iter().map(|step| step.mid_line).collect::<Vec<bool>>())
        .bind(column(|step| i64::from(step.head.0)))
        .bind(steps.iter().map(|step| step.head.1.to_vec()).collect::<Vec<Vec<u8>>>())
        .bind(column(|step| i64::from(step.tail.0)))
        .bind(steps.iter().map(|step| step.tail.1.to_vec()).collect::<Vec<Vec<u8>>>());
    Ok(query.fetch_all(&mut **tx).await?)
}

/// Offsets and counts as SQL stores them; a file of more than 8 EiB does not exist.
pub fn offset(value: u64) -> i64 {
    i64::try_from(value).unwrap_or(i64::MAX)
}

/// A stored offset or count; never negative.
pub fn unsigned(value: i64) -> u64 {
    u64::try_from(value).unwrap_or(0)
}

#[derive(sqlx::FromRow)]
struct Cold {
    id: String,
    compacted_offset: i64,
    committed_offset: i64,
}

/// Transcripts without appends since `before` that have frames to merge: id, where compaction goes on, committed offset.
pub async fn cold(db: &Db, before: Millis, limit: u32) -> Result<Vec<(TranscriptId, u64, u64)>> {
    let rows: Vec<Cold> = db.all(COLD, vals![before, i64::from(limit)]).await?;
    rows.into_iter()
        .map(|row| Ok((stored(&row.id)?, unsigned(row.compacted_offset), unsigned(row.committed_offset))))
        .collect()
}

/// Everything before `to` is compact. What was deleted meanwhile is not.
pub async fn compacted(db: &Db, id: TranscriptId, to: u64) -> Result<()> {
    db.execute(COMPACTED, vals![id.to_string(), offset(to)]).await?;
    Ok(())
}
