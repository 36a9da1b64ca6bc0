//! `queue-operation` lines: prompts and notifications that wait for the coder. A prompt among them is told again when the
//! coder takes it; a notification may not be, when the session ends before.

use std::borrow::Cow;

use serde::Deserialize;

use super::notification;
use crate::transcript::act::Act;
use crate::transcript::lenient;
use crate::transcript::reading::Reading;

#[derive(Deserialize)]
struct Operation<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    operation: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    content: Option<Cow<'a, str>>,
}

pub(super) fn read(text: &str, reading: &mut Reading) {
    let Ok(Operation { operation, content }) = serde_json::from_str(text) else { return };
    reading.remark(operation.as_deref().unwrap_or_default());
    let Some(content) = content.filter(|_| operation.as_deref() == Some("enqueue")) else { return };
    reading.acts.extend(notification::report(&content).map(Act::AgentReport));
}
