//! Floor 4: what scripts and pages see. The only types that are serialised for them; `wire` converts from `domain`.
//!
//! TypeScript declarations are generated from these types into `web/src/wire/types.gen.ts`; the test
//! `typescript_is_fresh` says when they are stale.

pub mod access;
pub mod blocks;
pub mod convert;
mod convert_alarms;
mod convert_graph;
mod convert_history;
mod convert_presence;
pub mod entry;
pub mod fleet;
pub mod history;
pub mod import;
pub mod keeping;
pub mod live;
pub mod page;
pub mod presence;
pub mod problem;
pub mod projects;
pub mod search;
pub mod usage;

#[cfg(test)]
mod typescript;
