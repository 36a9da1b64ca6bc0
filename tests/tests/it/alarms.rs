//! What goes wrong reaches the page: loops of coders, and hosts that leave while coders live on them.

use muster_proto::fleet::{Coder, Coders, HostState, Registry, up};
use muster_proto::limits::PROTOCOL;
use muster_tests::fleet::{Fleet, FleetOptions};
use muster_tests::link::{Identity, Link};
use muster_tests::socket::Page;
use serde_json::{Value, json};

const SESSION: &str = "00000000-0000-4000-8000-00000000a1a1";

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

/// A host that tells of one living coder.
async fn host_with_a_coder(fleet: &Fleet) -> Link {
    let added = fleet.api().post("/hosts", &json!({"name": "looper"})).await.unwrap();
    let secret = added["command"].as_str().unwrap().split_whitespace().last().unwrap();
    let identity = Identity::join(fleet.api().address(), secret).await.unwrap();
    let link = Link::open(fleet.api().address(), &identity, PROTOCOL).await.unwrap();
    let registry = Registry {
        status: "busy".to_owned(),
        since_ms: now_ms() - 1_000,
        updated_ms: now_ms() - 1_000,
        ..Registry::default()
    };
    let coder = Coder {
        key: "7-1".to_owned(),
        coder: "claude".to_owned(),
        pid: 7,
        started_ms: now_ms() - 60_000,
        cwd: "/srv/loop".to_owned(),
        session: SESSION.to_owned(),
        registry: Some(registry),
        ..Coder::default()
    };
    let coders = Coders { whole: true, coders: vec![coder], clock_ms: now_ms(), ..Coders::default() };
    link.send(up::Kind::Coders(coders)).await.unwrap();
    link
}

fn line(value: &Value) -> String {
    format!("{value}\n")
}

/// The same failing call this often.
fn calls(from: usize, count: usize) -> String {
    let time = jiff::Timestamp::now().to_string();
    let call = |number: usize| {
        let id = format!("t{number}");
        let used = json!([{"type": "tool_use", "id": id, "name": "Bash", "input": {"command": "npm test"}}]);
        let failed = json!([{"type": "tool_result", "tool_use_id": id, "is_error": true, "content": "Exit code 1"}]);
        let reply = json!({"id": format!("m{number}"), "model": "claude-x", "content": used});
        let lines = [
            line(&json!({"type": "assistant", "timestamp": time, "sessionId": SESSION, "message": reply})),
            line(&json!({"type": "user", "timestamp": time, "sessionId": SESSION, "message": {"content": failed}})),
        ];
        lines.concat()
    };
    (from..from + count).map(call).collect()
}

fn has_alarm(items: &Value, kind: &str) -> bool {
    let alarms = items.as_array().into_iter().flatten().filter_map(|item| item["alarms"].as_array()).flatten();
    alarms.into_iter().any(|alarm| alarm["kind"] == kind)
}

#[tokio::test]
async fn a_session_that_loops_and_a_host_that_leaves_are_marked() {
    let fleet = Fleet::start_without_agents(FleetOptions::hosts(0)).await;
    let mut link = host_with_a_coder(&fleet).await;
    let mut page = Page::open(&fleet.api()).await.unwrap();
    page.subscribe("fleet", None).await.unwrap();

    let path = format!("/home/dev/.claude/projects/-srv-loop/{SESSION}.jsonl");
    let opened = link.open_transcript(1, &path).await.unwrap();
    let time = jiff::Timestamp::now().to_string();
    let prompt =
        json!({"type": "user", "uuid": "p", "timestamp": time, "sessionId": SESSION, "message": {"content": "Fix it"}});
    let begun = line(&prompt) + &calls(0, 4);
    link.send_lines(&opened.transcript_id, 0, begun.as_bytes()).await.unwrap();
    let offset = begun.len() as u64;
    link.acknowledged(&opened.transcript_id, offset).await.unwrap();
    link.send_lines(&opened.transcript_id, offset, calls(4, 2).as_bytes()).await.unwrap();
    let looping =
        page.next_where("the alarm of a loop", |message| has_alarm(&message["update"]["states"], "loop")).await;
    assert!(looping.to_string().contains("npm test"), "{looping}");
    let graph = fleet.api().get(&format!("/sessions/claude-{SESSION}/agents")).await.unwrap();
    assert!(graph["items"][0]["looping"].as_str().unwrap().contains("npm test"), "{graph}");

    let full = HostState {
        clock_ms: now_ms() - 120_000,
        disk_total_bytes: 1_000,
        disk_free_bytes: 10,
        ..HostState::default()
    };
    link.send(up::Kind::State(full)).await.unwrap();
    let wrong = |message: &Value| {
        let hosts = &message["update"]["hosts"];
        has_alarm(hosts, "disk") && has_alarm(hosts, "clock")
    };
    page.next_where("the alarms of the host", wrong).await;
    drop(link);
    page.next_where("a host that left its coders", |message| has_alarm(&message["update"]["hosts"], "offline")).await;
}
