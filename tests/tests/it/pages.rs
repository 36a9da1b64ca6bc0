//! Pages that come back, stall, reload and outlive the aggregator.

use std::collections::HashSet;

use muster_tests::archive::assert_archive_equals_files;
use muster_tests::coder::Coder;
use muster_tests::fleet::{Fleet, FleetOptions};
use muster_tests::lines::Version;
use muster_tests::socket::Page;
use muster_tests::wait;
use serde_json::Value;

use crate::support::session;

async fn archived_session(fleet: &Fleet, first: &str) -> Coder {
    let mut coder = fleet.hosts[0].coder("/srv/demo/pages", Version::V2_1_329);
    coder.prompt(first);
    session(&fleet.api(), &coder).await;
    coder
}

/// Previews of all entries of a message.
fn previews(entries: &Value) -> Vec<String> {
    let all = entries.as_array().into_iter().flatten();
    all.map(|entry| entry["preview"].as_str().unwrap_or_default().to_owned()).collect()
}

#[tokio::test]
async fn a_page_that_comes_back_gets_only_what_it_missed() {
    let fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let mut coder = archived_session(&fleet, "zero").await;
    let api = fleet.api();
    let mut page = Page::open(&api).await.unwrap();
    page.subscribe(&coder.topic(), None).await.unwrap();
    let snapshot = page.next().await.unwrap();
    assert_eq!(previews(&snapshot["snapshot"]["entries"]), ["zero"]);
    coder.reply("one");
    let (_, revision) = page.entry_with("one").await;
    page.drop_connection();

    let mut witness = Page::open(&api).await.unwrap();
    witness.subscribe(&coder.topic(), None).await.unwrap();
    witness.next().await.unwrap();
    coder.reply("two");
    coder.reply("three");
    witness.entry_with("three").await;

    let mut page = Page::open(&api).await.unwrap();
    page.subscribe(&coder.topic(), Some(revision)).await.unwrap();
    let first = page.next().await.unwrap();
    assert_eq!(first["resumed"], true, "nothing is sent twice: {first}");
    coder.reply("four");
    let mut seen = Vec::new();
    while !seen.contains(&"four".to_owned()) {
        let message = page.next().await.unwrap();
        assert!(message["revision"].as_u64() > Some(revision), "{message}");
        assert!(message.get("snapshot").is_none(), "{message}");
        seen.extend(previews(&message["update"]["entries"]));
    }
    assert_eq!(seen, ["two", "three", "four"]);
}

#[tokio::test]
async fn after_a_restart_of_the_aggregator_a_page_gets_a_snapshot() {
    let mut fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let mut coder = archived_session(&fleet, "before").await;
    let mut page = Page::open(&fleet.api()).await.unwrap();
    page.subscribe(&coder.topic(), None).await.unwrap();
    page.next().await.unwrap();
    coder.reply("seen");
    let (_, revision) = page.entry_with("seen").await;
    fleet.kill_aggregator();
    while page.next().await.is_ok() {}
    coder.reply("while nobody listened");
    fleet.start_aggregator().await;
    assert_archive_equals_files(&fleet).await;

    let mut page = Page::open(&fleet.api()).await.unwrap();
    page.subscribe(&coder.topic(), Some(revision)).await.unwrap();
    let first = page.next().await.unwrap();
    let shown = previews(&first["snapshot"]["entries"]);
    assert_eq!(shown, ["before", "seen", "while nobody listened"], "{first}");
    coder.reply("live again");
    page.entry_with("live again").await;
}

#[tokio::test]
async fn a_stalled_page_delays_nobody() {
    let fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let mut coder = archived_session(&fleet, "zero").await;
    let api = fleet.api();
    let mut stalled = Page::open(&api).await.unwrap();
    stalled.subscribe(&coder.topic(), None).await.unwrap();
    stalled.next().await.unwrap();
    let mut page = Page::open(&api).await.unwrap();
    page.subscribe(&coder.topic(), None).await.unwrap();
    page.next().await.unwrap();
    // From here `stalled` reads nothing: about 15 MB, more than sockets and queues hold.
    let padding = "word ".repeat(360);
    for round in 0..50 {
        let batch: String = (0..150).map(|n| coder.lines.reply(&format!("{round}.{n} {padding}"))).collect();
        coder.append(batch.as_bytes());
        let last = format!("{round}.149 ");
        page.entry_with(&last).await;
    }
    // The stalled page finds everything that waited for it, is told to come back, or was given up; either way it can return.
    let is_over = |message: &Value| message.get("resubscribe").is_some() || message.to_string().contains("49.149 ");
    while stalled.next().await.is_ok_and(|message| !is_over(&message)) {}
    let mut back = Page::open(&api).await.unwrap();
    back.subscribe(&coder.topic(), None).await.unwrap();
    let snapshot = back.next().await.unwrap();
    assert!(previews(&snapshot["snapshot"]["entries"]).last().unwrap().starts_with("49.149 "));
    assert_archive_equals_files(&fleet).await;
}

