//! Sessions and what was derived of their transcripts. Everything here can be rebuilt from the archive.

use std::collections::HashMap;

use muster_proto::ids::TranscriptId;

use super::db::{Db, Result, Tx, Val};
use super::transcripts::offset;
use crate::domain::time::Millis;
use crate::{statements, vals};

/// Columns of a [`SessionRow`].
macro_rules! columns {
    () => {
        "id, coder, hosts, project_path, title, title_source, branch, client_version, entrypoint, model,
         first_activity_at, last_activity_at, entries, conversation, unreadable, subagents, gone, began_host, began_path,
         project_id, human_prompts, assistant_messages, tool_calls, tool_errors, tokens, cost_microdollars, context_tokens,
         extras"
    };
}

/// A page of sessions by a key, equal ones by their id, after the key and id of the page before.
macro_rules! page {
    ($key:literal, $after:literal, $order:literal, $place:literal) => {
        concat!(
            "SELECT ", columns!(), " FROM sessions WHERE (", $key, " ", $after, " ", $place, " OR (", $key, " = ", $place,
            " AND id > $2))
             AND (CAST($3 AS TEXT) IS NULL OR EXISTS (SELECT 1 FROM transcripts t WHERE t.session_id = sessions.id AND t.host_id = $3))
             AND (CAST($4 AS TEXT) IS NULL OR project_path = $4)
             AND (CAST($5 AS TEXT) IS NULL OR COALESCE(project_id, '') = $5)
             AND (CAST($6 AS TEXT) IS NULL OR coder = $6)
             AND (CAST($7 AS BOOLEAN) IS NULL OR gone = $7)
             AND (CAST($8 AS TEXT) IS NULL OR LOWER(title) LIKE LOWER($8) ESCAPE '!')
             AND (CAST($9 AS BOOLEAN) OR entries > 0)
             ORDER BY ", $key, " ", $order, ", id LIMIT $10"
        )
    };
}

statements! {
    BEHIND = "SELECT id FROM transcripts WHERE kind IN ('main', 'subagent', 'meta', 'workflow')
              AND (derived_offset < committed_offset OR derived_version <> $1 OR NOT joined) ORDER BY updated_at DESC";
    MAINS = "SELECT id, coder, host_id, root, path, kind, generation, session_id, joined_session, state, committed_offset, derived_offset,
             derived_version, facts FROM transcripts WHERE session_id = $1 AND kind = 'main'
             AND (committed_offset > 0 OR base_offset = 0) ORDER BY id";
    SIDES = "SELECT id, coder, host_id, root, path, kind, generation, session_id, joined_session, state, committed_offset, derived_offset,
             derived_version, facts FROM transcripts WHERE session_id = $1 AND kind IN ('subagent', 'meta', 'workflow') ORDER BY id";
    ANEW = "UPDATE transcripts SET derived_version = -1 WHERE kind IN ('main', 'subagent', 'meta', 'workflow') AND derived_version <> -1";
    PROGRESS = "SELECT CAST(COALESCE(SUM(CASE WHEN derived_version = $1 THEN derived_offset ELSE 0 END), 0) AS BIGINT) AS done,
                CAST(COALESCE(SUM(committed_offset), 0) AS BIGINT) AS total,
                CAST(COALESCE(SUM(CASE WHEN derived_version <> $1 AND committed_offset > 0 THEN 1 ELSE 0 END), 0) AS BIGINT) AS behind
                FROM transcripts WHERE kind IN ('main', 'subagent', 'meta', 'workflow')";
    DELETE = "DELETE FROM sessions WHERE id = $1 RETURNING hosts";
    GET = concat!("SELECT ", columns!(), " FROM sessions WHERE id = $1");
    BY_RECENT = page!("last_activity_at", "<", "DESC", "$1");
    BY_TITLE = page!("CASE WHEN COALESCE(title, '') = '' THEN '1' ELSE '0' || LOWER(title) END", ">", "ASC", "LOWER(CAST($1 AS TEXT))");
    BY_PROMPTS = page!("human_prompts", "<", "DESC", "$1");
    BY_TOKENS = page!("tokens", "<", "DESC", "$1");
    BY_COST = page!("COALESCE(cost_microdollars, -1)", "<", "DESC", "$1");
    BY_ENTRIES = page!("entries", "<", "DESC", "$1");
    COUNT = "SELECT CAST(COUNT(*) AS BIGINT) AS n FROM sessions";
}

const CURSORS: &str =
    "SELECT id, coder, host_id, root, path, kind, generation, session_id, joined_session, state, committed_offset,
    derived_offset, derived_version, facts FROM transcripts WHERE id IN";

const PARTS: &str = "SELECT id, coder, host_id, root, path, kind, generation, session_id, joined_session, state,
    committed_offset, derived_offset, derived_version, facts FROM transcripts WHERE kind = 'main'
    AND (committed_offset > 0 OR base_offset = 0) AND session_id IN";

