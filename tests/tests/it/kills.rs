//! `kill -9` of everything, at random moments under load.

use std::fs::Permissions;
use std::os::unix::fs::PermissionsExt as _;
use std::path::Path;

use muster_proto::limits::PROTOCOL;
use muster_test_pg::Cluster;
use muster_tests::archive::assert_archive_equals_files;
use muster_tests::fleet::{Database, Fleet, FleetOptions};
use muster_tests::link::{Identity, Link};
use muster_tests::wait;
use serde_json::json;

use crate::support::{Busy, archived_bytes, coders, random, random_growth};

async fn aggregator_killed_under_load(database: Database, rounds: usize) {
    let mut fleet = Fleet::start(FleetOptions::hosts(2).on(database)).await;
    let busy = Busy::start(coders(&fleet, 3));
    for _ in 0..rounds {
        random_growth(&fleet.api()).await;
        let committed = archived_bytes(&fleet.api()).await.unwrap();
        fleet.kill_aggregator();
        fleet.start_aggregator().await;
        let kept = archived_bytes(&fleet.api()).await.unwrap();
        assert!(kept >= committed, "{committed} bytes were committed, {kept} were kept");
    }
    busy.stop();
    assert_archive_equals_files(&fleet).await;
}

#[tokio::test]
async fn aggregator_killed_under_load_loses_nothing() {
    aggregator_killed_under_load(Database::Embedded, 5).await;
}

#[tokio::test]
async fn aggregator_killed_under_load_loses_nothing_on_postgres() {
    aggregator_killed_under_load(Database::Postgres, 3).await;
}

/// An acknowledgement is a promise: what it covers is there after any crash.
async fn acknowledged_bytes_survive_a_kill(database: Database) {
    let mut fleet = Fleet::start(FleetOptions::hosts(0).on(database)).await;
    let reply = fleet.api().post("/hosts", &json!({"name": "handmade"})).await.unwrap();
    let secret = reply["command"].as_str().unwrap().rsplit(' ').next().unwrap().to_owned();
    let identity = Identity::join(fleet.address(), &secret).await.unwrap();
    let path = "/home/dev/.claude/projects/-srv/00000000-0000-4000-8000-000000000001.jsonl";
    let record = b"{\"type\":\"mode\",\"mode\":\"normal\"}\n";
    let mut acknowledged = 0;
    for round in 0..4 {
        let mut link = Link::open(fleet.address(), &identity, PROTOCOL).await.unwrap();
        let (id, mut offset) = match link.known.first() {
            Some(known) => (known.transcript_id.clone(), known.offset),
            None => (link.open_transcript(1, path).await.unwrap().transcript_id, 0),
        };
        assert!(offset >= acknowledged, "round {round}: {acknowledged} acknowledged, {offset} kept");
        for _ in 0..20 + random(100) {
            link.send_lines(&id, offset, record).await.unwrap();
            offset += record.len() as u64;
        }
        // Some of them, at least; the rest is under way when the blow falls.
        let wanted = acknowledged + record.len() as u64;
        acknowledged = link.acknowledged(&id, wanted).await.unwrap();
        fleet.kill_aggregator();
        fleet.start_aggregator().await;
        let kept = fleet.api().raw(&id).await.unwrap();
        assert!(kept.len() as u64 >= acknowledged, "{acknowledged} acknowledged, {} kept", kept.len());
        assert!(kept.chunks(record.len()).all(|chunk| chunk == record), "lines are whole and in order");
    }
}

#[tokio::test]
async fn acknowledged_bytes_survive_a_kill_of_the_aggregator() {
    acknowledged_bytes_survive_a_kill(Database::Embedded).await;
}

#[tokio::test]
async fn acknowledged_bytes_survive_a_kill_of_the_aggregator_on_postgres() {
    acknowledged_bytes_survive_a_kill(Database::Postgres).await;
}

#[tokio::test]
async fn agent_killed_under_load_loses_nothing() {
    let mut fleet = Fleet::start(FleetOptions::hosts(2)).await;
    let busy = Busy::start(coders(&fleet, 3));
    for round in 0..6 {
        random_growth(&fleet.api()).await;
        let host = &mut fleet.hosts[round % 2];
        host.kill_agent();
        host.start_agent();
    }
    busy.stop();
    assert_archive_equals_files(&fleet).await;
}

/// Ends the test's own PostgreSQL whatever happens.
struct Ending(Cluster);

impl Drop for Ending {
    fn drop(&mut self) {
        self.0.kill();
    }
}

/// SIGKILL to the postmaster and all that it started: what the out-of-memory killer does.
async fn kill_postgres(folder: &Path) {
    let pid = std::fs::read_to_string(folder.join("pg/data/postmaster.pid")).unwrap();
    let pid = pid.lines().next().unwrap().to_owned();
    let killed = format!("kill -9 {pid} $(cat /proc/{pid}/task/{pid}/children)");
    std::process::Command::new("sh").args(["-c", &killed]).status().unwrap();
    wait::until("PostgreSQL is gone", || async {
        if Path::new(&format!("/proc/{pid}")).exists() { Err(pid.clone()) } else { Ok(()) }
    })
    .await;
}

#[tokio::test]
async fn postgres_killed_under_load_loses_nothing() {
    let folder = tempfile::tempdir().unwrap();
    std::fs::set_permissions(folder.path(), Permissions::from_mode(0o755)).unwrap();
    let cluster = Cluster::private(folder.path());
    let database = cluster.database();
    let ending = Ending(cluster.clone());
    // Tests' clusters are hasty; here a commit must be one.
    let url = format!("{}&options[synchronous_commit]=on", database.url());
    let fleet = Fleet::start(FleetOptions::hosts(2).on(Database::Url(url))).await;
    let busy = Busy::start(coders(&fleet, 2));
    for _ in 0..3 {
        random_growth(&fleet.api()).await;
        let committed = archived_bytes(&fleet.api()).await.unwrap();
        kill_postgres(folder.path()).await;
        // Whoever asks meanwhile gets a clear answer.
        let reply = fleet.api().anonymous().request("GET", "/readyz", &[], None).await.unwrap();
        assert_eq!(reply.status, 503, "{}", reply.text());
        cluster.restart();
        let api = fleet.api();
        let kept = wait::until("the archive answers again", || archived_bytes(&api)).await;
        assert!(kept >= committed, "{committed} bytes were committed, {kept} were kept");
    }
    busy.stop();
    assert_archive_equals_files(&fleet).await;
    drop(fleet);
    drop(ending);
}
