//! Floor 1: nouns and pure rules, no I/O.

pub mod alarm;
pub mod context;
pub mod name;
pub mod notice;
pub mod price;
pub mod project;
pub mod role;
pub mod session;
pub mod session_state;
pub mod session_view;
pub mod time;
pub mod transcript;
