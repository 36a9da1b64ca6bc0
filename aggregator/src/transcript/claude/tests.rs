//! Lines of each kind, as the client writes them.

mod golden;
mod shapes;
mod tools;

use super::*;
use crate::transcript::Role;

fn entry(line: &str) -> Entry {
    parse(line.as_bytes(), Depth::Glance)
}

#[test]
fn a_prompt_is_told_apart_from_what_the_client_sends() {
    let cases = [
        (r#"{"type":"user","message":{"role":"user","content":"Fix the build"}}"#, Role::Human),
        (
            r#"{"type":"user","message":{"role":"user","content":[{"type":"text","text":"Look"},{"type":"image"}]}}"#,
            Role::Human,
        ),
        (r#"{"type":"user","isMeta":true,"message":{"role":"user","content":"Caveat"}}"#, Role::System),
        (r#"{"type":"user","isCompactSummary":true,"message":{"content":"This session is continued"}}"#, Role::System),
        (r#"{"type":"user","message":{"content":"<command-name>/clear</command-name>"}}"#, Role::System),
        (
            r#"{"type":"user","message":{"content":[{"type":"text","text":"[Request interrupted by user]"}]}}"#,
            Role::System,
        ),
        (r#"{"type":"user","origin":{"kind":"task-notification"},"message":{"content":"done"}}"#, Role::System),
        (
            r#"{"type":"user","message":{"content":[{"type":"tool_result","tool_use_id":"t","content":"ok"}]}}"#,
            Role::ToolResult,
        ),
    ];
    for (line, role) in cases {
        let entry = entry(line);
        assert_eq!((entry.class, entry.role), (Class::Conversation, Some(role)), "{line}");
        assert_eq!(entry.facts.title.is_some(), role == Role::Human, "{line}");
    }
}

#[test]
fn blocks_of_a_reply_have_their_roles() {
    let block = |block: &str| {
        entry(&format!(r#"{{"type":"assistant","message":{{"model":"claude-opus-5-5","content":[{block}]}}}}"#))
    };
    let text = block(r#"{"type":"text","text":"Done."}"#);
    assert_eq!((text.role, text.preview.text.as_str()), (Some(Role::Assistant), "Done."));
    assert_eq!(text.facts.model.as_deref(), Some("claude-opus-5-5"));
    let thinking = block(r#"{"type":"thinking","thinking":"Hm","signature":"x"}"#);
    assert_eq!((thinking.role, thinking.preview.text.as_str()), (Some(Role::Thinking), "Hm"));
    let call =
        block(r#"{"type":"tool_use","id":"t","name":"Bash","input":{"description":"Test","command":"cargo test"}}"#);
    assert_eq!((call.role, call.preview.text.as_str()), (Some(Role::ToolUse), "Bash: cargo test"));
    let unknown = block(r#"{"type":"tool_use","id":"t","name":"New","input":{"a":[1]}}"#);
    assert_eq!(unknown.preview.text, r#"New: {"a":[1]}"#);
}

#[test]
fn tool_results_show_their_text_whatever_their_shape() {
    let result = |content: &str| {
        entry(&format!(r#"{{"type":"user","message":{{"content":[{{"type":"tool_result","content":{content}}}]}}}}"#))
            .preview
            .text
    };
    assert_eq!(result(r#""plain""#), "plain");
    assert_eq!(result(r#"[{"type":"text","text":"a"},{"type":"image"}]"#), "a\n[image]");
    assert_eq!(result("null"), "");
}

#[test]
fn titles_are_facts_of_bookkeeping_lines() {
    for (line, source) in [
        (r#"{"type":"custom-title","customTitle":"limiter","sessionId":"s"}"#, TitleSource::Custom),
        (r#"{"type":"ai-title","aiTitle":"limiter","sessionId":"s"}"#, TitleSource::Ai),
        (r#"{"type":"summary","summary":"limiter","leafUuid":"u"}"#, TitleSource::Summary),
    ] {
        let entry = entry(line);
        assert_eq!(entry.class, Class::Bookkeeping);
        assert_eq!(entry.facts.title, Some((source, "limiter".to_owned())));
    }
}

#[test]
fn a_name_and_a_mode_are_facts_of_the_session() {
    let named = entry(r#"{"type":"agent-name","agentName":"limiter\nwork","sessionId":"s"}"#);
    assert_eq!(
        (named.class, named.facts.name.as_deref(), named.facts.title),
        (Class::Bookkeeping, Some("limiter"), None)
    );
    let mode = |line: &str| entry(line).facts.mode;
    let prompt = r#"{"type":"user","permissionMode":"plan","message":{"content":"Fix it"}}"#;
    assert_eq!(mode(prompt).as_deref(), Some("plan"));
    let line = entry(r#"{"type":"permission-mode","permissionMode":"acceptEdits","sessionId":"s"}"#);
    assert_eq!((line.facts.mode.as_deref(), line.preview.text.as_str()), (Some("acceptEdits"), "acceptEdits"));
    let line = entry(r#"{"type":"mode","mode":"normal","sessionId":"s"}"#);
    assert_eq!((line.facts.mode, line.preview.text.as_str()), (None, "normal"));
    let aside = r#"{"type":"user","isSidechain":true,"permissionMode":"plan","message":{"content":"Look"}}"#;
    assert_eq!(mode(aside), None, "a subagent's mode is not the session's");
}

#[test]
fn a_queued_prompt_is_conversation_and_other_attachments_are_not() {
    let queued = entry(
        r#"{"type":"attachment","attachment":{"type":"queued_command","commandMode":"prompt","prompt":"And the docs"}}"#,
    );
    assert_eq!((queued.class, queued.role), (Class::Conversation, Some(Role::Human)));
    let listing = entry(r#"{"type":"attachment","attachment":{"type":"skill_listing","content":"…"}}"#);
    assert_eq!(listing.class, Class::Bookkeeping);
}

#[test]
fn unknown_kinds_and_types_of_fields_are_kept_and_never_fail() {
    let unknown = entry(r#"{"type":"marble-origami-7","uuid":"u","timestamp":12,"sessionId":{"a":1},"isMeta":"yes"}"#);
    assert_eq!((unknown.kind.as_str(), unknown.class), ("marble-origami-7", Class::Bookkeeping));
    assert_eq!((unknown.time, unknown.facts.session), (None, None));
    assert_eq!(entry("{}").class, Class::Bookkeeping);
    assert_eq!(entry(r#"{"type":"user","message":7}"#).class, Class::Conversation);
    for damaged in ["", "[1]", "null", r#"{"type":"user","mess"#, "\0\0\0", "7"] {
        assert_eq!(entry(damaged).class, Class::Unreadable, "{damaged:?}");
    }
    assert_eq!(parse(b"{\"type\":\"\xff\"}", Depth::Glance).class, Class::Unreadable);
}

#[test]
fn envelope_fields_become_facts() {
    let entry = entry(
        r#"{"type":"system","subtype":"turn_duration","durationMs":2204,"uuid":"u1","timestamp":"2026-11-21T08:02:03.455Z","cwd":"/srv/demo/web",
        "sessionId":"s1","version":"2.1.329","gitBranch":"main","entrypoint":"cli"}"#,
    );
    assert_eq!(entry.preview.text, "turn ended after 2.2 s");
    assert_eq!(entry.uuid.as_deref(), Some("u1"));
    assert_eq!(entry.time, Some(1_795_248_123_455));
    assert_eq!(entry.facts.cwd.as_deref(), Some("/srv/demo/web"));
    assert_eq!(entry.facts.branch.as_deref(), Some("main"));
    assert_eq!(entry.facts.entrypoint.as_deref(), Some("cli"));
}