const AGENT_FILES: &str = "SELECT session_id, coder, root, path FROM transcripts WHERE kind = 'subagent'
    AND (committed_offset > 0 OR base_offset = 0) AND session_id IN";

const SAVE: &str = "UPDATE transcripts SET derived_offset = v.column2, derived_version = v.column3, facts = v.column4,
    joined_session = v.column5, session_id = COALESCE(session_id, v.column5),
    joined = (COALESCE(session_id, v.column5, '') = COALESCE(v.column5, '')) FROM (";

const UPSERT: &str = concat!("INSERT INTO sessions (", columns!(), ")");

const REPLACE: &str = "ON CONFLICT (id) DO UPDATE SET coder = excluded.coder, hosts = excluded.hosts,
    project_path = excluded.project_path, title = excluded.title, title_source = excluded.title_source,
    branch = excluded.branch, client_version = excluded.client_version, entrypoint = excluded.entrypoint,
    model = excluded.model, first_activity_at = excluded.first_activity_at,
    last_activity_at = excluded.last_activity_at, entries = excluded.entries,
    conversation = excluded.conversation, unreadable = excluded.unreadable, subagents = excluded.subagents,
    gone = excluded.gone, began_host = excluded.began_host, began_path = excluded.began_path,
    project_id = excluded.project_id, human_prompts = excluded.human_prompts,
    assistant_messages = excluded.assistant_messages, tool_calls = excluded.tool_calls,
    tool_errors = excluded.tool_errors, tokens = excluded.tokens,
    cost_microdollars = excluded.cost_microdollars, context_tokens = excluded.context_tokens,
    extras = excluded.extras";

/// Where `derive` stands in one transcript, and what it knows.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct CursorRow {
    /// Transcript.
    pub id: String,
    /// Coder whose format it has.
    pub coder: String,
    /// Host that it lies on.
    pub host_id: String,
    /// Root folder on the host.
    pub root: String,
    /// Absolute path on the host.
    pub path: String,
    /// Word of its kind.
    pub kind: String,
    /// 0 for the first content at this path.
    pub generation: i64,
    /// Session that it belongs to.
    pub session_id: Option<String>,
    /// Session whose row was last joined with it: another one after the file was renamed.
    pub joined_session: Option<String>,
    /// Word of its state.
    pub state: String,
    /// Archived bytes.
    pub committed_offset: i64,
    /// Bytes derived.
    pub derived_offset: i64,
    /// Parser that derived them.
    pub derived_version: i64,
    /// What is known (JSON); empty at the start.
    pub facts: String,
}

/// One conversation, as derived.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct SessionRow {
    /// Session id.
    pub id: String,
    /// Coder.
    pub coder: String,
    /// JSON array of host ids, latest activity first.
    pub hosts: String,
    /// Working directory of the latest entry.
    pub project_path: String,
    /// Title.
    pub title: Option<String>,
    /// Word of its source.
    pub title_source: Option<String>,
    /// Git branch.
    pub branch: Option<String>,
    /// Version of the client.
    pub client_version: Option<String>,
    /// How the client was started.
    pub entrypoint: Option<String>,
    /// Model of the latest reply.
    pub model: Option<String>,
    /// Time of the first entry.
    pub first_activity_at: Option<Millis>,
    /// Time of the latest entry; of arrival when no entry has a time.
    pub last_activity_at: Millis,
    /// Lines of the main transcripts.
    pub entries: i64,
    /// Conversation among them.
    pub conversation: i64,
    /// Unreadable among them.
    pub unreadable: i64,
    /// Subagent transcripts.
    pub subagents: i64,
    /// No main transcript is live.
    pub gone: bool,
    /// Host on which it began.
    pub began_host: Option<String>,
    /// Working directory there in which it began.
    pub began_path: Option<String>,
    /// Project of that.
    pub project_id: Option<String>,
    /// Prompts that a person typed.
    pub human_prompts: i64,
    /// Replies of a model.
    pub assistant_messages: i64,
    /// Tool calls of the main conversation.
    pub tool_calls: i64,
    /// Failed ones among them.
    pub tool_errors: i64,
    /// Tokens of all kinds with subagents, as far as they count for this session.
    pub tokens: i64,
    /// Their cost.
    pub cost_microdollars: Option<i64>,
    /// Tokens that the context holds.
    pub context_tokens: Option<i64>,
    /// What only the session's own page shows (JSON, `domain::session::Extras`).
    pub extras: String,
}

#[derive(sqlx::FromRow)]
struct Id {
    id: String,
}

#[derive(sqlx::FromRow)]
struct Number {
    n: i64,
}

