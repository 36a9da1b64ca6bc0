//! Turns that a conversation has left: a person went back and went on from another prompt, so the model does not see them.

use super::branches::ANEW;
use crate::store::turns::TurnRow;

/// Where a turn stands in the tree of its transcript. Numbers are those of the turns that were asked about.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Mark {
    /// The turn in whose place it stands.
    pub(super) instead_of: Option<usize>,
    /// The turn that the conversation went on from instead, when it has left this one.
    pub(super) left_for: Option<usize>,
}

/// The marks of the turns of one transcript, which are given by their lines.
pub(super) fn marks(rows: &[TurnRow]) -> Vec<Mark> {
    let parents = parents(rows);
    let live = live(rows, &parents);
    // Before each turn, the latest that goes on from the same one.
    let before = |turn: usize| (0..turn).rev().find(|other| parents[*other] == parents[turn]);
    let mut marks: Vec<Mark> = Vec::with_capacity(rows.len());
    for turn in 0..rows.len() {
        let from_left = parents[turn].is_some_and(|parent| !live[parent]);
        let left_for = match parents[turn] {
            _ if live[turn] => None,
            Some(parent) if from_left => marks[parent].left_for,
            parent => (0..rows.len()).find(|other| live[*other] && parents[*other] == parent),
        };
        let instead_of = rows[turn].after_line.and_then(|_| before(turn)).filter(|other| !live[*other]);
        marks.push(Mark { instead_of, left_for });
    }
    marks
}

/// The turn that each goes on from.
fn parents(rows: &[TurnRow]) -> Vec<Option<usize>> {
    let parent = |(turn, row): (usize, &TurnRow)| match row.after_line {
        Some(ANEW) => None,
        Some(line) => rows[..turn].iter().rposition(|other| other.line <= line),
        None => turn.checked_sub(1),
    };
    rows.iter().enumerate().map(parent).collect()
}

/// Which turns lead to the end of the conversation: the latest turn, or the one that the client last named as its end.
fn live(rows: &[TurnRow], parents: &[Option<usize>]) -> Vec<bool> {
    let mut live = vec![false; rows.len()];
    let named = (0..rows.len()).max_by_key(|turn| rows[*turn].named_line.max(Some(rows[*turn].line)));
    let Some(mut end) = named else { return live };
    while let Some(next) = (end + 1..rows.len()).rev().find(|turn| parents[*turn] == Some(end)) {
        end = next;
    }
    let mut next = Some(end);
    while let Some(turn) = next {
        live[turn] = true;
        next = parents[turn];
    }
    live
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Turns at lines 0, 10, 20 …: the line that each goes on from, and the line that last named it.
    fn marked(turns: &[(Option<i64>, Option<i64>)]) -> Vec<(Option<usize>, Option<usize>)> {
        let row = |(turn, (after_line, named_line)): (i64, &(Option<i64>, Option<i64>))| TurnRow {
            line: turn * 10,
            after_line: *after_line,
            named_line: *named_line,
            ..TurnRow::default()
        };
        let rows: Vec<TurnRow> = (0..).zip(turns).map(row).collect();
        marks(&rows).iter().map(|mark| (mark.instead_of, mark.left_for)).collect()
    }

    #[test]
    fn a_conversation_in_a_row_leaves_nothing() {
        assert_eq!(marked(&[(None, None), (None, Some(15)), (None, None)]), [(None, None); 3]);
        assert_eq!(marked(&[]), []);
    }

    #[test]
    fn what_lies_between_is_left() {
        let turns = [(None, None), (None, None), (None, None), (Some(0), None), (None, None)];
        let right = [(None, None), (None, Some(3)), (None, Some(3)), (Some(1), None), (None, None)];
        assert_eq!(marked(&turns), right);
    }

    #[test]
    fn who_goes_back_again_and_again_leaves_all_of_it_for_the_last() {
        let turns = [(None, None), (None, None), (Some(0), None), (None, None), (Some(20), None), (Some(0), None)];
        let right =
            [(None, None), (None, Some(5)), (Some(1), Some(5)), (None, Some(5)), (Some(3), Some(5)), (Some(2), None)];
        assert_eq!(marked(&turns), right);
    }

    #[test]
    fn a_conversation_begun_anew_leaves_everything() {
        let turns = [(None, None), (None, None), (Some(ANEW), None)];
        assert_eq!(marked(&turns), [(None, Some(2)), (None, Some(2)), (Some(0), None)]);
    }

    #[test]
    fn of_two_clients_the_one_that_wrote_last_goes_on() {
        // The second client's turns are 1 and 3, the first one's is 2.
        let turns = [(None, None), (None, None), (Some(0), None), (Some(10), None)];
        assert_eq!(marked(&turns), [(None, None), (None, None), (None, Some(1)), (None, None)]);
        // The first client left last, and says where the conversation ends.
        let named = [(None, None), (None, None), (Some(0), Some(50)), (Some(10), None)];
        assert_eq!(marked(&named), [(None, None), (None, Some(2)), (Some(1), None), (None, Some(2))]);
        // The end that a client names may have grown since.
        let early = [(None, None), (None, Some(50)), (Some(0), None), (Some(10), None)];
        assert_eq!(marked(&early), [(None, None), (None, None), (None, Some(1)), (None, None)]);
    }
}
