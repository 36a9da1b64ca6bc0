//! What a hook is given on its standard input, and the little of it that goes on: no prompt, no file, no output of a tool.

use std::collections::BTreeMap;
use std::io::Read;

use muster_proto::fleet::HookEvent;
use prost::Message as _;
use serde::Deserialize;
use serde_json::Value;

/// Most that is read of an event. The output of a tool is in it, which the coder itself bounds far below this.
const MAX_INPUT_BYTES: u64 = 64 * 1024 * 1024;

/// Largest event that goes on, encoded. All of its fields are bounded; this is their sum, with room.
pub const MAX_EVENT_BYTES: usize = 16 * 1024;

/// Characters of `about`.
const ABOUT_CHARS: usize = 200;

/// Characters of a notification's words.
const MESSAGE_CHARS: usize = 500;

/// Characters of ids and names.
const NAME_CHARS: usize = 200;

/// Characters of a path.
const PATH_CHARS: usize = 1024;

/// Inputs of a tool that say in a line what a call is about, those that say most first. Longer texts (a plan, a prompt,
/// what is written into a file) are not among them.
const TELLING: [&str; 11] = [
    "command",
    "file_path",
    "notebook_path",
    "pattern",
    "query",
    "url",
    "description",
    "subject",
    "path",
    "skill",
    "name",
];

/// The fields that are looked at. Everything else is skipped while it is read.
#[derive(Debug, Default, Deserialize)]
#[serde(default)]
struct Input {
    hook_event_name: Text,
    session_id: Text,
    transcript_path: Text,
    cwd: Text,
    permission_mode: Text,
    agent_id: Text,
    agent_type: Text,
    tool_name: Text,
    tool_use_id: Text,
    #[serde(rename = "tool_input")]
    call: Call,
    message: Text,
    notification_type: Text,
    source: Text,
    reason: Text,
    trigger: Text,
    error: Text,
    is_interrupt: Flag,
    background_tasks: Tasks,
}

/// A string; anything else counts as none, so that a field of another type does not cost the event.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Value")]
struct Text(String);

impl From<Value> for Text {
    fn from(value: Value) -> Self {
        Self(if let Value::String(text) = value { text } else { String::new() })
    }
}

#[derive(Debug, Default, Deserialize)]
#[serde(from = "Value")]
struct Flag(bool);

impl From<Value> for Flag {
    fn from(value: Value) -> Self {
        Self(value == Value::Bool(true))
    }
}

/// The line of a tool's input that says most.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Value")]
struct Call(String);

impl From<Value> for Call {
    fn from(value: Value) -> Self {
        let asked = value["questions"][0]["question"].as_str();
        let told = || TELLING.iter().find_map(|key| value[key].as_str().filter(|text| !text.is_empty()));
        Self(asked.or_else(told).unwrap_or_default().to_owned())
    }
}

/// Background tasks by id: whether each is a shell.
#[derive(Debug, Default, Deserialize)]
#[serde(from = "Value")]
struct Tasks(BTreeMap<String, bool>);

impl From<Value> for Tasks {
    fn from(value: Value) -> Self {
        let running = |task: &&Value| task["status"].as_str().is_none_or(|status| status == "running");
        let named = |task: &Value| Some((task["id"].as_str()?.to_owned(), task["type"].as_str() == Some("shell")));
        Self(value.as_array().into_iter().flatten().filter(running).filter_map(named).collect())
    }
}

/// Reads what the coder tells, to the end. `event` names it where the input does not; `None`: it tells of no session.
pub fn read(input: impl Read, event: Option<&str>, at_ms: i64) -> Option<HookEvent> {
    let bounded = std::io::BufReader::new(input.take(MAX_INPUT_BYTES));
    let told: Input = serde_json::from_reader(bounded).ok()?;
    let name = Some(told.hook_event_name.0.as_str()).filter(|name| !name.is_empty()).or(event)?;
    if told.session_id.0.is_empty() {
        return None;
    }
    let mut tasks = told.background_tasks.0;
    if name == "SubagentStop" {
        tasks.remove(&told.agent_id.0);
    }
    let count = |number: usize| u32::try_from(number).unwrap_or(u32::MAX);
    let cause = [told.source, told.reason, told.trigger, told.error].into_iter().find(|cause| !cause.0.is_empty());
    // The error of a tool is its output; only the turn's own error is a word.
    let cause = cause.filter(|_| name != "PostToolUseFailure");
    Some(HookEvent {
        coder: "claude".into(),
        event: line(name, NAME_CHARS),
        session: line(&told.session_id.0, NAME_CHARS),
        at_ms,
        agent_id: line(&told.agent_id.0, NAME_CHARS),
        agent_type: line(&told.agent_type.0, NAME_CHARS),
        tool_name: line(&told.tool_name.0, NAME_CHARS),
        tool_use_id: line(&told.tool_use_id.0, NAME_CHARS),
        about: line(&told.call.0, ABOUT_CHARS),
        notification: line(&told.notification_type.0, NAME_CHARS),
        message: if name == "Notification" { line(&told.message.0, MESSAGE_CHARS) } else { String::new() },
        cause: line(&cause.unwrap_or_default().0, NAME_CHARS),
        permission_mode: line(&told.permission_mode.0, NAME_CHARS),
        background_tasks: count(tasks.len()),
        background_shells: count(tasks.values().filter(|shell| **shell).count()),
        interrupted: told.is_interrupt.0,
        cwd: line(&told.cwd.0, PATH_CHARS),
        transcript_path: line(&told.transcript_path.0, PATH_CHARS),
        ..HookEvent::default()
    })
}