/// Transcripts that `derive` has not read to their end with this parser, latest activity first.
pub async fn behind(db: &Db, version: i64) -> Result<Vec<String>> {
    Ok(db.all::<Id>(BEHIND, vals![version]).await?.into_iter().map(|row| row.id).collect())
}

/// Where `derive` stands in these transcripts.
pub async fn cursors(db: &Db, ids: &[TranscriptId]) -> Result<HashMap<TranscriptId, CursorRow>> {
    let ids: Vec<Val> = ids.iter().map(|id| Val::from(id.to_string())).collect();
    let rows: Vec<CursorRow> = db.all_in(CURSORS, &ids).await?;
    Ok(rows.into_iter().filter_map(|row| Some((row.id.parse().ok()?, row))).collect())
}

/// Where `derive` stands in a transcript from now on.
#[derive(Debug)]
pub struct Derived<'a> {
    /// Transcript.
    pub id: &'a str,
    /// Bytes derived.
    pub offset: u64,
    /// Parser that derived them.
    pub version: i64,
    /// What is known (JSON).
    pub facts: String,
    /// Session that it belongs to.
    pub session: Option<String>,
}

/// Keeps where `derive` stands. The session that ingest has set meanwhile (the file was renamed, or its first line came)
/// stands; then the transcript waits to be joined again.
pub async fn save_cursors(tx: &mut Tx, cursors: Vec<Derived<'_>>) -> Result<()> {
    let vals = |at: Derived<'_>| vals![at.id, offset(at.offset), at.version, at.facts, at.session];
    let rows: Vec<Vec<Val>> = cursors.into_iter().map(vals).collect();
    tx.each(SAVE, ") AS v WHERE transcripts.id = v.column1", &rows).await
}

/// Main transcripts of these sessions, oldest first.
pub async fn parts(tx: &mut Tx, sessions: &[&str]) -> Result<HashMap<String, Vec<CursorRow>>> {
    let ids: Vec<Val> = sessions.iter().map(|id| Val::from(*id)).collect();
    let mut rows: Vec<CursorRow> = tx.all_in(PARTS, &ids).await?;
    rows.sort_by(|a, b| a.id.cmp(&b.id));
    let mut parts: HashMap<String, Vec<CursorRow>> = HashMap::new();
    for row in rows {
        parts.entry(row.session_id.clone().unwrap_or_default()).or_default().push(row);
    }
    Ok(parts)
}

/// Main transcripts of a session, oldest first.
pub async fn mains(db: &Db, session: &str) -> Result<Vec<CursorRow>> {
    db.all(MAINS, vals![session]).await
}

/// Subagents' transcripts of a session, and what lies beside them, oldest first.
pub async fn sides(db: &Db, session: &str) -> Result<Vec<CursorRow>> {
    db.all(SIDES, vals![session]).await
}

/// Where a subagent's transcript lies.
#[derive(Debug, sqlx::FromRow)]
pub struct AgentFile {
    /// Session that it belongs to.
    pub session_id: String,
    /// Coder whose format it has.
    pub coder: String,
    /// Root folder on the host.
    pub root: String,
    /// Absolute path on the host.
    pub path: String,
}

/// The subagents' transcripts of these sessions.
pub async fn agent_files(tx: &mut Tx, sessions: &[&str]) -> Result<Vec<AgentFile>> {
    let ids: Vec<Val> = sessions.iter().map(|id| Val::from(*id)).collect();
    tx.all_in(AGENT_FILES, &ids).await
}

/// Has everything derived again; returns the number of transcripts.
pub async fn anew(db: &Db) -> Result<u64> {
    db.execute(ANEW, vec![]).await
}

/// How far the archive is derived with this parser.
#[derive(Debug, Clone, Copy, PartialEq, Eq, sqlx::FromRow)]
pub struct Progress {
    /// Bytes derived.
    pub done: i64,
    /// Bytes archived.
    pub total: i64,
    /// Transcripts that this parser has not begun.
    pub behind: i64,
}

/// How far the archive is derived with this parser.
pub async fn progress(db: &Db, version: i64) -> Result<Progress> {
    db.one(PROGRESS, vals![version]).await
}

/// Stores sessions.
pub async fn upsert(tx: &mut Tx, rows: Vec<SessionRow>) -> Result<()> {
    tx.insert_all(UPSERT, REPLACE, rows.into_iter().map(vals_of).collect()).await
}

fn vals_of(row: SessionRow) -> Vec<Val> {
    vals![
        row.id,
        row.coder,
        row.hosts,
        row.project_path,
        row.title,
        row.title_source,
        row.branch,
        row.client_version,
        row.entrypoint,
        row.model,
        row.first_activity_at,
        row.last_activity_at,
        row.entries,
        row.conversation,
        row.unreadable,
        row.subagents,
        row.gone,
        row.began_host,
        row.began_path,
        row.project_id,
        row.human_prompts,
        row.assistant_messages,
        row.tool_calls,
        row.tool_errors,
        row.tokens,
        row.cost_microdollars,
        row.context_tokens,
        row.extras
    ]
}

