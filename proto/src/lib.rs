//! The contract between a host's agent and the aggregator: messages, typed ids, shared bounds.
//!
//! This crate imports nothing else of the workspace.

mod codec;
pub mod ids;
pub mod limits;
pub mod remote;

/// Messages and services of `muster.fleet.v1`, generated from `fleet/v1/fleet.proto`.
#[allow(missing_docs, unreachable_pub, clippy::pedantic, unused_qualifications)]
pub mod fleet {
    tonic::include_proto!("muster.fleet.v1");
}

/// The bytes that an agent signs to prove its key when a link opens (see `Hello.signature`).
pub fn link_proof(host_id: &str, nonce: &[u8]) -> Vec<u8> {
    [b"muster-link-v1\0".as_slice(), host_id.as_bytes(), b"\0", nonce].concat()
}
