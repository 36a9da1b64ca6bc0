//! Who may link, and what happens when two claim to be one.

use muster_proto::limits::PROTOCOL;
use muster_tests::archive::{assert_archive_equals_files, live_transcripts};
use muster_tests::coder::copy_tree;
use muster_tests::fleet::{Fleet, FleetOptions};
use muster_tests::lines::Version;
use muster_tests::link::{Identity, Link};
use muster_tests::process::Process;
use muster_tests::socket::Page;
use muster_tests::wait;
use serde_json::json;
use tonic::Code;

async fn handmade(fleet: &Fleet, name: &str) -> Identity {
    let secret = secret(fleet, name).await;
    Identity::join(fleet.address(), &secret).await.unwrap()
}

async fn secret(fleet: &Fleet, name: &str) -> String {
    let reply = fleet.api().post("/hosts", &json!({"name": name})).await.unwrap();
    reply["command"].as_str().unwrap().rsplit(' ').next().unwrap().to_owned()
}

#[tokio::test]
async fn two_agents_with_one_identity_never_interleave() {
    let mut fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let mut coder = fleet.hosts[0].coder("/srv/demo/twins", Version::V2_1_197);
    coder.turn("alone");
    assert_archive_equals_files(&fleet).await;
    let stolen = fleet.hosts[0].home.join("stolen");
    copy_tree(&fleet.hosts[0].state(), &stolen);
    let mut command = fleet.hosts[0].command(&["run"]);
    command.env("MUSTER_AGENT_STATE", &stolen);
    let second = Process::start("the second agent", &mut command, &fleet.hosts[0].home.join("second.log"));
    wait::until("the first agent says that it was superseded", || async {
        let log = fleet.hosts[0].log();
        if log.contains("superseded") { Ok(()) } else { Err(log) }
    })
    .await;
    coder.turn("both watch");
    assert_archive_equals_files(&fleet).await;
    drop(second);
    coder.turn("alone again");
    assert_archive_equals_files(&fleet).await;
    let agent = fleet.hosts[0].agent.as_mut().unwrap();
    assert!(agent.ended().is_none(), "the first agent waited, and took over again");
}

#[tokio::test]
async fn an_older_link_of_the_same_host_can_no_longer_write() {
    let fleet = Fleet::start(FleetOptions::hosts(0)).await;
    let identity = handmade(&fleet, "twin").await;
    let mut older = Link::open(fleet.address(), &identity, PROTOCOL).await.unwrap();
    let opened = older.open_transcript(1, "/home/dev/.claude/projects/-srv/a.jsonl").await.unwrap();
    older.send_lines(&opened.transcript_id, 0, b"{\"from\":\"older\"}\n").await.unwrap();
    older.acknowledged(&opened.transcript_id, 17).await.unwrap();
    let mut newer = Link::open(fleet.address(), &identity, PROTOCOL).await.unwrap();
    assert_eq!(newer.known[0].offset, 17);
    // Its send may still succeed; the aggregator refuses it whatever the order.
    let _ = older.send_lines(&opened.transcript_id, 17, b"{\"from\":\"the past\"}\n").await;
    newer.send_lines(&opened.transcript_id, 17, b"{\"from\":\"newer\"}\n").await.unwrap();
    newer.acknowledged(&opened.transcript_id, 34).await.unwrap();
    let refused = loop {
        if let Err(status) = older.receive().await {
            break status;
        }
    };
    assert_eq!(refused.code(), Code::Aborted, "{refused}");
    let archived = fleet.api().raw(&opened.transcript_id).await.unwrap();
    assert_eq!(archived, "{\"from\":\"older\"}\n{\"from\":\"newer\"}\n");
}

#[tokio::test]
async fn a_protocol_that_is_not_spoken_is_refused_in_words() {
    let fleet = Fleet::start(FleetOptions::hosts(0)).await;
    let identity = handmade(&fleet, "old").await;
    for protocol in [0, PROTOCOL + 1000] {
        let refused = Link::open(fleet.address(), &identity, protocol).await.err().expect("it is refused");
        assert_eq!(refused.code(), Code::FailedPrecondition);
        assert!(refused.message().contains(&protocol.to_string()), "{refused}");
        assert!(refused.message().contains("install"), "it says what to do: {refused}");
    }
}

#[tokio::test]
async fn a_join_token_works_once_and_a_stranger_is_refused() {
    let fleet = Fleet::start(FleetOptions::hosts(0)).await;
    let secret = secret(&fleet, "once").await;
    let identity = Identity::join(fleet.address(), &secret).await.unwrap();
    let refused = Identity::join(fleet.address(), &secret).await.err().expect("it is used up");
    assert!(matches!(refused.code(), Code::Unauthenticated | Code::PermissionDenied), "{refused}");
    Identity::join(fleet.address(), "invented").await.err().expect("nobody made it");
    // Somebody else's key under a known host's name.
    let mut stranger = handmade(&fleet, "stranger").await;
    stranger.host_id.clone_from(&identity.host_id);
    let refused = Link::open(fleet.address(), &stranger, PROTOCOL).await.err().expect("the key is another");
    assert_eq!(refused.code(), Code::Unauthenticated, "{refused}");
}

#[tokio::test]
async fn a_removed_host_is_cut_off_and_its_archive_stays() {
    let fleet = Fleet::start(FleetOptions::hosts(2)).await;
    let mut coder = fleet.hosts[0].coder("/srv/demo/leaving", Version::V2_1_197);
    coder.turn("the last day");
    assert_archive_equals_files(&fleet).await;
    let api = fleet.api();
    let kept = live_transcripts(&api, &fleet.hosts[0].id).await.unwrap()[0].clone();
    let path = format!("/api/v1/hosts/{}", fleet.hosts[0].id);
    let reply = api.request("DELETE", &path, &[], None).await.unwrap();
    assert_eq!(reply.status, 204, "{}", reply.text());
    let before = std::fs::read(coder.path()).unwrap();
    coder.turn("too late");
    wait::until("the agent says that it was removed", || async {
        let log = fleet.hosts[0].log();
        if log.contains("join") && log.contains("removed") { Ok(()) } else { Err(log) }
    })
    .await;
    assert_eq!(api.raw(kept["id"].as_str().unwrap()).await.unwrap(), before);
}

#[tokio::test]
async fn a_host_removed_by_the_command_line_leaves_the_pages_and_loses_its_link() {
    let fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let mut page = Page::open(&fleet.api()).await.unwrap();
    page.subscribe("fleet", None).await.unwrap();
    page.next_where("the fleet", |message| message["snapshot"].is_object()).await;
    let removed = fleet.muster(&["host", "remove", "h1"]).output().unwrap();
    assert_eq!(String::from_utf8_lossy(&removed.stderr), "", "commands answer, and log only what goes wrong");
    assert!(removed.status.success(), "{}", String::from_utf8_lossy(&removed.stderr));
    // The host writes nothing: its next word about itself ends the link.
    let id = fleet.hosts[0].id.clone();
    page.next_where("the removal", |message| message["update"]["removed_hosts"][0] == id.as_str()).await;
    wait::until("the agent says that it was removed", || async {
        let log = fleet.hosts[0].log();
        if log.contains("removed") { Ok(()) } else { Err(log) }
    })
    .await;
}
