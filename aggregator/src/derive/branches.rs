//! Which turn each prompt goes on from. A transcript is a tree: a person who goes back in a conversation goes on from an
//! earlier line, and two clients that have one session open go on from the same one.
//!
//! Kept small: who goes on from a line that is not remembered goes on from the turn before.

use serde::{Deserialize, Serialize};

use crate::transcript::act::Act;
use crate::transcript::{Entry, digest};

/// Lines whose turn is remembered, the latest: clients that write at the same time go on from one of them, and a client
/// with many parallel calls writes their outcomes before it goes on.
const LINES: usize = 32;

/// Prompts that are remembered, the latest: who goes back goes back to one of them.
const PROMPTS: usize = 64;

/// Stands for a prompt that goes on from nothing: the conversation was begun anew in the same file.
pub(super) const ANEW: i64 = -1;

/// How the client calls what it puts between a prompt and its answer by itself. It puts it there anew when a person goes
/// back, so that two prompts may go on from the same line of the conversation by different ones of these.
const ATTACHMENT: &str = "attachment";

/// What is remembered of the tree.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Branches {
    lines: Vec<Line>,
    prompts: Vec<Prompt>,
    /// Turn of the latest line.
    #[serde(skip_serializing_if = "Option::is_none")]
    turn: Option<i64>,
    /// The turn with which the conversation goes on, when that is not the latest.
    #[serde(skip_serializing_if = "Option::is_none")]
    goes_on: Option<i64>,
    /// The coder says which line each goes on from.
    linked: bool,
}

/// A line. Ids are kept as digests.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Line {
    id: u32,
    /// The nearest line, this one or one before it, that is no attachment; 0 is this one.
    #[serde(default, skip_serializing_if = "is_zero")]
    stem: u32,
    /// Line of the prompt that began its turn.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    turn: Option<i64>,
}

/// A prompt that begins a turn.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Prompt {
    line: i64,
    /// Line of the last prompt that joined its turn, or its own.
    end: i64,
    /// Digest of the line of the conversation that it goes on from.
    #[serde(default, skip_serializing_if = "is_zero")]
    stem: u32,
    /// The turn that it goes on from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    base: Option<i64>,
}

/// Where a line goes on from.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct From {
    stem: u32,
    turn: Option<i64>,
    is_attachment: bool,
}

impl Branches {
    /// Nothing to remember: no line has an id.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes the next line, before the prompt that it may hold.
    pub(super) fn follow(&mut self, entry: &Entry) -> From {
        let Some(id) = entry.uuid.as_deref().map(digest::of_id) else {
            return From { turn: self.turn, ..From::default() };
        };
        // What is left after a compaction goes on from all that was compacted, wherever its parent stands.
        let is_compaction = entry.acts.iter().any(|act| matches!(act, Act::Compaction { .. }));
        let parent = entry.parent.as_deref().filter(|_| !is_compaction).map(digest::of_id);
        let (stem, turn) = self.place(parent, is_prompt(entry));
        let from = From { stem, turn, is_attachment: entry.kind == ATTACHMENT };
        let stem = if from.is_attachment { stem } else { 0 };
        self.linked |= parent.is_some();
        self.turn = turn;
        keep(&mut self.lines, LINES, Line { id, stem, turn });
        from
    }

    /// The line of the conversation that a line goes on from, and its turn.
    fn place(&self, parent: Option<u32>, is_prompt: bool) -> (u32, Option<i64>) {
        let Some(parent) = parent else {
            let begins_anew = is_prompt && self.linked;
            return (0, self.turn.filter(|_| !begins_anew));
        };
        let line = self.lines.iter().rev().find(|line| line.id == parent);
        let stem = line.map_or(parent, |line| if line.stem == 0 { line.id } else { line.stem });
        let sibling = || self.prompts.iter().rev().find(|prompt| prompt.stem == stem).map(|prompt| prompt.base);
        (stem, line.map(|line| line.turn).or_else(sibling).unwrap_or(self.turn))
    }

