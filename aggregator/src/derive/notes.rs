//! What files beside the conversations say: who began a subagent and how it ended, and where the conversations work.

use serde::{Deserialize, Serialize};

use super::clean::cleaned;
use crate::domain::transcript::TranscriptKind;
use crate::transcript::claude::layout;
use crate::transcript::claude::meta::{self, Meta};
use crate::transcript::claude::workflow::{self, Member};
use crate::transcript::gemini::layout as gemini;
use crate::transcript::layout as layout_of;

/// Subagents that the notes of one file tell of.
const AGENTS: usize = 1_000;

/// Bytes of an id or a word.
const WORD_BYTES: usize = 200;

/// Notes of one file.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct Notes {
    /// Notes on subagents.
    pub agents: Vec<AgentNote>,
    /// Working directory of the conversations beside the file.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub folder: Option<String>,
}

/// A note on one subagent.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub(super) struct AgentNote {
    /// The coder's own id of it.
    pub id: String,
    /// Tool call that began it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub tool_use_id: Option<String>,
    /// Subagent that began it.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub parent: Option<String>,
    /// 1 for what the main conversation began.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub depth: Option<u32>,
    /// Its type.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub kind: Option<String>,
    /// What it was begun for.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Model that it was begun with.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub model: Option<String>,
    /// It ended, and whether well.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ok: Option<bool>,
}

impl Notes {
    /// Reads stored notes; what cannot be read is empty.
    pub(super) fn load(json: &str) -> Self {
        serde_json::from_str(json).unwrap_or_default()
    }

    /// As stored.
    pub(super) fn store(&self) -> String {
        serde_json::to_string(self).unwrap_or_default()
    }

    /// Reads a file; what is not understood says nothing.
    pub(super) fn read(coder: &str, kind: TranscriptKind, relative: &str, bytes: &[u8]) -> Self {
        if coder == "gemini" && layout_of::told_by(coder, relative).is_some() {
            return Self { folder: gemini::project_root(bytes), ..Self::default() };
        }
        if coder != "claude" {
            return Self::default();
        }
        let mut agents = match kind {
            TranscriptKind::Meta => meta(relative, bytes).into_iter().collect(),
            TranscriptKind::Workflow if relative.ends_with("journal.jsonl") => journal(bytes),
            TranscriptKind::Workflow => result(bytes),
            TranscriptKind::Main | TranscriptKind::Subagent | TranscriptKind::ToolResult => Vec::new(),
        };
        agents.truncate(AGENTS);
        Self { agents: agents.into_iter().map(AgentNote::bounded).collect(), folder: None }
    }
}

impl AgentNote {
    /// Adds what another note says of the same subagent.
    pub(super) fn merge(&mut self, later: Self) {
        let Self { tool_use_id, parent, depth, kind, description, model, ok, .. } = later;
        for (known, later) in [
            (&mut self.tool_use_id, tool_use_id),
            (&mut self.parent, parent),
            (&mut self.kind, kind),
            (&mut self.description, description),
            (&mut self.model, model),
        ] {
            *known = later.or_else(|| known.take());
        }
        self.depth = depth.or(self.depth);
        self.ok = ok.or(self.ok);
    }

    fn bounded(mut self) -> Self {
        let Self { tool_use_id, parent, kind, description, model, .. } = &mut self;
        for text in [tool_use_id, parent, kind, description, model] {
            *text = text.take().map(|text| cleaned(text, WORD_BYTES));
        }
        self.id = cleaned(self.id, WORD_BYTES);
        self
    }
}

/// `agent-<id>.meta.json`
fn meta(relative: &str, bytes: &[u8]) -> Option<AgentNote> {
    let id = layout::agent_of(relative)?.to_owned();
    let Meta { tool_use_id, parent_agent, depth, kind, description, model, finished, .. } = meta::parse(bytes)?;
    Some(AgentNote {
        id,
        tool_use_id,
        parent: parent_agent,
        depth,
        kind,
        description,
        model,
        ok: finished.then_some(true),
    })
}

/// `journal.jsonl` of a workflow: a line for each beginning and end of a member.
fn journal(bytes: &[u8]) -> Vec<AgentNote> {
    let mut notes: Vec<AgentNote> = Vec::new();
    for member in bytes.split(|byte| *byte == b'\n').filter_map(workflow::journal_line) {
        let note = of_member(member);
        if let Some(known) = notes.iter_mut().find(|known| known.id == note.id) {
            known.merge(note);
        } else if notes.len() < AGENTS {
            notes.push(note);
        }
    }
    notes
}

/// `workflows/<run>.json`
fn result(bytes: &[u8]) -> Vec<AgentNote> {
    workflow::parse(bytes).map(|run| run.members.into_iter().map(of_member).collect()).unwrap_or_default()
}

fn of_member(member: Member) -> AgentNote {
    AgentNote { id: member.agent, description: member.label, ok: member.ok, ..AgentNote::default() }
}
