//! Real transcripts of three clients, line by line, against what is expected of them (`tests/fixtures/expected`).
//!
//! The expected files are made by `MUSTER_WRITE_EXPECTED=1 cargo test -p muster golden` and read by a person before they
//! are kept.

use std::fmt::Write as _;
use std::fs;
use std::path::{Path, PathBuf};

use crate::domain::transcript::TranscriptKind;
use crate::transcript::act::{Act, TodoState};
use crate::transcript::block::Block;
use crate::transcript::claude::{layout, meta, workflow};
use crate::transcript::lines::LineJoiner;
use crate::transcript::preview::Preview;
use crate::transcript::{Depth, Entry, parse};

/// Characters of a text that stand in an expected file.
const WORDS: usize = 60;

fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../tests/fixtures")
}

/// All files below a folder, relative to it, in order.
fn files(folder: &Path) -> Vec<PathBuf> {
    let mut found = Vec::new();
    let mut folders = vec![folder.to_owned()];
    while let Some(next) = folders.pop() {
        for path in fs::read_dir(&next).unwrap().map(|entry| entry.unwrap().path()) {
            if path.is_dir() {
                folders.push(path);
            } else {
                found.push(path.strip_prefix(folder).unwrap().to_owned());
            }
        }
    }
    found.sort();
    found
}

/// One line, short, of a text of any length.
fn short(text: &str) -> String {
    let line = Preview::cut(text).text.split_whitespace().collect::<Vec<_>>().join(" ");
    let cut: String = line.chars().take(WORDS).collect();
    if cut.len() < line.len() { format!("{cut}…({})", text.chars().count()) } else { cut }
}

/// The end of an id, which tells ids apart.
fn tail(id: &str) -> &str {
    &id[id.floor_char_boundary(id.len().saturating_sub(6))..]
}

fn act(act: &Act) -> String {
    let some = |name: &str, value: Option<String>| value.map_or_else(String::new, |value| format!(" {name}={value}"));
    let number = |name: &str, value: Option<i64>| some(name, value.map(|value| value.to_string()));
    let flag = |name: &str, value: bool| if value { format!(" {name}") } else { String::new() };
    match act {
        Act::Prompt(prompt) => {
            let images = (prompt.images > 0).then(|| prompt.images.to_string());
            format!("prompt{}{} {:?}", flag("queued", prompt.queued), some("images", images), short(&prompt.text))
        }
        Act::Spoke => "spoke".to_owned(),
        Act::TurnBegin => "turn-begin".to_owned(),
        Act::TurnEnd { duration_ms } => format!("turn-end{}", number("ms", *duration_ms)),
        Act::ToolUse(tool) => {
            let about = some("about", tool.about.as_deref().map(|about| format!("{:?}", short(about))));
            let path = some("path", tool.path.clone());
            let agent = some("agent", tool.agent_kind.clone());
            format!("use {} {}{about}{path}{}{agent}", tail(&tool.id), tool.name, flag("writes", tool.writes))
        }
        Act::ToolResult(result) => {
            let agent = result.agent.as_ref().map(|agent| {
                let workflow = some("workflow", agent.workflow.clone());
                format!("{}/{:?}{}{workflow}", agent.id, agent.kind, flag("background", agent.background))
            });
            let changed = result.changed.map(|(added, removed)| format!("+{added}-{removed}"));
            format!(
                "result {}{}{}{}{}{}",
                tail(&result.id),
                flag("error", result.is_error),
                number("ms", result.duration_ms),
                number("exit", result.exit_code),
                some("agent", agent),
                some("changed", changed)
            )
        }
        Act::Usage(usage) => format!(
            "usage {} {} in={} out={} read={} 5m={} 1h={} thinking={} searches={}{}{}",
            tail(&usage.message),
            usage.model,
            usage.input,
            usage.output,
            usage.cache_read,
            usage.cache_write_5m,
            usage.cache_write_1h,
            usage.thinking,
            usage.web_searches,
            flag("copied", usage.copied),
            flag("context", usage.fills_context)
        ),
        Act::AgentReport(report) => {
            let call = report.tool_use_id.as_deref().map(|id| tail(id).to_owned());
            format!("report {}{} ok={:?}", report.id, some("call", call), report.ok)
        }
        Act::Interrupt => "interrupt".to_owned(),
        Act::Compaction { tokens_before } => format!("compaction{}", number("before", *tokens_before)),
        Act::ApiError { text, .. } => format!("api-error {:?}", short(text)),
        Act::StopHook => "stop-hook".to_owned(),
        Act::PullRequest { url } => format!("pull-request {url}"),
        Act::Todos(todos) => {
            let todos: Vec<String> =
                todos.iter().map(|todo| format!("{}:{}:{:?}", todo.id, state(todo.state), short(&todo.text))).collect();
            format!("todos [{}]", todos.join(", "))
        }
        Act::Todo(todo) => {
            let text = some("text", todo.text.as_deref().map(|text| format!("{:?}", short(text))));
            format!("todo {}{}{text}", todo.id, some("state", todo.state.map(|one| state(one).to_owned())))
        }
        Act::Searches { call, count } => format!("searches {} {count}", tail(call)),
        Act::OwnCost { microdollars } => format!("own-cost {microdollars}"),
        Act::EndsAt { id } => format!("ends-at {}", tail(id)),
    }
}

fn state(state: TodoState) -> &'static str {
    match state {
        TodoState::Pending => "pending",
        TodoState::Active => "active",
        TodoState::Done => "done",
        TodoState::Removed => "removed",
    }
}

