//! Floor 3: entries → sessions. A follower of the archive with its own cursor per transcript: it can be stopped at any
//! moment, and everything it made can be thrown away and made again.

mod branches;
pub mod calls;
mod clean;
pub mod context;
pub mod facts;
pub mod files;
mod fold;
mod follower;
pub mod graph;
pub mod join;
mod left;
mod notes;
pub mod outline;
mod repeats;
mod running;
mod save;
pub mod subagents;
mod tail;
mod todos;
mod views;

pub use follower::Follower;
pub use views::Views;

#[cfg(test)]
pub(crate) mod testing;
#[cfg(test)]
mod tests;
