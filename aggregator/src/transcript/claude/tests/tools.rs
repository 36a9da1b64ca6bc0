//! Calls of tools and their outcomes, in every shape.

use serde_json::{Value, json};

use super::shapes::{read, user, with};
use crate::transcript::act::{Act, AgentStart, Todo, TodoChange, TodoState, ToolResult, ToolUse};
use crate::transcript::block::{Block, Decider, Permission};
use crate::transcript::digest;
use crate::transcript::{Entry, Role};

fn result(content: &Value, detail: Option<Value>) -> Value {
    let line = user(&json!([{"type": "tool_result", "tool_use_id": "t1", "content": content}]));
    detail.map_or(line.clone(), |detail| with(line, "toolUseResult", detail))
}

fn outcome(entry: &Entry) -> &ToolResult {
    entry
        .acts
        .iter()
        .find_map(|act| if let Act::ToolResult(result) = act { Some(result) } else { None })
        .expect("a result")
}

#[test]
fn outcomes_of_tools_say_what_can_be_counted() {
    let digest = digest::of_outcome("\"done\"");
    let base = || ToolResult { id: "t1".to_owned(), digest, ..ToolResult::default() };
    let cases = [
        (json!({"stdout": "a", "stderr": "", "interrupted": false}), ToolResult { exit_code: Some(0), ..base() }),
        (json!({"stdout": "a", "stderr": "", "interrupted": true}), base()),
        (json!({"stdout": "", "backgroundTaskId": "b1"}), ToolResult { shell: Some("b1".to_owned()), ..base() }),
        (json!({"durationMs": 41, "numFiles": 3}), ToolResult { duration_ms: Some(41), ..base() }),
        (json!({"query": "q", "durationSeconds": 1.25}), ToolResult { duration_ms: Some(1250), ..base() }),
        (json!({"type": "create", "content": "a\\n\"b\"\nc"}), ToolResult { changed: Some((2, 0)), ..base() }),
        (json!({"type": "create", "content": "a\nb\n"}), ToolResult { changed: Some((2, 0)), ..base() }),
        (json!({"type": "create", "content": ""}), ToolResult { changed: Some((0, 0)), ..base() }),
        (
            json!({"structuredPatch": [{"lines": ["-a", "+b", " c", "+d"]}, {"lines": ["-e"]}, 7, {"lines": null}]}),
            ToolResult { changed: Some((2, 2)), ..base() },
        ),
        (
            json!({"status": "completed", "agentId": "a1", "agentType": "Explore", "totalDurationMs": 128}),
            ToolResult {
                duration_ms: Some(128),
                agent: Some(AgentStart {
                    id: "a1".to_owned(),
                    kind: Some("Explore".to_owned()),
                    ..AgentStart::default()
                }),
                ..base()
            },
        ),
        (
            json!({"status": "async_launched", "runId": "wf_1", "taskId": "w1"}),
            ToolResult {
                agent: Some(AgentStart {
                    background: true,
                    workflow: Some("wf_1".to_owned()),
                    ..AgentStart::default()
                }),
                ..base()
            },
        ),
        (json!("Error: something"), base()),
        (json!(["a", 1]), base()),
        (json!(null), base()),
    ];
    for (detail, expected) in cases {
        let entry = read(&result(&json!("done"), Some(detail.clone())));
        assert_eq!(entry.role, Some(Role::ToolResult));
        assert_eq!(outcome(&entry), &expected, "{detail}");
    }
}

#[test]
fn failures_of_tools_are_told() {
    let failed = |content: Value| {
        let block = json!({"type": "tool_result", "tool_use_id": "t1", "is_error": true, "content": content});
        let entry = read(&with(user(&json!([block])), "toolUseResult", json!("Error: Exit code 3")));
        (outcome(&entry).is_error, outcome(&entry).exit_code)
    };
    assert_eq!(failed(json!("Exit code 3\nno such file")), (true, Some(3)));
    assert_eq!(failed(json!("Error: Exit code 127")), (true, Some(127)));
    assert_eq!(failed(json!([{"type": "text", "text": "Exit code 1"}])), (true, Some(1)));
    assert_eq!(failed(json!("<tool_use_error>Exit code 3</tool_use_error>")), (true, None));
    assert_eq!(failed(json!("Exit code")), (true, None));
    let fine = read(&result(&json!("Exit code 3 is what the page says"), None));
    assert_eq!((outcome(&fine).is_error, outcome(&fine).exit_code), (false, None));
    let refused =
        with(result(&json!("no"), None), "permissionDecision", json!({"decision": "reject", "source": "user"}));
    assert!(outcome(&read(&refused)).is_error);
    let stopped = json!([{"type": "tool_result", "tool_use_id": "t1", "is_error": true, "content": "stopped"},
        {"type": "text", "text": "[Request interrupted by user for tool use]"}]);
    assert!(read(&user(&stopped)).acts.contains(&Act::Interrupt));
}

