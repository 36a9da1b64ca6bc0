//! Floor 2: all SQL, one file per noun.

pub mod actors;
pub mod audit;
pub mod chat_folders;
pub mod context;
pub mod credentials;
pub mod db;
pub mod deletions;
pub mod dump;
pub mod endings;
pub mod enrolments;
pub mod frames;
pub mod hosts;
pub mod lines;
pub mod notice_rules;
pub mod packing;
pub mod prices;
pub mod project_report;
pub mod projects;
pub mod retention;
pub mod saved_searches;
pub mod search;
pub mod session_titles;
pub mod sessions;
pub mod settings;
pub mod sign_ins;
pub mod tables;
pub mod tokens;
pub mod tool_calls;
pub mod transcripts;
pub mod turns;
mod tx;
pub mod usage;
pub mod usage_report;

pub use db::{Db, Result, StoreError};

#[cfg(test)]
mod released;
#[cfg(test)]
pub(crate) mod testing;
