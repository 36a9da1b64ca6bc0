//! Floor 1: nouns and pure rules, no I/O.

pub mod name;
pub mod price;
pub mod project;
pub mod role;
pub mod session;
pub mod time;
pub mod transcript;
