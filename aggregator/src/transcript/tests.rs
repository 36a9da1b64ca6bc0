//! What holds for every line, whatever its bytes, and for lines in any pieces.

use proptest::prelude::*;
use serde_json::{Value, json};

use super::lenient;
use super::lines::{LineJoiner, Place};
use super::preview::{PREVIEW_CHARS, TITLE_CHARS};
use super::{Class, Depth, image, parse, parse_line, testing};

const CODERS: [&str; 5] = ["claude", "claude-ai", "codex", "gemini", ""];

/// Words that mean something to a parser, as keys and as values.
const WORDS: &str = "type message content text role timestamp uuid parentUuid logicalParentUuid sessionId session_id \
    agentId user assistant system tool_use tool_result thinking name input isMeta isSidechain \
    isCompactSummary isApiErrorMessage origin kind task-notification summary customTitle aiTitle custom- \
    title ai-title subtype attachment durationMs queued_command commandMode prompt image source base64 \
    media_type data document title id tool_use_id is_error usage input_tokens output_tokens \
    cache_creation cache_creation_input_tokens ephemeral_1h_input_tokens toolUseResult stdout \
    structuredPatch lines create newTodos status in_progress runId totalDurationMs durationSeconds \
    taskId statusChange to requestSessionId forkedFrom permissionDecision decision reject queue- \
    operation operation enqueue last-prompt leafUuid cost-state totalCostUSD pr-link prUrl worktree-state worktreeSession \
    originalCwd progress parentToolUseID compact_boundary compactMetadata preTokens turn_duration \
    stop_hook_summary hookErrors file filename snippet Bash Write file_path command questions question";

/// Texts that mean something to a parser.
const TEXTS: [&str; 7] = [
    "2026-11-21T10:00:00.000Z",
    "\u{1b}[31mred\u{202e}",
    "<task-notification><task-id>a</task-id><status>completed</status></task-notification>",
    "<command-name>/clear</command-name>",
    "[Request interrupted by user]",
    "Exit code 3\n",
    "Stop hook feedback:\n",
];

/// JSON in the words of a client, put together as no client would.
fn any_json() -> impl Strategy<Value = Value> {
    let word = || prop::sample::select(WORDS.split(' ').collect::<Vec<_>>());
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(|number| json!(number)),
        word().prop_map(Value::from),
        prop::sample::select(TEXTS.as_slice()).prop_map(Value::from),
        ".{0,40}".prop_map(Value::from),
    ];
    leaf.prop_recursive(5, 64, 8, move |inner| {
        prop_oneof![
            prop::collection::vec(inner.clone(), 0..8).prop_map(Value::from),
            prop::collection::btree_map(word().prop_map(str::to_owned), inner, 0..8)
                .prop_map(|fields| Value::Object(fields.into_iter().collect())),
        ]
    })
}

fn check(line: &[u8]) {
    for coder in CODERS {
        let entry = parse_line(coder, line);
        let characters = entry.preview.text.chars().count();
        assert!(characters <= PREVIEW_CHARS, "{characters} characters of preview");
        let shown = |c: char| !c.is_control() || matches!(c, '\n' | '\t');
        assert!(entry.preview.text.chars().all(shown), "{:?}", entry.preview.text);
        if let Some((_, title)) = &entry.facts.title {
            assert!(
                title.chars().count() <= TITLE_CHARS && title.chars().all(|c| !c.is_control() || c == '\t'),
                "{title:?}"
            );
        }
        assert!(entry.class != Class::Unreadable || entry.role.is_none());
        let full = parse(coder, line, Depth::Full);
        testing::agrees(coder, line, &full);
        assert!(full.class == Class::Conversation || full.blocks.is_empty(), "only conversation has content");
        for index in 0..2 {
            let _ = image(coder, line, index);
        }
    }
}

#[test]
fn the_preview_of_many_blocks_is_bounded() {
    let blocks: Vec<Value> = (0..5_000).map(|number| json!({"type": "text", "text": number.to_string()})).collect();
    for kind in ["user", "assistant"] {
        let line = json!({"type": kind, "message": {"role": kind, "content": blocks}}).to_string();
        check(line.as_bytes());
        assert!(parse_line("claude", line.as_bytes()).preview.cut);
    }
}

