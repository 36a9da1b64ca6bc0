//! `system` lines: what the client tells the reader: ends of turns, commands, compaction, hooks.

use super::Reading;
use super::content::string;
use super::envelope::Envelope;
use crate::transcript::Role;
use crate::transcript::preview::Preview;

pub(super) fn read(line: &Envelope<'_>) -> Reading {
    let text = line.content.and_then(string);
    let preview = match (text, line.subtype.as_deref()) {
        (Some(text), _) => Preview::cut(&text),
        (None, Some(subtype)) => Preview::cut(&subtype.replace('_', " ")),
        (None, None) => Preview::default(),
    };
    Reading { role: Some(Role::System), preview, ..Reading::default() }
}
