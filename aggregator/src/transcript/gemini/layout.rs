//! Where Gemini CLI puts what, below `~/.gemini/tmp`.
//!
//! ```text
//! <project>/chats/session-<time>-<8 of the id>.jsonl   main chat; only its head tells the whole id
//! <project>/chats/session-<time>-<8 of the id>.json    the same before lines: one document, written anew each time
//! <project>/chats/<session>/<id>.jsonl                 chat of a subagent
//! ```

use crate::domain::transcript::TranscriptKind;
use crate::transcript::layout::Layout;

/// Reads a path relative to the root, `/` or `\` between its parts.
pub fn read(relative: &str) -> Layout {
    let parts: Vec<&str> = relative.split(['/', '\\']).filter(|part| !part.is_empty()).collect();
    let lines = parts.last().is_some_and(|file| file.strip_suffix(".jsonl").is_some());
    match parts.as_slice() {
        [.., "chats", session, _] if lines => {
            Layout { kind: TranscriptKind::Subagent, session: Some((*session).to_owned()) }
        }
        [.., file] if lines && file.starts_with("session-") => Layout { kind: TranscriptKind::Main, session: None },
        _ => Layout { kind: TranscriptKind::Meta, session: None },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_place_is_known() {
        let layout = |path: &str| {
            let Layout { kind, session } = read(path);
            (kind, session)
        };
        assert_eq!(layout("shop/chats/session-2026-10-01T09-00-0a1b2c3d.jsonl"), (TranscriptKind::Main, None));
        assert_eq!(layout("session-2026-10-01T09-00-0a1b2c3d.jsonl"), (TranscriptKind::Main, None));
        assert_eq!(layout("shop/chats/s-1/agent-2.jsonl"), (TranscriptKind::Subagent, Some("s-1".to_owned())));
        assert_eq!(layout("shop/chats/session-2025-10-01T09-00-0a1b2c3d.json"), (TranscriptKind::Meta, None));
        assert_eq!(layout("shop/logs.json"), (TranscriptKind::Meta, None));
        assert_eq!(layout(""), (TranscriptKind::Meta, None));
    }
}
