//! Tokens and money: the price table, and reports over the replies that were counted.

pub mod defaults;
mod prices;

pub use prices::seed;
