//! Reading a conversation through the door.

use http::StatusCode;
use serde_json::Value;

use super::tests::{Doors, json_of};
use crate::archive::tests::{SESSION, archive, host};
use crate::domain::role::Role;
use crate::live::Topic;

/// A reader's door with one archived file.
struct Reading {
    doors: Doors,
    bearer: String,
    transcript: String,
}

impl Reading {
    async fn of(lines: &[String]) -> Self {
        let doors = Doors::open().await;
        let box_ = host(&doors.house.db, "box").await;
        let transcript = archive(&doors.house.db, box_, "/root/p/s1.jsonl", lines).await.to_string();
        let bearer = format!("Bearer {}", doors.token(Role::Viewer).await);
        Self { doors, bearer, transcript }
    }

    async fn get(&self, path: &str) -> http::Response<axum::body::Body> {
        self.doors.get(&format!("/api/v1{path}"), &[("authorization", &self.bearer)]).await
    }

    async fn entries(&self, query: &str) -> Value {
        json_of(self.get(&format!("/sessions/{SESSION}/entries?{query}")).await).await
    }
}

fn prompt(text: &str) -> String {
    serde_json::json!({"type": "user", "uuid": "u", "message": {"content": text}}).to_string()
}

fn lines_of(page: &Value) -> Vec<u64> {
    page["items"].as_array().unwrap().iter().map(|item| item["line"].as_u64().unwrap()).collect()
}

#[tokio::test]
async fn a_page_of_whole_entries_stays_small_and_goes_on() {
    let lines: Vec<String> = (0..30).map(|at| prompt(&format!("{at} {}", "x".repeat(30_000)))).collect();
    let reading = Reading::of(&lines).await;
    let mut seen = Vec::new();
    let mut query = "detail=full&limit=1000".to_owned();
    loop {
        let page = reading.entries(&query).await;
        assert!(page.to_string().len() < 300_000);
        seen.extend(lines_of(&page));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        query = format!("detail=full&limit=1000&after={cursor}");
    }
    assert_eq!(seen, (0..30).collect::<Vec<u64>>());
    let around = reading.entries(&format!("detail=full&around={}:15", reading.transcript)).await;
    assert!(lines_of(&around).contains(&14) && lines_of(&around).contains(&15), "{:?}", lines_of(&around));
    let page = reading.entries("limit=1000").await;
    assert_eq!((lines_of(&page).len(), page["items"][0].get("blocks")), (30, None));
}

#[tokio::test]
async fn a_long_text_is_cut_on_a_page_and_whole_by_itself() {
    let reading = Reading::of(&[prompt(&"long ".repeat(30_000))]).await;
    let page = reading.entries("detail=full").await;
    let block = &page["items"][0]["blocks"][0];
    assert_eq!((&block["type"], &block["cut"]), (&Value::from("text"), &Value::from(true)));
    let line = format!("/transcripts/{}/lines/0", reading.transcript);
    let whole = json_of(reading.get(&line).await).await;
    assert_eq!(whole["blocks"][0]["text"].as_str().unwrap().len(), 150_000);
    assert_eq!(whole["blocks"][0]["cut"], false);
}

#[tokio::test]
async fn a_line_is_given_byte_for_byte_and_cannot_run() {
    let line = r#"{"type":"x" , "html":"<script>alert(1)</script>"}"#.to_owned();
    let reading = Reading::of(&[prompt("first"), line.clone()]).await;
    let response = reading.get(&format!("/transcripts/{}/lines/1/raw", reading.transcript)).await;
    assert_eq!(response.headers()["content-type"], "application/json");
    assert_eq!(response.headers()["x-content-type-options"], "nosniff");
    assert_eq!(response.headers()["content-security-policy"], "default-src 'none'; sandbox");
    assert_eq!(response.headers()["content-length"], line.len().to_string());
    let body = axum::body::to_bytes(response.into_body(), 1 << 20).await.unwrap();
    assert_eq!(body, line.as_bytes());
    for missing in ["lines/2/raw", "lines/99999999999/raw", "lines/2", "lines/0/images/0"] {
        let response = reading.get(&format!("/transcripts/{}/{missing}", reading.transcript)).await;
        assert_eq!(response.status(), StatusCode::NOT_FOUND, "{missing}");
    }
}