    /// The line that was taken last holds a prompt that begins a turn. Returns the line of the prompt that it goes on
    /// from when that is not the one before it, or [`ANEW`].
    pub(super) fn prompted(&mut self, line: i64, from: From) -> Option<i64> {
        if from.is_attachment {
            // The client gave it to the model beside a tool's answer: there is no way back to it.
            self.joined(line);
            return None;
        }
        let latest = self.prompts.last().map(|prompt| prompt.line);
        let end = |base: i64| self.prompts.iter().find(|prompt| prompt.line == base).map_or(base, |prompt| prompt.end);
        let after = (from.turn != latest).then(|| from.turn.map_or(ANEW, end));
        keep(&mut self.prompts, PROMPTS, Prompt { line, end: line, stem: from.stem, base: from.turn });
        (self.turn, self.goes_on) = (Some(line), None);
        if let Some(own) = self.lines.last_mut() {
            own.turn = Some(line);
        }
        after
    }

    /// A prompt joined the turn that runs.
    pub(super) fn joined(&mut self, line: i64) {
        if let Some(prompt) = self.prompts.last_mut() {
            prompt.end = line;
        }
    }

    /// The client names the line with which the conversation ends now. Returns its turn, when the conversation went on with
    /// another one until now.
    pub(super) fn named(&mut self, id: &str) -> Option<i64> {
        let id = digest::of_id(id);
        let turn = self.lines.iter().rev().find(|line| line.id == id)?.turn?;
        let before = self.goes_on.or_else(|| self.prompts.last().map(|prompt| prompt.line));
        self.goes_on = Some(turn);
        (before != self.goes_on).then_some(turn)
    }
}

fn is_prompt(entry: &Entry) -> bool {
    entry.acts.iter().any(|act| matches!(act, Act::Prompt(_)))
}

#[expect(clippy::trivially_copy_pass_by_ref, reason = "serde asks so")]
fn is_zero(digest: &u32) -> bool {
    *digest == 0
}

