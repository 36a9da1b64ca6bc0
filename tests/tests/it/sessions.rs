//! Sessions as scripts see them.

use std::collections::BTreeMap;
use std::fs;
use std::path::Path;

use muster_tests::archive::assert_archive_equals_files;
use muster_tests::coder::copy_tree;
use muster_tests::fleet::{Fleet, FleetOptions, fixtures};
use muster_tests::lines::Version;
use muster_tests::wait;
use serde_json::Value;

use crate::support::session;

/// Main transcripts below a `projects` folder of a client since 2.1: (coder's session id, parsed lines).
fn main_transcripts(projects: &Path) -> BTreeMap<String, Vec<Value>> {
    let folders = fs::read_dir(projects).unwrap().flatten();
    let files = folders.flat_map(|folder| fs::read_dir(folder.path()).unwrap().flatten());
    let mut found = BTreeMap::new();
    for file in files.map(|file| file.path()).filter(|path| path.extension().is_some_and(|ending| ending == "jsonl")) {
        let name = file.file_stem().unwrap().to_str().unwrap().to_owned();
        if !name.starts_with("agent-") {
            let text = fs::read_to_string(&file).unwrap();
            found.insert(name, text.lines().map(|line| serde_json::from_str(line).unwrap()).collect());
        }
    }
    found
}

/// The last value of a field in lines of one type.
fn last<'a>(lines: &'a [Value], kind: &str, field: &str) -> Option<&'a str> {
    lines.iter().rev().find(|line| line["type"] == kind).and_then(|line| line[field].as_str())
}

#[tokio::test]
async fn sessions_of_the_real_clients_have_their_facts() {
    for version in ["2.0.76", "2.1.197", "2.1.329"] {
        let projects = fixtures().join("transcripts").join(version).join("projects");
        let mut fleet = Fleet::start_without_agents(FleetOptions::hosts(1)).await;
        copy_tree(&projects, &fleet.hosts[0].root());
        fleet.hosts[0].start_agent();
        assert_archive_equals_files(&fleet).await;
        let api = fleet.api();
        for (id, lines) in main_transcripts(&projects).into_iter().filter(|(_, lines)| !lines.is_empty()) {
            let session = wait::until("the session is derived", || async {
                let session = api.get(&format!("/sessions/claude-{id}")).await?;
                let derived = session["entries"]["total"].as_u64() >= Some(lines.len() as u64);
                if derived { Ok(session) } else { Err(session.to_string()) }
            })
            .await;
            assert!(session["id"].as_str().unwrap().ends_with(&id), "{session}");
            assert_eq!(session["coder"], "claude");
            assert_eq!(session["host_ids"][0], fleet.hosts[0].id.as_str());
            assert_eq!(session["entries"]["unreadable"], 0, "{version} {id}: {session}");
            assert!(session["entries"]["conversation"].as_u64() > Some(0), "{version} {id}: {session}");
            let custom = last(&lines, "custom-title", "customTitle");
            let title = custom.or_else(|| last(&lines, "ai-title", "aiTitle"));
            if let Some(title) = title {
                assert_eq!(session["title"], title, "{version} {id}");
            }
            let cwd = lines.iter().rev().find_map(|line| line["cwd"].as_str()).unwrap();
            assert_eq!(session["project_path"], cwd, "{version} {id}");
            let written_by = lines.iter().rev().find_map(|line| line["version"].as_str()).unwrap();
            assert_eq!(session["client_version"], written_by, "{version} {id}");
        }
        let first = api.get("/sessions/claude-00000001-0000-4000-8000-000000000001").await.unwrap();
        let kinds: Vec<&str> =
            first["transcripts"].as_array().unwrap().iter().filter_map(|one| one["kind"].as_str()).collect();
        assert!(kinds.contains(&"main") && kinds.contains(&"subagent"), "{version}: {kinds:?}");
        assert_eq!(first["branch"], "main");
    }
}

#[tokio::test]
async fn a_better_title_replaces_a_worse_one() {
    let fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let api = fleet.api();
    let mut coder = fleet.hosts[0].coder("/srv/demo/titles", Version::V2_1_329);
    let expect = async |title: &str, source: &str| {
        wait::until(&format!("the title is {title:?}"), || async {
            let session = api.get(&format!("/sessions/{}", coder_id(&fleet)?)).await?;
            let right = session["title"] == title && session["title_source"] == source;
            if right { Ok(()) } else { Err(session.to_string()) }
        })
        .await;
    };
    coder.prompt("Make the limiter fair\nand fast");
    expect("Make the limiter fair", "prompt").await;
    coder.append(coder.lines.summary("Limiter, summarised").as_bytes());
    expect("Limiter, summarised", "summary").await;
    coder.append(coder.lines.ai_title("Fair limiter").as_bytes());
    expect("Fair limiter", "ai").await;
    coder.append(coder.lines.custom_title("my limiter").as_bytes());
    expect("my limiter", "custom").await;
    coder.append(coder.lines.ai_title("Something else").as_bytes());
    coder.append(coder.lines.custom_title("my limiter, again").as_bytes());
    expect("my limiter, again", "custom").await;
}

/// Id of the only session on the first host's disk.
fn coder_id(fleet: &Fleet) -> Result<String, String> {
    let only = main_transcripts(&fleet.hosts[0].root()).into_keys().next();
    only.map(|id| format!("claude-{id}")).ok_or_else(|| "no session yet".to_owned())
}

#[tokio::test]
async fn entries_are_paged_in_both_directions() {
    let fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let mut coder = fleet.hosts[0].coder("/srv/demo/paging", Version::V2_1_329);
    for number in 0..40 {
        coder.turn(&format!("number {number}"));
    }
    assert_archive_equals_files(&fleet).await;
    let api = fleet.api();
    session(&api, &coder).await;
    let base = format!("/sessions/{}/entries", coder.id());
    let all = api.list(&format!("{base}?class=all")).await.unwrap();
    let talk = api.list(&format!("{base}?class=conversation")).await.unwrap();
    let count = fs::read_to_string(coder.path()).unwrap().lines().count();
    assert_eq!(all.len(), count);
    assert!(talk.len() < all.len() && talk.iter().all(|entry| entry["class"] == "conversation"));
    let numbers = |page: &Value| -> Vec<u64> {
        page["items"].as_array().unwrap().iter().map(|entry| entry["line"].as_u64().unwrap()).collect()
    };
    let page = api.get(&format!("{base}?after=100&limit=5")).await.unwrap();
    assert_eq!(numbers(&page), [101, 102, 103, 104, 105]);
    let page = api.get(&format!("{base}?before=100&limit=5")).await.unwrap();
    assert_eq!(numbers(&page), [95, 96, 97, 98, 99]);
    let transcript = all[0]["transcript_id"].as_str().unwrap();
    let page = api.get(&format!("{base}?around={transcript}:50&limit=5")).await.unwrap();
    assert!(numbers(&page).contains(&50), "{page}");
    let raw = api.raw(transcript).await.unwrap();
    for entry in &all {
        let (from, bytes) = (entry["offset"].as_u64().unwrap(), entry["bytes"].as_u64().unwrap());
        let line = &raw[usize::try_from(from).unwrap()..usize::try_from(from + bytes).unwrap()];
        let line: Value = serde_json::from_slice(line).unwrap();
        assert_eq!(line["type"], entry["type"], "an entry's place is its line's");
    }
}
