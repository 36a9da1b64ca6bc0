//! Golden tests of transcripts: what is understood of each line of a fixture, in short words, compared with what the
//! repository says. `MUSTER_WRITE_EXPECTED=1 cargo nextest run -p muster golden` writes it anew.

use std::fmt::Write as _;
use std::path::{Path, PathBuf};

use super::act::Act;
use super::block::Block;
use super::{Class, Depth, Entry, LineFacts, parse};

/// A file of `tests/fixtures`.
pub(crate) fn fixture(path: &str) -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures").join(path)
}

/// Compares what is understood of a fixture with `tests/fixtures/expected/<path>.txt`.
pub(crate) fn golden(coder: &str, path: &str) {
    let bytes = std::fs::read(fixture(path)).unwrap();
    golden_bytes(coder, path, &bytes);
}

/// The same for bytes that were made of a fixture.
pub(crate) fn golden_bytes(coder: &str, path: &str, bytes: &[u8]) {
    let told = told(coder, bytes);
    let file = fixture("expected").join(format!("{path}.txt"));
    if std::env::var_os("MUSTER_WRITE_EXPECTED").is_some() {
        std::fs::create_dir_all(file.parent().unwrap()).unwrap();
        std::fs::write(&file, &told).unwrap();
    }
    let expected = std::fs::read_to_string(&file).unwrap_or_default();
    for (number, (told, expected)) in told.lines().zip(expected.lines()).enumerate() {
        assert_eq!(told, expected, "line {} of {}", number + 1, file.display());
    }
    assert_eq!(told.lines().count(), expected.lines().count(), "lines of {}", file.display());
}

fn told(coder: &str, bytes: &[u8]) -> String {
    let mut text = String::new();
    for (number, line) in bytes.split_inclusive(|byte| *byte == b'\n').enumerate() {
        let line = line.strip_suffix(b"\n").unwrap_or(line);
        let entry = parse(coder, line, Depth::Full);
        agrees(coder, line, &entry);
        let role = entry.role.map_or_else(String::new, |role| format!(" {role:?}"));
        writeln!(text, "{number} {:?}{role} {}{}", entry.class, entry.kind, facts(&entry.facts)).unwrap();
        for act in &entry.acts {
            writeln!(text, "    act {}", short(act)).unwrap();
        }
        for block in &entry.blocks {
            writeln!(text, "    block {}", cut(&shown(block))).unwrap();
        }
    }
    text
}

/// At every depth a line is the same thing.
pub(crate) fn agrees(coder: &str, line: &[u8], full: &Entry) {
    for depth in [Depth::Facts, Depth::Glance] {
        let other = parse(coder, line, depth);
        assert_eq!((other.class, other.role, &other.uuid, other.time), (full.class, full.role, &full.uuid, full.time));
        assert_eq!((&other.acts, &other.facts, &other.kind), (&full.acts, &full.facts, &full.kind));
        let silent = depth == Depth::Glance || other.class == Class::Unreadable || other.preview.text.is_empty();
        assert!(other.blocks.is_empty() && silent, "{other:?}");
    }
}

fn facts(facts: &LineFacts) -> String {
    let named = [
        ("session", &facts.session),
        ("thread", &facts.thread),
        ("agent", &facts.agent),
        ("cwd", &facts.cwd),
        ("branch", &facts.branch),
        ("version", &facts.version),
        ("entrypoint", &facts.entrypoint),
        ("model", &facts.model),
        ("repository", &facts.repository),
        ("worktree_of", &facts.worktree_of),
        ("mode", &facts.mode),
        ("name", &facts.name),
    ];
    let mut text = String::new();
    for (name, value) in named.iter().filter_map(|(name, value)| value.as_ref().map(|value| (name, value))) {
        write!(text, " {name}={value}").unwrap();
    }
    if let Some((source, title)) = &facts.title {
        write!(text, " title({source:?})={title:?}").unwrap();
    }
    text
}

fn short(act: &Act) -> String {
    match act {
        Act::Usage(usage) => {
            let kinds = [
                ("input", usage.input),
                ("output", usage.output),
                ("cache_read", usage.cache_read),
                ("cache_write_5m", usage.cache_write_5m),
                ("cache_write_1h", usage.cache_write_1h),
                ("thinking", usage.thinking),
                ("web_searches", usage.web_searches),
            ];
            let mut text = format!("Usage {} {:?} {:?}", usage.message, usage.request, usage.model);
            for (name, count) in kinds.iter().filter(|(_, count)| *count != 0) {
                write!(text, " {name}={count}").unwrap();
            }
            text
        }
        other => format!("{other:?}"),
    }
}

fn shown(block: &Block) -> String {
    match block {
        Block::ToolUse { id, name, input } => {
            format!("ToolUse {id} {name} {}", input.as_ref().map_or("", |input| input.get()))
        }
        Block::ToolResult { tool_use_id, is_error, text, agent, permission, .. } => {
            let permission = permission.map_or_else(String::new, |permission| format!(" {permission:?}"));
            format!("ToolResult {tool_use_id} error={is_error} agent={agent:?}{permission} {text:?}")
        }
        other => format!("{other:?}"),
    }
}

fn cut(text: &str) -> String {
    text.chars().take(200).collect()
}
