//! Rollouts as the clients write them, and lines put together as no client would.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::*;
use crate::transcript::testing::{agrees, fixture, golden};

const DAY: &str = "codex/sessions/2026/10/01";

#[test]
fn golden_rollouts() {
    for file in [
        "rollout-2026-10-01T09-00-00-0199a213-81a0-7800-8aa0-3a6b2f7f5b11.jsonl",
        "rollout-2026-10-01T09-00-07-0199a213-9f10-7c22-9d01-77c0a1b2c3d4.jsonl",
        "rollout-2026-10-01T10-00-00-0199a214-0a00-7d33-8e02-88d1b2c3d4e5.jsonl",
    ] {
        golden("codex", &format!("{DAY}/{file}"));
    }
    golden("codex", "codex/sessions/2026/10/02/rollout-2026-10-02T11-00-00-019a0001-81a0-7800-8aa0-3a6b2f7f5b22.jsonl");
    golden("codex", "codex/archived_sessions/rollout-2025-06-01T08-00-00-5973b6c0-94b8-487b-a530-2aeb6098ae0e.jsonl");
}

/// Usage keys with the thread in which they stand, as a follower makes them.
fn keys(file: &str) -> Vec<(String, String)> {
    let (mut thread, mut keys) = (String::new(), Vec::new());
    for line in std::fs::read_to_string(fixture(&format!("{DAY}/{file}"))).unwrap().lines() {
        let entry = parse(line.as_bytes(), Depth::Facts);
        thread = entry.facts.thread.unwrap_or(thread);
        for act in entry.acts {
            if let Act::Usage(usage) = act {
                keys.push((thread.clone(), usage.message));
            }
        }
    }
    keys
}

#[test]
fn a_fork_tells_of_its_parents_replies_under_the_same_keys() {
    let parent = keys("rollout-2026-10-01T09-00-00-0199a213-81a0-7800-8aa0-3a6b2f7f5b11.jsonl");
    let fork = keys("rollout-2026-10-01T10-00-00-0199a214-0a00-7d33-8e02-88d1b2c3d4e5.jsonl");
    assert_eq!((parent.len(), fork.len()), (3, 2));
    // Told twice in the parent, once more in the fork: one reply.
    assert!(parent[0] == parent[1] && parent[0] == fork[0]);
    assert!(!parent.contains(&fork[1]));
}

#[test]
fn an_image_of_a_prompt_can_be_fetched() {
    let url = "data:image/png;base64,aGk=";
    let line = json!({"type": "response_item", "payload": {"type": "message", "role": "user",
        "content": [{"type": "input_text", "text": "x"}, {"type": "input_image", "image_url": url}]}});
    let line = line.to_string();
    assert_eq!(image(line.as_bytes(), 0), Some(("image/png".to_owned(), b"hi".to_vec())));
    assert_eq!(image(line.as_bytes(), 1), None);
    assert_eq!(image(b"torn", 0), None);
}

/// Words that mean something to the parser.
const WORDS: [&str; 40] = [
    "type",
    "payload",
    "session_meta",
    "turn_context",
    "response_item",
    "event_msg",
    "compacted",
    "message",
    "role",
    "user",
    "assistant",
    "content",
    "text",
    "input_text",
    "input_image",
    "image_url",
    "function_call",
    "arguments",
    "call_id",
    "name",
    "function_call_output",
    "output",
    "metadata",
    "exit_code",
    "custom_tool_call",
    "apply_patch",
    "input",
    "token_count",
    "info",
    "total_token_usage",
    "last_token_usage",
    "input_tokens",
    "output_tokens",
    "patch_apply_end",
    "changes",
    "duration",
    "secs",
    "task_complete",
    "id",
    "<environment_context>",
];

fn any_json() -> impl Strategy<Value = Value> {
    let word = || prop::sample::select(WORDS.as_slice());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        word().prop_map(Value::from),
        ".{0,20}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 48, 6, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..6).prop_map(Value::from),
            prop::collection::btree_map(word().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn any_payload_is_an_entry(
        outer in prop::sample::select(["response_item", "event_msg", "session_meta", "turn_context"].as_slice()),
        inner in prop::sample::select(WORDS.as_slice()),
        mut payload in any_json(),
    ) {
        if let Value::Object(fields) = &mut payload {
            fields.insert("type".to_owned(), inner.into());
        }
        let line = json!({"type": outer, "payload": payload}).to_string();
        agrees("codex", line.as_bytes(), &parse(line.as_bytes(), Depth::Full));
    }

    #[test]
    fn an_output_of_any_text_is_read(text in "(Exit code: |Wall time: |Output:|\\{|\"|[0-9. \n])*") {
        let told = outcome::read(&text);
        prop_assert!(told.text.len() <= text.len());
        prop_assert!(patch::files(&text).is_empty());
    }
}