#[derive(sqlx::FromRow)]
struct Hosts {
    hosts: String,
}

/// Removes a session that has no transcript any more; the hosts (JSON) that it was listed under, when it was there.
pub async fn delete(tx: &mut Tx, id: &str) -> Result<Option<String>> {
    Ok(tx.optional(DELETE, vals![id]).await?.map(|row: Hosts| row.hosts))
}

/// The session with this id.
pub async fn get(db: &Db, id: &str) -> Result<Option<SessionRow>> {
    db.optional(GET, vals![id]).await
}

/// Which sessions a list shows.
#[derive(Debug, Clone, Default)]
pub struct Filter {
    /// With a file on this host.
    pub host: Option<String>,
    /// Whose latest working directory is this.
    pub project_path: Option<String>,
    /// Of this project; empty: of none.
    pub project: Option<String>,
    /// Of this coder.
    pub coder: Option<String>,
    /// Whose files have all vanished, or not.
    pub gone: Option<bool>,
    /// Whose title contains this.
    pub title: Option<String>,
    /// Also those without a single line.
    pub empty: bool,
}

/// In which order a list stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Sort {
    /// Latest activity first.
    #[default]
    Recent,
    /// By title, those without one last.
    Title,
    /// Most prompts first.
    Prompts,
    /// Most tokens first.
    Tokens,
    /// Most expensive first, those without a price last.
    Cost,
    /// Most lines first.
    Entries,
}

/// Where a page goes on: after the session with this key and id.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct After {
    key: Key,
    id: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum Key {
    Number(i64),
    Text(String),
}

impl Sort {
    /// Every order.
    pub const ALL: [Self; 6] = [Self::Recent, Self::Title, Self::Prompts, Self::Tokens, Self::Cost, Self::Entries];

    /// The word used in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Recent => "recent",
            Self::Title => "title",
            Self::Prompts => "prompts",
            Self::Tokens => "tokens",
            Self::Cost => "cost",
            Self::Entries => "entries",
        }
    }

    /// The order that a word names.
    pub fn from_word(word: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|sort| sort.word() == word)
    }

    /// Before the first session.
    fn start(self) -> After {
        let key = if self == Self::Title { Key::Text(String::new()) } else { Key::Number(i64::MAX) };
        After { key, id: String::new() }
    }

    /// The place of a session, as the `cursor` of the next page.
    pub fn cursor(self, row: &SessionRow) -> String {
        let number = match self {
            Self::Title => {
                let title = row.title.as_deref().filter(|title| !title.is_empty());
                return format!("{}:{}", row.id, title.map_or_else(|| "1".to_owned(), |title| format!("0{title}")));
            }
            Self::Recent => row.last_activity_at,
            Self::Prompts => row.human_prompts,
            Self::Tokens => row.tokens,
            Self::Cost => row.cost_microdollars.unwrap_or(-1),
            Self::Entries => row.entries,
        };
        format!("{}:{number}", row.id)
    }

    /// The place that a cursor names; `None` when it is not one of this order.
    pub fn place(self, cursor: &str) -> Option<After> {
        let (id, key) = cursor.split_once(':')?;
        let key = if self == Self::Title { Key::Text(key.to_owned()) } else { Key::Number(key.parse().ok()?) };
        Some(After { key, id: id.to_owned() })
    }

    fn statement(self) -> &'static str {
        match self {
            Self::Recent => BY_RECENT,
            Self::Title => BY_TITLE,
            Self::Prompts => BY_PROMPTS,
            Self::Tokens => BY_TOKENS,
            Self::Cost => BY_COST,
            Self::Entries => BY_ENTRIES,
        }
    }
}

/// A page of sessions after the given place.
pub async fn page(db: &Db, sort: Sort, filter: Filter, after: Option<After>, limit: u32) -> Result<Vec<SessionRow>> {
    let After { key, id } = after.unwrap_or_else(|| sort.start());
    let key = match key {
        Key::Number(number) => Val::from(number),
        Key::Text(text) => Val::from(text),
    };
    let Filter { host, project_path, project, coder, gone, title, empty } = filter;
    let title = title.map(|title| format!("%{}%", title.replace('!', "!!").replace('%', "!%").replace('_', "!_")));
    let mut vals = vec![key];
    vals.extend(vals![id, host, project_path, project, coder, gone, title, empty, i64::from(limit)]);
    db.all(sort.statement(), vals).await
}

/// Number of sessions.
pub async fn count(db: &Db) -> Result<i64> {
    Ok(db.one::<Number>(COUNT, vec![]).await?.n)
}
