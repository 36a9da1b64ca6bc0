//! The coder's hooks: events that it tells of by calling a command, and the entries of its settings that make it call us.
//!
//! Everything works without them, a little less exactly: the coder's own registry and the transcript tell most. Hooks
//! tell sooner what is asked for, and when a turn ends while subagents go on.

mod coverage;
mod diff;
mod edit;
mod event;
mod file;
mod json_text;
mod ours;

pub use coverage::coverage;
pub use diff::diff;
pub use edit::{EditError, EventState, Standing, complete, disabled, install, standing, uninstall};
pub use event::{MAX_EVENT_BYTES, decode, encode, read};
pub use file::{FileError, Settings};
pub use ours::HookLine;

/// The events that we ask for: those that every version of Claude Code with a session registry knows, and older ones too.
///
/// Naming one that a version does not know is worse than missing it: 2.0 then ignores the whole settings file, and 2.1
/// shows a warning that must be answered before it starts.
pub const EVENTS: [&str; 12] = [
    "SessionStart",
    "UserPromptSubmit",
    "PreToolUse",
    "PermissionRequest",
    "PostToolUse",
    "PostToolUseFailure",
    "Notification",
    "SubagentStart",
    "SubagentStop",
    "PreCompact",
    "Stop",
    "SessionEnd",
];
