//! Calls that are made again and again: the same call, or a few in turn, with the same kind of outcome each time.
//!
//! A run ends with another call, another kind of outcome, the end of the turn or a word of a person. A call that waits
//! ends it too: whoever asks how far something is, and waits in between, is not in a loop.

use serde::{Deserialize, Serialize};

use super::clean::clean;
use crate::domain::alarm::Looping;
use crate::domain::time::Millis;
use crate::transcript::act::{Act, ToolResult, ToolUse};

/// Most calls in turn that are recognised as one loop: A-B-C-A-B-C.
const PERIODS: usize = 3;

/// Calls without an outcome that are remembered: the latest.
const OPEN: usize = 32;

/// Bytes of an id.
const ID_BYTES: usize = 200;

/// Bytes of the words for a call.
const WORDS_BYTES: usize = 120;

/// What is known of the latest calls of one conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Repeats {
    /// Calls without an outcome, oldest first.
    #[serde(skip_serializing_if = "Vec::is_empty")]
    open: Vec<Open>,
    /// The latest calls with one, oldest first, at most [`PERIODS`].
    #[serde(skip_serializing_if = "Vec::is_empty")]
    last: Vec<Ended>,
    /// For each period, how long the calls have repeated.
    runs: [Run; PERIODS],
}

/// A call without an outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Open {
    id: String,
    digest: u64,
    words: String,
    at: Millis,
}

/// A call with its outcome.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Ended {
    digest: u64,
    failed: bool,
    outcome: u64,
    words: String,
    at: Millis,
}

/// Calls each of which equals the one a period before.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
struct Run {
    /// How many.
    same: u32,
    /// How many at the end of them also had an equal outcome, or failed.
    alike: u32,
    /// When the first one was made that they repeat.
    since: Millis,
}

impl Repeats {
    /// Nothing is known.
    pub(super) fn is_empty(&self) -> bool {
        *self == Self::default()
    }

    /// Takes the next act.
    pub(super) fn add(&mut self, at: Millis, act: &Act) {
        match act {
            Act::ToolUse(used) => self.called(used, at),
            Act::ToolResult(result) => self.answered(result),
            Act::Prompt(_) | Act::TurnEnd { .. } | Act::Interrupt => *self = Self::default(),
            _ => {}
        }
    }

    fn called(&mut self, used: &ToolUse, at: Millis) {
        if used.waits || used.id.is_empty() {
            (self.last, self.runs) = (Vec::new(), Default::default());
            return;
        }
        if self.open.len() == OPEN {
            self.open.remove(0);
        }
        let words = match &used.about {
            Some(about) => format!("{} \"{about}\"", used.name),
            None => used.name.clone(),
        };
        let (id, words) = (clean(&used.id, ID_BYTES), clean(&words, WORDS_BYTES));
        self.open.push(Open { id, digest: used.digest, words, at });
    }

    fn answered(&mut self, result: &ToolResult) {
        let id = clean(&result.id, ID_BYTES);
        let Some(place) = self.open.iter().position(|open| open.id == id) else { return };
        let Open { digest, words, at, .. } = self.open.remove(place);
        let ended = Ended { digest, failed: result.is_error, outcome: result.digest, words, at };
        for (period, run) in (1..).zip(&mut self.runs) {
            let before = self.last.len().checked_sub(period).and_then(|place| self.last.get(place));
            *run = run.next(before, &ended);
        }
        if self.last.len() == PERIODS {
            self.last.remove(0);
        }
        self.last.push(ended);
    }

    /// What is made again and again now, when it was made twice at least; of several ways to see it the shortest.
    pub(super) fn looping(&self) -> Option<Looping> {
        let runs = (1..).zip(&self.runs);
        let (period, run) = runs.max_by_key(|(period, run)| (run.weight(*period), std::cmp::Reverse(*period)))?;
        let times = run.times(period);
        let calls = self.last.iter().rev().take(period as usize).rev();
        (times > 1).then(|| Looping {
            subagent: None,
            calls: calls.map(|call| call.words.clone()).collect(),
            times,
            weight: run.weight(period),
            since: run.since,
        })
    }
}

impl Run {
    /// With one more call, and the one a period before it.
    fn next(self, before: Option<&Ended>, call: &Ended) -> Self {
        let Some(before) = before.filter(|before| before.digest == call.digest && before.failed == call.failed) else {
            return Self::default();
        };
        let is_alike = call.failed || before.outcome == call.outcome;
        Self {
            same: self.same.saturating_add(1),
            alike: if is_alike { self.alike.saturating_add(1) } else { 0 },
            since: if self.same == 0 { before.at } else { self.since },
        }
    }

    /// How often the calls of this period were made.
    fn times(self, period: u32) -> u32 {
        self.same / period + 1
    }

