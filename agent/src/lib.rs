//! `muster-agent`: follows the transcripts of coding agents on one host and streams them to a Muster aggregator.
//!
//! Modules stand in the order of the corridor: which folders → watching them → the link → the process around it.

pub mod roots;
pub mod watch;

pub mod digest;
pub mod repository;
pub mod watcher;

pub mod presence;

pub mod identity;
pub mod link;
pub mod status;

pub mod hooks;

pub mod cli;
pub mod config;

pub mod platform;
