//! Floor 3: what people do about sessions: give them a title, stop their coders. Every action is written down.

mod rename;
mod stop;

use crate::live::{Links, Wake};
use crate::store::{Db, StoreError};

pub use stop::{Order, Report, Step};

/// Why the room refuses. The text says what happened and what to do.
#[derive(Debug, thiserror::Error)]
pub enum ActionError {
    /// The database failed.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// Nothing of that id.
    #[error("{0}")]
    NotFound(String),
    /// Not a usable value.
    #[error("{0}")]
    Invalid(String),
    /// It cannot be done as things are.
    #[error("{0}")]
    Conflict(String),
}

/// The room. Cloning gives another handle to the same room.
#[derive(Debug, Clone)]
pub struct Actions {
    db: Db,
    links: Links,
    /// Transcripts of sessions that changed: their rows are joined again and shown to the pages.
    changed: Wake,
}

impl Actions {
    /// A room over this database and these links.
    pub fn new(db: Db, links: Links, changed: Wake) -> Self {
        Self { db, links, changed }
    }
}
