//! Tokens and money: the price table, and reports over the replies that count.

pub mod defaults;
mod prices;
mod report;
mod windows;

#[cfg(test)]
mod tests;

pub use prices::{Ledger, PriceError, seed};
pub use report::{Arithmetic, Key, Report, Sum, report};
pub use windows::{Window, windows};
