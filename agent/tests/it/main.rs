//! The agent's rooms against real files and an aggregator in memory.

mod archive;
mod fake;
mod files;
mod link;
mod process;
mod watching;
