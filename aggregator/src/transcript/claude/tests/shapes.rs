//! Shapes of lines that no kept transcript has, or not in every variant.

use serde_json::{Value, json};

use crate::transcript::act::{Act, AgentReport, Prompt, Usage};
use crate::transcript::block::{Block, Media, NoticeKind};
use crate::transcript::{Class, Depth, Entry, Role, image, parse, testing};

/// The line at full depth; at every other depth it must be the same thing.
pub(super) fn read(line: &Value) -> Entry {
    let line = line.to_string();
    let entry = parse("claude", line.as_bytes(), Depth::Full);
    testing::agrees("claude", line.as_bytes(), &entry);
    entry
}

pub(super) fn user(content: &Value) -> Value {
    json!({"type": "user", "uuid": "u1", "parentUuid": "u0", "message": {"role": "user", "content": content}})
}

pub(super) fn with(mut line: Value, field: &str, value: Value) -> Value {
    line[field] = value;
    line
}

fn prompts(entry: &Entry) -> Vec<(&str, bool, u32)> {
    let prompt = |act| match act {
        &Act::Prompt(Prompt { ref text, queued, images }) => Some((text.as_str(), queued, images)),
        _ => None,
    };
    entry.acts.iter().filter_map(prompt).collect()
}

fn notices(entry: &Entry) -> Vec<(NoticeKind, &str)> {
    let notice = |block| match block {
        &Block::Notice { kind, ref text } => Some((kind, text.as_str())),
        _ => None,
    };
    entry.blocks.iter().filter_map(notice).collect()
}

#[test]
fn what_a_client_adds_to_a_prompt_is_not_the_prompt() {
    let entry = read(&user(&json!([
        {"type": "text", "text": "<ide_opened_file>The user opened /a.rs</ide_opened_file>"},
        {"type": "text", "text": "Why is this slow?\nIt was fast."},
        {"type": "image", "source": {"type": "base64", "media_type": "image/png", "data": "AAAA"}},
        {"type": "text", "text": "<system-reminder>Today is Monday.</system-reminder>"},
    ])));
    assert_eq!(entry.role, Some(Role::Human));
    assert_eq!(prompts(&entry), [("Why is this slow?", false, 1)]);
    assert_eq!(notices(&entry).len(), 2);
    assert_eq!(notices(&entry)[1], (NoticeKind::Injected, "Today is Monday."));
    let alone = read(&user(&json!("<system-reminder>Today is Monday.</system-reminder>")));
    assert_eq!((alone.role, prompts(&alone).len()), (Some(Role::System), 0));
    let empty = read(&user(&json!("")));
    assert_eq!((empty.role, prompts(&empty)), (Some(Role::Human), vec![("", false, 0)]));
}

#[test]
fn queued_prompts_are_prompts_and_queued_reports_are_not() {
    let queued = |attachment: Value| json!({"type": "attachment", "uuid": "u1", "attachment": attachment});
    let entry = read(&queued(json!({"type": "queued_command", "commandMode": "prompt", "prompt": "And the docs"})));
    assert_eq!((entry.class, entry.role), (Class::Conversation, Some(Role::Human)));
    assert_eq!(prompts(&entry), [("And the docs", true, 0)]);
    // The type does not always come first.
    let entry = read(&queued(json!({"commandMode": "prompt", "a": 1, "type": "queued_command", "prompt": [
        {"type": "text", "text": "Look"},
        {"type": "image", "source": {"type": "base64", "media_type": "image/gif", "data": "R0lG"}},
    ]})));
    assert_eq!(prompts(&entry), [("Look", true, 1)]);
    let line = queued(json!({"type": "queued_command", "prompt": "<task-notification><task-id>a1</task-id>\
        <tool-use-id>t1</tool-use-id><status>failed</status><summary>Agent failed</summary></task-notification>"}));
    let entry = read(&line);
    let report =
        AgentReport { id: "a1".to_owned(), tool_use_id: Some("t1".to_owned()), ok: Some(false), prompts: false };
    assert_eq!((entry.role, &entry.acts[..]), (Some(Role::System), &[Act::AgentReport(report)][..]));
    assert_eq!(notices(&entry), [(NoticeKind::Background, "Agent failed")]);
    let typed = read(&user(&json!("typed while busy")));
    assert_eq!(prompts(&typed), [("typed while busy", false, 0)]);
    let typed = read(&with(user(&json!("typed while busy")), "promptSource", json!("queued")));
    assert_eq!(prompts(&typed), [("typed while busy", true, 0)]);
}

