//! Subagents: what tools that work with them answer in JSON, and what they report, in words for a reader.

use serde_json::value::RawValue;

use crate::transcript::act::{Act, AgentReport};
use crate::transcript::object::{Object, string};

/// Subagents of one answer that are told of.
const AGENTS: usize = 100;

/// What an answer tells of subagents.
#[derive(Debug, Default, PartialEq)]
pub(super) struct Told {
    /// In words; markdown.
    pub(super) text: String,
    /// The subagent that the call began.
    pub(super) began: Option<String>,
    /// How subagents are now.
    pub(super) reports: Vec<Act>,
}

/// Reads the answer of a tool that works with subagents; `None` for those of all other tools.
pub(super) fn answer(object: &Object<'_>) -> Option<Told> {
    let began = object.word("agent_id").or_else(|| object.word("new_thread_id"));
    let name = object.word("nickname").or_else(|| object.word("task_name").filter(|name| name.starts_with('/')));
    if began.is_some() || (name.is_some() && object.fields().count() <= 2) {
        let name = name.as_ref().or(began.as_ref()).cloned().unwrap_or_default();
        return Some(Told { text: format!("{name} was begun."), began, ..Told::default() });
    }
    if let (Some(agents), Some(timed_out)) = (object.object("status"), object.flag("timed_out")) {
        return Some(waited(&agents, timed_out));
    }
    let before = object.raw("previous_status").filter(|_| object.fields().count() == 1)?;
    Some(Told { text: format!("It was closed; before: {}.", state(before).word), ..Told::default() })
}

fn waited(agents: &Object<'_>, timed_out: bool) -> Told {
    let mut told = Told::default();
    let mut parts: Vec<String> = Vec::new();
    for (id, status) in agents.fields().take(AGENTS) {
        let state = state(status);
        parts.push(state.told_of(id));
        told.reports.extend(state.report(id));
    }
    if timed_out {
        parts.push("The time to wait is over.".to_owned());
    }
    told.text = parts.join("\n\n");
    told
}

/// A subagent's report: `{"agent_id"|"agent_path": …, "status": {"completed": …}}`. `None` when it is none.
pub(super) fn notification(report: &str) -> Option<(String, Option<Act>)> {
    let report = Object::read(report)?;
    let id = report.word("agent_id").or_else(|| report.word("agent_path"))?;
    let state = report.raw("status").map(state).unwrap_or_default();
    let name = report.word("nickname").unwrap_or_else(|| id.clone());
    // That it still runs is news of it, too.
    let act =
        state.report(&id).unwrap_or(Act::AgentReport(AgentReport { id, tool_use_id: None, ok: None, prompts: false }));
    Some((state.told_of(&name), Some(act)))
}

/// A message of one agent to another: its kind, its sender, and what of it is not encrypted.
pub(super) fn message(author: Option<String>, text: &str) -> String {
    let (head, payload) = text.split_once("Payload:").unwrap_or(("", text));
    let kind = head.lines().find_map(|line| line.strip_prefix("Message Type:")).unwrap_or("message");
    let kind = kind.trim().to_lowercase().replace('_', " ");
    let author = author.map_or_else(String::new, |author| format!(" from {author}"));
    let payload = payload.trim();
    if payload.is_empty() { format!("{kind}{author}, encrypted") } else { format!("{kind}{author}\n\n{payload}") }
}

/// `sub_agent_activity`: the thread that a call began, or what became of it. Newer clients tell of its end only so.
pub(super) fn activity(event: &Object<'_>) -> Option<Activity> {
    let thread = event.word("agent_thread_id")?;
    let call = event.word("event_id").or_else(|| event.word("id"));
    match event.text("kind")?.as_ref() {
        "started" => Some(Activity::Began { call: call?, thread }),
        "completed" => Some(Activity::Ended { thread, ok: true }),
        "interrupted" => Some(Activity::Ended { thread, ok: false }),
        _ => None,
    }
}

/// What happened to a subagent.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Activity {
    /// A call began it.
    Began { call: String, thread: String },
    /// It ended.
    Ended { thread: String, ok: bool },
}

/// How a subagent is.
#[derive(Debug, Default, PartialEq)]
struct State {
    /// The client's word.
    word: String,
    /// Its last words, or why it failed.
    says: String,
}

impl State {
    fn told_of(&self, name: &str) -> String {
        let Self { word, says } = self;
        let head = if word.is_empty() { name.to_owned() } else { format!("{name}: {word}") };
        if says.trim().is_empty() { head } else { format!("{head}\n\n{says}") }
    }