fn keep<T>(kept: &mut Vec<T>, most: usize, one: T) {
    if kept.len() == most {
        kept.remove(0);
    }
    kept.push(one);
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;
    use crate::transcript::{Depth, parse};

    /// A line of Claude Code: kind, id, and the line that it goes on from.
    fn line(kind: &str, id: &str, parent: Option<&str>) -> Entry {
        let line = match kind {
            "prompt" => json!({"type": "user", "uuid": id, "parentUuid": parent, "message": {"content": id}}),
            "boundary" => json!({
                "type": "system", "subtype": "compact_boundary", "uuid": id, "logicalParentUuid": parent, "compactMetadata": {}
            }),
            kind => json!({"type": kind, "uuid": id, "parentUuid": parent}),
        };
        parse("claude", line.to_string().as_bytes(), Depth::Facts)
    }

    /// What each prompt goes on from, by lines: the numbers of `lines`.
    fn after(lines: &[(&str, &str, Option<&str>)]) -> Vec<(i64, Option<i64>)> {
        let mut branches = Branches::default();
        let mut told = Vec::new();
        for (number, (kind, id, parent)) in (0..).zip(lines) {
            // Whatever is remembered survives being stored.
            let stored = serde_json::to_string(&branches).unwrap();
            assert_eq!(serde_json::from_str::<Branches>(&stored).unwrap(), branches);
            let from = branches.follow(&line(kind, id, *parent));
            if *kind == "prompt" {
                told.push((number, branches.prompted(number, from)));
            }
        }
        told
    }

    #[test]
    fn a_conversation_in_a_row_has_no_branches() {
        let lines = [
            ("prompt", "a", None),
            ("attachment", "b", Some("a")),
            ("assistant", "c", Some("b")),
            ("assistant", "d", Some("c")),
            ("user", "e", Some("c")),
            ("user", "f", Some("d")),
            ("assistant", "g", Some("f")),
            ("system", "h", Some("g")),
            ("prompt", "i", Some("h")),
            ("prompt", "j", Some("not in this file")),
        ];
        assert_eq!(after(&lines), [(0, None), (8, None), (9, None)]);
    }

    #[test]
    fn who_goes_back_goes_on_from_the_turn_before() {
        let lines = [
            ("prompt", "a", None),
            ("assistant", "b", Some("a")),
            ("prompt", "c", Some("b")),
            ("assistant", "d", Some("c")),
            ("prompt", "e", Some("d")),
            ("prompt", "f", Some("b")),
            ("assistant", "g", Some("f")),
            ("prompt", "h", Some("g")),
            ("prompt", "i", None),
        ];
        let right = [(0, None), (2, None), (4, None), (5, Some(0)), (7, None), (8, Some(ANEW))];
        assert_eq!(after(&lines), right);
    }

    #[test]
    fn who_goes_back_across_a_thousand_lines_is_recognised_by_the_prompt_that_stood_there() {
        let mut lines: Vec<(&str, String, Option<String>)> = vec![
            ("prompt", "a".to_owned(), None),
            ("assistant", "b".to_owned(), Some("a".to_owned())),
            ("attachment", "b1".to_owned(), Some("b".to_owned())),
            ("prompt", "c".to_owned(), Some("b1".to_owned())),
        ];
        for number in 0..1_000 {
            let parent = lines.last().map(|(_, id, _)| id.clone());
            lines.push(("assistant", format!("x{number}"), parent));
        }
        // By another attachment than the one that was left.
        lines.push(("prompt", "d".to_owned(), Some("b".to_owned())));
        let lines: Vec<(&str, &str, Option<&str>)> =
            lines.iter().map(|(kind, id, parent)| (*kind, id.as_str(), parent.as_deref())).collect();
        assert_eq!(after(&lines), [(0, None), (3, None), (1_004, Some(0))]);
    }

    #[test]
    fn two_clients_that_write_in_turn_go_on_from_their_own_turns() {
        let lines = [
            ("prompt", "a", None),
            ("assistant", "b", Some("a")),
            ("prompt", "second", Some("b")),
            ("assistant", "second's", Some("second")),
            ("prompt", "first", Some("b")),
            ("prompt", "second again", Some("second's")),
            ("assistant", "first's", Some("first")),
        ];
        assert_eq!(after(&lines), [(0, None), (2, None), (4, Some(0)), (5, Some(2))]);
    }

    #[test]
    fn a_compaction_is_no_way_back() {
        let lines = [
            ("prompt", "a", None),
            ("assistant", "b", Some("a")),
            ("prompt", "c", Some("b")),
            ("assistant", "d", Some("c")),
            // What stands after `b` was summed up.
            ("boundary", "e", Some("b")),
            ("user", "f", Some("e")),
            ("prompt", "g", Some("f")),
        ];
        assert_eq!(after(&lines), [(0, None), (2, None), (6, None)]);
    }

    #[test]
    fn where_no_line_names_another_there_are_no_branches() {
        let lines = [("prompt", "a", None), ("assistant", "b", None), ("prompt", "c", None)];
        assert_eq!(after(&lines), [(0, None), (2, None)]);
    }

    #[test]
    fn a_prompt_that_joins_a_turn_is_part_of_it() {
        let mut branches = Branches::default();
        let prompted = |branches: &mut Branches, number, id, parent| {
            let from = branches.follow(&line("prompt", id, parent));
            branches.prompted(number, from)
        };
        assert_eq!(prompted(&mut branches, 0, "a", None), None);
        branches.follow(&line("assistant", "b", Some("a")));
        branches.follow(&line("attachment", "queued", Some("b")));
        branches.joined(2);
        branches.follow(&line("assistant", "c", Some("b")));
        assert_eq!(prompted(&mut branches, 4, "d", Some("c")), None);
        assert_eq!(prompted(&mut branches, 5, "e", Some("c")), Some(2), "it goes on from the end of that turn");
        // The latest turn goes on anyway; of the others it is said once.
        let named = ["?", "e", "c", "b", "e"].map(|id| branches.named(id));
        assert_eq!(named, [None, None, Some(0), None, Some(5)]);
    }

    #[test]
    fn it_stays_small() {
        let mut branches = Branches::default();
        for number in 0..2_000 {
            let (id, parent) = (format!("p{number}"), format!("p{}", number / 2));
            let from = branches.follow(&line("prompt", &id, Some(&parent)));
            branches.prompted(number, from);
        }
        assert_eq!((branches.lines.len(), branches.prompts.len()), (LINES, PROMPTS));
        assert!(serde_json::to_string(&branches).unwrap().len() < 8_000);
    }
}
