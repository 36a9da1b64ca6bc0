//! Presence: which coders live on this host, and what they say they do.
//!
//! Modules stand in the order of the data: where a coder's files lie → its own registry and jobs → the process table →
//! both put together by the lookout → what the link says of it. Hooks come in beside that. Everything works without
//! registry and without hooks, a little less exactly.

mod home;

mod entry;
mod jobs;
mod registry;
mod words;

mod census;
mod recognise;

mod folders;
mod lookout;
mod stop;
mod tmux;

mod hooks;
mod memory;
mod outbox;

pub use hooks::Hooks;
pub use lookout::{Lookout, LookoutHandle, Manners};
pub use outbox::Outbox;