#[test]
fn lines_of_subagents_are_no_prompts_but_count_as_work() {
    for line in [
        with(user(&json!("Survey the tests")), "isSidechain", json!(true)),
        with(with(user(&json!("Survey the tests")), "isSidechain", json!(true)), "agentId", json!("a1")),
    ] {
        let entry = read(&line);
        assert_eq!((entry.role, entry.acts.len(), entry.facts.internal), (Some(Role::System), 0, false));
        assert!(matches!(&entry.blocks[..], [Block::Text(text)] if text == "Survey the tests"));
    }
    let reply = json!({"type": "assistant", "isSidechain": true, "message": {"id": "m", "model": "claude-opus-5-5",
        "stop_reason": "end_turn", "content": [{"type": "tool_use", "id": "t", "name": "Bash", "input": {"command": "ls"}}],
        "usage": {"input_tokens": 1, "output_tokens": 2}}});
    let entry = read(&reply);
    let [Act::ToolUse(_), Act::Usage(usage)] = &entry.acts[..] else { panic!("{:?}", entry.acts) };
    assert!(!usage.fills_context, "a subagent's reply says nothing about the context of the conversation");
    let first = json!({"type": "user", "isSidechain": true, "agentId": "a1", "parentUuid": null, "uuid": "u",
        "message": {"content": "Warmup"}});
    assert!(read(&first).facts.internal);
    let compact = with(with(user(&json!("Summarise")), "isSidechain", json!(true)), "agentId", json!("acompact-4c"));
    assert!(read(&compact).facts.internal);
}

#[test]
fn injected_texts_are_told_by_what_they_are() {
    let meta = |text: &str| read(&with(user(&json!(text)), "isMeta", json!(true)));
    let hook = meta("Stop hook feedback:\nDo the next task.");
    assert_eq!((hook.role, &hook.acts[..]), (Some(Role::System), &[Act::StopHook][..]));
    assert_eq!(notices(&hook), [(NoticeKind::Hook, "Stop hook feedback:\nDo the next task.")]);
    let caveat = meta("Caveat: The messages below were generated by the user");
    assert_eq!((caveat.acts.len(), notices(&caveat)[0].0), (0, NoticeKind::Injected));
    let summary = read(&with(user(&json!("This session is continued. Limiter.")), "isCompactSummary", json!(true)));
    assert_eq!(notices(&summary), [(NoticeKind::Compaction, "This session is continued. Limiter.")]);
    let report = with(user(&json!("It is done")), "origin", json!({"kind": "task-notification"}));
    let report = read(&report);
    assert_eq!((report.role, notices(&report)), (Some(Role::System), vec![(NoticeKind::Background, "It is done")]));
    let stopped = read(&user(&json!([{"type": "text", "text": "[Request interrupted by user for tool use]"}])));
    assert_eq!((stopped.role, &stopped.acts[..]), (Some(Role::System), &[Act::Interrupt][..]));
}

fn usage_of(usage: &Value) -> Option<Usage> {
    let line = json!({"type": "assistant", "requestId": "r1", "timestamp": "2026-11-21T08:02:03.455Z",
        "message": {"id": "m1", "model": "claude-opus-5-5", "content": [], "usage": usage}});
    read(&line).acts.into_iter().find_map(|act| if let Act::Usage(usage) = act { Some(*usage) } else { None })
}

