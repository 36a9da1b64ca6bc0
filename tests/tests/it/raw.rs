//! Archived bytes in parts, as scripts fetch them.

use muster_tests::api::Api;
use muster_tests::archive::{assert_archive_equals_files, transcript_of};
use muster_tests::coder::copy_tree;
use muster_tests::fleet::{Database, Fleet, FleetOptions, fixtures};
use muster_tests::http::Reply;

async fn ask(api: &Api, id: &str, headers: &[(&str, &str)]) -> Reply {
    api.request("GET", &format!("/api/v1/transcripts/{id}/raw"), headers, None).await.unwrap()
}

async fn ranges(database: Database) {
    let mut fleet = Fleet::start_without_agents(FleetOptions::hosts(1).on(database)).await;
    let host = &mut fleet.hosts[0];
    copy_tree(&fixtures().join("transcripts/2.1.197/projects/-srv-demo-web"), &host.root().join("-srv-demo-web"));
    host.start_agent();
    assert_archive_equals_files(&fleet).await;
    let api = fleet.api();
    let path = fleet.hosts[0].root().join("-srv-demo-web/9ea11e75-91af-4580-af2d-408551c74558.jsonl");
    let file = std::fs::read(&path).unwrap();
    let transcript = transcript_of(&api, &fleet.hosts[0], &path).await.unwrap();
    let id = transcript["id"].as_str().unwrap();

    let (size, middle) = (file.len(), file.len() / 2);
    let parts = [(0, 0), (0, size - 1), (1, 1), (middle, middle + 999), (size - 1, size - 1)];
    for (first, last) in parts {
        let reply = ask(&api, id, &[("range", &format!("bytes={first}-{last}"))]).await;
        assert_eq!(reply.status, 206);
        assert_eq!(reply.header("content-range"), format!("bytes {first}-{last}/{size}"));
        assert!(reply.body == file[first..=last], "{first}-{last}");
    }
    let tail = ask(&api, id, &[("range", "bytes=-100")]).await;
    assert!(tail.status == 206 && tail.body == file[size - 100..]);
    let rest = ask(&api, id, &[("range", &format!("bytes={middle}-"))]).await;
    assert!(rest.status == 206 && rest.body == file[middle..]);
    let beyond = ask(&api, id, &[("range", &format!("bytes={size}-"))]).await;
    assert_eq!((beyond.status, beyond.header("content-range")), (416, format!("bytes */{size}").as_str()));

    let etag = rest.header("etag").to_owned();
    let same = ask(&api, id, &[("range", "bytes=0-9"), ("if-range", &etag)]).await;
    assert_eq!((same.status, same.body.len()), (206, 10));
    let other = ask(&api, id, &[("range", "bytes=0-9"), ("if-range", "\"another\"")]).await;
    assert!(other.status == 200 && other.body == file, "what is not the same comes whole");
    let missing = ask(&api, "0198c5d4-0000-7000-8000-000000000000", &[]).await;
    assert_eq!((missing.status, missing.header("content-type")), (404, "application/problem+json"));
}

#[tokio::test]
async fn archived_bytes_come_in_ranges() {
    ranges(Database::Embedded).await;
}

#[tokio::test]
async fn archived_bytes_come_in_ranges_on_postgres() {
    ranges(Database::Postgres).await;
}
