//! Files that people bring, and the other coders' folders followed live: `muster import` against a running aggregator.

use std::fs;
use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Child, Stdio};

use muster_tests::api::Api;
use muster_tests::fleet::{Database, Fleet, FleetOptions, fixtures};
use muster_tests::wait;
use serde_json::Value;

async fn fleet(database: Database) -> Fleet {
    Fleet::start(FleetOptions { database, ..FleetOptions::hosts(0) }).await
}

fn import(fleet: &Fleet, path: &Path) -> Value {
    let output = fleet.muster(&["import", "--json"]).arg(path).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    serde_json::from_slice(&output.stdout).unwrap()
}

/// Archived bytes of each live transcript by its path.
async fn archived(api: &Api) -> Vec<(String, Vec<u8>)> {
    let mut found = Vec::new();
    for row in api.list("/transcripts?state=live").await.unwrap() {
        let bytes = api.raw(row["id"].as_str().unwrap()).await.unwrap();
        found.push((row["path"].as_str().unwrap().to_owned(), bytes.to_vec()));
    }
    found.sort();
    found
}

fn counts(summary: &Value) -> [u64; 4] {
    ["new", "grown", "known", "replaced"].map(|field| summary[field].as_u64().unwrap())
}

/// Files below a folder.
fn files(folder: &Path) -> Vec<PathBuf> {
    let entries = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    entries.flat_map(|path| if path.is_dir() { files(&path) } else { vec![path] }).collect()
}

async fn twice_is_the_same(database: Database) {
    let fleet = fleet(database).await;
    let api = fleet.api();
    let backup = fixtures().join("transcripts/2.1.329");
    let first = import(&fleet, &backup);
    assert!(first["new"].as_u64().unwrap() > 3 && first["failed"].as_array().unwrap().is_empty(), "{first}");
    let before = archived(&api).await;
    for (path, bytes) in &before {
        let name = path.strip_prefix("claude/").unwrap();
        let file = files(&backup).into_iter().find(|file| file.ends_with(name)).unwrap_or_else(|| panic!("{path}"));
        assert_eq!(bytes, &fs::read(file).unwrap(), "{path}");
    }
    let again = import(&fleet, &backup);
    assert_eq!((counts(&again)[2], again["bytes"].as_u64()), (before.len() as u64, Some(0)), "{again}");
    assert_eq!(archived(&api).await, before);
    let host = api.host("imported").await.unwrap();
    assert_eq!((host["os"].as_str(), host["state"].as_str()), (Some("import"), Some("imported")), "{host}");
    let verified = api.post("/verify?limit=100", &Value::Null).await.unwrap();
    let outcomes: Vec<&str> =
        verified["items"].as_array().unwrap().iter().filter_map(|item| item["outcome"].as_str()).collect();
    assert!(!outcomes.is_empty() && outcomes.iter().all(|outcome| *outcome == "kept"), "{outcomes:?}");
}

#[tokio::test]
async fn an_import_twice_is_the_same() {
    twice_is_the_same(Database::Embedded).await;
}

#[tokio::test]
async fn an_import_twice_is_the_same_on_postgresql() {
    twice_is_the_same(Database::Postgres).await;
}

#[tokio::test]
async fn a_file_that_grew_goes_on_and_one_that_changed_begins_anew() {
    let fleet = fleet(Database::Embedded).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("projects/-srv/00000001-0000-4000-8000-000000000001.jsonl");
    fs::create_dir_all(file.parent().unwrap()).unwrap();
    let line =
        |text: &str| format!("{{\"type\":\"user\",\"sessionId\":\"x\",\"message\":{{\"content\":\"{text}\"}}}}\n");
    fs::write(&file, line("one") + "torn").unwrap();
    assert_eq!(counts(&import(&fleet, folder.path())), [1, 0, 0, 0]);
    fs::write(&file, line("one") + "torn\n" + &line("two")).unwrap();
    assert_eq!(counts(&import(&fleet, folder.path())), [0, 1, 0, 0]);
    assert_eq!(archived(&fleet.api()).await[0].1, fs::read(&file).unwrap());
    fs::write(&file, line("other")).unwrap();
    assert_eq!(counts(&import(&fleet, folder.path())), [0, 0, 0, 1]);
    assert_eq!(archived(&fleet.api()).await[0].1, fs::read(&file).unwrap());
    assert_eq!(fleet.api().list("/transcripts?state=gone").await.unwrap().len(), 1);
}

