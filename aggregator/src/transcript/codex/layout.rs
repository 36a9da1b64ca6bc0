//! Where Codex puts what, below its home.
//!
//! ```text
//! sessions/YYYY/MM/DD/rollout-<YYYY-MM-DDTHH-MM-SS>-<uuid>.jsonl    one thread
//! archived_sessions/rollout-….jsonl                                the same, put aside by a person
//! ```
//!
//! A subagent is a thread of its own: only the first line of its file tells whose.

use crate::domain::transcript::TranscriptKind;
use crate::transcript::layout::Layout;

/// Length of a UUID as text.
const UUID: usize = 36;

/// Reads a path relative to the root, `/` or `\` between its parts.
pub fn read(relative: &str) -> Layout {
    let file = relative.rsplit(['/', '\\']).next().unwrap_or_default();
    match thread_of(file) {
        Some(thread) => Layout { kind: TranscriptKind::Main, session: Some(thread.to_owned()) },
        None => Layout { kind: TranscriptKind::Meta, session: None },
    }
}

/// The thread whose rollout a file is.
pub fn thread_of(file: &str) -> Option<&str> {
    let stem = file.strip_prefix("rollout-")?.strip_suffix(".jsonl")?;
    let tail = stem.len().checked_sub(UUID).and_then(|at| stem.get(at..));
    let is_uuid = |id: &&str| {
        id.bytes().enumerate().all(|(at, byte)| match at {
            8 | 13 | 18 | 23 => byte == b'-',
            _ => byte.is_ascii_hexdigit(),
        })
    };
    // Older or renamed rollouts: whatever stands behind `rollout-` names them.
    Some(tail.filter(is_uuid).unwrap_or(stem)).filter(|id| !id.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_rollout_is_named_by_its_thread() {
        let id = "0199a213-81a0-7800-8aa0-3a6b2f7f5b11";
        for folder in ["sessions/2026/10/01/", "archived_sessions/", "", "C:\\codex\\"] {
            let layout = read(&format!("{folder}rollout-2026-10-01T09-00-00-{id}.jsonl"));
            assert_eq!((layout.kind, layout.session.as_deref()), (TranscriptKind::Main, Some(id)));
        }
        assert_eq!(read("rollout-old.jsonl").session.as_deref(), Some("old"));
        assert_eq!(read("rollout-é.jsonl").session.as_deref(), Some("é"));
        assert_eq!(read("history.jsonl").kind, TranscriptKind::Meta);
        assert_eq!(read("").session, None);
    }
}
