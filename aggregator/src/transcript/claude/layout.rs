//! Where Claude Code puts what, below `projects/`.
//!
//! ```text
//! <project>/<session>.jsonl                                    main transcript
//! <project>/agent-<7 hex>.jsonl                                subagent, clients to 2.0
//! <project>/<session>/subagents/**/agent-<id>.jsonl            subagent, with agent-<id>.meta.json beside it
//! <project>/<session>/subagents/workflows/<run>/journal.jsonl  journal of a workflow
//! <project>/<session>/workflows/**                             results and scripts of workflows
//! <project>/<session>/tool-results/*.txt                       outputs too large for the transcript
//! ```

use crate::domain::transcript::TranscriptKind;

/// Starts of the ids of subagents that the client runs for its own ends. Other ids are `a` and hexadecimal digits, so
/// that none of them begins like this.
const INTERNAL: [&str; 3] = ["acompact", "aprompt_suggestion", "aside_question"];

/// What a path below a root says about the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// What the file holds.
    pub kind: TranscriptKind,
    /// The coder's own id of the session; `None` when only the content tells it.
    pub session: Option<String>,
}

/// Reads a path relative to the root, `/` or `\` between its parts.
pub fn read(relative: &str) -> Layout {
    let parts: Vec<&str> = relative.split(['/', '\\']).filter(|part| !part.is_empty()).collect();
    let Some((file, folders)) = parts.split_last() else {
        return Layout { kind: TranscriptKind::Meta, session: None };
    };
    let kind = kind(file, folders);
    let session = match folders {
        // Directly in a project's folder (or in the root): the file's own name.
        [] | [_] => (kind == TranscriptKind::Main).then(|| stem(file).to_owned()),
        [_, session, ..] => Some((*session).to_owned()),
    };
    Layout { kind, session }
}

/// The coder's own id of the subagent whose transcript or meta file this is.
pub fn agent_of(relative: &str) -> Option<&str> {
    let file = relative.rsplit(['/', '\\']).next()?;
    let id = file.strip_prefix("agent-")?;
    let id = id.strip_suffix(".meta.json").or_else(|| id.strip_suffix(".jsonl"))?;
    (!id.is_empty()).then_some(id)
}

/// The workflow run that a file belongs to: its members' transcripts, its journal, its result.
pub fn workflow_of(relative: &str) -> Option<&str> {
    let mut parts = relative.split(['/', '\\']).skip_while(|part| *part != "workflows").skip(1);
    let run = parts.next()?;
    let run = run.strip_suffix(".json").unwrap_or(run);
    run.starts_with("wf_").then_some(run)
}

/// Whether the client runs this subagent for its own ends: to compact the conversation, to suggest the next prompt.
pub fn is_internal(agent: &str) -> bool {
    INTERNAL.iter().any(|start| agent.starts_with(start))
}

fn kind(file: &str, folders: &[&str]) -> TranscriptKind {
    let within = |name: &str| folders.iter().skip(1).any(|folder| *folder == name);
    let is_lines = has_ending(file, "jsonl");
    match () {
        () if within("tool-results") => TranscriptKind::ToolResult,
        () if is_lines && file.starts_with("agent-") => TranscriptKind::Subagent,
        () if has_ending(file, "meta.json") || file == "custom-title.json" => TranscriptKind::Meta,
        () if within("workflows") => TranscriptKind::Workflow,
        () if is_lines => TranscriptKind::Main,
        () => TranscriptKind::Meta,
    }
}

fn has_ending(file: &str, ending: &str) -> bool {
    file.strip_suffix(ending).is_some_and(|stem| stem.ends_with('.'))
}

fn stem(file: &str) -> &str {
    file.strip_suffix(".jsonl").unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn layout(path: &str) -> (TranscriptKind, Option<String>) {
        let Layout { kind, session } = read(path);
        (kind, session)
    }

    #[test]
    fn every_place_is_known() {
        let session = || Some("s1".to_owned());
        assert_eq!(layout("-srv-demo/s1.jsonl"), (TranscriptKind::Main, session()));
        assert_eq!(layout("s1.jsonl"), (TranscriptKind::Main, session()));
        assert_eq!(layout("-srv-demo/agent-a05de54.jsonl"), (TranscriptKind::Subagent, None));
        assert_eq!(layout("-srv-demo/s1/subagents/agent-a1.jsonl"), (TranscriptKind::Subagent, session()));
        assert_eq!(layout("-srv-demo/s1/subagents/agent-a1.meta.json"), (TranscriptKind::Meta, session()));
        assert_eq!(
            layout("-srv-demo/s1/subagents/workflows/wf_1/agent-a2.jsonl"),
            (TranscriptKind::Subagent, session())
        );
        assert_eq!(
            layout("-srv-demo/s1/subagents/workflows/wf_1/journal.jsonl"),
            (TranscriptKind::Workflow, session())
        );
        assert_eq!(layout("-srv-demo/s1/workflows/wf_1.json"), (TranscriptKind::Workflow, session()));
        assert_eq!(layout("-srv-demo/s1/tool-results/b1.txt"), (TranscriptKind::ToolResult, session()));
        assert_eq!(layout("C:\\p\\s1.jsonl").1.as_deref(), Some("p"));
        assert_eq!(layout(""), (TranscriptKind::Meta, None));
    }

    #[test]
    fn subagents_and_workflows_are_named_by_their_files() {
        for (path, agent, workflow) in [
            ("-srv-demo/agent-a05de54.jsonl", Some("a05de54"), None),
            ("-srv-demo/s1/subagents/agent-a1.meta.json", Some("a1"), None),
            ("-srv-demo\\s1\\subagents\\workflows\\wf_1\\agent-a2.jsonl", Some("a2"), Some("wf_1")),
            ("-srv-demo/s1/subagents/workflows/wf_1/journal.jsonl", None, Some("wf_1")),
            ("-srv-demo/s1/workflows/wf_1.json", None, Some("wf_1")),
            ("-srv-demo/s1/workflows/scripts/two-reviews-wf_1.js", None, None),
            ("-srv-workflows/s1.jsonl", None, None),
            ("-srv-demo/s1/subagents/agent-.jsonl", None, None),
            ("", None, None),
        ] {
            assert_eq!((agent_of(path), workflow_of(path)), (agent, workflow), "{path}");
        }
        assert!(is_internal("acompact-4c1d") && is_internal("aprompt_suggestion-1") && !is_internal("ac0ffee"));
    }
}
