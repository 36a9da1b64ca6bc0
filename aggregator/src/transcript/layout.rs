//! What a path below a root says about the file; each coder has its own rules.

use super::{claude, claude_ai, codex, gemini};
use crate::domain::transcript::TranscriptKind;

/// What a path below a root says about the file.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// What the file holds.
    pub kind: TranscriptKind,
    /// The coder's own id of the session; `None` when only the content tells it.
    pub session: Option<String>,
}

/// Reads a path relative to the root, `/` or `\` between its parts. A coder whose layout is not known keeps one session
/// per file, as Claude Code does.
pub fn read(coder: &str, relative: &str) -> Layout {
    match coder {
        "codex" => codex::layout::read(relative),
        "gemini" => gemini::layout::read(relative),
        "claude-ai" => claude_ai::layout(relative),
        _ => {
            let claude::layout::Layout { kind, session, .. } = claude::layout::read(relative);
            Layout { kind, session }
        }
    }
}

/// Whether the first line may say more than the path: whose conversation it is, and whether it is a subagent's.
pub fn asks_first_line(coder: &str) -> bool {
    matches!(coder, "codex" | "gemini")
}

/// The file that tells the working directory of the conversation at this path, where that is no line's to tell.
pub fn folder_file(coder: &str, path: &str) -> Option<String> {
    if coder == "gemini" { gemini::layout::project_file(path) } else { None }
}

/// Beginning of the paths of the conversations whose working directory the file at this path tells.
pub fn told_by(coder: &str, path: &str) -> Option<String> {
    if coder == "gemini" { gemini::layout::chats_beside(path) } else { None }
}

/// The coder's own id of the subagent whose conversation a file is, where the path tells it.
pub fn agent_of(coder: &str, relative: &str) -> Option<String> {
    let file = relative.rsplit(['/', '\\']).next()?;
    let id = match coder {
        "codex" => codex::layout::thread_of(file)?,
        "claude" => file.strip_suffix(".jsonl")?.strip_prefix("agent-")?,
        _ => file.strip_suffix(".jsonl")?,
    };
    (read(coder, relative).kind == TranscriptKind::Subagent || coder == "codex").then(|| id.to_owned())
}