#[test]
fn results_side_by_side_keep_their_own_outcome() {
    let two = json!([{"type": "tool_result", "tool_use_id": "t1", "content": "a"},
        {"type": "tool_result", "tool_use_id": "t2", "is_error": true, "content": "Exit code 2"}]);
    let entry = read(&with(user(&two), "toolUseResult", json!({"agentId": "a1"})));
    let results: Vec<_> = entry
        .acts
        .iter()
        .filter_map(
            |act| if let Act::ToolResult(one) = act { Some((&one.id[..], one.exit_code, &one.agent)) } else { None },
        )
        .collect();
    assert_eq!(results, [("t1", None, &None), ("t2", Some(2), &None)]);
    assert_eq!(entry.blocks.len(), 2);
}

#[test]
fn a_subagent_is_found_in_words_where_nothing_else_names_it() {
    let words = |text: &str| {
        let entry = read(&result(&json!([{"type": "text", "text": "Report."}, {"type": "text", "text": text}]), None));
        outcome(&entry).agent.clone().map(|agent| (agent.id, agent.background))
    };
    assert_eq!(words("agentId: aa806c9b80b1ab987 (use SendMessage)"), Some(("aa806c9b80b1ab987".to_owned(), false)));
    let launched = "Async agent launched successfully.\nagentId: a05bb60 (internal)";
    assert_eq!(words(launched), Some(("a05bb60".to_owned(), true)));
    assert_eq!(words("agentId: none"), None);
    assert_eq!(words("see agentId: aa806c9b80b1ab987"), None);
}

fn assistant(block: &Value) -> Value {
    json!({"type": "assistant", "message": {"id": "m1", "model": "claude-opus-5-5", "content": [block]}})
}

#[test]
fn calls_of_tools_say_what_they_are_about() {
    let tool = |name: &str, input: Value| {
        let entry = read(&assistant(&json!({"type": "tool_use", "id": "t1", "name": name, "input": input})));
        let Some(Act::ToolUse(ToolUse { about, path, writes, .. })) = entry.acts.first().cloned() else { panic!() };
        (about.unwrap_or_default(), path.unwrap_or_default(), writes)
    };
    let said = |about: &str, path: &str, writes| (about.to_owned(), path.to_owned(), writes);
    let cases = [
        ("Bash", json!({"description": "Test", "command": "\ncargo test\n--all"}), said("cargo test", "", false)),
        ("Read", json!({"file_path": "/a.rs"}), said("/a.rs", "/a.rs", false)),
        ("Write", json!({"file_path": "/a.rs", "content": "x"}), said("/a.rs", "/a.rs", true)),
        ("MultiEdit", json!({"file_path": "/a.rs", "edits": []}), said("/a.rs", "/a.rs", true)),
        ("NotebookEdit", json!({"notebook_path": "/a.ipynb"}), said("/a.ipynb", "/a.ipynb", true)),
        ("Grep", json!({"pattern": "fn main", "path": "/src"}), said("fn main", "", false)),
        ("Glob", json!({"pattern": "**/*.rs"}), said("**/*.rs", "", false)),
        ("LS", json!({"path": "/src"}), said("/src", "", false)),
        ("WebFetch", json!({"url": "https://a.example", "prompt": "?"}), said("https://a.example", "", false)),
        ("WebSearch", json!({"query": "limiter"}), said("limiter", "", false)),
        ("Agent", json!({"prompt": "Go", "description": "Check tests"}), said("Check tests", "", false)),
        ("AskUserQuestion", json!({"questions": [{"question": "Which?"}]}), said("Which?", "", false)),
        ("ExitPlanMode", json!({"plan": "# Plan\n1. do"}), said("# Plan", "", false)),
        ("KillShell", json!({"shell_id": "b1"}), said("b1", "", false)),
        ("mcp__files__write_file", json!({"path": "/a.md", "content": "x"}), said("/a.md", "/a.md", true)),
        ("mcp__files__read_file", json!({"path": "/a.md"}), said("/a.md", "/a.md", false)),
        ("mcp__db__query", json!({"query": "select 1"}), said("select 1", "", false)),
        ("New", json!({"a": [1]}), said("", "", false)),
        ("New", json!("text"), said("", "", false)),
        ("New", json!({"command": ["ls", "-l"], "query": 7}), said("", "", false)),
    ];
    for (name, input, expected) in cases {
        assert_eq!(tool(name, input.clone()), expected, "{name} {input}");
    }
}

#[test]
fn tools_of_the_provider_are_tools() {
    let entry = read(&assistant(
        &json!({"type": "server_tool_use", "id": "s1", "name": "web_search", "input": {"query": "a"}}),
    ));
    assert!(matches!(&entry.acts[..], [Act::ToolUse(tool)] if tool.name == "web_search"));
    let found = json!({"type": "web_search_tool_result", "tool_use_id": "s1",
        "content": [{"type": "web_search_result", "title": "Token buckets", "url": "https://a.example"}]});
    let entry = read(&assistant(&found));
    assert_eq!((entry.role, outcome(&entry).id.as_str()), (Some(Role::ToolResult), "s1"));
    assert!(matches!(&entry.blocks[..], [Block::ToolResult { text, .. }] if text == "Token buckets"));
}

