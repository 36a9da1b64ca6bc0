//! Chats as the client writes them, and damaged ones.

use proptest::prelude::*;

use super::*;
use crate::transcript::testing::{agrees, fixture, golden};

const CHAT: &str = "gemini/shop/chats/session-2026-10-01T09-00-0a1b2c3d.jsonl";

#[test]
fn golden_chats() {
    golden("gemini", CHAT);
    golden("gemini", "gemini/shop/chats/0a1b2c3d-0000-4000-8000-000000000001/inv-77.jsonl");
}

#[test]
fn an_image_of_a_prompt_can_be_fetched() {
    let line = r#"{"id":"a","type":"user","content":["x",{"inlineData":{"mimeType":"image/png","data":"aGk="}}]}"#;
    assert_eq!(image(line.as_bytes(), 0), Some(("image/png".to_owned(), b"hi".to_vec())));
    assert_eq!(image(line.as_bytes(), 1), None);
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(200) })]

    #[test]
    fn a_damaged_chat_is_read(line in 0_usize..14, at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let text = std::fs::read_to_string(fixture(CHAT)).unwrap();
        let mut line = text.lines().nth(line).unwrap().as_bytes().to_vec();
        let at = at.index(line.len());
        line[at] = byte;
        agrees("gemini", &line, &parse(&line, Depth::Full));
        agrees("gemini", &line[..at], &parse(&line[..at], Depth::Full));
    }
}
