//! The agent's rooms against real files and an aggregator in memory.
// A test that meets an unexpected value should stop there, helpers included.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod archive;
mod fake;
mod files;
mod hooks;
mod link;
#[cfg(target_os = "linux")]
mod presence;
mod process;
mod watching;