    /// Its end, when it has ended.
    fn report(&self, id: &str) -> Option<Act> {
        let ok = match self.word.as_str() {
            "completed" => true,
            "errored" | "failed" | "interrupted" | "shutdown" | "not found" => false,
            _ => return None,
        };
        Some(Act::AgentReport(AgentReport { id: id.to_owned(), tool_use_id: None, ok: Some(ok), prompts: false }))
    }
}

/// `"running"`, or `{"completed": "its last words"}`.
fn state(status: &RawValue) -> State {
    let plain = |word: &str| word.replace('_', " ");
    if let Some(word) = string(status) {
        return State { word: plain(&word), says: String::new() };
    }
    let Some(object) = Object::of(status) else { return State::default() };
    let first = object.fields().next().map(|(word, says)| (plain(word), string(says).unwrap_or_default().into_owned()));
    first.map(|(word, says)| State { word, says }).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(json: &str) -> Option<(String, Option<String>, usize)> {
        let told = answer(&Object::read(json).unwrap())?;
        Some((told.text, told.began, told.reports.len()))
    }

    #[test]
    fn answers_of_all_tools_for_subagents_are_words() {
        let of = |text: &str, began: Option<&str>, reports| Some((text.to_owned(), began.map(str::to_owned), reports));
        for (json, expected) in [
            (r#"{"agent_id":"0199","nickname":"Kepler"}"#, of("Kepler was begun.", Some("0199"), 0)),
            (r#"{"new_thread_id":"0199"}"#, of("0199 was begun.", Some("0199"), 0)),
            (r#"{"task_name":"/root/check"}"#, of("/root/check was begun.", None, 0)),
            (
                r#"{"status":{"0199":{"completed":"All fine."},"0200":"running"},"timed_out":true}"#,
                of("0199: completed\n\nAll fine.\n\n0200: running\n\nThe time to wait is over.", None, 1),
            ),
            (r#"{"previous_status":"pending_init"}"#, of("It was closed; before: pending init.", None, 0)),
            (r#"{"status":"ok","timed_out":false}"#, None),
            (r#"{"task_name":"deploy","host":"a","id":7}"#, None),
            (r#"{"task_name":"deploy"}"#, None),
            (r#"{"a":1}"#, None),
        ] {
            assert_eq!(told(json), expected, "{json}");
        }
    }

    #[test]
    fn a_report_says_how_the_subagent_ended() {
        let ok = |status: &str| {
            let report = format!(r#"{{"agent_id":"0199","status":{status}}}"#);
            match notification(&report) {
                Some((text, Some(Act::AgentReport(report)))) => (text, report.ok),
                other => panic!("{other:?}"),
            }
        };
        assert_eq!(ok(r#"{"completed":"Done."}"#), ("0199: completed\n\nDone.".to_owned(), Some(true)));
        assert_eq!(ok(r#"{"errored":"no network"}"#), ("0199: errored\n\nno network".to_owned(), Some(false)));
        assert_eq!(ok(r#""shutdown""#), ("0199: shutdown".to_owned(), Some(false)));
        assert_eq!(ok(r#""running""#), ("0199: running".to_owned(), None));
        assert_eq!(ok("7"), ("0199".to_owned(), None));
        assert_eq!(notification("plain words"), None);
    }

    #[test]
    fn a_message_names_its_kind_and_sender() {
        let from = || Some("/root/check".to_owned());
        let head = "Message Type: FINAL_ANSWER\nTask name: /root\nSender: /root/check\nPayload:\n";
        assert_eq!(message(from(), head), "final answer from /root/check, encrypted");
        assert_eq!(message(from(), &format!("{head}All fine.")), "final answer from /root/check\n\nAll fine.");
        assert_eq!(message(None, "All fine."), "message\n\nAll fine.");
        assert_eq!(message(from(), ""), "message from /root/check, encrypted");
    }

    #[test]
    fn an_activity_names_call_and_thread() {
        let read = |json: &str| activity(&Object::read(json).unwrap());
        let began = r#"{"event_id":"call_1","agent_thread_id":"t","agent_path":"/root/a","kind":"started"}"#;
        assert_eq!(read(began), Some(Activity::Began { call: "call_1".to_owned(), thread: "t".to_owned() }));
        let ended = r#"{"id":"x","agent_thread_id":"t","kind":"interrupted"}"#;
        assert_eq!(read(ended), Some(Activity::Ended { thread: "t".to_owned(), ok: false }));
        assert_eq!(read(r#"{"event_id":"call_2","agent_thread_id":"t","kind":"interacted"}"#), None);
    }
}
