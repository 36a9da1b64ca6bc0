//! Tokens and money: reports as JSON and CSV, and windows of use.

use std::collections::{BTreeMap, HashMap};
use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::get;
use axum::{Json, Router};
use http::header::{CONTENT_DISPOSITION, CONTENT_TYPE};
use serde::Deserialize;

use super::csv;
use super::failure::{Answer, Failure};
use super::json::Query;
use super::moment::{Edge, moment};
use crate::domain::time::{now_ms, rfc3339};
use crate::house::House;
use crate::ledger::{self, Arithmetic, Key, Report, Sum};
use crate::projects;
use crate::store::usage_report::{self, Scope};
use crate::store::{StoreError, hosts};
use crate::wire::page::Page;
use crate::wire::usage::{Ledger, Tokens, UsageItem, UsageReport, UsageSum, UsageWindow};

/// Time zones lie between 12 hours behind UTC and 14 before it, and all at quarters of an hour.
const OFFSETS: std::ops::RangeInclusive<i64> = -12 * 60..=14 * 60;
const OFFSET_STEP: i64 = 15;

pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/usage", get(report)).route("/usage.csv", get(table)).route("/usage/windows", get(windows))
}

#[derive(Debug, Default, Deserialize)]
struct UsageQuery {
    /// Any of `day`, `project`, `host`, `coder`, `model`, `session`, with commas between.
    group_by: Option<String>,
    /// First day, as in 2026-11-21, or an instant.
    from: Option<String>,
    /// Last day, or an instant.
    to: Option<String>,
    host: Option<String>,
    project: Option<String>,
    coder: Option<String>,
    model: Option<String>,
    session: Option<String>,
    /// What a day is: minutes by which its clock is ahead of UTC.
    utc_offset_minutes: Option<i64>,
}

impl UsageQuery {
    fn keys(&self) -> Result<Vec<Key>, Failure> {
        let mut keys = Vec::new();
        for word in
            self.group_by.iter().flat_map(|words| words.split(',')).map(str::trim).filter(|word| !word.is_empty())
        {
            let key: Key = word.parse().map_err(|()| {
                let known: Vec<&str> = Key::ALL.into_iter().map(Key::word).collect();
                Failure::bad_request(format!("`group_by` takes {}, with commas between them", known.join(", ")))
            })?;
            if keys.contains(&key) {
                return Err(Failure::bad_request(format!("`group_by` names {word} twice")));
            }
            keys.push(key);
        }
        Ok(keys)
    }

    fn offset(&self) -> Result<i64, Failure> {
        let offset = self.utc_offset_minutes.unwrap_or(0);
        if OFFSETS.contains(&offset) && offset % OFFSET_STEP == 0 {
            return Ok(offset);
        }
        Err(Failure::bad_request("`utc_offset_minutes` must be -720 to 840, a multiple of 15"))
    }

    fn scope(&self, offset: i64) -> Result<Scope, Failure> {
        let at = |text: &Option<String>, edge| text.as_deref().map(|text| moment(text, edge, offset)).transpose();
        Ok(Scope {
            from: at(&self.from, Edge::From)?,
            to: at(&self.to, Edge::To)?,
            host: self.host.clone(),
            project: self.project.clone(),
            coder: self.coder.clone(),
            model: self.model.clone(),
            session: self.session.clone(),
        })
    }
}

async fn made(house: &House, query: &UsageQuery) -> Result<(Vec<Key>, Report), Failure> {
    let (keys, offset) = (query.keys()?, query.offset()?);
    let report = ledger::report(&house.db, &query.scope(offset)?, &keys, offset).await?;
    Ok((keys, report))
}

/// Tokens and money.
async fn report(State(house): State<Arc<House>>, Query(query): Query<UsageQuery>) -> Answer<UsageReport> {
    let (keys, report) = made(&house, &query).await?;
    let names = Names::load(&house, &keys).await?;
    let items = report.items.iter().map(|(values, sum)| item(&keys, values, sum, &names)).collect();
    Ok(Json(UsageReport {
        items,
        total: UsageSum::from(&report.total),
        ledger: Ledger::from(report.arithmetic),
        unpriced_models: report.unpriced_models,
    }))
}

/// What ids are called, as far as a report's keys need it.
#[derive(Default)]
struct Names(HashMap<Key, HashMap<String, String>>);

impl Names {
    async fn load(house: &House, keys: &[Key]) -> Result<Self, StoreError> {
        let mut names = HashMap::new();
        for key in keys {
            let of_key = match key {
                Key::Project => projects::names(&house.db).await?,
                Key::Host => hosts::all(&house.db).await?.into_iter().map(|host| (host.id, host.name)).collect(),
                Key::Session => usage_report::titles(&house.db).await?.into_iter().collect(),
                Key::Day | Key::Coder | Key::Model => continue,
            };
            names.insert(*key, of_key);
        }
        Ok(Self(names))
    }

    fn of(&self, key: Key, value: &str) -> Option<&String> {
        self.0.get(&key)?.get(value)
    }
}

