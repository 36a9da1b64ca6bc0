//! Files of a workflow run: `workflows/<run>.json`, its result, and `journal.jsonl`, what its members do meanwhile.

use std::borrow::Cow;

use serde::Deserialize;

use super::notification;
use crate::transcript::halves::mended;
use crate::transcript::preview::title_of;
use crate::transcript::{ENTRY_BYTES, lenient};

/// A run, as its result tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Run {
    /// Its id.
    pub id: Option<String>,
    /// The workflow's name.
    pub name: Option<String>,
    /// What it was begun for, one line.
    pub summary: Option<String>,
    /// It ended well; `None` when it has not ended.
    pub ok: Option<bool>,
    /// How long it took.
    pub duration_ms: Option<i64>,
    /// Its subagents.
    pub members: Vec<Member>,
}

/// A subagent of a run.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Member {
    /// The coder's own id of it.
    pub agent: String,
    /// What the workflow calls it.
    pub label: Option<String>,
    /// Phase that it works in.
    pub phase: Option<String>,
    /// It ended well; `None` when it has not ended.
    pub ok: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    run_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    workflow_name: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    summary: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    status: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::number")]
    duration_ms: Option<i64>,
    #[serde(borrow, default, deserialize_with = "lenient::objects")]
    workflow_progress: Vec<Step<'a>>,
}

/// A member in the result's list, or a line of the journal.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Step<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    agent_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    label: Option<Cow<'a, str>>,
    #[serde(borrow, default, alias = "phaseTitle", deserialize_with = "lenient::text")]
    phase: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    state: Option<Cow<'a, str>>,
}

impl Step<'_> {
    fn member(&self, ok: Option<bool>) -> Option<Member> {
        let line = |text: &Option<Cow<'_, str>>| text.as_deref().and_then(title_of);
        let agent = line(&self.agent_id)?;
        Some(Member { agent, label: line(&self.label), phase: line(&self.phase), ok })
    }
}

/// Reads a result, `workflows/<run>.json`; `None` when it is none (half written, too large).
pub fn parse(bytes: &[u8]) -> Option<Run> {
    let bytes = mended(bytes);
    let file: File<'_> = object(&bytes)?;
    let line = |text: &Option<Cow<'_, str>>| text.as_deref().and_then(title_of);
    let members = file.workflow_progress.iter();
    Some(Run {
        id: line(&file.run_id),
        name: line(&file.workflow_name),
        summary: line(&file.summary),
        ok: file.status.as_deref().and_then(notification::outcome),
        duration_ms: file.duration_ms.filter(|ms| *ms >= 0),
        members: members
            .filter_map(|step| step.member(step.state.as_deref().and_then(notification::outcome)))
            .collect(),
    })
}

/// Reads a line of a journal; `None` when it tells of no member.
pub fn journal_line(bytes: &[u8]) -> Option<Member> {
    let bytes = mended(bytes);
    let step: Step<'_> = object(&bytes)?;
    match step.kind.as_deref()? {
        "started" => step.member(None),
        "result" => step.member(Some(true)),
        "error" | "failed" => step.member(Some(false)),
        _ => None,
    }
}

fn object<'a, T: Deserialize<'a>>(bytes: &'a [u8]) -> Option<T> {
    let is_object = bytes.len() <= ENTRY_BYTES && bytes.trim_ascii_start().starts_with(b"{");
    is_object.then(|| serde_json::from_slice(bytes).ok()).flatten()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_result_names_its_members() {
        let run = parse(
            br#"{"runId":"wf_1","workflowName":"two-reviews","status":"completed","durationMs":1244,"workflowProgress":[
                {"type":"workflow_phase","index":1,"title":"Review"},
                {"type":"workflow_agent","label":"tests","phaseTitle":"Review","agentId":"a1","state":"done"},
                {"type":"workflow_agent","label":"docs","agentId":"a2","state":"running"}]}"#,
        )
        .unwrap();
        assert_eq!((run.id.as_deref(), run.ok, run.duration_ms), (Some("wf_1"), Some(true), Some(1244)));
        let member = |agent: &str, label: &str, phase: Option<&str>, ok| Member {
            agent: agent.to_owned(),
            label: Some(label.to_owned()),
            phase: phase.map(str::to_owned),
            ok,
        };
        assert_eq!(run.members, [member("a1", "tests", Some("Review"), Some(true)), member("a2", "docs", None, None)]);
        assert_eq!(parse(br#"{"runId":"wf_1","workflow"#), None);
    }

    #[test]
    fn a_journal_tells_how_members_are() {
        let line = |text: &str| journal_line(text.as_bytes()).map(|member| (member.agent, member.label, member.ok));
        assert_eq!(line(r#"{"type":"launched"}"#), None);
        assert_eq!(
            line(r#"{"type":"started","key":"v2:1","agentId":"a1","label":"tests","phase":"Review"}"#),
            Some(("a1".to_owned(), Some("tests".to_owned()), None))
        );
        assert_eq!(
            line(r#"{"type":"result","agentId":"a1","result":"none"}"#),
            Some(("a1".to_owned(), None, Some(true)))
        );
        assert_eq!(line("torn"), None);
    }
}
