//! `agent-<id>.meta.json`: how a subagent belongs to the conversation that began it. Written when it starts, and again
//! when it ends.

use std::borrow::Cow;

use serde::Deserialize;

use crate::transcript::halves::mended;
use crate::transcript::lenient;
use crate::transcript::preview::title_of;

/// Largest file that is read; real ones have a few hundred bytes.
pub const META_BYTES: usize = 64 * 1024;

/// What the client notes of a subagent.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Meta {
    /// Tool call that began it; `None` for members of a workflow.
    pub tool_use_id: Option<String>,
    /// Subagent that began it; `None` when the main conversation did.
    pub parent_agent: Option<String>,
    /// 1 for what the main conversation began, one more for each further step.
    pub depth: Option<u32>,
    /// Its type.
    pub kind: Option<String>,
    /// What it was begun for, one line.
    pub description: Option<String>,
    /// Model that it was begun with.
    pub model: Option<String>,
    /// It has ended. Older clients do not write it, so that `false` says nothing.
    pub finished: bool,
    /// It is a member of a workflow run.
    pub in_workflow: bool,
    /// Phase of the workflow that it works in.
    pub phase: Option<String>,
    /// Whether its parent goes on without waiting for it, where the file says so.
    pub background: Option<bool>,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct File<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    tool_use_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    parent_agent_id: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::number")]
    spawn_depth: Option<i64>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    agent_type: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    description: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    model: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::flag")]
    finished: bool,
    #[serde(default, deserialize_with = "lenient::flag")]
    in_workflow_run: bool,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    workflow_phase: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    request_shape: Option<Cow<'a, str>>,
}

/// Reads a whole file; `None` when it is none of these (half written, too large).
pub fn parse(bytes: &[u8]) -> Option<Meta> {
    let is_object = bytes.len() <= META_BYTES && bytes.trim_ascii_start().starts_with(b"{");
    let bytes = mended(bytes);
    let file: File<'_> = is_object.then(|| serde_json::from_slice(&bytes).ok()).flatten()?;
    let line = |text: Option<Cow<'_, str>>| text.as_deref().and_then(title_of);
    Some(Meta {
        tool_use_id: line(file.tool_use_id),
        parent_agent: line(file.parent_agent_id),
        depth: file.spawn_depth.and_then(|depth| u32::try_from(depth).ok()),
        kind: line(file.agent_type),
        description: line(file.description),
        model: line(file.model),
        finished: file.finished,
        in_workflow: file.in_workflow_run,
        phase: line(file.workflow_phase),
        background: match file.request_shape.as_deref() {
            Some("background") => Some(true),
            Some("foreground") => Some(false),
            _ => None,
        },
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn files_of_both_layouts_are_read() {
        let old = br#"{"agentType":"Explore","description":"Check tests","toolUseId":"toolu_1","spawnDepth":2}"#;
        let meta = parse(old).unwrap();
        assert_eq!((meta.kind.as_deref(), meta.tool_use_id.as_deref()), (Some("Explore"), Some("toolu_1")));
        assert_eq!((meta.depth, meta.finished, meta.background), (Some(2), false, None));
        let new =
            br#"{"agentType":"workflow-subagent","isBuiltIn":true,"description":"middleware","workflowPhase":"Review",
            "spawnDepth":1,"requestShape":"foreground","model":"claude-opus-5-5","inWorkflowRun":true,"finished":true,
            "parentAgentId":"a1"}"#;
        let meta = parse(new).unwrap();
        assert_eq!((meta.phase.as_deref(), meta.parent_agent.as_deref()), (Some("Review"), Some("a1")));
        assert!(meta.in_workflow && meta.finished && meta.background == Some(false));
        assert_eq!(meta.tool_use_id, None);
    }

    #[test]
    fn what_is_no_such_file_says_nothing() {
        for bytes in [&b""[..], b"[]", br#"{"agentType":"Expl"#, b"\xff"] {
            assert_eq!(parse(bytes), None);
        }
        assert_eq!(parse(format!("{{{}}}", " ".repeat(META_BYTES)).as_bytes()), None);
        assert_eq!(parse(br#"{"spawnDepth":-1,"toolUseId":7}"#), Some(Meta::default()));
    }
}
