//! Tests of the whole house. One program, because each test program links everything again.
#![allow(clippy::unwrap_used, clippy::expect_used)]

mod support;
mod truth;

mod alarms;
mod amounts;
mod clocks;
mod corridor;
mod deletions;
mod document;
mod doors;
mod exports;
mod faults;
mod files;
mod frames;
mod identities;
mod imports;
mod kills;
mod network;
mod pages;
mod projects;
mod raw;
mod reindex;
mod sessions;
mod states;
mod users;