#[test]
fn tokens_are_told_by_kind() {
    let full = json!({"input_tokens": 9, "output_tokens": 124, "cache_creation_input_tokens": 120,
        "cache_read_input_tokens": 7605, "cache_creation": {"ephemeral_5m_input_tokens": 20, "ephemeral_1h_input_tokens": 100},
        "server_tool_use": {"web_search_requests": 2}, "output_tokens_details": {"thinking_tokens": 30}});
    let usage = usage_of(&full).unwrap();
    assert_eq!((usage.message.as_str(), usage.request.as_deref()), ("m1", Some("r1")));
    assert_eq!(usage.at, Some(1_795_248_123_455));
    assert_eq!((usage.input, usage.output, usage.cache_read), (9, 124, 7605));
    assert_eq!((usage.cache_write_5m, usage.cache_write_1h), (20, 100));
    assert_eq!((usage.thinking, usage.web_searches), (30, 2));
    assert!(usage.fills_context && !usage.copied);
    let writes = |value: Value| usage_of(&value).map(|usage| (usage.cache_write_5m, usage.cache_write_1h));
    assert_eq!(writes(json!({"cache_creation_input_tokens": 120})), Some((120, 0)));
    assert_eq!(writes(json!({"cache_creation_input_tokens": 120, "cache_creation": null})), Some((120, 0)));
    assert_eq!(writes(json!({"cache_creation": {"ephemeral_1h_input_tokens": 7}})), Some((0, 7)));
    assert_eq!(
        writes(json!({"cache_creation_input_tokens": 120, "cache_creation": {"ephemeral_1h_input_tokens": 500}})),
        Some((0, 120)),
        "the total decides"
    );
    assert_eq!(writes(json!({"input_tokens": null, "cache_creation_input_tokens": -4})), Some((0, 0)));
    assert_eq!(usage_of(&json!(null)), None);
}

#[test]
fn copies_are_told_apart_and_placeholders_cost_nothing() {
    let line = |fields: Value| {
        let mut line = json!({"type": "assistant", "sessionId": "s2", "message": {"id": "m1", "model": "claude-opus-5-5",
            "content": [], "usage": {"output_tokens": 1}}});
        line.as_object_mut().unwrap().extend(fields.as_object().unwrap().clone());
        read(&line).acts.into_iter().find_map(|act| if let Act::Usage(usage) = act { Some(usage.copied) } else { None })
    };
    assert_eq!(line(json!({})), Some(false));
    assert_eq!(line(json!({"requestSessionId": "s2"})), Some(false));
    assert_eq!(line(json!({"requestSessionId": "s1"})), Some(true));
    assert_eq!(line(json!({"forkedFrom": {"sessionId": "s1", "messageUuid": "u"}})), Some(true));
    let placeholder = |is_error: bool, text: &str| {
        read(
            &json!({"type": "assistant", "isApiErrorMessage": is_error, "message": {"id": "6107db70", "model": "<synthetic>",
            "content": [{"type": "text", "text": text}], "stop_reason": "stop_sequence", "usage": {"output_tokens": 5}}}),
        )
    };
    let error = placeholder(true, "API Error: 529 overloaded");
    assert_eq!(error.acts, [Act::ApiError { text: "API Error: 529 overloaded".to_owned(), resets_at: None }]);
    assert_eq!((error.role, error.facts.model.as_deref()), (Some(Role::System), None));
    let nothing = placeholder(false, "No response requested.");
    assert_eq!((nothing.acts.len(), notices(&nothing)), (0, vec![(NoticeKind::Other, "No response requested.")]));
}

#[test]
fn a_reply_that_yields_ends_the_turn() {
    let ends = |reason: Value| {
        let line = json!({"type": "assistant", "message": {"model": "m", "content": [], "stop_reason": reason}});
        read(&line).acts.contains(&Act::TurnEnd { duration_ms: None })
    };
    assert!(ends(json!("end_turn")) && ends(json!("max_tokens")));
    assert!(!ends(json!("tool_use")) && !ends(json!(null)) && !ends(json!("pause_turn")));
    let told = read(&json!({"type": "system", "subtype": "turn_duration", "durationMs": 2204}));
    assert_eq!(told.acts, [Act::TurnEnd { duration_ms: Some(2204) }]);
}

