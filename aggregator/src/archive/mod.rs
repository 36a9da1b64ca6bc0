//! Floor 3: reading the archive, proving it, and keeping it compact.

pub mod compact;
pub mod entries;
pub mod raw;
pub mod verify;
