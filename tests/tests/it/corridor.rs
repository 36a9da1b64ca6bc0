//! The corridor as it should be: an append on a host is archived and shown.

use muster_tests::archive::{assert_archive_equals_files, difference};
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
