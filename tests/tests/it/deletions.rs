//! Sessions that are deleted for good, with real processes: nothing of them is left, and nothing of them comes back.

use std::fs;
use std::io;
use std::path::Path;

use muster_tests::coder::Coder;
use muster_tests::fleet::{Database, Fleet, FleetOptions};
use muster_tests::lines::Version;
use muster_tests::socket::Page;
use muster_tests::wait;
use serde_json::{Value, json};

use crate::support::{archived, session};

/// A word that stands in the deleted session only.
const SECRET: &str = "xyzzyplughquux";

async fn hits(fleet: &Fleet, words: &str, wanted: impl Fn(u64) -> bool) {
    wait::until(&format!("the search for {words}"), || async {
        let answer = fleet.api().get(&format!("/search?q={words}")).await?;
        let right = answer["total"].as_u64().is_some_and(&wanted) && answer["partial"].is_null();
        if right { Ok(()) } else { Err(answer.to_string()) }
    })
    .await;
}

/// That the archive has neither the session nor a transcript of it.
async fn assert_gone(fleet: &Fleet, id: &str, path: &Path) {
    let api = fleet.api();
    assert!(api.get(&format!("/sessions/{id}")).await.unwrap_err().contains("404"));
    let listed = api.list("/sessions").await.unwrap();
    assert!(listed.iter().all(|session| session["id"] != id), "{listed:?}");
    let files = api.list("/transcripts").await.unwrap();
    let ours = |file: &&Value| file["session_id"] == id || file["path"] == path.display().to_string();
    assert_eq!(files.iter().find(ours), None);
}

/// Waits until no file below a folder holds the text: one of the index that a search still read is let go by the next
/// compare.
async fn until_no_file_holds(folder: &Path, text: &str) {
    wait::until("no file holds what was deleted", || async {
        let files = holding(folder, text).map_err(|error| error.to_string())?;
        if files.is_empty() { Ok(()) } else { Err(files.join(", ")) }
    })
    .await;
}

fn holding(folder: &Path, text: &str) -> io::Result<Vec<String>> {
    let mut found = Vec::new();
    for entry in fs::read_dir(folder)? {
        let path = entry?.path();
        if path.is_dir() {
            found.extend(holding(&path, text)?);
        } else if fs::read(&path)?.windows(text.len()).any(|window| window == text.as_bytes()) {
            found.push(path.display().to_string());
        }
    }
    Ok(found)
}

async fn stays_deleted(database: Database) {
    let mut fleet = Fleet::start(FleetOptions::hosts(1).on(database)).await;
    let mut doomed = fleet.hosts[0].coder("/srv/demo/doomed", Version::V2_1_329);
    let mut other = fleet.hosts[0].coder("/srv/demo/other", Version::V2_1_329);
    doomed.prompt(SECRET);
    doomed.subagent(SECRET);
    other.prompt("goes on");
    archived(&fleet, &doomed).await;
    archived(&fleet, &other).await;
    session(&fleet.api(), &doomed).await;
    // The prompt, the subagent's, and the title.
    hits(&fleet, SECRET, |total| total >= 3).await;

    let mut page = Page::open(&fleet.api()).await.unwrap();
    page.subscribe("fleet", None).await.unwrap();
    page.next_where("the fleet", |message| message["snapshot"].is_object()).await;

    let body = json!({"reason": "asked for by the customer"});
    fleet.api().post(&format!("/sessions/{}/delete", doomed.id()), &body).await.unwrap();
    assert_gone(&fleet, &doomed.id(), doomed.path()).await;
    let removed = |message: &Value| message["update"]["removed_sessions"][0] == doomed.id().as_str();
    page.next_where("the removal", removed).await;
    page.subscribe(&doomed.topic(), None).await.unwrap();
    let told = page.next_where("who deleted it", |message| message["topic"] == doomed.topic().as_str()).await;
    assert_eq!(told["snapshot"]["deleted"]["by"], "owner", "{told}");
    hits(&fleet, SECRET, |total| total == 0).await;
    until_no_file_holds(&fleet.data, SECRET).await;

    // While the agent follows it, and again after each side was restarted.
    let mut written = fs::read(doomed.path()).unwrap();
    for round in 0..3 {
        match round {
            1 => {
                fleet.hosts[0].stop_agent().await;
                fleet.hosts[0].start_agent();
            }
            2 => {
                fleet.kill_aggregator();
                fleet.start_aggregator().await;
            }
            _ => {}
        }
        doomed.prompt(&format!("{SECRET} again {round}"));
        doomed.subagent(&format!("{SECRET} again {round}"));
        // What is appended later elsewhere is archived: the agent is beyond the deleted session.
        other.prompt(&format!("round {round}"));
        archived(&fleet, &other).await;
        hits(&fleet, "role:prompt%20round", |total| total == round + 1).await;
        assert_gone(&fleet, &doomed.id(), doomed.path()).await;
        hits(&fleet, SECRET, |total| total == 0).await;
        let now = fs::read(doomed.path()).unwrap();
        assert!(now.starts_with(&written) && now.len() > written.len(), "the file on the host is the coder's alone");
        written = now;
    }
    verified(&fleet, &doomed);
}

