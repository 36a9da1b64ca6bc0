//! Any line is an entry: nothing panics, and what is shown is bounded and free of control characters.

#![no_main]

use libfuzzer_sys::fuzz_target;
use muster::transcript::preview::{PREVIEW_CHARS, TITLE_CHARS};
use muster::transcript::{Class, parse_line};

const CODERS: [&str; 5] = ["claude", "claude-ai", "codex", "gemini", ""];

fuzz_target!(|line: &[u8]| {
    for coder in CODERS {
        let entry = parse_line(coder, line);
        assert!(entry.preview.text.chars().count() <= PREVIEW_CHARS);
        assert!(entry.preview.text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')));
        if let Some((_, title)) = &entry.facts.title {
            assert!(title.chars().count() <= TITLE_CHARS);
        }
        assert!(entry.class != Class::Unreadable || entry.role.is_none());
    }
});
