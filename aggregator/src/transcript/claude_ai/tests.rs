//! Lines as an import lays them out.

use super::*;
use crate::transcript::testing::{fixture, golden_bytes};

/// The first conversation of the export as `muster import` would lay it out, by way of another parser.
fn lines() -> Vec<u8> {
    let export = std::fs::read_to_string(fixture("claude-ai/conversations.json")).unwrap();
    let export: serde_json::Value = serde_json::from_str(&export).unwrap();
    let mut conversation = export[0].clone();
    let messages = conversation.as_object_mut().unwrap().remove("chat_messages").unwrap();
    let lines = [conversation].into_iter().chain(messages.as_array().unwrap().clone());
    lines.flat_map(|line| format!("{line}\n").into_bytes()).collect()
}

#[test]
fn golden_conversation() {
    golden_bytes("claude-ai", "claude-ai/conversation.jsonl", &lines());
}

#[test]
fn a_file_is_named_by_its_conversation() {
    assert_eq!(layout("claude-ai/a-1.jsonl").session.as_deref(), Some("a-1"));
    assert_eq!(layout("notes.txt").kind, TranscriptKind::Meta);
}
