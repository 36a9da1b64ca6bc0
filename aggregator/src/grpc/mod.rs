//! The door for hosts: `muster.fleet.v1`.

mod enrol;
mod link;

use std::sync::Arc;

use muster_proto::fleet::enrol_server::EnrolServer;
use muster_proto::fleet::link_server::LinkServer;
use muster_proto::limits::MESSAGE_BYTES;

use crate::house::House;

/// Service that lets machines join.
pub fn enrol(house: Arc<House>) -> EnrolServer<enrol::Enrol> {
    EnrolServer::new(enrol::Enrol::new(house)).max_decoding_message_size(ENROL_BYTES)
}

/// Service that carries the links.
pub fn link(house: Arc<House>) -> LinkServer<link::Link> {
    LinkServer::new(link::Link::new(house)).max_decoding_message_size(MESSAGE_BYTES)
}

/// Largest request to join: a token, a key and a few names.
const ENROL_BYTES: usize = 16 * 1024;