fn begin(fleet: &Fleet, path: &Path) -> Child {
    let mut command = fleet.muster(&["import", "--json"]);
    command.arg(path).stdout(Stdio::null()).stderr(Stdio::null()).spawn().unwrap()
}

/// Waits until some of the bytes, and not all, are archived.
async fn half_way(api: &Api, total: u64) {
    wait::until("a part is archived", || async {
        let rows = api.list("/transcripts").await?;
        let bytes: u64 = rows.iter().filter_map(|row| row["bytes"].as_u64()).sum();
        if bytes > 0 && bytes < total { Ok(()) } else { Err(format!("{bytes} of {total}")) }
    })
    .await;
}

#[tokio::test]
async fn an_import_that_was_killed_goes_on() {
    let mut fleet = fleet(Database::Embedded).await;
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("rollout-2026-10-01T09-00-00-0199a213-81a0-7800-8aa0-3a6b2f7f5b11.jsonl");
    let mut out = std::io::BufWriter::new(fs::File::create(&file).unwrap());
    for number in 0..60_000 {
        // Lines of all lengths, one of them longer than a piece of the upload.
        let text = "x".repeat(if number == 30_000 { 1_500_000 } else { number * 7919 % 1_900 });
        writeln!(out, r#"{{"type":"event_msg","payload":{{"type":"x{number}","text":"{text}"}}}}"#).unwrap();
    }
    out.write_all(b"{\"torn\":").unwrap();
    drop(out);
    let total = fs::metadata(&file).unwrap().len();
    let mut killed = begin(&fleet, folder.path());
    half_way(&fleet.api(), total).await;
    killed.kill().unwrap();
    killed.wait().unwrap();
    // And once more with the aggregator dying under it, which an import survives.
    let mut patient = begin(&fleet, folder.path());
    fleet.kill_aggregator();
    fleet.start_aggregator().await;
    assert!(patient.wait().unwrap().success());
    assert!(archived(&fleet.api()).await[0].1 == fs::read(&file).unwrap(), "the archive differs from the file");
}

#[tokio::test]
async fn an_export_of_claude_ai_becomes_sessions() {
    let fleet = fleet(Database::Embedded).await;
    let summary = import(&fleet, &fixtures().join("claude-ai/conversations.json"));
    assert_eq!(counts(&summary), [2, 0, 0, 0], "{summary}");
    assert_eq!(counts(&import(&fleet, &fixtures().join("claude-ai"))), [0, 0, 2, 0]);
    let id = "claude-ai-6f0c1d2e-0000-4000-8000-00000000000a";
    let session = derived(&fleet.api(), id, 4).await;
    assert_eq!(session["title"], "Rounding of money", "{session}");
    assert_eq!(session["entries"]["conversation"], 3, "{session}");
}

/// The session once so many lines of it are understood.
async fn derived(api: &Api, id: &str, lines: u64) -> Value {
    wait::until(&format!("{id} is derived"), || async {
        let session = api.get(&format!("/sessions/{id}")).await?;
        if session["entries"]["total"] == lines { Ok(session) } else { Err(session.to_string()) }
    })
    .await
}

#[tokio::test]
async fn an_import_does_not_write_for_a_host_or_without_the_right() {
    let fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let name = fleet.hosts[0].name.clone();
    let output = fleet.muster(&["import", "--host", &name]).arg(fixtures().join("codex")).output().unwrap();
    let said = String::from_utf8_lossy(&output.stderr).into_owned();
    assert!(!output.status.success() && said.contains("with an agent"), "{said}");
    let open = serde_json::json!({"host": "imported", "coder": "claude", "path": "a/b.jsonl"});
    let reply = fleet.api().anonymous().request("POST", "/api/v1/imports", &[], Some(&open)).await.unwrap();
    assert_eq!(reply.status, 401);
    let zip = fleet.muster(&["import"]).arg(fleet.hosts[0].home.join("x.zip")).output().unwrap();
    assert!(!zip.status.success());
}

/// Writes a fixture below a home line by line, as its coder would.
fn write_live(from: &Path, to: &Path) {
    fs::create_dir_all(to.parent().unwrap()).unwrap();
    let text = fs::read_to_string(from).unwrap();
    let mut file = fs::File::options().append(true).create(true).open(to).unwrap();
    for line in text.split_inclusive('\n') {
        file.write_all(line.as_bytes()).unwrap();
    }
}

#[tokio::test]
async fn codex_and_gemini_are_followed_where_they_are() {
    let mut fleet = Fleet::start_without_agents(FleetOptions::hosts(1)).await;
    let (api, home) = (fleet.api(), fleet.hosts[0].home.clone());
    for folder in [".codex/sessions", ".gemini/tmp"] {
        fs::create_dir_all(home.join(folder)).unwrap();
    }
    fleet.hosts[0].start_agent();
    fleet.wait_online(0).await;
    for (fixture, place) in [("codex/sessions", ".codex/sessions"), ("gemini/shop", ".gemini/tmp/shop")] {
        for file in files(&fixtures().join(fixture)) {
            let below = file.strip_prefix(fixtures().join(fixture)).unwrap();
            write_live(&file, &home.join(place).join(below));
        }
    }
    fs::write(home.join(".gemini/tmp/shop/.project_root"), "/srv/shop").unwrap();
    fs::write(home.join(".codex/auth.json"), "secret").unwrap();
    fs::write(home.join(".gemini/oauth_creds.json"), "secret").unwrap();
    // Replies that a rollout tells of twice, or a fork again, count once: input, output, cache.
    let sums = |usage: &Value, coder: &str| {
        let item = usage["items"].as_array()?.iter().find(|item| item["coder"] == coder)?;
        Some(
            ["input_tokens", "output_tokens", "cache_read_input_tokens"].map(|field| item[field].as_u64().unwrap_or(0)),
        )
    };
    wait::until("all files are counted", || async {
        let usage = api.get("/usage?group_by=coder").await?;
        let right =
            sums(&usage, "codex") == Some([12_000, 800, 33_000]) && sums(&usage, "gemini") == Some([5_910, 220, 3_000]);
        if right { Ok(()) } else { Err(usage.to_string()) }
    })
    .await;
    let thread = "codex-0199a213-81a0-7800-8aa0-3a6b2f7f5b11";
    let session = derived(&api, thread, 38).await;
    assert_eq!(session["title"], "Basket rounding", "{session}");
    assert_eq!(session["model"], "gpt-5.5-codex", "{session}");
    assert_eq!(session["transcripts"].as_array().unwrap().len(), 2, "its subagent belongs to it: {session}");
    let chat = derived(&api, "gemini-0a1b2c3d-0000-4000-8000-000000000001", 14).await;
    assert_eq!(chat["title"], "Make the basket fast", "{chat}");
    assert_eq!(chat["transcripts"].as_array().unwrap().len(), 2, "its subagent belongs to it: {chat}");
    let chat = wait::until("the chat has its folder", || async {
        let chat = api.get("/sessions/gemini-0a1b2c3d-0000-4000-8000-000000000001").await?;
        if chat["project_path"] == "/srv/shop" { Ok(chat) } else { Err(chat.to_string()) }
    })
    .await;
    assert!(chat["project_id"].is_string(), "{chat}");
    let fork = derived(&api, "codex-0199a214-0a00-7d33-8e02-88d1b2c3d4e5", 9).await;
    assert_eq!(fork["title"], "Make the basket total right.", "{fork}");
    let counts = |session: &Value| {
        ["human_prompts", "assistant_messages", "tool_calls", "tool_errors", "subagents"]
            .map(|field| session[field].as_u64().unwrap())
    };
    assert_eq!(counts(&session), [2, 2, 5, 1, 1], "{session}");
    assert_eq!(counts(&chat), [2, 1, 4, 1, 1], "{chat}");
    let subagents = api.get(&format!("/sessions/{thread}/subagents")).await.unwrap();
    let subagent = &subagents["items"][0];
    assert_eq!((&subagent["parent_tool_use_id"], &subagent["tokens"]), (&"call_4".into(), &5050.into()), "{subagents}");
    let archived = archived(&api).await;
    let read = |path: &Path| path.ends_with(".project_root") || path.extension().is_some_and(|end| end == "jsonl");
    assert!(archived.iter().all(|(path, bytes)| read(Path::new(path)) && bytes != b"secret"));
}