/// `muster verify` finds nothing wrong, and says what was deleted on purpose.
fn verified(fleet: &Fleet, doomed: &Coder) {
    let ran = fleet.muster(&["verify"]).output().unwrap();
    let said = String::from_utf8_lossy(&ran.stdout).into_owned();
    assert!(ran.status.success(), "{said}{}", String::from_utf8_lossy(&ran.stderr));
    assert!(said.contains(&doomed.id()) && said.contains("asked for by the customer"), "{said}");
    let ran = fleet.muster(&["verify", "--json"]).output().unwrap();
    let said: Value = serde_json::from_slice(&ran.stdout).unwrap();
    assert_eq!(said["deletions"][0]["session_id"], doomed.id().as_str(), "{said}");
    assert_eq!(said["items"].as_array().unwrap().len(), 1, "{said}");
}

#[tokio::test]
async fn a_deleted_session_does_not_come_back() {
    stays_deleted(Database::Embedded).await;
}

#[tokio::test]
async fn a_deleted_session_does_not_come_back_on_postgres() {
    stays_deleted(Database::Postgres).await;
}

/// A prompt of a distant past, as a client wrote it then.
fn old(doomed: &Coder, text: &str) -> Vec<u8> {
    let session = doomed.id().trim_start_matches("claude-").to_owned();
    let line = json!({"type": "user", "uuid": uuid::Uuid::new_v4(), "parentUuid": null, "isSidechain": false,
        "timestamp": "2026-01-05T10:00:00.000Z", "sessionId": session, "cwd": "/srv/demo/doomed",
        "message": {"role": "user", "content": text}});
    format!("{line}\n").into_bytes()
}

async fn goes_on_after_a_rule(database: Database) {
    let mut fleet = Fleet::start(FleetOptions::hosts(1).on(database)).await;
    let mut doomed = fleet.hosts[0].coder("/srv/demo/doomed", Version::V2_1_329);
    doomed.append(&old(&doomed, SECRET));
    archived(&fleet, &doomed).await;
    session(&fleet.api(), &doomed).await;
    hits(&fleet, SECRET, |total| total >= 1).await;
    let rule = json!({"host_id": null, "project_id": null, "days": 30, "enabled": true});
    fleet.api().post("/retention", &rule).await.unwrap();
    // Rules are followed at the start, then once an hour.
    fleet.stop_aggregator().await;
    fleet.start_aggregator().await;
    wait::until("the rule has deleted it", || async {
        match fleet.api().get(&format!("/sessions/{}", doomed.id())).await {
            Err(error) if error.contains("deleted by system") => Ok(()),
            other => Err(format!("{other:?}")),
        }
    })
    .await;
    assert_gone(&fleet, &doomed.id(), doomed.path()).await;
    hits(&fleet, SECRET, |total| total == 0).await;

    for round in 0..3 {
        match round {
            1 => {
                fleet.hosts[0].stop_agent().await;
                fleet.hosts[0].start_agent();
            }
            2 => {
                fleet.kill_aggregator();
                fleet.start_aggregator().await;
            }
            _ => {}
        }
        doomed.prompt(&format!("goes on {round}"));
        hits(&fleet, "role:prompt%20goes", |total| total == round + 1).await;
        hits(&fleet, SECRET, |total| total == 0).await;
        let row = session(&fleet.api(), &doomed).await;
        assert_eq!(row["title"], "goes on 0", "{row}");
    }
    until_no_file_holds(&fleet.data, SECRET).await;
    wait::until("the archive equals the rest of the file", || async {
        let ran = fleet.muster(&["verify"]).output().map_err(|error| error.to_string())?;
        if ran.status.success() { Ok(()) } else { Err(String::from_utf8_lossy(&ran.stdout).into_owned()) }
    })
    .await;
}

#[tokio::test]
async fn a_session_that_a_rule_deleted_goes_on() {
    goes_on_after_a_rule(Database::Embedded).await;
}

#[tokio::test]
async fn a_session_that_a_rule_deleted_goes_on_on_postgres() {
    goes_on_after_a_rule(Database::Postgres).await;
}
