//! What a stretch of lines tells goes into the rows of its transcript, in the transaction that moves its cursor.

use std::collections::{BTreeSet, HashSet};

use super::facts::Facts;
use super::fold::{Fold, Told, merge_call, merge_reply};
use crate::domain::price::{Prices, Reply};
use crate::store::db::Tx;
use crate::store::tool_calls::{self, CallRow};
use crate::store::usage::{self, Touched, UsageRow};
use crate::store::{StoreError, turns};

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

/// Saves what a fold has told since the last save; returns the other sessions whose sums this changes.
pub(super) async fn rows(
    tx: &mut Tx,
    prices: &Prices,
    before: Before,
    transcript: &str,
    fold: &mut Fold,
) -> Result<BTreeSet<Touched>, StoreError> {
    let mut keys = match before {
        Before::Nothing | Before::Earlier => Vec::new(),
        Before::Outdated => forget(tx, transcript).await?,
    };
    let is_first = before != Before::Earlier;
    let Told { turns: new_turns, ends, calls, reports, replies } = std::mem::take(&mut fold.told);
    turns::put(tx, new_turns.into_values().collect()).await?;
    for (line, (ended_at, duration_ms)) in ends {
        turns::end(tx, transcript, line, ended_at, duration_ms).await?;
    }
    save_calls(tx, is_first, transcript, calls.into_values().collect(), &mut fold.facts).await?;
    for (agent, ok) in reports {
        tool_calls::reported(tx, transcript, &agent, ok).await?;
    }
    let replies = replies.into_values().collect();
    keys.extend(save_replies(tx, is_first, transcript, prices, replies, &mut fold.facts).await?);
    let keys: Vec<&[u8]> = keys.iter().map(Vec::as_slice).collect();
    usage::recount(tx, &keys).await
}

/// Removes the rows of a transcript; returns the keys of replies that others tell of too.
async fn forget(tx: &mut Tx, transcript: &str) -> Result<Vec<Vec<u8>>, StoreError> {
    turns::forget(tx, transcript).await?;
    tool_calls::forget(tx, transcript).await?;
    usage::take(tx, transcript).await
}

async fn save_calls(
    tx: &mut Tx,
    is_first: bool,
    transcript: &str,
    mut calls: Vec<CallRow>,
    facts: &mut Facts,
) -> Result<(), StoreError> {
    if !is_first {
        let ids: Vec<&str> = calls.iter().map(|call| call.id.as_str()).collect();
        for mut known in tool_calls::known(tx, transcript, &ids).await? {
            if let Ok(place) = calls.binary_search_by(|call| call.id.cmp(&known.id)) {
                let (calls_before, errors_before) = counted(&known);
                facts.calls -= calls_before;
                facts.errors -= errors_before;
                let later = std::mem::take(&mut calls[place]);
                merge_call(&mut known, later);
                calls[place] = known;
            }
        }
    }
    for call in &calls {
        let (calls_now, errors_now) = counted(call);
        facts.calls += calls_now;
        facts.errors += errors_now;
    }
    tool_calls::put(tx, calls).await
}

/// Calls and errors that a row stands for.
fn counted(call: &CallRow) -> (i64, i64) {
    let is_call = !call.name.is_empty();
    (i64::from(is_call), i64::from(is_call && call.is_error == Some(true)))
}

/// Returns the keys of those replies that other transcripts tell of too: which of the copies counts is still open.
async fn save_replies(
    tx: &mut Tx,
    is_first: bool,
    transcript: &str,
    prices: &Prices,
    mut replies: Vec<UsageRow>,
    facts: &mut Facts,
) -> Result<HashSet<Vec<u8>>, StoreError> {
    let mut known_before = 0;
    let keys: Vec<&[u8]> = replies.iter().map(|reply| reply.key.as_slice()).collect();
    let shared = usage::told_elsewhere(tx, transcript, &keys).await?;
    if !is_first {
        for mut known in usage::known(tx, transcript, &keys).await? {
            if let Ok(place) = replies.binary_search_by(|reply| reply.key.cmp(&known.key)) {
                known_before += 1;
                let later = std::mem::take(&mut replies[place]);
                merge_reply(&mut known, later);
                replies[place] = known;
            }
        }
    }
    facts.replies += i64::try_from(replies.len()).unwrap_or(i64::MAX) - known_before;
    for reply in &mut replies {
        reply.counted |= !shared.contains(&reply.key);
        reply.cost_microdollars = prices.cost(&Reply {
            model: &reply.model,
            at: reply.at,
            input_tokens: reply.input_tokens,
            output_tokens: reply.output_tokens,
            cache_read_tokens: reply.cache_read_tokens,
            cache_write_5m_tokens: reply.cache_write_5m_tokens,
            cache_write_1h_tokens: reply.cache_write_1h_tokens,
            web_searches: reply.web_searches,
        });
    }
    usage::put(tx, replies).await?;
    Ok(shared)
}
