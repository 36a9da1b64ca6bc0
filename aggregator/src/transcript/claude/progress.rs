//! `progress` lines of clients 2.1.0 to 2.1.4x: what a running tool does. Those of subagents name the call that began them.

use std::borrow::Cow;

use serde::Deserialize;

use crate::transcript::act::{Act, AgentReport};
use crate::transcript::lenient;
use crate::transcript::reading::Reading;

#[derive(Deserialize)]
struct Progress<'a> {
    #[serde(borrow, default, rename = "parentToolUseID", deserialize_with = "lenient::text")]
    parent_tool_use_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::object")]
    data: Option<Data<'a>>,
}

#[derive(Deserialize)]
struct Data<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default, rename = "agentId", deserialize_with = "lenient::text")]
    agent_id: Option<Cow<'a, str>>,
}

pub(super) fn read(text: &str, reading: &mut Reading) {
    let Ok(Progress { parent_tool_use_id, data: Some(data) }) = serde_json::from_str(text) else { return };
    reading.remark(data.kind.as_deref().unwrap_or_default());
    let Some(id) = data.agent_id.filter(|id| !id.is_empty()) else { return };
    let tool_use_id = parent_tool_use_id.filter(|id| !id.is_empty()).map(Cow::into_owned);
    reading.acts.push(Act::AgentReport(AgentReport { id: id.into_owned(), tool_use_id, ok: None, prompts: false }));
}
