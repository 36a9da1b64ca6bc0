//! Floor 2: all SQL, one file per noun.

pub mod db;

pub use db::{Db, Result, StoreError};
