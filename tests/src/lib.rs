//! The whole house for tests: real aggregators, agents, files and databases, and ways to break them.
//!
//! [`fleet::Fleet`] starts processes on temporary homes and free ports and leaves nothing behind. [`coder::Coder`] writes
//! transcripts as the real client does, [`proxy::Proxy`] is a network that can fail, [`api::Api`] is a script or a page,
//! and [`archive`] compares what was archived with the files, byte for byte.
//!
//! Helpers panic when something does not come true in time: a test cannot go on then, and the message says what was
//! awaited and what was seen.
#![allow(clippy::unwrap_used, clippy::expect_used)] // See above: for tests only.

pub mod wait;

pub mod lines;

pub mod coder;

pub mod proxy;

pub mod http;

pub mod api;
pub mod socket;

pub mod process;

pub mod namespace;

pub mod host;

pub mod fleet;

pub mod client;
pub mod recording;

pub mod archive;
pub mod link;

pub mod dice;
pub mod pen;
pub mod prose;
pub mod tally;

pub mod truth;

pub mod corpus;

pub mod compare;
pub mod contract;

pub mod house;

pub mod demo;

pub mod load;

pub mod bench;
