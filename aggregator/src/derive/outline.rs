//! The outline of a conversation: its turns, and what was done in each.

use std::collections::{BTreeMap, HashMap};

use super::left;
use crate::domain::time::Millis;
use crate::store::tool_calls::{self, CallPlace};
use crate::store::turns::{self, TurnRow};
use crate::store::usage::{self, UsagePlace};
use crate::store::{Db, StoreError};

/// A turn with what was done in it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Turn {
    /// The prompt.
    pub row: TurnRow,
    /// How long it took, milliseconds.
    pub duration_ms: Option<i64>,
    /// Tool calls in it.
    pub calls: u32,
    /// Failed ones among them.
    pub errors: u32,
    /// Tokens of all kinds.
    pub tokens: i64,
    /// Micro-dollars.
    pub cost: Option<i64>,
    /// The turn in whose place it stands: a person went back before that one.
    pub instead_of: Option<Prompt>,
    /// The turn that the conversation went on from instead: the model does not see this one any more.
    pub left_for: Option<Prompt>,
}

/// Where the prompt of a turn stands: transcript and line.
pub type Prompt = (String, i64);

/// The turns of a session in their order; a turn that several copies hold stands once.
pub async fn of_session(db: &Db, session: &str) -> Result<Vec<Turn>, StoreError> {
    let rows = turns::of_session(db, session).await?;
    if rows.is_empty() {
        return Ok(Vec::new());
    }
    let calls = tool_calls::places(db, session).await?;
    let used = usage::places(db, session).await?;
    Ok(once(count(&rows, &calls, &used)))
}

/// Turns by transcript and line.
type Lines = HashMap<String, BTreeMap<i64, Turn>>;

fn count(rows: &[TurnRow], calls: &[CallPlace], used: &[UsagePlace]) -> Vec<Turn> {
    let mut lines = Lines::new();
    for turn in rows.chunk_by(|a, b| a.transcript_id == b.transcript_id).flat_map(of_transcript) {
        lines.entry(turn.row.transcript_id.clone()).or_default().insert(turn.row.line, turn);
    }
    for call in calls {
        if let Some(turn) = at(&mut lines, &call.transcript_id, call.line) {
            turn.calls += 1;
            turn.errors += u32::from(call.is_error == Some(true));
        }
    }
    for used in used {
        if let Some(turn) = at(&mut lines, &used.transcript_id, used.line) {
            turn.tokens += used.tokens;
            turn.cost = match (turn.cost, used.cost) {
                (Some(sum), Some(more)) => Some(sum + more),
                (sum, more) => sum.or(more),
            };
        }
    }
    lines.into_values().flat_map(BTreeMap::into_values).collect()
}

/// The turns of one transcript, by line.
fn of_transcript(rows: &[TurnRow]) -> impl Iterator<Item = Turn> {
    let prompt = |turn: usize| (rows[turn].transcript_id.clone(), rows[turn].line);
    rows.iter().zip(left::marks(rows)).map(move |(row, mark)| Turn {
        duration_ms: duration(row),
        row: row.clone(),
        calls: 0,
        errors: 0,
        tokens: 0,
        cost: None,
        instead_of: mark.instead_of.map(prompt),
        left_for: mark.left_for.map(prompt),
    })
}

/// The turn in which a line stands.
fn at<'a>(lines: &'a mut Lines, transcript: &str, line: i64) -> Option<&'a mut Turn> {
    lines.get_mut(transcript)?.range_mut(..=line).next_back().map(|(_, turn)| turn)
}

/// How long a turn took: by the coder's clock, else by the times of its lines.
fn duration(row: &TurnRow) -> Option<i64> {
    let by_lines = || Some((row.ended_at? - row.started_at?).max(0));
    row.duration_ms.or_else(by_lines)
}

/// In order of time, each prompt once: of copies the one that knows most. What one copy of a conversation has left, another
/// may have gone on from.
fn once(mut turns: Vec<Turn>) -> Vec<Turn> {
    turns.sort_by(|a, b| {
        let most = |turn: &Turn| (turn.row.ended_at.is_some(), turn.calls, turn.tokens);
        most(b).cmp(&most(a)).then_with(|| a.row.transcript_id.cmp(&b.row.transcript_id))
    });
    let mut kept: HashMap<String, Copy> = HashMap::new();
    let mut moved: HashMap<Prompt, Prompt> = HashMap::new();
    for turn in &turns {
        let Some(uuid) = &turn.row.uuid else { continue };
        let first = || Copy { prompt: turn.prompt(), is_left: true };
        let copy = kept.entry(uuid.clone()).or_insert_with(first);
        copy.is_left &= turn.left_for.is_some();
        moved.insert(turn.prompt(), copy.prompt.clone());
    }
    let own = |prompt: Prompt| moved.get(&prompt).cloned().unwrap_or(prompt);
    turns.retain_mut(|turn| {
        let copy = turn.row.uuid.as_ref().and_then(|uuid| kept.get(uuid));
        let is_left = copy.is_none_or(|copy| copy.is_left);
        turn.instead_of = turn.instead_of.take().map(own);
        turn.left_for = turn.left_for.take().filter(|_| is_left).map(own);
        copy.is_none_or(|copy| copy.prompt == turn.prompt())
    });
    in_order(turns)
}

