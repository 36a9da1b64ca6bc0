//! Corridor A, steps 1–3 and the cutting of frames: discover → identity → tail → frame. Knows newlines, not JSON.
//!
//! [`Follower`] is a value without threads or clocks: notices, messages of the aggregator and the time go in, messages
//! for the aggregator come out. The truth is always the file's state and the offset; notices only say where to look.

pub mod discover;
pub mod fingerprint;
pub mod frame;

mod answers;
mod files;
mod follower;
mod known;
mod notice;
mod queue;
mod root;
mod send;
mod state;
mod sweep;
mod tail;

pub use answers::DigestJob;
pub use follower::{Follower, Settings};
pub use notice::{Dirty, Mailbox, NoWatches, SystemWatches, WatchError, Watches};
pub use state::RootStatus;
