//! Muster's aggregator.
//!
//! Modules stand in the order of the corridor: what comes from a host passes them from top to bottom, and nothing
//! imports upwards. Floors: doors (`grpc`, `http`, `ws`, `wire`) → rooms → `store` → `domain`, `transcript`.

pub mod machine;
pub mod options;
pub mod private;
pub mod spawn;
pub mod tls;

pub mod domain;
pub mod transcript;

pub mod store;

pub mod access;
pub mod actions;
pub mod alarms;
pub mod archive;
pub mod backup;
pub mod derive;
pub mod export;
pub mod ingest;
pub mod ledger;
pub mod live;
pub mod projects;
pub mod search;
pub mod states;

pub mod house;

pub mod grpc;
pub mod http;
pub mod server;
pub mod wire;
pub mod ws;

pub mod cli;