#[test]
fn things_to_do_follow_what_the_tools_answered() {
    let todos = |detail: Value| read(&result(&json!("ok"), Some(detail))).acts.into_iter().next().unwrap();
    let thing = |id: &str, text: &str, state| Todo { id: id.to_owned(), text: text.to_owned(), state };
    assert_eq!(
        todos(json!({"oldTodos": [], "newTodos": [{"content": "Write it\nnow", "status": "in_progress"}, 7,
            {"content": "Test it", "status": "later", "id": "x"}]})),
        Act::Todos(vec![thing("1", "Write it", TodoState::Active), thing("x", "Test it", TodoState::Pending)])
    );
    assert_eq!(todos(json!({"newTodos": []})), Act::Todos(Vec::new()));
    let change =
        |text: Option<&str>, state| Act::Todo(TodoChange { id: "1".to_owned(), text: text.map(str::to_owned), state });
    assert_eq!(
        todos(json!({"task": {"id": "1", "subject": "Export"}})),
        change(Some("Export"), Some(TodoState::Pending))
    );
    assert_eq!(
        todos(json!({"success": true, "taskId": "1", "statusChange": {"from": "pending", "to": "completed"}})),
        change(None, Some(TodoState::Done))
    );
    assert_eq!(
        todos(json!({"taskId": "1", "statusChange": {"to": "deleted"}})),
        change(None, Some(TodoState::Removed))
    );
    let asked =
        json!({"type": "tool_use", "id": "t", "name": "TaskUpdate", "input": {"taskId": "1", "subject": "Export all"}});
    assert!(read(&assistant(&asked)).acts.contains(&change(Some("Export all"), None)));
}

#[test]
fn an_output_kept_in_a_file_of_its_own_keeps_its_words() {
    let words = "<persisted-output>\nOutput too large (340.7KB). Full output saved to: /p/s1/tool-results/b1.txt\n\nPreview:\n1\n</persisted-output>";
    let entry = read(&result(
        &json!(words),
        Some(json!({"stdout": "1\n", "persistedOutputPath": "/p/s1/tool-results/b1.txt"})),
    ));
    let [Block::ToolResult { text, detail: Some(detail), .. }] = &entry.blocks[..] else {
        panic!("{:?}", entry.blocks)
    };
    assert_eq!(text, words);
    assert!(detail.get().contains("persistedOutputPath"));
}

fn permission(entry: &Entry) -> Option<Permission> {
    let of = |block: &Block| if let Block::ToolResult { permission, .. } = block { *permission } else { None };
    entry.blocks.iter().find_map(of)
}

#[test]
fn a_result_says_who_let_the_tool_run() {
    let by = |allowed, by, lasts| Some(Permission { allowed, by, lasts });
    let decided = |decision: Value| read(&with(result(&json!("done"), None), "permissionDecision", decision));
    let once = decided(json!({"decision": "accept", "source": "user_temporary", "grantScope": "once"}));
    assert_eq!((permission(&once), outcome(&once).is_error), (by(true, Decider::Person, false), false));
    let refused = decided(json!({"decision": "reject", "source": "user_reject"}));
    assert_eq!((permission(&refused), outcome(&refused).is_error), (by(false, Decider::Person, false), true));
    assert_eq!(permission(&decided(json!("yes"))), None);
    let answer = "The user doesn't want to proceed with this tool use. The tool use was rejected.";
    let failed = |text: &str, is_error: bool| {
        read(&user(&json!([{"type": "tool_result", "tool_use_id": "t1", "content": text, "is_error": is_error}])))
    };
    assert_eq!(permission(&failed(answer, true)), by(false, Decider::Person, false));
    assert_eq!(permission(&failed(answer, false)), None, "a file that quotes it");
    assert_eq!(permission(&failed("Exit code 3", true)), None);
}

#[test]
fn searches_by_a_side_request_are_told() {
    let searches = |detail: Value| {
        let entry = read(&result(&json!("found"), Some(detail)));
        entry
            .acts
            .into_iter()
            .find_map(|act| if let Act::Searches { call, count } = act { Some((call, count)) } else { None })
    };
    let detail = json!({"query": "q", "results": [], "durationSeconds": 1, "searchCount": 2});
    assert_eq!(searches(detail), Some(("t1".to_owned(), 2)));
    assert_eq!(searches(json!({"query": "q", "results": [], "searchCount": 0})), None);
    assert_eq!(searches(json!({"agentId": "a", "toolStats": {"searchCount": 4}})), None, "searches of files");
    assert_eq!(searches(json!({"searchCount": 4})), None);
}
