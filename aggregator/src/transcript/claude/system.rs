//! `system` lines: what the client tells the reader: ends of turns, commands, compaction, hooks.

use super::Reading;
use super::command::plain;
use super::content::string;
use super::envelope::Envelope;
use crate::transcript::Role;
use crate::transcript::preview::Preview;

pub(super) fn read(line: &Envelope<'_>) -> Reading {
    let text = line.content.and_then(string);
    let preview = match (text, line.subtype.as_deref()) {
        (Some(text), _) => Preview::cut(&plain(&text)),
        (None, Some("turn_duration")) => Preview::cut(&turn_end(line)),
        (None, Some(subtype)) => Preview::cut(&subtype.replace('_', " ")),
        (None, None) => Preview::default(),
    };
    Reading { role: Some(Role::System), preview, ..Reading::default() }
}

/// `turn ended after 2.2 s`
fn turn_end(line: &Envelope<'_>) -> String {
    let duration_ms: Option<u64> = line.duration_ms.and_then(|raw| raw.get().parse().ok());
    match duration_ms {
        Some(ms) if ms < 60_000 => format!("turn ended after {}.{} s", ms / 1000, ms % 1000 / 100),
        Some(ms) => format!("turn ended after {} min {} s", ms / 60_000, ms % 60_000 / 1000),
        None => "turn ended".to_owned(),
    }
}
