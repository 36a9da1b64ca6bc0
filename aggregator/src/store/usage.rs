//! Tokens of replies. Several transcripts can tell of one reply; one of them counts.

use std::collections::{BTreeSet, HashMap};

use super::Result;
use super::db::{Db, Tx, Val};
use crate::domain::time::Millis;
use crate::{statements, vals};

statements! {
    SHARED = "SELECT u.key FROM usage u WHERE u.transcript_id = $1
              AND EXISTS (SELECT 1 FROM usage o WHERE o.key = u.key AND o.transcript_id <> $1)";
    FORGET = "DELETE FROM usage WHERE transcript_id = $1";
    COUNT_IT = "UPDATE usage SET counted = $3 WHERE transcript_id = $1 AND key = $2";
    BY_TRANSCRIPT = "SELECT u.transcript_id, CAST(SUM(u.input_tokens) AS BIGINT) AS input_tokens,
           CAST(SUM(u.output_tokens) AS BIGINT) AS output_tokens, CAST(SUM(u.cache_read_tokens) AS BIGINT) AS cache_read_tokens,
           CAST(SUM(u.cache_write_5m_tokens) AS BIGINT) AS cache_write_5m_tokens,
           CAST(SUM(u.cache_write_1h_tokens) AS BIGINT) AS cache_write_1h_tokens,
           CAST(SUM(u.thinking_tokens) AS BIGINT) AS thinking_tokens, CAST(SUM(u.web_searches) AS BIGINT) AS web_searches,
           CAST(SUM(u.cost_microdollars) AS BIGINT) AS cost_microdollars
           FROM transcripts t JOIN usage u ON u.transcript_id = t.id WHERE t.session_id = $1
           GROUP BY u.transcript_id";
    MAIN_REPLIES = "SELECT u.key, u.output_tokens, u.input_tokens + u.output_tokens + u.cache_read_tokens
                    + u.cache_write_5m_tokens + u.cache_write_1h_tokens AS tokens, u.cost_microdollars AS cost
                    FROM transcripts t JOIN usage u ON u.transcript_id = t.id WHERE t.session_id = $1 AND t.kind = 'main'";
    PLACES = "SELECT u.transcript_id, u.line, u.input_tokens + u.output_tokens + u.cache_read_tokens + u.cache_write_5m_tokens
              + u.cache_write_1h_tokens AS tokens, u.cost_microdollars AS cost
              FROM transcripts t JOIN usage u ON u.transcript_id = t.id WHERE t.session_id = $1 AND t.kind = 'main'";
}

const SUMS: &str = "SELECT t.session_id, CAST(COALESCE(SUM(u.input_tokens + u.output_tokens + u.cache_read_tokens
    + u.cache_write_5m_tokens + u.cache_write_1h_tokens), 0) AS BIGINT) AS tokens,
    CAST(SUM(u.cost_microdollars) AS BIGINT) AS cost
    FROM transcripts t JOIN usage u ON u.transcript_id = t.id WHERE u.counted AND t.session_id IN";

const KNOWN: &str = "SELECT u.key, u.transcript_id, u.line, u.at, u.model, u.input_tokens, u.output_tokens,
    u.cache_read_tokens, u.cache_write_5m_tokens, u.cache_write_1h_tokens, u.thinking_tokens, u.web_searches, u.records,
    u.copied, u.counted, u.cost_microdollars FROM (";

// CROSS JOIN keeps the embedded database from beginning with the replies.
const BY_KEY: &str = ") AS v CROSS JOIN usage u WHERE u.transcript_id = v.column1 AND u.key = v.column2";

const TOLD: &str = "SELECT key, transcript_id FROM usage WHERE key IN";

const PUT: &str = "INSERT INTO usage (key, transcript_id, line, at, model, input_tokens, output_tokens, cache_read_tokens,
    cache_write_5m_tokens, cache_write_1h_tokens, thinking_tokens, web_searches, records, copied, counted, cost_microdollars)";

const REPLACE: &str =
    "ON CONFLICT (transcript_id, key) DO UPDATE SET line = excluded.line, at = excluded.at, model = excluded.model,
    input_tokens = excluded.input_tokens, output_tokens = excluded.output_tokens,
    cache_read_tokens = excluded.cache_read_tokens, cache_write_5m_tokens = excluded.cache_write_5m_tokens,
    cache_write_1h_tokens = excluded.cache_write_1h_tokens, thinking_tokens = excluded.thinking_tokens,
    web_searches = excluded.web_searches, records = excluded.records, copied = excluded.copied,
    counted = excluded.counted, cost_microdollars = excluded.cost_microdollars";

const CLAIMS: &str = "SELECT u.key, u.transcript_id, u.output_tokens, u.copied, u.counted, t.session_id, t.coder
    FROM usage u JOIN transcripts t ON t.id = u.transcript_id WHERE u.key IN";

const COUNT: &str = "SELECT CAST(COUNT(DISTINCT key) AS BIGINT) AS n FROM usage WHERE records > 0 AND transcript_id IN";

