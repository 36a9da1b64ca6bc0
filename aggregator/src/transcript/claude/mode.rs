//! `mode` and `permission-mode` lines: how the client runs, and what it may do without asking.

use std::borrow::Cow;

use serde::Deserialize;

use crate::transcript::lenient;
use crate::transcript::reading::Reading;

#[derive(Deserialize)]
struct Mode<'a> {
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    mode: Option<Cow<'a, str>>,
}

/// What a `mode` line says; a `permission-mode` line has its word in the envelope, as prompts have.
pub(super) fn read(text: &str, reading: &mut Reading) {
    let Ok(Mode { mode }) = serde_json::from_str(text) else { return };
    let permissions = reading.facts.mode.take();
    if let Some(word) = mode.as_deref().or(permissions.as_deref()) {
        reading.remark(word);
    }
    reading.facts.mode = permissions;
}
