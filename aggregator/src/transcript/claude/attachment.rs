//! `attachment` lines. Of all their types only `queued_command` is conversation: a prompt typed while the coder was
//! busy (in some versions the only record of it), or the result of background work.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::Reading;
use super::command::plain;
use super::content::string;
use super::envelope::Envelope;
use crate::transcript::preview::Preview;
use crate::transcript::{Class, Role, lenient};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Attachment<'a> {
    #[serde(borrow, default, rename = "type", deserialize_with = "lenient::text")]
    kind: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    command_mode: Option<Cow<'a, str>>,
    #[serde(borrow, default)]
    prompt: Option<&'a RawValue>,
}

pub(super) fn read(line: &Envelope<'_>) -> (Class, Reading) {
    let attachment: Option<Attachment<'_>> = line.attachment.and_then(|raw| serde_json::from_str(raw.get()).ok());
    let Some(attachment) = attachment else { return (Class::Bookkeeping, Reading::default()) };
    match attachment.kind.as_deref() {
        Some("queued_command") => (Class::Conversation, queued(&attachment)),
        kind => (Class::Bookkeeping, Reading { preview: Preview::cut(kind.unwrap_or_default()), ..Reading::default() }),
    }
}

fn queued(attachment: &Attachment<'_>) -> Reading {
    let text = attachment.prompt.and_then(string).unwrap_or_default();
    let typed = attachment.command_mode.as_deref() != Some("task-notification") && !text.starts_with('<');
    Reading {
        role: Some(if typed { Role::Human } else { Role::System }),
        preview: Preview::cut(&plain(&text)),
        ..Reading::default()
    }
}