    /// How much that counts: outcomes that differ each time count half.
    fn weight(self, period: u32) -> u32 {
        (self.alike / period + 1).max(self.times(period) / 2)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    /// A story: each call by a letter, in upper case when it fails, with its outcome after a colon.
    fn told(story: &str) -> Repeats {
        let mut repeats = Repeats::default();
        for (number, word) in (0..).zip(story.split_whitespace()) {
            let (call, outcome) = word.split_once(':').unwrap_or((word, ""));
            let id = format!("c{number}");
            let used = ToolUse {
                id: id.clone(),
                name: "Bash".to_owned(),
                about: Some(call.to_lowercase()),
                path: None,
                writes: false,
                agent_kind: None,
                digest: u64::from(call.to_lowercase().as_bytes()[0]),
                waits: call == "wait",
            };
            let is_error = call.chars().all(char::is_uppercase);
            let digest = outcome.len() as u64;
            repeats.add(number, &Act::ToolUse(used));
            repeats.add(number, &Act::ToolResult(ToolResult { id, is_error, digest, ..ToolResult::default() }));
        }
        repeats
    }

    fn seen(story: &str) -> Option<(String, u32, u32, Millis)> {
        let looping = told(story).looping()?;
        Some((looping.calls.join(" "), looping.times, looping.weight, looping.since))
    }

    fn right(calls: &str, times: u32, weight: u32, since: Millis) -> (String, u32, u32, Millis) {
        let calls: Vec<String> = calls.split(' ').map(|call| format!("Bash \"{call}\"")).collect();
        (calls.join(" "), times, weight, since)
    }

    #[test]
    fn the_same_call_again_and_again_is_a_loop() {
        assert_eq!(seen("a b b b b b"), Some(right("b", 5, 5, 1)));
        assert_eq!(seen("A:x A:xx A:xxx"), Some(right("a", 3, 3, 0)), "a failure is a failure, whatever its words");
        assert_eq!(seen("a b a b a b a b a b"), Some(right("a b", 5, 5, 0)));
        assert_eq!(seen("x a b c a b c a b c"), Some(right("a b c", 3, 3, 1)));
    }

    #[test]
    fn other_calls_outcomes_and_waiting_end_it() {
        assert_eq!(seen("a a a b"), None);
        assert_eq!(seen("a a a A"), None, "it failed for the first time");
        assert_eq!(seen("a a wait a"), None);
        assert_eq!(seen("a wait a wait a wait a wait a wait"), None);
        assert_eq!(seen("a b c d e"), None);
        assert_eq!(seen(""), None);
    }

    #[test]
    fn outcomes_that_differ_each_time_count_half() {
        assert_eq!(seen("a:x a:xx a:xxx a:xxxx a:xxxxx a:xxxxxx"), Some(right("a", 6, 3, 0)));
        assert_eq!(seen("a:x a:xx a:xx a:xx a:xx"), Some(right("a", 5, 4, 0)));
    }

    #[test]
    fn the_end_of_a_turn_or_a_word_of_a_person_ends_it() {
        for act in [Act::TurnEnd { duration_ms: None }, Act::Interrupt] {
            let mut repeats = told("a a a a a a");
            repeats.add(9, &act);
            assert!(repeats.is_empty());
        }
    }

    #[test]
    fn calls_at_once_are_told_apart_by_their_ids_and_bounded() {
        let mut repeats = Repeats::default();
        let used = |id: String| ToolUse {
            id,
            name: "Read".to_owned(),
            about: None,
            path: None,
            writes: false,
            agent_kind: None,
            digest: 7,
            waits: false,
        };
        for number in 0..100 {
            repeats.add(number, &Act::ToolUse(used(number.to_string())));
        }
        assert_eq!(repeats.open.len(), OPEN);
        for number in 0..100 {
            let result = ToolResult { id: number.to_string(), ..ToolResult::default() };
            repeats.add(200, &Act::ToolResult(result));
        }
        let looping = repeats.looping().unwrap();
        assert_eq!((looping.times, looping.since, looping.calls), (32, 68, vec!["Read".to_owned()]));
    }

    proptest! {
        /// However a story is cut by a restart, it says the same; and it never says more than there were calls.
        #[test]
        fn a_restart_changes_nothing(letters in prop::collection::vec(0..3_u8, 0..40), cut in 0..40_usize) {
            let words: Vec<String> = letters.iter().map(|letter| char::from(b'a' + letter).to_string()).collect();
            let whole = told(&words.join(" "));
            let stored = serde_json::to_string(&told(&words[..cut.min(words.len())].join(" "))).unwrap();
            let mut again: Repeats = serde_json::from_str(&stored).unwrap();
            for (number, word) in (0..).zip(&words).skip(cut) {
                let one = told(word);
                let id = format!("c{number}");
                let Some(ended) = one.last.first() else { continue };
                again.open.push(Open { id: id.clone(), digest: ended.digest, words: ended.words.clone(), at: number });
                again.answered(&ToolResult { id, ..ToolResult::default() });
            }
            prop_assert_eq!(&again, &whole);
            let times = whole.looping().map_or(0, |looping| looping.times as usize);
            prop_assert!(times <= letters.len());
        }
    }
}
