//! What stretches of lines tell goes into the rows of their transcripts, in the transaction that moves their cursors. All
//! transcripts of a pass are saved together: a statement for each row of each would cost more than the rows.

use std::collections::{BTreeMap, BTreeSet, HashMap, HashSet};

use super::fold::{Fold, Told, merge_call, merge_reply};
use crate::domain::price::{Prices, Reply};
use crate::store::StoreError;
use crate::store::db::Tx;
use crate::store::tool_calls::{self, CallRow};
use crate::store::turns::{self, TurnEnd, TurnRow};
use crate::store::usage::{self, Touched, UsageRow};

/// How the rows of a transcript stand before a save.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Before {
    /// There are none.
    Nothing,
    /// Those of the lines before.
    Earlier,
    /// Those of another understanding: they are replaced.
    Outdated,
}

/// What is saved of one transcript.
#[derive(Debug)]
pub(super) struct Stretch<'a> {
    /// The transcript.
    pub(super) transcript: &'a str,
    /// How its rows stand.
    pub(super) before: Before,
    /// Its lines since the last save.
    pub(super) fold: &'a mut Fold,
}

/// What all stretches of a pass tell.
#[derive(Default)]
struct Rows<'a> {
    turns: Vec<TurnRow>,
    ends: Vec<TurnEnd<'a>>,
    named: Vec<(&'a str, i64, i64)>,
    reports: Vec<(&'a str, String, bool)>,
    /// Of each stretch, by id.
    calls: Vec<BTreeMap<String, CallRow>>,
    /// Of each stretch, by key.
    replies: Vec<BTreeMap<Vec<u8>, UsageRow>>,
}

/// Saves what folds have told since the last save; returns the other sessions whose sums this changes.
pub(super) async fn rows(
    tx: &mut Tx,
    prices: &Prices,
    mut stretches: Vec<Stretch<'_>>,
) -> Result<BTreeSet<Touched>, StoreError> {
    let mut shared: HashSet<Vec<u8>> = HashSet::new();
    for stretch in stretches.iter().filter(|stretch| stretch.before == Before::Outdated) {
        shared.extend(forget(tx, stretch.transcript).await?);
    }
    let Rows { turns, ends, named, reports, calls, replies } = gathered(&mut stretches);
    turns::put(tx, turns).await?;
    turns::end(tx, &ends).await?;
    turns::name(tx, &named).await?;
    save_calls(tx, &mut stretches, calls).await?;
    tool_calls::reported(tx, &reports).await?;
    shared.extend(save_replies(tx, prices, &mut stretches, replies).await?);
    let keys: Vec<&[u8]> = shared.iter().map(Vec::as_slice).collect();
    usage::recount(tx, &keys).await
}

fn gathered<'a>(stretches: &mut [Stretch<'a>]) -> Rows<'a> {
    let mut rows = Rows::default();
    for Stretch { transcript, fold, .. } in stretches {
        let transcript: &'a str = transcript;
        let Told { turns, ends, named, calls, reports, replies } = std::mem::take(&mut fold.told);
        rows.turns.extend(turns.into_values());
        let end = |(line, (ended_at, duration_ms))| TurnEnd { transcript, line, ended_at, duration_ms };
        rows.ends.extend(ends.into_iter().map(end));
        rows.named.extend(named.into_iter().map(|(line, by)| (transcript, line, by)));
        rows.reports.extend(reports.into_iter().map(|(agent, ok)| (transcript, agent, ok)));
        rows.calls.push(calls);
        rows.replies.push(replies);
    }
    rows
}

/// Removes the rows of a transcript; returns the keys of replies that others tell of too.
async fn forget(tx: &mut Tx, transcript: &str) -> Result<Vec<Vec<u8>>, StoreError> {
    turns::forget(tx, transcript).await?;
    tool_calls::forget(tx, transcript).await?;
    usage::take(tx, transcript).await
}

/// Places of those transcripts that have rows of earlier lines.
fn grown<'a>(stretches: &[Stretch<'a>]) -> HashMap<&'a str, usize> {
    let grown = stretches.iter().enumerate().filter(|(_, stretch)| stretch.before == Before::Earlier);
    grown.map(|(place, stretch)| (stretch.transcript, place)).collect()
}