#[tokio::test]
async fn a_page_reloading_in_a_loop_leaves_nothing_behind() {
    let fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let mut coder = archived_session(&fleet, "zero").await;
    let api = fleet.api();
    let pid = fleet.aggregator.as_ref().unwrap().id();
    let files = || std::fs::read_dir(format!("/proc/{pid}/fd")).unwrap().count();
    let before = files();
    for round in 0..200_u32 {
        let mut page = Page::open(&api).await.unwrap();
        page.subscribe("fleet", None).await.unwrap();
        page.subscribe(&coder.topic(), None).await.unwrap();
        // Some leave before the answer, some after.
        if round % 3 == 0 {
            page.next().await.unwrap();
        }
        page.drop_connection();
    }
    coder.reply("still there");
    let mut page = Page::open(&api).await.unwrap();
    page.subscribe(&coder.topic(), None).await.unwrap();
    page.next_where("the line", |message| message.to_string().contains("still there")).await;
    wait::until("the connections are closed", || async {
        let now = files();
        if now <= before + 10 { Ok(()) } else { Err(format!("{before} files before, {now} now")) }
    })
    .await;
}

#[tokio::test]
async fn wrong_requests_get_an_answer_and_the_page_lives_on() {
    let fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let api = fleet.api();
    let mut page = Page::open(&api).await.unwrap();
    for topic in ["", "nonsense", "session:", "host:../etc", "board:x"] {
        page.subscribe(topic, None).await.unwrap();
        let reply = page.next().await.unwrap();
        assert!(reply["error"].as_str().is_some_and(|words| !words.is_empty()), "{topic}: {reply}");
    }
    page.subscribe("fleet", None).await.unwrap();
    let fleet_topic = page.next_where("the fleet", |message| message.get("snapshot").is_some()).await;
    assert_eq!(fleet_topic["snapshot"]["hosts"][0]["name"], "h1");
}

#[tokio::test]
async fn the_fleet_topic_tells_of_hosts_and_sessions() {
    let mut fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let api = fleet.api();
    let mut page = Page::open(&api).await.unwrap();
    page.subscribe("fleet", None).await.unwrap();
    page.next_where("the snapshot", |message| message.get("snapshot").is_some()).await;
    let index = fleet.add_host("late").await;
    fleet.hosts[index].start_agent();
    let online = |message: &Value| {
        let hosts = message["update"]["hosts"].as_array().cloned().unwrap_or_default();
        hosts.iter().any(|host| host["name"] == "late" && host["state"] == "online")
    };
    page.next_where("the new host", online).await;
    let mut coder = fleet.hosts[index].coder("/srv/demo/new", Version::V2_1_197);
    coder.prompt("A new session");
    let id = coder.id();
    let shown = page
        .next_where("the new session", |message| {
            let sessions = message["update"]["sessions"].as_array().cloned().unwrap_or_default();
            sessions.iter().any(|session| session["id"] == id && session["title"] == "A new session")
        })
        .await;
    assert!(shown["revision"].as_u64().is_some());
    fleet.hosts[index].kill_agent();
    page.next_where("the host is offline", |message| {
        let hosts = message["update"]["hosts"].as_array().cloned().unwrap_or_default();
        hosts.iter().any(|host| host["name"] == "late" && host["state"] == "offline")
    })
    .await;
    let states: HashSet<String> =
        api.list("/hosts").await.unwrap().iter().map(|host| host["state"].as_str().unwrap().to_owned()).collect();
    assert_eq!(states, HashSet::from(["online".to_owned(), "offline".to_owned()]));
}
