//! The corridor as it should be: an append on a host is archived and shown.

use muster_tests::archive::{assert_archive_equals_files, difference};
use muster_tests::coder::copy_tree;
use muster_tests::fleet::{Database, Fleet, FleetOptions, fixtures};
use muster_tests::lines::Version;
use muster_tests::socket::Page;
use muster_tests::wait;
use serde_json::json;

use crate::support::session;

/// Every version's transcripts on a host of their own, there before the agent and again while it runs.
async fn real_transcripts_are_archived(database: Database) {
    let options = FleetOptions { hosts: ["old", "middle", "new"].map(String::from).to_vec(), ..FleetOptions::hosts(0) };
    let mut fleet = Fleet::start_without_agents(options.on(database)).await;
    for (host, version) in fleet.hosts.iter_mut().zip(["2.0.76", "2.1.197", "2.1.329"]) {
        let from = fixtures().join("transcripts").join(version).join("projects");
        copy_tree(&from, &host.root());
        host.start_agent();
        copy_tree(&from, &host.root().join("-srv-once-more"));
    }
    assert_archive_equals_files(&fleet).await;
}

#[tokio::test]
async fn real_transcripts_are_archived_byte_for_byte() {
    real_transcripts_are_archived(Database::Embedded).await;
}

#[tokio::test]
async fn real_transcripts_are_archived_byte_for_byte_on_postgres() {
    real_transcripts_are_archived(Database::Postgres).await;
}

#[tokio::test]
async fn append_reaches_a_page_with_its_place() {
    let fleet = Fleet::start(FleetOptions::hosts(2)).await;
    let mut coder = fleet.hosts[1].coder("/srv/demo/api", Version::V2_1_329);
    coder.prompt("Please add rate limiting");
    assert_archive_equals_files(&fleet).await;
    let before = std::fs::metadata(coder.path()).unwrap().len();

    session(&fleet.api(), &coder).await;
    let mut page = Page::open(&fleet.api()).await.unwrap();
    page.subscribe(&coder.topic(), None).await.unwrap();
    let first = page.next().await.unwrap();
    assert_eq!(first["snapshot"]["entries"][0]["preview"], "Please add rate limiting", "{first}");

    coder.reply("The limiter stands.");
    let (entry, _) = page.entry_with("The limiter stands.").await;
    assert_eq!(entry["type"], "assistant");
    assert_eq!(entry["line"], 1);
    assert_eq!(entry["offset"], before);
    assert_eq!(entry["blocks"][0]["text"], "The limiter stands.", "a page need not ask for it");
    assert!(entry["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{entry}");
    let transcript = entry["transcript_id"].as_str().unwrap();
    assert!(fleet.api().raw(transcript).await.unwrap().ends_with(b"\n"));
    assert_archive_equals_files(&fleet).await;
}

/// The proof of all other tests: it must see what differs.
#[tokio::test]
async fn the_comparison_sees_every_kind_of_difference() {
    let mut fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let mut coder = fleet.hosts[0].coder("/srv/demo/api", Version::V2_0_76);
    coder.turn("the comparison");
    assert_archive_equals_files(&fleet).await;
    fleet.hosts[0].stop_agent().await;
    let (api, host) = (fleet.api(), &fleet.hosts[0]);
    let right = std::fs::read(coder.path()).unwrap();
    assert_eq!(difference(&api, host).await, Ok(()));

    let mut flipped = right.clone();
    flipped[40] ^= 1;
    std::fs::write(coder.path(), &flipped).unwrap();
    assert!(difference(&api, host).await.unwrap_err().contains("differ at byte 40"));

    std::fs::write(coder.path(), &right[1..]).unwrap();
    assert!(difference(&api, host).await.unwrap_err().contains("archived"));

    std::fs::remove_file(coder.path()).unwrap();
    assert!(difference(&api, host).await.unwrap_err().contains("not on disk"));

    std::fs::write(coder.path(), &right).unwrap();
    assert_eq!(difference(&api, host).await, Ok(()));
    host.coder("/srv/demo/api", Version::V2_0_76).append(b"{}\n");
    assert!(difference(&api, host).await.unwrap_err().contains("is not archived"));
}

/// Outcomes of `verify`, by path.
async fn verified(fleet: &Fleet) -> Vec<(String, String)> {
    let answer = fleet.api().post("/verify", &json!({})).await.unwrap();
    let text = |item: &serde_json::Value, field: &str| item[field].as_str().unwrap_or_default().to_owned();
    let items = answer["items"].as_array().unwrap();
    items.iter().map(|item| (text(item, "path"), text(item, "outcome"))).collect()
}

async fn verify_compares_with_the_hosts(database: Database) {
    let mut fleet = Fleet::start(FleetOptions::hosts(2).on(database)).await;
    let mut coders: Vec<_> = fleet.hosts.iter().map(|host| host.coder("/srv/demo/proof", Version::V2_1_329)).collect();
    for coder in &mut coders {
        coder.turn("the proof");
        coder.subagent("look twice");
    }
    assert_archive_equals_files(&fleet).await;
    let items = verified(&fleet).await;
    assert_eq!(items.len(), 6, "{items:?}");
    assert!(items.iter().all(|(_, outcome)| outcome == "equal"), "{items:?}");
    let ran = fleet.muster(&["verify"]).output().unwrap();
    assert!(ran.status.success(), "{}", String::from_utf8_lossy(&ran.stderr));

    std::fs::remove_file(coders[0].path()).unwrap();
    assert_archive_equals_files(&fleet).await;
    fleet.hosts[1].stop_agent().await;
    fleet.wait_state(1, &["offline"]).await;
    let gone = coders[0].path().display().to_string();
    let items = verified(&fleet).await;
    for (path, outcome) in &items {
        let expected = match path {
            path if *path == gone => "kept",
            path if path.contains("/h2/") => "unchecked",
            _ => "equal",
        };
        assert_eq!(outcome, expected, "{path}: {items:?}");
    }
    fleet.hosts[1].start_agent();
    fleet.wait_online(1).await;
    wait::until("all of the second host is equal again", || async {
        let items = verified(&fleet).await;
        let equal = items.iter().filter(|(path, outcome)| path.contains("/h2/") && outcome == "equal").count();
        if equal == 3 { Ok(()) } else { Err(format!("{items:?}")) }
    })
    .await;
}

#[tokio::test]
async fn verify_tells_equal_kept_and_unchecked_apart() {
    verify_compares_with_the_hosts(Database::Embedded).await;
}

#[tokio::test]
async fn verify_tells_equal_kept_and_unchecked_apart_on_postgres() {
    verify_compares_with_the_hosts(Database::Postgres).await;
}
