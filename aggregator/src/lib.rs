//! Muster's aggregator.
//!
//! Modules stand in the order of the corridor: what comes from a host passes them from top to bottom.

pub mod store;
pub mod wire;
