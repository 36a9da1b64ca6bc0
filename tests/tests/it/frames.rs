//! Frames in any order and overlap, drawn at random but the same in every run.

use muster_proto::fleet::down;
use muster_proto::limits::PROTOCOL;
use muster_tests::fleet::{Fleet, FleetOptions};
use muster_tests::link::{Identity, Link};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::strategy::ValueTree as _;
use proptest::test_runner::{Config, RngAlgorithm, TestRng, TestRunner};
use serde_json::json;

/// One send: lines `from .. from + count`, counted from the first.
#[derive(Debug, Clone)]
struct Send {
    from: usize,
    count: usize,
}

fn sends(lines: usize) -> impl Strategy<Value = Vec<Send>> {
    let one = (0..lines, 1..8_usize).prop_map(|(from, count)| Send { from, count });
    vec(one, 1..60)
}

/// The archive after frames that begin where they like equals the lines up to the first that never came.
#[tokio::test]
async fn frames_of_any_place_are_applied_exactly_once() {
    let fleet = Fleet::start(FleetOptions::hosts(0)).await;
    let reply = fleet.api().post("/hosts", &json!({"name": "random"})).await.unwrap();
    let secret = reply["command"].as_str().unwrap().rsplit(' ').next().unwrap().to_owned();
    let identity = Identity::join(fleet.address(), &secret).await.unwrap();
    let rng = TestRng::deterministic_rng(RngAlgorithm::ChaCha);
    let mut runner = TestRunner::new_with_rng(Config::default(), rng);
    for case in 0..40_u64 {
        let lines: Vec<String> = (0..20).map(|n| format!("{{\"case\":{case},\"line\":{}}}\n", "9".repeat(n))).collect();
        let starts: Vec<usize> =
            lines.iter().scan(0, |at, line| Some(std::mem::replace(at, *at + line.len()))).collect();
        let sends = sends(lines.len()).new_tree(&mut runner).unwrap().current();
        let mut link = Link::open(fleet.address(), &identity, PROTOCOL).await.unwrap();
        let path = format!("/home/dev/.claude/projects/-srv/{case}.jsonl");
        let id = link.open_transcript(1, &path).await.unwrap().transcript_id;
        let (mut expected, mut acknowledged) = (0, 0);
        for send in &sends {
            let to = (send.from + send.count).min(lines.len());
            let bytes = lines[send.from..to].concat();
            link.send_lines(&id, starts[send.from] as u64, bytes.as_bytes()).await.unwrap();
            if send.from <= expected && to > expected {
                expected = to;
            } else {
                // A gap, or nothing new: the aggregator says from where to go on.
                let asked = loop {
                    match link.receive().await.unwrap() {
                        down::Kind::Rewind(rewind) => break rewind.offset,
                        down::Kind::Ack(ack) => acknowledged = acknowledged.max(ack.offset),
                        _ => {}
                    }
                };
                let length: usize = lines[..expected].iter().map(String::len).sum();
                assert_eq!(asked, length as u64, "case {case}: {sends:?}");
            }
        }
        if expected == 0 {
            continue;
        }
        let whole = lines[..expected].concat();
        if acknowledged < whole.len() as u64 {
            link.acknowledged(&id, whole.len() as u64).await.unwrap();
        }
        assert_eq!(fleet.api().raw(&id).await.unwrap(), whole, "case {case}: {sends:?}");
    }
}
