//! Clients that are newer than this program: real transcripts with lines and fields in them that nobody knows. What is
//! known is understood as before, and what is not is counted, kept in its place and shown as it is.

use std::path::{Path, PathBuf};

use proptest::prelude::*;
use serde_json::{Value, json};

use super::super::facts::Facts;
use super::super::fold::Fold;
use crate::transcript::testing::fixture;
use crate::transcript::{Class, Depth, Entry, parse};

/// Real transcripts by coder, and the folders that they lie in.
const FOLDERS: [(&str, &str); 3] = [("claude", "transcripts"), ("codex", "codex"), ("gemini", "gemini")];

/// Numbers that look random and are the same for the same seed.
struct Dice(u64);

impl Dice {
    fn below(&mut self, most: usize) -> usize {
        self.0 = self.0.wrapping_mul(6_364_136_223_846_793_005).wrapping_add(1_442_695_040_888_963_407);
        usize::try_from((self.0 >> 33) % most as u64).unwrap()
    }

    /// Anything that can stand in a field.
    fn value(&mut self, depth: usize) -> Value {
        match self.below(if depth == 0 { 5 } else { 7 }) {
            0 => Value::Null,
            1 => json!(self.below(2) == 0),
            2 => json!(self.below(usize::MAX >> 12)),
            3 => json!("2026-11-21T10:00:00.000Z"),
            4 => {
                json!(["tool_result", "<command-name>/x</command-name>", "Exit code 3", "", "é\u{202e}"][self.below(5)])
            }
            5 => (0..self.below(4)).map(|_| self.value(depth - 1)).collect(),
            _ => (0..self.below(4)).map(|number| (format!("zzField{number}"), self.value(depth - 1))).collect(),
        }
    }
}

/// Every real transcript with its coder.
fn transcripts() -> Vec<(&'static str, PathBuf)> {
    let mut found = Vec::new();
    for (coder, folder) in FOLDERS {
        let mut folders = vec![fixture(folder)];
        while let Some(folder) = folders.pop() {
            for entry in std::fs::read_dir(folder).unwrap() {
                let path = entry.unwrap().path();
                if path.is_dir() {
                    folders.push(path);
                } else if path.extension().is_some_and(|end| end == "jsonl") && !path.ends_with("journal.jsonl") {
                    found.push((coder, path));
                }
            }
        }
    }
    found.sort();
    assert!(found.len() > 40, "the transcripts are gone");
    found
}

/// A line of a kind that nobody knows.
fn unknown_line(coder: &str, dice: &mut Dice) -> String {
    let (kind, body) = (format!("zz-kind-{}", dice.below(9)), dice.value(3));
    let line = match coder {
        "codex" if dice.below(3) == 0 => json!({"timestamp": null, "type": kind, "payload": body}),
        "codex" if dice.below(2) == 0 => json!({"type": "event_msg", "payload": {"type": kind, "zzBody": body}}),
        "codex" => json!({"type": "response_item", "payload": {"type": kind, "zzBody": body}}),
        "gemini" => json!({"id": "zz", "type": kind, "content": body}),
        _ if dice.below(3) == 0 => json!({"type": "attachment", "attachment": {"type": kind, "zzBody": body}}),
        _ => json!({"type": kind, "message": body, "zzBody": "words"}),
    };
    line.to_string()
}

/// The line with fields in it that nobody knows: around its content, and in it.
fn with_unknown_fields(line: &str, dice: &mut Dice) -> String {
    let Ok(Value::Object(mut fields)) = serde_json::from_str(line) else { return line.to_owned() };
    for place in ["message", "payload"] {
        if let Some(Value::Object(inner)) = fields.get_mut(place) {
            inner.insert(format!("zzInner{}", dice.below(9)), dice.value(2));
        }
    }
    for _ in 0..dice.below(3) {
        // Some stand before what is known, some behind it.
        let name = if dice.below(2) == 0 { "AAField" } else { "zzField" };
        fields.insert(format!("{name}{}", dice.below(9)), dice.value(2));
    }
    Value::Object(fields).to_string()
}

