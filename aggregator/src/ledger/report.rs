//! The usage report: sums over the replies that count, by any keys, and the arithmetic behind them.

use std::collections::{BTreeMap, BTreeSet, HashSet};
use std::str::FromStr;

use crate::domain::time::{Millis, day_of};
use crate::store::usage_report::{self, Cell, QUARTER_MS, Scope};
use crate::store::{Db, Result};

/// What a report can be grouped by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Key {
    /// Day in the reader's time zone.
    Day,
    /// Project.
    Project,
    /// Host of the transcript that counts.
    Host,
    /// Coder.
    Coder,
    /// Model.
    Model,
    /// Session; replies of subagents count for it.
    Session,
}

impl Key {
    /// All keys.
    pub const ALL: [Self; 6] = [Self::Day, Self::Project, Self::Host, Self::Coder, Self::Model, Self::Session];

    /// The word in the API.
    pub fn word(self) -> &'static str {
        match self {
            Self::Day => "day",
            Self::Project => "project",
            Self::Host => "host",
            Self::Coder => "coder",
            Self::Model => "model",
            Self::Session => "session",
        }
    }
}

impl FromStr for Key {
    type Err = ();

    fn from_str(word: &str) -> std::result::Result<Self, ()> {
        Self::ALL.into_iter().find(|key| key.word() == word).ok_or(())
    }
}

/// Tokens, replies and money.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Sum {
    /// Input that no cache held.
    pub input_tokens: i64,
    /// Output.
    pub output_tokens: i64,
    /// Read from the cache.
    pub cache_read_tokens: i64,
    /// Written to it for 5 minutes.
    pub cache_write_5m_tokens: i64,
    /// Written to it for 1 hour.
    pub cache_write_1h_tokens: i64,
    /// Thinking, part of the output.
    pub thinking_tokens: i64,
    /// Searches of the provider.
    pub web_searches: i64,
    /// Replies.
    pub replies: i64,
    /// Those with a price.
    pub priced: i64,
    /// Their cost; none when none has a price.
    pub cost_microdollars: Option<i64>,
    /// Sessions.
    pub sessions: i64,
}

impl Sum {
    /// Tokens of all kinds.
    pub fn tokens(&self) -> i64 {
        let cache = self.cache_read_tokens + self.cache_write_5m_tokens + self.cache_write_1h_tokens;
        self.input_tokens + self.output_tokens + cache
    }

    /// Adds everything of a cell but its session.
    pub fn add(&mut self, cell: &Cell) {
        self.input_tokens += cell.input_tokens;
        self.output_tokens += cell.output_tokens;
        self.cache_read_tokens += cell.cache_read_tokens;
        self.cache_write_5m_tokens += cell.cache_write_5m_tokens;
        self.cache_write_1h_tokens += cell.cache_write_1h_tokens;
        self.thinking_tokens += cell.thinking_tokens;
        self.web_searches += cell.web_searches;
        self.replies += cell.replies;
        self.priced += cell.priced;
        if let Some(cost) = cell.cost_microdollars {
            self.cost_microdollars = Some(self.cost_microdollars.unwrap_or(0) + cost);
        }
    }
}

/// A sum with the sessions that it is about.
#[derive(Default)]
pub(super) struct Gathered<'a> {
    sum: Sum,
    sessions: HashSet<&'a str>,
}

impl<'a> Gathered<'a> {
    pub(super) fn add(&mut self, cell: &'a Cell) {
        self.sum.add(cell);
        self.sessions.extend(cell.session_id.as_deref());
    }

    pub(super) fn sum(&self) -> Sum {
        Sum { sessions: i64::try_from(self.sessions.len()).unwrap_or(i64::MAX), ..self.sum }
    }
}

/// The arithmetic of the ledger.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Arithmetic {
    /// Lines seen; none when only a time or a model was asked for.
    pub lines: Option<i64>,
    /// Lines that tell of tokens.
    pub records: i64,
    /// Dropped: further lines of the same reply in the same file.
    pub same_reply: i64,
    /// Dropped: the reply counts for another session.
    pub copies: i64,
    /// Dropped: the reply counts in another file of the session.
    pub other_hosts: i64,
    /// Replies counted.
    pub counted: i64,
}

/// A report.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Report {
    /// Values of the asked keys in the asked order, and their sums, sorted.
    pub items: Vec<(Vec<String>, Sum)>,
    /// Sum of all.
    pub total: Sum,
    /// How it came to be.
    pub arithmetic: Arithmetic,
    /// Models without a price among them.
    pub unpriced_models: Vec<String>,
}

/// Makes a report on what is in scope. Days begin `utc_offset_minutes` (a multiple of 15) before those of UTC.
pub async fn report(db: &Db, scope: &Scope, keys: &[Key], utc_offset_minutes: i64) -> Result<Report> {
    let cells = usage_report::cells(db, scope, keys.contains(&Key::Day)).await?;
    let dropped = usage_report::dropped(db, scope).await?;
    let (mut groups, mut total) = (BTreeMap::<Vec<String>, Gathered<'_>>::new(), Gathered::default());
    let mut unpriced = BTreeSet::new();
    let mut counted_records = 0;
    for cell in &cells {
        let values = keys.iter().map(|key| value(*key, cell, utc_offset_minutes)).collect();
        groups.entry(values).or_default().add(cell);
        total.add(cell);
        counted_records += cell.records;
        if cell.priced < cell.replies {
            unpriced.insert(cell.model.clone());
        }
    }
    let total = total.sum();
    let records = counted_records + dropped.records;
    let in_part = scope.from.is_some() || scope.to.is_some() || scope.model.is_some();
    let arithmetic = Arithmetic {
        lines: if in_part { None } else { Some(usage_report::lines(db, scope).await?) },
        records,
        same_reply: records - total.replies - dropped.rows,
        copies: dropped.copies,
        other_hosts: dropped.rows - dropped.copies,
        counted: total.replies,
    };
    let items = groups.into_iter().map(|(values, gathered)| (values, gathered.sum())).collect();
    Ok(Report { items, total, arithmetic, unpriced_models: unpriced.into_iter().collect() })
}

fn value(key: Key, cell: &Cell, utc_offset_minutes: i64) -> String {
    match key {
        Key::Day => day_of(at(cell) + utc_offset_minutes * 60_000),
        Key::Project => cell.project_id.clone().unwrap_or_default(),
        Key::Host => cell.host_id.clone(),
        Key::Coder => cell.coder.clone(),
        Key::Model => cell.model.clone(),
        Key::Session => cell.session_id.clone().unwrap_or_default(),
    }
}

/// When the quarter of an hour of a cell begins.
pub(super) fn at(cell: &Cell) -> Millis {
    cell.quarter.saturating_mul(QUARTER_MS)
}