/// Tokens of one reply, as one transcript tells of them.
#[derive(Debug, Clone, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct UsageRow {
    /// Names the reply: the same in every copy.
    pub key: Vec<u8>,
    /// Transcript that tells of it.
    pub transcript_id: String,
    /// Line that tells most.
    pub line: i64,
    /// When.
    pub at: Millis,
    /// Model that answered.
    pub model: String,
    /// Sent, and held by no cache.
    pub input_tokens: i64,
    /// Written, thinking included.
    pub output_tokens: i64,
    /// Read from the cache.
    pub cache_read_tokens: i64,
    /// Written to the cache for 5 minutes.
    pub cache_write_5m_tokens: i64,
    /// Written to the cache for 1 hour.
    pub cache_write_1h_tokens: i64,
    /// Thinking, part of the output.
    pub thinking_tokens: i64,
    /// Searches of the model's provider.
    pub web_searches: i64,
    /// Lines of this transcript that tell of the reply; 0 for what the client asked for beside its replies.
    pub records: i64,
    /// The line says that it is a copy.
    pub copied: bool,
    /// Of all rows with this key the one that sums take.
    pub counted: bool,
    /// By the price table as it now is.
    pub cost_microdollars: Option<i64>,
}

impl UsageRow {
    /// Replies that it stands for.
    pub fn replies(&self) -> i64 {
        i64::from(self.records > 0)
    }
}

/// Tokens and cost together.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, sqlx::FromRow)]
pub struct Sum {
    /// Tokens of all kinds.
    pub tokens: i64,
    /// Micro-dollars; `None` where nothing has a price.
    pub cost: Option<i64>,
}

/// What one transcript used.
#[derive(Debug, Clone, Default, sqlx::FromRow)]
pub struct TranscriptSum {
    /// Transcript.
    pub transcript_id: String,
    /// Sent, and held by no cache.
    pub input_tokens: i64,
    /// Written, thinking included.
    pub output_tokens: i64,
    /// Read from the cache.
    pub cache_read_tokens: i64,
    /// Written to the cache for 5 minutes.
    pub cache_write_5m_tokens: i64,
    /// Written to the cache for 1 hour.
    pub cache_write_1h_tokens: i64,
    /// Thinking.
    pub thinking_tokens: i64,
    /// Searches of the model's provider.
    pub web_searches: i64,
    /// Micro-dollars.
    pub cost_microdollars: Option<i64>,
}

impl TranscriptSum {
    /// Tokens of all kinds and their cost.
    pub fn total(&self) -> Sum {
        let Self { input_tokens, output_tokens, cache_read_tokens, .. } = self;
        let written = self.cache_write_5m_tokens + self.cache_write_1h_tokens;
        Sum { tokens: input_tokens + output_tokens + cache_read_tokens + written, cost: self.cost_microdollars }
    }
}

/// What was used where.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct UsagePlace {
    /// Transcript.
    pub transcript_id: String,
    /// Line that tells of it.
    pub line: i64,
    /// Tokens of all kinds.
    pub tokens: i64,
    /// Micro-dollars.
    pub cost: Option<i64>,
}

/// A session whose sums have changed: its id and coder.
pub type Touched = (String, String);

#[derive(sqlx::FromRow)]
struct Key {
    key: Vec<u8>,
}

#[derive(sqlx::FromRow)]
struct Teller {
    key: Vec<u8>,
    transcript_id: String,
}

#[derive(sqlx::FromRow)]
struct SessionSum {
    session_id: String,
    tokens: i64,
    cost: Option<i64>,
}

#[derive(sqlx::FromRow)]
struct Number {
    n: i64,
}

#[derive(sqlx::FromRow)]
struct Claim {
    key: Vec<u8>,
    transcript_id: String,
    output_tokens: i64,
    copied: bool,
    counted: bool,
    session_id: Option<String>,
    coder: String,
}

/// What is stored of these replies, each named by its transcript and key.
pub async fn known(tx: &mut Tx, replies: &[(&str, &[u8])]) -> Result<Vec<UsageRow>> {
    let rows: Vec<Vec<Val>> = replies.iter().map(|(transcript, key)| vals![*transcript, *key]).collect();
    let mut known: Vec<UsageRow> = tx.all_of(KNOWN, BY_KEY, &rows).await?;
    known.sort_by(|a, b| (&a.transcript_id, &a.key).cmp(&(&b.transcript_id, &b.key)));
    known.dedup_by(|a, b| (&a.transcript_id, &a.key) == (&b.transcript_id, &b.key));
    Ok(known)
}

/// Which transcripts tell of these replies: keys, with the transcripts of each.
pub async fn told(tx: &mut Tx, keys: &[&[u8]]) -> Result<HashMap<Vec<u8>, BTreeSet<String>>> {
    let keys: Vec<Val> = keys.iter().map(|key| Val::from(*key)).collect();
    let mut told: HashMap<Vec<u8>, BTreeSet<String>> = HashMap::new();
    for row in tx.all_in::<Teller>(TOLD, &keys).await? {
        told.entry(row.key).or_default().insert(row.transcript_id);
    }
    Ok(told)
}