/// The line as any program would write it again: fields in another order are no news.
fn rewritten(line: &str) -> String {
    serde_json::from_str::<Value>(line).map_or_else(|_| line.to_owned(), |line| line.to_string())
}

fn folded(coder: &str, path: &Path, lines: &[String]) -> Fold {
    let is_main = !path.to_str().unwrap().contains("agent-");
    let mut fold = Fold::new("t", is_main, Facts::default());
    for line in lines {
        fold.add(parse(coder, line.as_bytes(), Depth::Facts));
    }
    fold
}

/// A text without the numbers of lines, and without ids that are made of a line's bytes.
fn apart(text: &str) -> String {
    let mut words = Vec::new();
    let mut rest = text;
    while let Some(at) = ["line: ", "line-", "Some(line"].iter().filter_map(|mark| rest.find(mark)).min() {
        let (before, from) = rest.split_at(at + 5);
        words.push(before);
        rest = from.trim_start_matches(|c: char| c.is_ascii_hexdigit() || c == ' ');
    }
    words.push(rest);
    words.concat()
}

/// Everything that a fold tells, line numbers left out.
fn told(fold: &Fold) -> Vec<String> {
    let told = &fold.told;
    let mut all: Vec<String> = told.turns.values().map(|row| format!("{row:?}")).collect();
    all.extend(told.calls.values().map(|row| {
        let row = crate::store::tool_calls::CallRow { result_line: None, line: 0, ..row.clone() };
        format!("{row:?}")
    }));
    all.extend(told.replies.values().map(|row| format!("{row:?}")));
    let Facts { first_prompt, model, cwd, mode, prompts, context, tail, todos, .. } = &fold.facts;
    let title = fold.facts.title();
    all.push(format!("{title:?} {first_prompt:?} {model:?} {cwd:?} {mode:?} {prompts} {context:?} {tail:?} {todos:?}"));
    let mut all: Vec<String> = all.iter().map(|row| apart(row)).collect();
    all.sort();
    all
}

fn content(entry: &Entry) -> String {
    let Entry { kind, class, role, time, acts, blocks, .. } = entry;
    apart(&format!("{kind} {class:?} {role:?} {time:?} {acts:?} {blocks:?}"))
}

/// Mixes what nobody knows into a transcript, and compares what is understood of both.
fn check(coder: &str, path: &Path, seed: u64) {
    let mut dice = Dice(seed);
    let text = std::fs::read_to_string(path).unwrap();
    let known: Vec<String> = text.lines().map(rewritten).collect();
    let (mut mixed, mut unknown) = (Vec::new(), 0_i64);
    for line in &known {
        while dice.below(4) == 0 {
            let line = unknown_line(coder, &mut dice);
            let entry = parse(coder, line.as_bytes(), Depth::Full);
            assert_eq!(entry.class, Class::Bookkeeping, "{line}");
            assert!(line.contains(&entry.kind) && !entry.kind.is_empty(), "its kind is told: {line}");
            assert!(entry.acts.is_empty() && entry.blocks.is_empty(), "{line}");
            unknown += 1;
            mixed.push(line);
        }
        let changed = with_unknown_fields(line, &mut dice);
        let of = |line: &str| content(&parse(coder, line.as_bytes(), Depth::Full));
        assert_eq!(of(&changed), of(line), "{} with {changed}", path.display());
        mixed.push(changed);
    }
    let (before, now) = (folded(coder, path, &known), folded(coder, path, &mixed));
    assert_eq!(now.facts.entries, before.facts.entries + unknown, "no line is lost: {}", path.display());
    assert_eq!(now.facts.conversation, before.facts.conversation, "{}", path.display());
    assert_eq!(now.facts.unreadable, before.facts.unreadable, "{}", path.display());
    assert_eq!(told(&now), told(&before), "{}", path.display());
}

#[test]
fn what_a_newer_client_adds_changes_nothing_that_is_known() {
    for (number, (coder, path)) in transcripts().iter().enumerate() {
        check(coder, path, number as u64);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(48) })]

    #[test]
    fn whatever_it_adds(file in any::<prop::sample::Index>(), seed in any::<u64>()) {
        let all = transcripts();
        let (coder, path) = &all[file.index(all.len())];
        check(coder, path, seed);
    }
}
