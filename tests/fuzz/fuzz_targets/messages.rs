//! What strangers say at the doors: pages by WebSocket, hosts and agents by gRPC, coders by their hooks, people in the
//! search field. Nothing panics, what is understood is bounded and means the same when it is said again.

#![no_main]

use libfuzzer_sys::fuzz_target;
use muster::live::topic::Topic;
use muster::search::query::Query;
use muster::wire::live::LiveRequest;
use muster_agent::hooks::{MAX_EVENT_BYTES, decode, encode, read};
use muster_proto::fleet::{Down, JoinReply, JoinRequest, Up};
use prost::Message;

/// Some moment, milliseconds since 1970.
const NOW: i64 = 1_795_000_000_000;

fuzz_target!(|said: &[u8]| {
    page(said);
    hook(said);
    again::<Up>(said);
    again::<Down>(said);
    again::<JoinRequest>(said);
    again::<JoinReply>(said);
    if let Ok(text) = std::str::from_utf8(said) {
        let _ = Query::read(text, NOW);
    }
});

fn page(said: &[u8]) {
    let Ok(LiveRequest::Subscribe { topic, .. } | LiveRequest::Unsubscribe { topic }) = serde_json::from_slice(said)
    else {
        return;
    };
    if let Some(topic) = Topic::parse(&topic) {
        assert_eq!(Topic::parse(&topic.to_string()).as_ref(), Some(&topic));
    }
}

fn hook(said: &[u8]) {
    if let Some(event) = read(said, Some("Stop"), NOW) {
        let told = encode(&event);
        assert!(told.len() <= MAX_EVENT_BYTES);
        assert_eq!(decode(&told), Some(event));
    }
    let _ = decode(said);
}

fn again<T: Message + Default>(said: &[u8]) {
    // Written again and again it stays the same. Numbers are compared as bytes, because NaN equals nothing.
    if let Ok(message) = T::decode(said) {
        let bytes = message.encode_to_vec();
        assert!(T::decode(bytes.as_slice()).is_ok_and(|same| same.encode_to_vec() == bytes));
    }
}