/// The event as it travels to the running agent.
pub fn encode(event: &HookEvent) -> Vec<u8> {
    event.encode_to_vec()
}

/// Reads what [`encode`] wrote. `None` for anything else, and for what names no session.
pub fn decode(bytes: &[u8]) -> Option<HookEvent> {
    let event = HookEvent::decode(bytes).ok()?;
    (!event.session.is_empty() && !event.event.is_empty()).then_some(event)
}

/// The first line of `text` that says something, cut, without control characters.
fn line(text: &str, chars: usize) -> String {
    let first = text.lines().map(str::trim).find(|line| !line.is_empty()).unwrap_or_default();
    first.chars().map(|c| if c.is_control() { ' ' } else { c }).take(chars).collect()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;
    use serde_json::json;

    use super::*;

    fn of(input: &Value) -> Option<HookEvent> {
        read(input.to_string().as_bytes(), None, 7)
    }

    #[test]
    fn a_call_goes_on_with_its_line_and_nothing_of_its_content() {
        let input = json!({
            "hook_event_name": "PreToolUse", "session_id": "s", "cwd": "/srv", "tool_name": "Write", "tool_use_id": "t",
            "tool_input": { "content": "SECRET", "file_path": "/srv/a.txt" }, "tool_response": { "stdout": "SECRET" },
            "prompt": "SECRET", "agent_id": "a1", "permission_mode": "default",
        });
        let event = of(&input).unwrap();
        assert_eq!((event.event.as_str(), event.session.as_str(), event.at_ms), ("PreToolUse", "s", 7));
        assert_eq!((event.about.as_str(), event.agent_id.as_str()), ("/srv/a.txt", "a1"));
        assert!(!String::from_utf8_lossy(&encode(&event)).contains("SECRET"));
        assert_eq!(decode(&encode(&event)), Some(event));
    }

    #[test]
    fn the_line_is_the_first_cut_and_plain() {
        let command = format!("\n  make \x1b[31m{}\nsecond", "x".repeat(500));
        let event =
            of(&json!({ "hook_event_name": "PreToolUse", "session_id": "s", "tool_input": { "command": command } }));
        let about = event.unwrap().about;
        assert!(about.starts_with("make  [31mxxx") && about.chars().count() == ABOUT_CHARS, "{about}");
    }

    #[test]
    fn a_question_is_about_what_it_asks() {
        let input = json!({ "hook_event_name": "PermissionRequest", "session_id": "s", "tool_name": "AskUserQuestion",
            "tool_input": { "questions": [{ "question": "Which store?" }] } });
        assert_eq!(of(&input).unwrap().about, "Which store?");
    }

    #[test]
    fn what_goes_on_in_the_background_is_counted_without_the_one_that_stops() {
        let task = |id: &str, kind: &str, status: &str| json!({ "id": id, "type": kind, "status": status });
        let tasks = json!([
            task("a1", "subagent", "running"),
            task("b1", "shell", "running"),
            task("a2", "subagent", "completed")
        ]);
        let count = |event: &str| {
            let input =
                json!({ "hook_event_name": event, "session_id": "s", "agent_id": "a1", "background_tasks": tasks });
            of(&input).map(|event| (event.background_tasks, event.background_shells)).unwrap()
        };
        assert_eq!(count("Stop"), (2, 1));
        assert_eq!(count("SubagentStop"), (1, 1));
    }

    #[test]
    fn causes_and_words_of_events_go_on() {
        let of = |input: Value| of(&input).unwrap();
        assert_eq!(of(json!({ "hook_event_name": "SessionEnd", "session_id": "s", "reason": "clear" })).cause, "clear");
        assert_eq!(
            of(json!({ "hook_event_name": "StopFailure", "session_id": "s", "error": "rate_limit" })).cause,
            "rate_limit"
        );
        let failed = json!({ "hook_event_name": "PostToolUseFailure", "session_id": "s", "error": "SECRET", "is_interrupt": true });
        assert_eq!((of(failed.clone()).cause, of(failed).interrupted), (String::new(), true));
        let notice = json!({ "hook_event_name": "Notification", "session_id": "s", "message": "Waits", "notification_type": "idle_prompt" });
        let event = of(notice);
        assert_eq!((event.message.as_str(), event.notification.as_str()), ("Waits", "idle_prompt"));
    }

    #[test]
    fn the_argument_names_an_event_that_does_not_name_itself() {
        let input = br#"{"session_id":"s"}"#;
        assert_eq!(read(&input[..], Some("Stop"), 0).unwrap().event, "Stop");
        assert_eq!(read(&input[..], None, 0), None);
        assert_eq!(read(&b"no json"[..], Some("Stop"), 0), None);
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(40))]
        #[test]
        fn anything_is_read_without_harm_and_stays_small(text in "\\PC{0,80}", long in 0_usize..5_000) {
            let fields = ["session_id", "cwd", "tool_name", "message", "agent_id", "transcript_path", "tool_use_id", "reason"];
            let mut input = json!({ "hook_event_name": "Notification", "tool_input": { "command": "é".repeat(long) } });
            for field in fields {
                input[field] = Value::from(text.repeat(long / 80 + 1));
            }
            if let Some(event) = of(&input) {
                prop_assert!(encode(&event).len() <= MAX_EVENT_BYTES);
            }
            let _any = read(text.as_bytes(), Some("Stop"), 0);
            let _any = decode(text.as_bytes());
        }
    }
}
