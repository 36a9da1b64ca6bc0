//! The graph of a session and its files → what pages and scripts see.

use super::presence::{AgentNode, AgentTool, CallPlace, RunningCall, TouchedFile};
use crate::derive::files::File;
use crate::derive::graph::{Node, Tool};
use crate::domain::alarm::Looping;
use crate::domain::time::rfc3339;
use crate::store::tool_calls::{CallRow, Touch};
use crate::store::transcripts::unsigned;

impl From<&Node> for AgentNode {
    fn from(node: &Node) -> Self {
        let agent = &node.agent;
        let caller = Some(&agent.id).filter(|id| !id.is_empty());
        Self {
            id: agent.id.clone(),
            parent_id: node.parent.clone(),
            parent_tool_use_id: agent.call.clone(),
            depth: agent.depth,
            role: agent.kind.clone(),
            title: agent.description.clone(),
            model: agent.model.clone(),
            state: agent.state.into(),
            background: agent.background,
            tokens: node.used.tokens,
            cost_microdollars: node.used.cost,
            tools: node.tools.iter().map(AgentTool::from).collect(),
            running: node.running.iter().map(|call| running(call, caller)).collect(),
            started_at: agent.started_at.map(rfc3339),
            last_at: agent.last_at.map(rfc3339),
            duration_ms: agent.duration_ms,
            transcript_id: agent.transcript.clone(),
            workflow_id: agent.workflow.clone(),
            orphan: node.orphan,
            looping: node.looping.as_ref().map(Looping::text),
            internal: agent.internal,
        }
    }
}

impl From<&Tool> for AgentTool {
    fn from(tool: &Tool) -> Self {
        let number = |count: i64| u32::try_from(count).unwrap_or(u32::MAX);
        Self { name: tool.name.clone(), calls: number(tool.calls), errors: number(tool.errors) }
    }
}

fn running(call: &CallRow, caller: Option<&String>) -> RunningCall {
    RunningCall {
        id: call.id.clone(),
        name: call.name.clone(),
        about: call.about.clone(),
        started_at: rfc3339(call.started_at.unwrap_or(0)),
        subagent_id: caller.cloned(),
    }
}

impl From<&File> for TouchedFile {
    fn from(file: &File) -> Self {
        Self {
            path: file.path.clone(),
            changes: file.changes,
            reads: file.reads,
            added: file.added,
            removed: file.removed,
            last_at: Some(file.last_at).filter(|at| *at > 0).map(rfc3339),
            places: file.places.iter().map(CallPlace::from).collect(),
        }
    }
}

impl From<&Touch> for CallPlace {
    fn from(call: &Touch) -> Self {
        Self {
            id: call.id.clone(),
            name: call.name.clone(),
            transcript_id: call.transcript_id.clone(),
            line: unsigned(call.line),
            result_line: call.result_line.map(unsigned),
        }
    }
}