#[tokio::test]
async fn only_pictures_are_served_as_pictures() {
    let image = |media_type: &str, data: &str| {
        serde_json::json!({"type": "user", "message": {"content": [
            {"type": "text", "text": "look"},
            {"type": "image", "source": {"type": "base64", "media_type": media_type, "data": data}},
        ]}})
        .to_string()
    };
    let reading = Reading::of(&[image("image/png", "iVBORw0KGgo="), image("image/svg+xml", "PHN2Zz4=")]).await;
    let block = &reading.entries("detail=full").await["items"][0]["blocks"][1];
    assert_eq!((&block["type"], &block["index"], &block["bytes"]), (&"image".into(), &0.into(), &8.into()));
    let png = reading.get(&format!("/transcripts/{}/lines/0/images/0", reading.transcript)).await;
    assert_eq!(png.headers()["content-type"], "image/png");
    assert_eq!(png.headers()["content-security-policy"], "default-src 'none'; sandbox");
    assert_eq!(axum::body::to_bytes(png.into_body(), 100).await.unwrap(), b"\x89PNG\r\n\x1a\n".as_slice());
    let svg = reading.get(&format!("/transcripts/{}/lines/1/images/0", reading.transcript)).await;
    assert_eq!(svg.status(), StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn a_text_is_found_in_the_conversation() {
    let reading = Reading::of(&[prompt("The Needle"), prompt("nothing"), prompt("needle needle")]).await;
    let found = json_of(reading.get(&format!("/sessions/{SESSION}/find?q=needle")).await).await;
    let places: Vec<(u64, u64)> = found["items"]
        .as_array()
        .unwrap()
        .iter()
        .map(|hit| (hit["line"].as_u64().unwrap(), hit["count"].as_u64().unwrap()))
        .collect();
    assert_eq!(places, [(0, 1), (2, 2)]);
    let wrong = reading.get(&format!("/sessions/{SESSION}/find?q=")).await;
    assert_eq!(wrong.status(), StatusCode::BAD_REQUEST);
    let seams = json_of(reading.get(&format!("/sessions/{SESSION}/seams")).await).await;
    assert_eq!(seams["items"].as_array().unwrap().len(), 0);
}

#[tokio::test]
async fn deleting_is_for_admins_and_says_why() {
    let reading = Reading::of(&[prompt("to be forgotten")]).await;
    let path = format!("/api/v1/sessions/{SESSION}/delete");
    let reason = serde_json::json!({"reason": " asked by the customer "});
    let denied = reading.doors.post(&path, &[("authorization", &reading.bearer)], &reason).await;
    assert_eq!(denied.status(), StatusCode::FORBIDDEN);
    let admin = format!("Bearer {}", reading.doors.token(Role::Admin).await);
    let admin = [("authorization", admin.as_str())];
    let empty = reading.doors.post(&path, &admin, &serde_json::json!({"reason": " "})).await;
    assert_eq!(empty.status(), StatusCode::BAD_REQUEST);
    assert_eq!(reading.doors.post(&path, &admin, &reason).await.status(), StatusCode::NO_CONTENT);
    assert_eq!(reading.doors.post(&path, &admin, &reason).await.status(), StatusCode::NOT_FOUND);
    let gone = reading.get(&format!("/sessions/{SESSION}/entries")).await;
    assert_eq!(gone.status(), StatusCode::NOT_FOUND);
    let deletions = json_of(reading.doors.get("/api/v1/deletions", &admin).await).await;
    assert_eq!(deletions["items"][0]["reason"], "asked by the customer");
    let audit = json_of(reading.doors.get("/api/v1/audit", &admin).await).await.to_string();
    assert!(audit.contains("session.delete") && audit.contains("asked by the customer"));
}

#[tokio::test]
async fn a_deleted_session_leaves_every_page_and_names_who_deleted_it() {
    let reading = Reading::of(&[prompt("to be forgotten")]).await;
    let host = reading.doors.house.host_views().await.unwrap()[0].row.id.clone();
    let topics = ["fleet".to_owned(), format!("host:{host}"), format!("session:{SESSION}")];
    let mut page = reading.doors.house.hub.page();
    for topic in &topics {
        page.join(&Topic::parse(topic).unwrap(), None);
    }
    let admin = format!("Bearer {}", reading.doors.token(Role::Admin).await);
    let reason = serde_json::json!({"reason": "a secret reason"});
    let path = format!("/api/v1/sessions/{SESSION}/delete");
    let answer = reading.doors.post(&path, &[("authorization", &admin)], &reason).await;
    assert_eq!(answer.status(), StatusCode::NO_CONTENT);
    let mut told = std::collections::BTreeMap::new();
    for _ in &topics {
        let text = page.next().await.unwrap();
        assert!(!text.contains("secret"), "why stands in the audit trail only: {text}");
        let message: Value = serde_json::from_str(&text).unwrap();
        told.insert(message["topic"].as_str().unwrap().to_owned(), message["update"].clone());
    }
    assert_eq!(told[&topics[0]]["removed_sessions"], serde_json::json!([SESSION]));
    assert_eq!(told[&topics[1]]["removed_sessions"], serde_json::json!([SESSION]));
    assert_eq!(told[&topics[2]]["deleted"]["by"], "owner");
    for path in ["", "/entries", "/turns", "/export"] {
        let answer = reading.get(&format!("/sessions/{SESSION}{path}")).await;
        assert_eq!(answer.status(), StatusCode::NOT_FOUND, "{path}");
        let told = json_of(answer).await["detail"].to_string();
        assert!(told.contains("deleted by owner at 20"), "{path}: {told}");
    }
}

#[tokio::test]
async fn rules_for_old_sessions_are_kept_by_admins() {
    let reading = Reading::of(&[prompt("x")]).await;
    let admin = format!("Bearer {}", reading.doors.token(Role::Admin).await);
    let admin = [("authorization", admin.as_str())];
    let rule = serde_json::json!({"host_id": null, "project_id": "p", "days": 90, "enabled": false});
    let made = json_of(reading.doors.post("/api/v1/retention", &admin, &rule).await).await;
    assert_eq!((&made["days"], &made["enabled"]), (&90.into(), &false.into()));
    let path = format!("/api/v1/retention/{}", made["id"].as_str().unwrap());
    let on = serde_json::json!({"host_id": null, "project_id": null, "days": 365, "enabled": true});
    let changed = reading.doors.send(http::Method::PUT, &path, &admin, on.to_string()).await;
    assert_eq!(json_of(changed).await["days"], 365);
    let preview = json_of(reading.doors.get("/api/v1/retention/preview?days=1", &admin).await).await;
    assert_eq!(preview["sessions"], 0);
    for wrong in ["0", "40000"] {
        let answer = reading.doors.get(&format!("/api/v1/retention/preview?days={wrong}"), &admin).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{wrong}");
    }
    assert_eq!(reading.get("/retention").await.status(), StatusCode::FORBIDDEN);
    let removed = reading.doors.send(http::Method::DELETE, &path, &admin, String::new()).await;
    assert_eq!(removed.status(), StatusCode::NO_CONTENT);
    let rules = json_of(reading.doors.get("/api/v1/retention", &admin).await).await;
    assert_eq!(rules["items"].as_array().unwrap().len(), 0);
}
