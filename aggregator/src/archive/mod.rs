//! Floor 3: reading the archive, proving it, and keeping it compact.

pub mod compact;
pub mod conversation;
pub mod delete;
pub mod entries;
pub mod find;
pub mod raw;
pub mod retention;
pub mod seams;
pub mod verify;

#[cfg(test)]
pub(crate) mod tests;