async fn save_calls(
    tx: &mut Tx,
    stretches: &mut [Stretch<'_>],
    mut calls: Vec<BTreeMap<String, CallRow>>,
) -> Result<(), StoreError> {
    let places = grown(stretches);
    let asked: Vec<(&str, &str)> = places
        .iter()
        .flat_map(|(transcript, place)| calls[*place].keys().map(|id| (*transcript, id.as_str())))
        .collect();
    for mut known in tool_calls::known(tx, &asked).await? {
        let Some(place) = places.get(known.transcript_id.as_str()) else { continue };
        let Some(call) = calls[*place].get_mut(&known.id) else { continue };
        let (calls_before, errors_before) = counted(&known);
        let facts = &mut stretches[*place].fold.facts;
        facts.calls -= calls_before;
        facts.errors -= errors_before;
        merge_call(&mut known, std::mem::take(call));
        *call = known;
    }
    for (stretch, calls) in stretches.iter_mut().zip(&calls) {
        for call in calls.values() {
            let (calls_now, errors_now) = counted(call);
            stretch.fold.facts.calls += calls_now;
            stretch.fold.facts.errors += errors_now;
        }
    }
    tool_calls::put(tx, calls.into_iter().flat_map(BTreeMap::into_values).collect()).await
}

/// Calls and errors that a row stands for.
fn counted(call: &CallRow) -> (i64, i64) {
    let is_call = !call.name.is_empty();
    (i64::from(is_call), i64::from(is_call && call.is_error == Some(true)))
}

/// Returns the keys of those replies that several transcripts tell of: which of the copies counts is still open.
async fn save_replies(
    tx: &mut Tx,
    prices: &Prices,
    stretches: &mut [Stretch<'_>],
    mut replies: Vec<BTreeMap<Vec<u8>, UsageRow>>,
) -> Result<HashSet<Vec<u8>>, StoreError> {
    let mut tellers: HashMap<&[u8], usize> = HashMap::new();
    for key in replies.iter().flat_map(BTreeMap::keys) {
        *tellers.entry(key).or_default() += 1;
    }
    let mut keys: Vec<&[u8]> = tellers.keys().copied().collect();
    // The order of the index in which they are looked up.
    keys.sort_unstable();
    let stored = usage::told(tx, &keys).await?;
    let places = grown(stretches);
    let is_shared = |reply: &UsageRow| {
        tellers.get(reply.key.as_slice()).is_some_and(|tellers| *tellers > 1)
            || stored.get(&reply.key).is_some_and(|told| told.iter().any(|teller| *teller != reply.transcript_id))
    };
    let shared: HashSet<Vec<u8>> = replies
        .iter()
        .flat_map(BTreeMap::values)
        .filter(|reply| is_shared(reply))
        .map(|reply| reply.key.clone())
        .collect();
    let asked: Vec<(&str, &[u8])> = places
        .iter()
        .flat_map(|(transcript, place)| replies[*place].keys().map(|key| (*transcript, key.as_slice())))
        .filter(|(transcript, key)| stored.get(*key).is_some_and(|told| told.contains(*transcript)))
        .collect();
    for (stretch, replies) in stretches.iter_mut().zip(&replies) {
        stretch.fold.facts.replies += replies.values().map(UsageRow::replies).sum::<i64>();
    }
    for mut known in usage::known(tx, &asked).await? {
        let Some(place) = places.get(known.transcript_id.as_str()) else { continue };
        let Some(reply) = replies[*place].get_mut(&known.key) else { continue };
        stretches[*place].fold.facts.replies -= known.replies();
        merge_reply(&mut known, std::mem::take(reply));
        *reply = known;
    }
    let mut rows: Vec<UsageRow> = replies.into_iter().flat_map(BTreeMap::into_values).collect();
    for reply in &mut rows {
        reply.counted |= !shared.contains(&reply.key);
        reply.cost_microdollars = cost(prices, reply);
    }
    usage::put(tx, rows).await?;
    Ok(shared)
}

fn cost(prices: &Prices, reply: &UsageRow) -> Option<i64> {
    prices.cost(&Reply {
        model: &reply.model,
        at: reply.at,
        input_tokens: reply.input_tokens,
        output_tokens: reply.output_tokens,
        cache_read_tokens: reply.cache_read_tokens,
        cache_write_5m_tokens: reply.cache_write_5m_tokens,
        cache_write_1h_tokens: reply.cache_write_1h_tokens,
        web_searches: reply.web_searches,
    })
}