/// Stores replies, in place of what was known of them. Which of several copies counts is for [`recount`] to say.
pub async fn put(tx: &mut Tx, rows: Vec<UsageRow>) -> Result<()> {
    tx.insert_all(PUT, REPLACE, rows.into_iter().map(vals_of).collect()).await
}

fn vals_of(row: UsageRow) -> Vec<Val> {
    vals![
        row.key,
        row.transcript_id,
        row.line,
        row.at,
        row.model,
        row.input_tokens,
        row.output_tokens,
        row.cache_read_tokens,
        row.cache_write_5m_tokens,
        row.cache_write_1h_tokens,
        row.thinking_tokens,
        row.web_searches,
        row.records,
        row.copied,
        row.counted,
        row.cost_microdollars
    ]
}

/// Removes the replies of a transcript; returns the keys of those that other transcripts tell of too, to be recounted.
pub async fn take(tx: &mut Tx, transcript: &str) -> Result<Vec<Vec<u8>>> {
    let shared: Vec<Key> = tx.all(SHARED, vals![transcript]).await?;
    tx.execute(FORGET, vals![transcript]).await?;
    Ok(shared.into_iter().map(|row| row.key).collect())
}

/// Removes the replies of a transcript, and lets copies of them count elsewhere; returns the sessions that this changes.
pub async fn forget(tx: &mut Tx, transcript: &str) -> Result<BTreeSet<Touched>> {
    let shared = take(tx, transcript).await?;
    let keys: Vec<&[u8]> = shared.iter().map(Vec::as_slice).collect();
    recount(tx, &keys).await
}

/// Decides which row of each key counts: the one with the greatest output, then the one that is no copy, then the one of
/// the lowest transcript id. Returns the sessions that this changes.
pub async fn recount(tx: &mut Tx, keys: &[&[u8]]) -> Result<BTreeSet<Touched>> {
    let keys: Vec<Val> = keys.iter().map(|key| Val::from(*key)).collect();
    let mut by_key: HashMap<Vec<u8>, Vec<Claim>> = HashMap::new();
    for claim in tx.all_in::<Claim>(CLAIMS, &keys).await? {
        by_key.entry(claim.key.clone()).or_default().push(claim);
    }
    let mut touched = BTreeSet::new();
    for (key, mut claims) in by_key {
        claims.sort_by(|a, b| {
            b.output_tokens
                .cmp(&a.output_tokens)
                .then(a.copied.cmp(&b.copied))
                .then_with(|| a.transcript_id.cmp(&b.transcript_id))
        });
        for (place, claim) in claims.into_iter().enumerate() {
            let counted = place == 0;
            if claim.counted != counted {
                tx.execute(COUNT_IT, vals![claim.transcript_id, key.as_slice(), counted]).await?;
                touched.extend(claim.session_id.map(|session| (session, claim.coder)));
            }
        }
    }
    Ok(touched)
}

/// Number of replies in these transcripts; a copy of one is the same one.
pub async fn count(tx: &mut Tx, transcripts: &[&str]) -> Result<i64> {
    let ids: Vec<Val> = transcripts.iter().map(|id| Val::from(*id)).collect();
    Ok(tx.all_in::<Number>(COUNT, &ids).await?.iter().map(|row| row.n).sum())
}

/// What counts for each of these sessions with its subagents; those without a reply are missing.
pub async fn sums(tx: &mut Tx, sessions: &[&str]) -> Result<HashMap<String, Sum>> {
    let ids: Vec<Val> = sessions.iter().map(|id| Val::from(*id)).collect();
    let rows: Vec<SessionSum> = tx.all_in_then(SUMS, &ids, "GROUP BY t.session_id").await?;
    Ok(rows.into_iter().map(|row| (row.session_id, Sum { tokens: row.tokens, cost: row.cost })).collect())
}

/// A reply, as one of the main transcripts of a session tells of it.
#[derive(Debug, Clone, sqlx::FromRow)]
pub struct MainReply {
    /// Names the reply: the same in every copy.
    pub key: Vec<u8>,
    /// Written, thinking included.
    pub output_tokens: i64,
    /// Tokens of all kinds.
    pub tokens: i64,
    /// Micro-dollars.
    pub cost: Option<i64>,
}

/// The replies of all main transcripts of a session, counted or not; copies are among them.
pub async fn main_replies(db: &Db, session: &str) -> Result<Vec<MainReply>> {
    db.all(MAIN_REPLIES, vals![session]).await
}

/// What each transcript of a session used, counted or not.
pub async fn by_transcript(db: &Db, session: &str) -> Result<Vec<TranscriptSum>> {
    db.all(BY_TRANSCRIPT, vals![session]).await
}

/// What the main transcripts of a session used, line by line, counted or not.
pub async fn places(db: &Db, session: &str) -> Result<Vec<UsagePlace>> {
    db.all(PLACES, vals![session]).await
}
