//! What the text of an output says of how the call went.

use std::borrow::Cow;

use serde_json::value::RawValue;

use super::agents;
use crate::transcript::act::{Act, AgentStart};
use crate::transcript::block::{Decider, Permission};
use crate::transcript::object::Object;

/// Starts of outputs that tell of a failure without an exit code.
const FAILURES: [&str; 9] = [
    "failed to parse function arguments",
    "failed to ",
    "execution error",
    "exec_command failed",
    "unsupported call",
    "apply_patch verification failed",
    "aborted",
    "Script failed",
    "rejected",
];

/// Starts of outputs of calls that a person refused.
const REFUSALS: [&str; 3] = ["exec command rejected by user", "patch rejected by user", "rejected by user"];

/// Lines in front of an output at most.
const HEAD_LINES: usize = 8;

/// An output, read.
#[derive(Debug, Default)]
pub(super) struct Told<'a> {
    pub(super) text: Cow<'a, str>,
    pub(super) is_error: bool,
    pub(super) exit_code: Option<i64>,
    pub(super) duration_ms: Option<i64>,
    /// The subagent that the call began.
    pub(super) agent: Option<String>,
    /// How subagents are now.
    pub(super) reports: Vec<Act>,
    /// The output as it stood, where the text says it in other words.
    pub(super) detail: Option<Box<RawValue>>,
}

/// Reads an output. It comes as `{"output": …, "metadata": {…}}`, behind a head of a few lines, or as it is.
pub(super) fn read(text: &str) -> Told<'_> {
    if let Some(object) = text.starts_with('{').then(|| Object::read(text)).flatten() {
        if let (Some(output), Some(metadata)) = (object.text("output"), object.object("metadata")) {
            let exit_code = metadata.number("exit_code");
            let duration_ms = metadata.fraction("duration_seconds").map(milliseconds);
            return Told {
                text: Cow::Owned(output.into_owned()),
                is_error: exit_code.is_some_and(|code| code != 0),
                exit_code,
                duration_ms,
                ..Told::default()
            };
        }
        let Some(told) = agents::answer(&object) else { return Told { text: Cow::Borrowed(text), ..Told::default() } };
        let agents::Told { text: words, began, reports } = told;
        let detail = RawValue::from_string(text.to_owned()).ok();
        return Told { text: Cow::Owned(words), agent: began, reports, detail, ..Told::default() };
    }
    headed(text)
}

/// A head such as `Exit code: 0`, `Wall time: 0.1 seconds`, up to `Output:`.
fn headed(text: &str) -> Told<'_> {
    let mut told = Told { text: Cow::Borrowed(text), ..Told::default() };
    told.is_error = FAILURES.iter().any(|start| text.starts_with(start));
    let mut rest = text;
    for _ in 0..HEAD_LINES {
        let (line, below) = rest.split_once('\n').unwrap_or((rest, ""));
        let code = line.strip_prefix("Exit code: ").or_else(|| line.strip_prefix("Process exited with code "));
        if let Some(code) = code.and_then(|code| code.trim().parse::<i64>().ok()) {
            told.exit_code = Some(code);
            told.is_error |= code != 0;
        }
        if let Some(seconds) = line.strip_prefix("Wall time: ").or_else(|| line.strip_prefix("Wall time ")) {
            told.duration_ms = seconds.split(' ').next().and_then(|seconds| seconds.parse().ok()).map(milliseconds);
        }
        if line == "Output:" {
            if told.exit_code.is_some() || told.duration_ms.is_some() {
                told.text = Cow::Borrowed(below);
            }
            break;
        }
        rest = below;
    }
    told
}

/// The decision that an output tells of: a person did not let the call run.
pub(super) fn refusal_in(text: &str) -> Option<Permission> {
    let refused = REFUSALS.iter().any(|start| text.starts_with(start));
    refused.then_some(Permission { allowed: false, by: Decider::Person, lasts: false })
}

/// A subagent that a call began; it always runs beside its parent.
pub(super) fn agent_start(id: String, kind: Option<String>) -> AgentStart {
    AgentStart { id, kind, background: true, workflow: None }
}

/// Seconds as milliseconds; what no clock measures is none.
// A duration beyond the range becomes the range's end.
#[allow(clippy::cast_possible_truncation)]
pub(super) fn milliseconds(seconds: f64) -> i64 {
    (seconds * 1000.0).round() as i64
}

#[cfg(test)]
mod tests {
    use super::*;

    fn told(text: &str) -> (String, bool, Option<i64>, Option<i64>) {
        let told = read(text);
        (told.text.into_owned(), told.is_error, told.exit_code, told.duration_ms)
    }

    #[test]
    fn outputs_of_all_versions_say_how_it_went() {
        let json = r#"{"output":"boom\n","metadata":{"exit_code":2,"duration_seconds":0.25}}"#;
        assert_eq!(told(json), ("boom\n".to_owned(), true, Some(2), Some(250)));
        let headed = "Exit code: 0\nWall time: 1.5 seconds\nTotal output lines: 1\nOutput:\nfine";
        assert_eq!(told(headed), ("fine".to_owned(), false, Some(0), Some(1500)));
        let unified = "Chunk ID: 4b5f\nWall time: 0.0521 seconds\nProcess exited with code 1\nOriginal token count: 2\nOutput:\nno";
        assert_eq!(told(unified), ("no".to_owned(), true, Some(1), Some(52)));
        let running = "Chunk ID: 4b5f\nWall time: 1.0 seconds\nProcess running with session ID 7\nOutput:\n...";
        assert_eq!(told(running), ("...".to_owned(), false, None, Some(1000)));
        assert_eq!(told("aborted by user after 3.2s"), ("aborted by user after 3.2s".to_owned(), true, None, None));
        assert_eq!(told("Output:\nof a poem"), ("Output:\nof a poem".to_owned(), false, None, None));
        assert_eq!(told(r#"{"a":1}"#), (r#"{"a":1}"#.to_owned(), false, None, None));
    }

    #[test]
    fn a_call_that_begins_a_subagent_names_it() {
        assert_eq!(read(r#"{"agent_id":"0199","nickname":"Kepler"}"#).agent.as_deref(), Some("0199"));
    }
}