fn block(block: &Block) -> String {
    match block {
        Block::Text(text) => format!("text {:?}", short(text)),
        Block::Thinking { text, duration_ms } => format!("thinking {:?} {duration_ms:?}", short(text)),
        Block::ToolUse { id, name, input } => {
            format!("tool-use {} {name} {}", tail(id), short(input.as_deref().map_or("-", |input| input.get())))
        }
        Block::ToolResult { tool_use_id, is_error, text, detail, agent, permission } => {
            let detail = detail.as_deref().map_or("-", |detail| detail.get());
            let permission = permission.map_or_else(String::new, |permission| format!(" {permission:?}"));
            format!(
                "tool-result {} {is_error} {:?} {} {agent:?}{permission}",
                tail(tool_use_id),
                short(text),
                short(detail)
            )
        }
        Block::Image(media) => format!("image {} {} {} bytes", media.index, media.media_type, media.bytes),
        Block::Document { title, text } => format!("document {title:?} {:?}", short(text)),
        Block::Notice { kind, text } => format!("notice {kind:?} {:?}", short(text)),
    }
}

/// One line of an expected file, and one for each act and block of the entry.
fn described(number: u64, entry: &Entry) -> String {
    let mut text = format!("{number} {} {:?}", entry.kind, entry.class);
    if let Some(role) = entry.role {
        write!(text, " {role:?}").unwrap();
    }
    if let Some(uuid) = &entry.uuid {
        write!(text, " {} < {}", tail(uuid), entry.parent.as_deref().map_or("-", tail)).unwrap();
    }
    let facts = &entry.facts;
    if let Some((source, title)) = &facts.title {
        write!(text, " {source:?}={:?}", short(title)).unwrap();
    }
    for (name, value) in
        [("agent", &facts.agent), ("worktree_of", &facts.worktree_of), ("name", &facts.name), ("mode", &facts.mode)]
    {
        if let Some(value) = value {
            write!(text, " {name}={value}").unwrap();
        }
    }
    if facts.internal {
        text.push_str(" internal");
    }
    text.push('\n');
    for line in entry.acts.iter().map(act).map(|act| format!("    * {act}")) {
        text += &(line + "\n");
    }
    for line in entry.blocks.iter().map(block).map(|block| format!("    > {block}")) {
        text += &(line + "\n");
    }
    text
}

/// What is expected of a file.
fn file(path: &str, bytes: &[u8]) -> String {
    let layout = layout::read(path);
    let text = match layout.kind {
        TranscriptKind::Main | TranscriptKind::Subagent => {
            of_lines(bytes, |number, line| described(number, &parse("claude", line, Depth::Full)))
        }
        TranscriptKind::Meta => format!("{:#?}\n", meta::parse(bytes)),
        TranscriptKind::Workflow if path.contains("journal") => {
            of_lines(bytes, |number, line| format!("{number} {:?}\n", workflow::journal_line(line)))
        }
        TranscriptKind::Workflow => format!("{:#?}\n", workflow::parse(bytes)),
        TranscriptKind::ToolResult => String::new(),
    };
    format!("{layout:?} agent={:?} workflow={:?}\n{text}", layout::agent_of(path), layout::workflow_of(path))
}

fn of_lines(bytes: &[u8], describe: impl Fn(u64, &[u8]) -> String) -> String {
    let mut text = String::new();
    let mut joiner = LineJoiner::new(0, 0);
    joiner.push(bytes, |place, line| text += &describe(place.line, line.unwrap()));
    if let Some((place, line)) = joiner.unfinished() {
        text += &describe(place.line, line);
    }
    text
}

/// The first places where two texts differ, with the line before each.
fn difference(expected: &str, found: &str) -> String {
    let (expected, found): (Vec<&str>, Vec<&str>) = (expected.lines().collect(), found.lines().collect());
    let mut text = String::new();
    let differing = (0..expected.len().max(found.len())).filter(|at| expected.get(*at) != found.get(*at));
    for at in differing.take(12) {
        let before = at.checked_sub(1).and_then(|before| found.get(before)).unwrap_or(&"");
        let (wanted, got) = (expected.get(at).unwrap_or(&"(end)"), found.get(at).unwrap_or(&"(end)"));
        writeln!(text, "  line {}, after {before}\n  - {wanted}\n  + {got}", at + 1).unwrap();
    }
    text
}

#[test]
fn real_transcripts_are_understood_as_expected() {
    let write = std::env::var_os("MUSTER_WRITE_EXPECTED").is_some();
    let mut differences = String::new();
    for version in ["2.0.76", "2.1.197", "2.1.329"] {
        let projects = fixtures().join("transcripts").join(version).join("projects");
        for path in files(&projects) {
            let name = path.to_str().unwrap().replace('\\', "/");
            let found = file(&name, &fs::read(projects.join(&path)).unwrap());
            let kept = fixtures().join("expected").join(version).join(format!("{name}.txt"));
            if write {
                fs::create_dir_all(kept.parent().unwrap()).unwrap();
                fs::write(&kept, &found).unwrap();
            }
            let expected = fs::read_to_string(&kept).unwrap_or_default();
            if expected != found {
                writeln!(differences, "{version}/{name}\n{}", difference(&expected, &found)).unwrap();
            }
        }
    }
    assert!(differences.is_empty(), "not as expected (- expected, + found):\n{differences}");
}
