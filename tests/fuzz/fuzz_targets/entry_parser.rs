//! Any line is an entry of every coder, the same at every depth: nothing panics, and what is shown is bounded and free of
//! control characters. The files beside transcripts are read as well.

#![no_main]

use libfuzzer_sys::fuzz_target;
use muster::transcript::claude::{meta, workflow};
use muster::transcript::preview::{PREVIEW_CHARS, TITLE_CHARS};
use muster::transcript::{Class, Depth, image, parse};

const CODERS: [&str; 5] = ["claude", "claude-ai", "codex", "gemini", ""];

fuzz_target!(|line: &[u8]| {
    for coder in CODERS {
        let entry = parse(coder, line, Depth::Glance);
        assert!(entry.preview.text.chars().count() <= PREVIEW_CHARS);
        assert!(entry.preview.text.chars().all(|c| !c.is_control() || matches!(c, '\n' | '\t')));
        if let Some((_, title)) = &entry.facts.title {
            assert!(title.chars().count() <= TITLE_CHARS);
        }
        assert!(entry.class != Class::Unreadable || entry.role.is_none());
        for depth in [Depth::Facts, Depth::Full] {
            let other = parse(coder, line, depth);
            assert_eq!((other.class, other.role, &other.uuid), (entry.class, entry.role, &entry.uuid));
            assert_eq!((&other.acts, &other.facts), (&entry.acts, &entry.facts));
            assert!(other.class == Class::Conversation || other.blocks.is_empty());
        }
        let _ = image(coder, line, 0);
    }
    let _ = (meta::parse(line), workflow::parse(line), workflow::journal_line(line));
});