#[test]
fn a_compaction_hangs_on_the_line_before_it() {
    let entry = read(&json!({"type": "system", "subtype": "compact_boundary", "uuid": "u2", "parentUuid": null,
        "logicalParentUuid": "u1", "content": "Conversation compacted", "compactMetadata": {"preTokens": 24887}}));
    assert_eq!(
        (entry.parent.as_deref(), &entry.acts[..]),
        (Some("u1"), &[Act::Compaction { tokens_before: Some(24887) }][..])
    );
    let old = read(&json!({"type": "system", "subtype": "compact_boundary", "compactMetadata": [1]}));
    assert_eq!(old.acts, [Act::Compaction { tokens_before: None }]);
    let retried = read(&json!({"type": "system", "subtype": "api_error", "retryAttempt": 1, "maxRetries": 10}));
    assert_eq!((retried.acts.len(), notices(&retried)), (0, vec![(NoticeKind::ApiError, "api error")]));
    let unknown = read(&json!({"type": "system", "subtype": "brand_new", "content": "words"}));
    assert_eq!(notices(&unknown), [(NoticeKind::Other, "words")]);
}

#[test]
fn bookkeeping_says_what_it_knows_and_shows_nothing() {
    let notification = "<task-notification><task-id>a1</task-id><status>completed</status></task-notification>";
    let report = |call: Option<&str>, ok| {
        let tool_use_id = call.map(str::to_owned);
        vec![Act::AgentReport(AgentReport { id: "a1".to_owned(), tool_use_id, ok, prompts: false })]
    };
    let cases = [
        (json!({"type": "cost-state", "totalCostUSD": 0.040_908_4}), vec![Act::OwnCost { microdollars: 40_908 }]),
        (json!({"type": "last-prompt", "lastPrompt": "x", "leafUuid": "a"}), vec![Act::EndsAt { id: "a".into() }]),
        (json!({"type": "cost-state", "totalCostUSD": -1}), vec![]),
        (
            json!({"type": "pr-link", "prUrl": "https://git.example/o/r/pull/7"}),
            vec![Act::PullRequest { url: "https://git.example/o/r/pull/7".to_owned() }],
        ),
        (json!({"type": "pr-link", "prUrl": "javascript:alert(1)"}), vec![]),
        (json!({"type": "queue-operation", "operation": "enqueue", "content": notification}), report(None, Some(true))),
        (json!({"type": "queue-operation", "operation": "enqueue", "content": "A prompt"}), vec![]),
        (json!({"type": "queue-operation", "operation": "remove", "content": notification}), vec![]),
        (
            json!({"type": "progress", "parentToolUseID": "t1", "data": {"type": "agent_progress", "agentId": "a1",
                "message": {"type": "user", "message": {"content": "not said here"}}}}),
            report(Some("t1"), None),
        ),
        (json!({"type": "progress", "data": {"type": "bash_progress", "output": "…"}}), vec![]),
        (
            json!({"type": "attachment", "attachment": {"type": "task_status", "taskId": "a1", "status": "running"}}),
            report(None, None),
        ),
        (json!({"type": "attachment", "attachment": {"type": "skill_listing", "content": "words"}}), vec![]),
        (json!({"type": "attachment", "attachment": "words"}), vec![]),
        (json!({"type": "api-request-blob", "message": {"role": "user", "content": "words"}}), vec![]),
        (json!({"type": "marble-origami-9", "content": "words", "message": {"content": "words"}}), vec![]),
    ];
    for (line, acts) in cases {
        let entry = read(&line);
        assert_eq!((entry.class, entry.role, entry.blocks.len()), (Class::Bookkeeping, None, 0), "{line}");
        assert_eq!(entry.acts, acts, "{line}");
    }
}

#[test]
fn a_session_in_a_worktree_names_where_it_came_from() {
    let state =
        json!({"type": "worktree-state", "worktreeSession": {"originalCwd": "/srv/api", "worktreePath": "/srv/wt"}});
    assert_eq!(read(&state).facts.worktree_of.as_deref(), Some("/srv/api"));
    assert_eq!(read(&json!({"type": "worktree-state", "worktreeSession": null})).facts.worktree_of, None);
    let moved = json!({"type": "relocated", "relocatedCwd": "/srv/new", "cwd": "/srv/old"});
    assert_eq!(read(&moved).facts.cwd.as_deref(), Some("/srv/new"));
}

