//! A corpus whose truth is known: what is reported of it must be equal to it, on both databases.

use muster_tests::compare;
use muster_tests::corpus::{self, Corpus};
use muster_tests::fleet::{Database, Fleet, FleetOptions};
use muster_tests::wait;

/// Enough for every hard case; see the corpus' own tests.
const BYTES: u64 = 6_000_000;

async fn is_reported(database: Database) {
    let fleet = Fleet::start_without_agents(FleetOptions::hosts(1).on(database)).await;
    let root = fleet.hosts[0].root();
    let Corpus { truth, .. } =
        tokio::task::spawn_blocking(move || corpus::write(&root, BYTES, 5)).await.unwrap().unwrap();
    let mut fleet = fleet;
    fleet.hosts[0].start_agent();
    let api = fleet.api();
    wait::until("messages, calls, subagents and tokens equal the truth", || compare::numbers(&api, &truth)).await;
    wait::until("what happened in each project equals the truth", || compare::projects(&api, &truth)).await;
    wait::until("every planted phrase is found, and no other", || compare::phrases(&api, &truth)).await;
}

#[tokio::test]
async fn a_known_corpus_is_reported_exactly() {
    is_reported(Database::Embedded).await;
}

#[tokio::test]
async fn a_known_corpus_is_reported_exactly_on_postgres() {
    is_reported(Database::Postgres).await;
}
