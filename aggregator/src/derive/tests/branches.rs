//! Real clients whose owner went back in the conversation, summed parts of it up, or had it open twice.

use std::path::PathBuf;

use super::super::facts::Facts;
use super::super::fold::Fold;
use super::super::{left, outline};
use super::derived;
use crate::ingest::tests::{Stand, frame, opened_at};
use crate::store::testing::both;
use crate::store::turns::TurnRow;
use crate::transcript::testing::fixture;
use crate::transcript::{Depth, parse};

/// What a person sees of each turn: its words, the turn in whose place it stands, and the one that it was left for.
type Seen = (&'static str, Option<&'static str>, Option<&'static str>);

const REWOUND: [Seen; 7] = [
    ("First thing", None, Some("First thing anew")),
    ("Second thing", None, Some("First thing anew")),
    ("Third thing", None, Some("First thing anew")),
    ("Second thing instead", Some("Second thing"), Some("First thing anew")),
    ("Fourth thing", None, Some("First thing anew")),
    ("First thing anew", Some("First thing"), None),
    ("Fifth thing", None, None),
];

/// The owner went back, had what followed a prompt summed up, then what came before another, and went back to that one.
const SUMMED_UP: [Seen; 12] = [
    ("First thing", None, None),
    ("Second thing", None, Some("Second thing instead")),
    ("Third thing", None, Some("Second thing instead")),
    ("Second thing instead", Some("Second thing"), None),
    ("Fourth thing", None, None),
    ("After the summary", None, None),
    ("Fifth thing", None, None),
    ("Sixth thing", None, None),
    ("After another summary", None, Some("Sixth thing anew")),
    ("Seventh thing", None, Some("Sixth thing anew")),
    ("Sixth thing anew", Some("After another summary"), None),
    ("Eighth", None, None),
];

/// Two clients, and the first one left last.
const TWO_CLIENTS: [Seen; 4] = [
    ("A follow-up", None, None),
    ("A follow-up in the second", None, Some("Explain at length")),
    ("Explain at length", Some("A follow-up in the second"), None),
    ("A follow-up meanwhile", None, Some("Explain at length")),
];

fn rewound(version: &str) -> Vec<String> {
    let bytes = std::fs::read(fixture(&format!("branches/{version}.jsonl"))).unwrap();
    String::from_utf8(bytes).unwrap().lines().map(str::to_owned).collect()
}

/// The lines of a transcript that were recorded together with what the terminal showed.
fn recorded(version: &str) -> Vec<String> {
    let text = std::fs::read_to_string(fixture(&format!("state/{version}-two-writers.jsonl"))).unwrap();
    let steps = text.lines().map(|step| serde_json::from_str::<serde_json::Value>(step).unwrap());
    steps.filter(|step| step["source"] == "transcript").map(|step| step["line"].to_string()).collect()
}

fn cases() -> Vec<(Vec<String>, &'static [Seen])> {
    vec![
        (rewound("2.0.76"), &REWOUND),
        (rewound("2.1.197"), &REWOUND),
        (rewound("2.1.329"), &SUMMED_UP),
        (recorded("2.1.197"), &TWO_CLIENTS),
        (recorded("2.1.329"), &TWO_CLIENTS),
    ]
}

/// The turns of a transcript; after each line the fold is stored and goes on from what was stored.
fn turns(coder: &str, lines: &[String]) -> Vec<TurnRow> {
    let mut rows: Vec<TurnRow> = Vec::new();
    let mut facts = Facts::default();
    for line in lines {
        let mut fold = Fold::new("t", true, Facts::load(&facts.store()));
        fold.add(parse(coder, line.as_bytes(), Depth::Facts));
        rows.extend(std::mem::take(&mut fold.told.turns).into_values());
        for (turn, by) in &fold.told.named {
            rows.iter_mut().find(|row| row.line == *turn).unwrap().named_line = Some(*by);
        }
        facts = fold.facts;
    }
    rows
}

#[test]
fn a_person_who_goes_back_leaves_what_lies_between() {
    for (lines, right) in cases() {
        let rows = turns("claude", &lines);
        let words = |turn: usize| rows[turn].text.as_str();
        let marks = left::marks(&rows).into_iter().enumerate();
        let seen: Vec<_> =
            marks.map(|(turn, mark)| (words(turn), mark.instead_of.map(words), mark.left_for.map(words))).collect();
        assert_eq!(seen, right);
    }
}

#[tokio::test]
async fn the_outline_says_what_was_left_in_any_pieces() {
    for database in both().await {
        let stand = Stand::new(database).await;
        let (mut intake, _acks) = stand.link().await;
        for (number, (lines, right)) in cases().into_iter().enumerate() {
            let own = format!("0000000{number}-0000-4000-8000-000000000000");
            let id = opened_at(&mut intake, &format!("/home/dev/.claude/projects/-srv/{own}.jsonl")).await;
            let mut at = 0;
            for piece in lines.chunks([7, 1000][number % 2]) {
                let bytes = piece.join("\n") + "\n";
                intake.accept(frame(id, at, bytes.as_bytes(), false)).await.unwrap();
                at += bytes.len() as u64;
                derived(&stand).await;
            }
            let turns = outline::of_session(&stand.db, &format!("claude-{own}")).await.unwrap();
            let words = |prompt: &Option<outline::Prompt>| {
                let line = prompt.as_ref()?.1;
                turns.iter().find(|turn| turn.row.line == line).map(|turn| turn.row.text.clone())
            };
            let seen: Vec<_> = turns
                .iter()
                .map(|turn| (turn.row.text.as_str(), words(&turn.instead_of), words(&turn.left_for)))
                .collect();
            let right: Vec<_> =
                right.iter().map(|(own, of, by)| (*own, of.map(str::to_owned), by.map(str::to_owned))).collect();
            assert_eq!(seen, right);
        }
    }
}

/// Parallel calls, subagents, resumed sessions, forks, compactions, queued prompts, interrupts and failed requests.
#[test]
fn nothing_is_left_where_nobody_went_back() {
    let mut folders: Vec<(&str, PathBuf)> = [("claude", "transcripts"), ("codex", "codex"), ("gemini", "gemini")]
        .map(|(coder, path)| (coder, fixture(path)))
        .into();
    let mut seen = 0;
    while let Some((coder, folder)) = folders.pop() {
        for entry in std::fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            if path.is_dir() {
                folders.push((coder, path));
            } else if path.extension().is_some_and(|end| end == "jsonl") {
                let bytes = std::fs::read(&path).unwrap();
                let lines: Vec<String> = String::from_utf8_lossy(&bytes).lines().map(str::to_owned).collect();
                let rows = turns(coder, &lines);
                seen += rows.len();
                for row in rows {
                    assert_eq!((row.after_line, row.named_line), (None, None), "{} {row:?}", path.display());
                }
            }
        }
    }
    assert!(seen > 40, "{seen}");
}
