//! The corridor as it should be: an append on a host is archived and shown.

use muster_tests::archive::assert_archive_equals_files;
use muster_tests::coder::copy_tree;
use muster_tests::fleet::{Database, Fleet, FleetOptions, fixtures};
use muster_tests::lines::Version;
use muster_tests::socket::Page;

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
    assert!(entry["time"].as_str().is_some_and(|time| time.ends_with('Z')), "{entry}");
    let transcript = entry["transcript_id"].as_str().unwrap();
    assert!(fleet.api().raw(transcript).await.unwrap().ends_with(b"\n"));
    assert_archive_equals_files(&fleet).await;
}