/// The copy of a prompt that is shown.
struct Copy {
    prompt: Prompt,
    /// Every copy of the conversation has left it.
    is_left: bool,
}

impl Turn {
    fn prompt(&self) -> Prompt {
        (self.row.transcript_id.clone(), self.row.line)
    }
}

/// Lines of one file stay in their order, whatever their clock says; files follow each other by their first prompt.
fn in_order(mut turns: Vec<Turn>) -> Vec<Turn> {
    turns.sort_by(|a, b| (&a.row.transcript_id, a.row.line).cmp(&(&b.row.transcript_id, b.row.line)));
    let mut latest: HashMap<String, Millis> = HashMap::new();
    let mut timed: Vec<(Millis, Turn)> = Vec::with_capacity(turns.len());
    for turn in turns {
        let time = latest.entry(turn.row.transcript_id.clone()).or_insert(Millis::MIN);
        *time = turn.row.started_at.map_or(*time, |at| at.max(*time));
        timed.push((*time, turn));
    }
    // Stable: within a file the order of the lines remains.
    timed.sort_by_key(|(time, _)| *time);
    timed.into_iter().map(|(_, turn)| turn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn turn(transcript: &str, line: i64, uuid: &str, at: Millis, ended_at: Option<Millis>) -> TurnRow {
        TurnRow {
            transcript_id: transcript.to_owned(),
            line,
            uuid: Some(uuid.to_owned()),
            text: uuid.to_owned(),
            started_at: Some(at),
            ended_at,
            ..TurnRow::default()
        }
    }

    fn call(transcript: &str, line: i64, is_error: bool) -> CallPlace {
        CallPlace {
            transcript_id: transcript.to_owned(),
            line,
            id: String::new(),
            name: String::new(),
            is_error: Some(is_error),
        }
    }

    fn used(transcript: &str, line: i64, tokens: i64, cost: Option<i64>) -> UsagePlace {
        UsagePlace { transcript_id: transcript.to_owned(), line, tokens, cost }
    }

    #[test]
    fn what_is_done_counts_for_the_prompt_before_it() {
        let rows = vec![turn("t", 2, "a", 10, Some(25)), turn("t", 9, "b", 30, None)];
        let calls = [call("t", 1, false), call("t", 3, true), call("t", 8, false), call("t", 20, false)];
        let used = [used("t", 3, 5, None), used("t", 4, 6, Some(7)), used("t", 9, 1, None)];
        let turns = once(count(&rows, &calls, &used));
        let told: Vec<_> = turns.iter().map(|turn| (turn.calls, turn.errors, turn.tokens, turn.cost)).collect();
        assert_eq!(told, [(2, 1, 11, Some(7)), (1, 0, 1, None)]);
        assert_eq!((turns[0].duration_ms, turns[1].duration_ms), (Some(15), None));
    }

    #[test]
    fn a_prompt_that_two_copies_hold_stands_once() {
        let rows = vec![turn("t", 2, "a", 10, None), turn("u", 2, "a", 10, Some(20)), turn("u", 5, "b", 5, None)];
        let turns = once(count(&rows, &[], &[]));
        let told: Vec<_> = turns.iter().map(|turn| (&*turn.row.transcript_id, turn.row.line)).collect();
        assert_eq!(told, [("u", 2), ("u", 5)]);
    }

    #[test]
    fn a_turn_that_was_left_names_the_one_that_stands_in_its_place() {
        let back =
            |transcript, line, uuid, at| TurnRow { after_line: Some(0), ..turn(transcript, line, uuid, at, None) };
        let first = [turn("t", 0, "a", 1, None), turn("t", 5, "b", 2, None), back("t", 9, "c", 3)];
        let told = |rows: &[TurnRow]| -> Vec<_> {
            let turns = once(count(rows, &[], &[]));
            turns.into_iter().map(|turn| (turn.row.text, turn.instead_of, turn.left_for)).collect()
        };
        let prompt = |transcript: &str, line| Some((transcript.to_owned(), line));
        let left = |line| [("a".to_owned(), None, None), ("b".to_owned(), None, line)];
        let instead = ("c".to_owned(), prompt("t", 5), None);
        assert_eq!(told(&first)[..2], left(prompt("t", 9)));
        assert_eq!(told(&first)[2], instead);
        // A copy on another host, where it went on from the turn that was left here.
        let other = [turn("u", 0, "a", 1, Some(2)), turn("u", 5, "b", 2, Some(3)), turn("u", 7, "d", 4, None)];
        let both = told(&[&first[..], &other].concat());
        assert_eq!(both[..2], left(None));
        assert_eq!(both[2..], [("c".to_owned(), prompt("u", 5), None), ("d".to_owned(), None, None)]);
    }
}
