//! The fields around every line. Bodies that only some kinds have stay unread until their kind's file asks for them.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::content::Message;
use super::permission::Decision;
use crate::transcript::lenient;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[expect(clippy::struct_excessive_bools, reason = "the client writes them so")]
pub(super) struct Envelope<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "lenient::text")]
    pub(super) kind: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) subtype: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) uuid: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) parent_uuid: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) logical_parent_uuid: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) timestamp: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) session_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) agent_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) cwd: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) git_branch: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) version: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) entrypoint: Option<Cow<'a, str>>,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) is_sidechain: bool,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) is_meta: bool,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) is_compact_summary: bool,
    #[serde(default, deserialize_with = "lenient::flag")]
    pub(super) is_api_error_message: bool,
    #[serde(borrow, default)]
    pub(super) quota_limits: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) request_id: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) request_session_id: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    pub(super) forked_from: Option<&'a RawValue>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) prompt_source: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    pub(super) permission_mode: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::object")]
    pub(super) origin: Option<Origin<'a>>,
    #[serde(borrow, default, deserialize_with = "lenient::object")]
    pub(super) permission_decision: Option<Decision<'a>>,
    #[serde(default, deserialize_with = "lenient::number")]
    pub(super) thinking_duration_ms: Option<i64>,
    #[serde(default, deserialize_with = "lenient::number")]
    pub(super) duration_ms: Option<i64>,
    #[serde(borrow, default, deserialize_with = "lenient::object")]
    pub(super) message: Option<Message<'a>>,
    #[serde(borrow, default)]
    pub(super) tool_use_result: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) attachment: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) content: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) hook_errors: Option<&'a RawValue>,
    #[serde(borrow, default)]
    pub(super) compact_metadata: Option<&'a RawValue>,
}

/// Who caused a text, where the client says so.
#[derive(Deserialize)]
pub(super) struct Origin<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    kind: Option<Cow<'a, str>>,
}

impl Origin<'_> {
    /// Work in the background, and no person.
    pub(super) fn is_background(&self) -> bool {
        self.kind.as_deref() == Some("task-notification")
    }
}