#[test]
fn attached_files_are_documents() {
    let file = json!({"type": "attachment", "attachment": {"type": "file", "filename": "/srv/a.py", "displayPath": "a.py",
        "content": {"type": "text", "file": {"filePath": "/srv/a.py", "content": "LIMIT = 20\n"}}}});
    let edited = json!({"type": "attachment", "attachment": {"type": "edited_text_file", "filename": "/srv/a.py",
        "snippet": "LIMIT = 20\n"}});
    for line in [file, edited] {
        let entry = read(&line);
        assert_eq!((entry.class, entry.role), (Class::Conversation, Some(Role::System)));
        assert!(matches!(&entry.blocks[..], [Block::Document { title, text }]
            if title == "/srv/a.py" && text == "LIMIT = 20\n"));
    }
}

#[test]
fn images_are_numbered_as_they_stand_and_fetched_by_number() {
    let picture = |kind: &str, data: &str| json!({"type": "image", "source": {"type": "base64", "media_type": kind, "data": data}});
    let line = user(&json!([
        {"type": "text", "text": "Look"},
        picture("image/png", "AAEC"),
        {"type": "tool_result", "tool_use_id": "t1", "content": [picture("image/jpeg", "AwQ="), {"type": "text", "text": "a"}]},
        picture("image/svg+xml", "PHN2Zz4="),
        {"type": "image", "source": {"type": "url", "url": "https://a.example/b.png"}},
    ]));
    let entry = read(&line);
    let media: Vec<&Media> = entry
        .blocks
        .iter()
        .filter_map(|block| if let Block::Image(media) = block { Some(media) } else { None })
        .collect();
    let told: Vec<_> =
        media.iter().map(|one| (one.index, &one.media_type[..], one.bytes, one.url.as_deref())).collect();
    assert_eq!(
        told,
        [
            (0, "image/png", 3, None),
            (1, "image/jpeg", 2, None),
            (2, "image/svg+xml", 5, None),
            (3, "image", 0, Some("https://a.example/b.png"))
        ]
    );
    let fetch = |index| image("claude", line.to_string().as_bytes(), index);
    assert_eq!(fetch(0), Some(("image/png".to_owned(), vec![0, 1, 2])));
    assert_eq!(fetch(1), Some(("image/jpeg".to_owned(), vec![3, 4])));
    assert_eq!((fetch(2), fetch(3), fetch(4), fetch(u32::MAX)), (None, None, None, None));
    let queued = json!({"type": "attachment", "attachment": {"type": "queued_command", "commandMode": "prompt",
        "prompt": [picture("image/png", "AAEC")]}});
    assert_eq!(image("claude", queued.to_string().as_bytes(), 0), Some(("image/png".to_owned(), vec![0, 1, 2])));
    assert_eq!(image("claude", b"torn", 0), None);
}

#[test]
fn half_a_character_hides_nothing_else() {
    let half = |line: &str| {
        let entry = parse("claude", line.as_bytes(), Depth::Full);
        testing::agrees("claude", line.as_bytes(), &entry);
        assert_eq!(entry.class, Class::Conversation, "{line}");
        entry
    };
    let prompt = half(r#"{"type":"user","message":{"content":"Fix it \ud83d"}}"#);
    assert_eq!(prompts(&prompt), [("Fix it \u{fffd}", false, 0)]);
    let result = half(
        r#"{"type":"user","toolUseResult":{"stdout":"a\udc00","agentId":"a1"},"message":{"content":[{"type":"tool_result","tool_use_id":"t","content":"a\ud83d"}]}}"#,
    );
    let [Act::ToolResult(told)] = &result.acts[..] else { panic!("{:?}", result.acts) };
    assert_eq!(told.agent.as_ref().map(|agent| agent.id.as_str()), Some("a1"));
    let [Block::ToolResult { text, detail: Some(detail), .. }] = &result.blocks[..] else {
        panic!("{:?}", result.blocks)
    };
    assert_eq!(text, "a\u{fffd}");
    assert!(serde_json::from_str::<Value>(detail.get()).is_ok());
}
