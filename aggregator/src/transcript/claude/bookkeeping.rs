//! All other lines: records that the client keeps for itself. Only their titles matter to a reader.

use super::Reading;
use super::envelope::Envelope;
use crate::domain::session::TitleSource;
use crate::transcript::preview::{Preview, title_of};

pub(super) fn read(kind: &str, line: &Envelope<'_>) -> Reading {
    let (source, text) = match kind {
        "custom-title" => (TitleSource::Custom, &line.custom_title),
        "ai-title" => (TitleSource::Ai, &line.ai_title),
        "summary" => (TitleSource::Summary, &line.summary),
        _ => return Reading::default(),
    };
    let text = text.as_deref().unwrap_or_default();
    Reading { preview: Preview::cut(text), title: title_of(text).map(|title| (source, title)), ..Reading::default() }
}
