//! `muster reindex` against a running aggregator: what is derived is made again, and is there when the command ends.

use muster_tests::fleet::{Database, Fleet, FleetOptions};
use muster_tests::lines::Version;
use muster_tests::wait;
use serde_json::Value;

use crate::support::archived;

/// Prompts that are written.
const PROMPTS: u64 = 12;

/// What the command prints; it must succeed.
fn reindex(fleet: &Fleet, flags: &[&str]) -> String {
    let ran = fleet.muster(&[&["reindex"], flags].concat()).output().unwrap();
    assert!(ran.status.success(), "{flags:?}: {}", String::from_utf8_lossy(&ran.stderr));
    String::from_utf8_lossy(&ran.stdout).into_owned()
}

/// The session without what tells of the moment.
async fn told(fleet: &Fleet, id: &str) -> Result<(Value, Value), String> {
    let (session, found) = (fleet.api().get(&format!("/sessions/{id}")).await?, find(fleet).await?);
    if found["total"] == PROMPTS && found["partial"].is_null() && session["human_prompts"] == PROMPTS {
        Ok((session, found["items"].clone()))
    } else {
        Err(format!("{session} {found}"))
    }
}

async fn find(fleet: &Fleet) -> Result<Value, String> {
    fleet.api().get("/search?q=role:prompt%20needle&sort=recent&limit=50").await
}

async fn makes_the_same_again(database: Database) {
    let mut fleet = Fleet::start(FleetOptions::hosts(1).on(database)).await;
    let mut coder = fleet.hosts[0].coder("/srv/demo/again", Version::V2_1_329);
    for number in 0..PROMPTS {
        coder.prompt(&format!("needle {number}"));
    }
    archived(&fleet, &coder).await;
    let id = coder.id();
    let before = wait::until("the session is derived and found", || told(&fleet, &id)).await;

    assert_eq!(reindex(&fleet, &[]), "views: done\nsearch: done\n");
    assert_eq!(told(&fleet, &id).await.unwrap(), before, "done means done");
    assert_eq!(reindex(&fleet, &["--views"]), "views: done\n");
    assert_eq!(reindex(&fleet, &["--search"]), "search: done\n");
    assert_eq!(told(&fleet, &id).await.unwrap(), before);
    let log = fleet.aggregator_log();
    for line in ["everything is derived again", "the search index is built again"] {
        assert_eq!(log.matches(line).count(), 2, "{line}: {log}");
    }
    let audit = fleet.api().list("/audit").await.unwrap();
    assert_eq!(audit.iter().filter(|row| row["action"] == "reindex").count(), 4, "{audit:?}");

    fleet.stop_aggregator().await;
    let ran = fleet.muster(&["reindex"]).output().unwrap();
    assert!(!ran.status.success() && ran.stdout.is_empty() && !ran.stderr.is_empty());
}

#[tokio::test]
async fn reindex_makes_the_same_again() {
    makes_the_same_again(Database::Embedded).await;
}

#[tokio::test]
async fn reindex_makes_the_same_again_on_postgres() {
    makes_the_same_again(Database::Postgres).await;
}
