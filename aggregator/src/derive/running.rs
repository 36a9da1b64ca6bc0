//! Tool calls that still run: those without an outcome whose conversation has not gone on without them.

use std::collections::HashMap;

use super::facts::Facts;
use crate::domain::time::Millis;
use crate::domain::transcript::TranscriptState;
use crate::store::sessions::CursorRow;
use crate::store::tool_calls::{self, CallRow};
use crate::store::{Db, StoreError};

/// Calls without an outcome that are looked at: the latest.
const OPEN: u32 = 1_000;

/// A call that was made longer ago has ended without anybody saying so, milliseconds.
const LONGEST_MS: Millis = 24 * 3_600_000;

/// The running calls of a session and its subagents, oldest first; `files` are its transcripts.
pub(super) async fn calls(
    db: &Db,
    session: &str,
    files: &[&CursorRow],
    now: Millis,
) -> Result<Vec<CallRow>, StoreError> {
    let mut rows = tool_calls::open(db, session, OPEN).await?;
    let files: HashMap<&str, &CursorRow> = files.iter().map(|file| (file.id.as_str(), *file)).collect();
    let mut known: HashMap<String, Facts> = HashMap::new();
    rows.retain(|call| {
        let Some(file) = files.get(call.transcript_id.as_str()) else { return false };
        let facts = known.entry(file.id.clone()).or_insert_with(|| Facts::load(&file.facts));
        file.state == TranscriptState::Live.word() && runs(call, facts, now)
    });
    // Copies of a call have one id.
    rows.sort_by(|a, b| (&a.id, &a.transcript_id).cmp(&(&b.id, &b.transcript_id)));
    rows.dedup_by(|a, b| a.id == b.id);
    rows.sort_by(|a, b| (a.started_at, a.line, &a.id).cmp(&(b.started_at, b.line, &b.id)));
    Ok(rows)
}

/// Whether the outcome of a call may still come: the turn in which it was made is not over.
fn runs(call: &CallRow, facts: &Facts, now: Millis) -> bool {
    let is_of_this_turn = facts.turn.first().is_none_or(|prompt| call.line >= *prompt);
    let is_recent = call.started_at.is_some_and(|began| now - began < LONGEST_MS);
    !facts.yielded && is_of_this_turn && is_recent
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_call_of_an_earlier_turn_runs_no_more() {
        let call = |line, started_at| CallRow { line, started_at: Some(started_at), ..CallRow::default() };
        let facts = |turn: &[i64], yielded| Facts { turn: turn.to_vec(), yielded, ..Facts::default() };
        assert!(runs(&call(5, 0), &facts(&[3], false), 1_000));
        assert!(runs(&call(5, 0), &facts(&[], false), 1_000), "a subagent has no prompts of a person");
        assert!(!runs(&call(2, 0), &facts(&[3], false), 1_000), "a person has gone on");
        assert!(!runs(&call(5, 0), &facts(&[3], true), 1_000), "the turn is over");
        assert!(!runs(&call(5, 0), &facts(&[3], false), LONGEST_MS));
    }
}