fn item(keys: &[Key], values: &[String], sum: &Sum, names: &Names) -> UsageItem {
    let given: BTreeMap<Key, &String> = keys.iter().copied().zip(values).collect();
    let value = |key| given.get(&key).map(|value| (*value).clone());
    let called = given.iter().filter_map(|(key, value)| Some((key.word().to_owned(), names.of(*key, value)?.clone())));
    UsageItem {
        day: value(Key::Day),
        project: value(Key::Project),
        host: value(Key::Host),
        coder: value(Key::Coder),
        model: value(Key::Model),
        session: value(Key::Session),
        names: called.collect(),
        sum: UsageSum::from(sum),
    }
}

impl From<&Sum> for UsageSum {
    fn from(sum: &Sum) -> Self {
        Self {
            tokens: Tokens {
                input_tokens: sum.input_tokens,
                output_tokens: sum.output_tokens,
                cache_read_input_tokens: sum.cache_read_tokens,
                cache_creation_input_tokens: sum.cache_write_5m_tokens + sum.cache_write_1h_tokens,
                cache_creation_5m_input_tokens: sum.cache_write_5m_tokens,
                cache_creation_1h_input_tokens: sum.cache_write_1h_tokens,
                thinking_tokens: sum.thinking_tokens,
                web_searches: sum.web_searches,
            },
            replies: sum.replies,
            sessions: sum.sessions,
            cost_microdollars: sum.cost_microdollars,
            unpriced_replies: sum.replies - sum.priced,
        }
    }
}

impl From<Arithmetic> for Ledger {
    fn from(given: Arithmetic) -> Self {
        let Arithmetic { lines, records, same_reply, copies, other_hosts, counted } = given;
        Self {
            lines,
            without_usage: lines.map(|lines| lines - records),
            records,
            same_reply,
            copies,
            other_hosts,
            counted,
        }
    }
}

/// Columns of numbers, in the order of [`numbers`].
const NUMBERS: [&str; 12] = [
    "input_tokens",
    "output_tokens",
    "cache_read_input_tokens",
    "cache_creation_input_tokens",
    "cache_creation_5m_input_tokens",
    "cache_creation_1h_input_tokens",
    "thinking_tokens",
    "web_searches",
    "replies",
    "sessions",
    "unpriced_replies",
    "cost_microdollars",
];

fn numbers(sum: &UsageSum) -> [Option<i64>; 12] {
    let tokens = &sum.tokens;
    [
        Some(tokens.input_tokens),
        Some(tokens.output_tokens),
        Some(tokens.cache_read_input_tokens),
        Some(tokens.cache_creation_input_tokens),
        Some(tokens.cache_creation_5m_input_tokens),
        Some(tokens.cache_creation_1h_input_tokens),
        Some(tokens.thinking_tokens),
        Some(tokens.web_searches),
        Some(sum.replies),
        Some(sum.sessions),
        Some(sum.unpriced_replies),
        sum.cost_microdollars,
    ]
}

/// The same report as a table; keys that have names have a column for them, too.
async fn table(State(house): State<Arc<House>>, Query(query): Query<UsageQuery>) -> Result<Response, Failure> {
    let (keys, report) = made(&house, &query).await?;
    let names = Names::load(&house, &keys).await?;
    let has_name = |key: &Key| matches!(key, Key::Project | Key::Host | Key::Session);
    let mut head = Vec::new();
    for key in &keys {
        head.push(key.word().to_owned());
        head.extend(has_name(key).then(|| format!("{}_name", key.word())));
    }
    head.extend(NUMBERS.map(str::to_owned));
    let mut text = csv::row(&head);
    for (values, sum) in &report.items {
        let mut cells = Vec::new();
        for (key, value) in keys.iter().zip(values) {
            cells.push(csv::text(value));
            cells.extend(has_name(key).then(|| csv::text(names.of(*key, value).map_or("", String::as_str))));
        }
        let numbers = numbers(&UsageSum::from(sum));
        cells.extend(numbers.map(|number| number.map_or_else(String::new, |number| number.to_string())));
        text.push_str(&csv::row(&cells));
    }
    let headers =
        [(CONTENT_TYPE, "text/csv; charset=utf-8"), (CONTENT_DISPOSITION, "attachment; filename=\"muster-usage.csv\"")];
    Ok((headers, text).into_response())
}

/// The 5-hour and weekly windows that are open.
async fn windows(State(house): State<Arc<House>>) -> Answer<Page<UsageWindow>> {
    let windows = ledger::windows(&house.db, now_ms()).await?;
    let items = windows.into_iter().map(|window| UsageWindow {
        coder: window.coder,
        window: window.name.to_owned(),
        started_at: window.open.map(|(start, _)| rfc3339(start)),
        ends_at: window.open.map(|(_, end)| rfc3339(end)),
        sum: UsageSum::from(&window.sum),
        most_microdollars: window.most_microdollars,
        most_tokens: window.most_tokens,
    });
    Ok(Json(Page { items: items.collect(), next_cursor: None }))
}
