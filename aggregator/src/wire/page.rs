//! Lists.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

/// One page of a list.
#[derive(Debug, Serialize, TS)]
pub struct Page<T> {
    /// The items, in the order of the list.
    pub items: Vec<T>,
    /// Pass as `cursor` for the next page; `null` on the last one.
    pub next_cursor: Option<String>,
}

/// How much of a list, and from where.
#[derive(Debug, Default, Deserialize)]
pub struct PageQuery {
    /// Items wanted, 1 to 1,000; 100 unless told.
    pub limit: Option<u32>,
    /// `next_cursor` of the page before.
    pub cursor: Option<String>,
}