#[test]
fn a_line_of_very_many_blocks_stays_small() {
    for block in [r#"{"type":"text"}"#, r#"{"type":"image"}"#, r#"{"type":"tool_result"}"#, "{}", "[]", "0"] {
        let blocks = vec![block; 50_000].join(",");
        for kind in ["user", "assistant"] {
            let line = format!(r#"{{"type":"{kind}","message":{{"content":[{blocks}]}}}}"#);
            let entry = parse("claude", line.as_bytes(), Depth::Full);
            assert_eq!(entry.class, Class::Conversation);
            assert!(entry.blocks.len() <= lenient::LIST && entry.acts.len() <= lenient::LIST + 1);
        }
    }
}

#[test]
fn a_deeply_nested_line_is_an_entry() {
    let deep = format!("{}{}", "[".repeat(20_000), "]".repeat(20_000));
    for field in ["message", "content", "toolUseResult", "attachment", "origin", "type", "unknown"] {
        let line = format!(r#"{{"{field}":{deep}}}"#);
        assert_eq!(parse("claude", line.as_bytes(), Depth::Full).class, Class::Bookkeeping, "{field}");
    }
    for (kind, block) in [("user", "tool_result"), ("assistant", "tool_use"), ("user", "image")] {
        let inner = format!(r#""type":"{block}","content":{deep},"input":{deep},"source":{deep}"#);
        let line = format!(
            r#"{{"type":"{kind}","toolUseResult":{{"content":{deep},"structuredPatch":{deep}}},"message":{{"content":[{{{inner}}}]}}}}"#
        );
        check(line.as_bytes());
    }
}

/// Lines of the real clients, none of them very long.
fn real_lines() -> Vec<Vec<u8>> {
    let files = [
        "2.0.76/projects/-srv-demo-web/3899a9e3-9113-436b-be98-7e6a165f9a75.jsonl",
        "2.1.197/projects/-srv-demo-web/9ea11e75-91af-4580-af2d-408551c74558.jsonl",
        "2.1.329/projects/-srv-demo-web/d1bafa4e-ca58-49b7-a4eb-2b6f94636bb6.jsonl",
    ];
    let read = |file: &str| std::fs::read(testing::fixture("transcripts").join(file)).unwrap();
    let lines =
        files.iter().flat_map(|file| read(file).split(|byte| *byte == b'\n').map(<[u8]>::to_vec).collect::<Vec<_>>());
    lines.filter(|line| !line.is_empty() && line.len() < 8_000).collect()
}

/// A line's place, and its bytes unless it is too long.
type Line = (Place, Option<Vec<u8>>);

/// The lines in some pieces, and where the next one begins.
fn lines_of(pieces: &[&[u8]]) -> (Vec<Line>, (u64, u64)) {
    let mut joiner = LineJoiner::new(7, 100);
    let mut lines = Vec::new();
    for piece in pieces {
        joiner.push(piece, |place, bytes| lines.push((place, bytes.map(<[u8]>::to_vec))));
    }
    (lines, joiner.place())
}

proptest! {
    #![proptest_config(ProptestConfig { failure_persistence: None, ..ProptestConfig::with_cases(300) })]

    #[test]
    fn any_bytes_are_an_entry(line in prop::collection::vec(any::<u8>(), 0..400)) {
        check(&line);
    }

    #[test]
    fn any_json_is_an_entry(line in any_json()) {
        check(line.to_string().as_bytes());
    }

    #[test]
    fn a_damaged_line_is_an_entry(line in any_json(), at in any::<prop::sample::Index>(), byte in any::<u8>()) {
        let mut line = line.to_string().into_bytes();
        let at = at.index(line.len());
        line[at] = byte;
        check(&line);
        check(&line[..at]);
    }

    #[test]
    fn a_damaged_line_of_a_client_is_an_entry(
        line in prop::sample::select(real_lines()),
        other in prop::sample::select(real_lines()),
        at in any::<prop::sample::Index>(),
        from in any::<prop::sample::Index>(),
        byte in any::<u8>(),
    ) {
        let (at, from) = (at.index(line.len()), from.index(other.len()));
        let mut changed = line.clone();
        changed[at] = byte;
        check(&changed);
        check(&[&line[..at], &other[from..]].concat());
    }

    #[test]
    fn lines_are_the_same_in_any_pieces(
        bytes in prop::collection::vec(prop_oneof![Just(b'\n'), any::<u8>()], 0..200),
        cuts in prop::collection::vec(any::<prop::sample::Index>(), 0..6),
    ) {
        let mut cuts: Vec<usize> = cuts.iter().map(|cut| cut.index(bytes.len() + 1)).collect();
        cuts.sort_unstable();
        let starts = [0].into_iter().chain(cuts.iter().copied());
        let ends = cuts.iter().copied().chain([bytes.len()]);
        let pieces: Vec<&[u8]> = starts.zip(ends).map(|(start, end)| &bytes[start..end]).collect();
        let (lines, next) = lines_of(&pieces);
        prop_assert_eq!(&(lines.clone(), next), &lines_of(&[&bytes]));
        // Put together again they are the bytes, up to the line that has not ended.
        let joined: Vec<u8> = lines.iter().flat_map(|(_, line)| [line.as_deref().unwrap(), b"\n"].concat()).collect();
        prop_assert_eq!(&joined[..], &bytes[..joined.len()]);
        prop_assert_eq!(next, (7 + lines.len() as u64, 100 + joined.len() as u64));
        prop_assert!(!bytes[joined.len()..].contains(&b'\n'));
    }
}
