//! Notifications of work in the background: `<task-notification>`, and its forerunners in clients to 2.0.

use super::command::inner;
use crate::transcript::act::AgentReport;

/// Tags that name the work.
const NAMES: [&str; 3] = ["task-id", "agent-id", "shell-id"];

/// What a notification reports; `None` for any other text.
pub(super) fn report(text: &str) -> Option<AgentReport> {
    let text = text.trim_start();
    let is_one = ["<task-notification>", "<agent-notification>", "<bash-notification>"];
    if !is_one.iter().any(|start| text.starts_with(start)) {
        return None;
    }
    // What the work itself said comes last, and must not pass for the client's own fields.
    let head = text.split_once("<result>").map_or(text, |(head, _)| head);
    let id = NAMES.iter().find_map(|tag| inner(head, tag)).filter(|id| !id.is_empty())?;
    Some(AgentReport {
        id: id.to_owned(),
        tool_use_id: inner(head, "tool-use-id").filter(|id| !id.is_empty()).map(str::to_owned),
        ok: inner(head, "status").and_then(outcome),
        prompts: false,
    })
}

/// Whether a state is a good or a bad end, or none.
pub(super) fn outcome(status: &str) -> Option<bool> {
    match status {
        "completed" | "done" | "success" => Some(true),
        "failed" | "error" | "killed" | "stopped" | "cancelled" | "aborted" => Some(false),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_notification_names_the_work_and_its_end() {
        let report = |text: &str| super::report(text).map(|report| (report.id, report.tool_use_id, report.ok));
        let text = "<task-notification>\n<task-id>a1</task-id>\n<tool-use-id>t1</tool-use-id>\n<status>completed</status>\n<result><status>failed</status></result></task-notification>";
        assert_eq!(report(text), Some(("a1".to_owned(), Some("t1".to_owned()), Some(true))));
        let old = "<agent-notification>\n<agent-id>a05bb60</agent-id>\n<status>killed</status></agent-notification>";
        assert_eq!(report(old), Some(("a05bb60".to_owned(), None, Some(false))));
        assert_eq!(report("<task-notification>torn"), None);
        assert_eq!(report("see <task-notification><task-id>a</task-id>"), None);
    }
}
