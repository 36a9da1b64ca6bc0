//! What is asked of the whole archive, through the door: searches, the ledger's table, prices, and making it all again.

use std::time::Duration;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use super::tests::{Doors, json_of};
use crate::archive::tests::{SESSION, archive, host};
use crate::domain::role::Role;
use crate::store::testing::{TestDb, embedded};

/// A house that works, with one session in it.
struct Asking {
    doors: Doors,
    viewer: String,
    admin: String,
    _database: TestDb,
}

impl Asking {
    async fn begin() -> Self {
        let database = embedded().await;
        let host = host(&database.db, "box").await;
        let usage = json!({"input_tokens": 1_000, "output_tokens": 100});
        let reply = json!({"type": "assistant", "uuid": "a", "requestId": "r", "timestamp": "2026-11-20T10:00:01Z",
            "message": {"id": "m", "model": "claude-odd-5", "usage": usage,
                "content": [{"type": "text", "text": "The flux capacitor, of course"}]}});
        let prompt = json!({"type": "user", "uuid": "u", "timestamp": "2026-11-20T10:00:00Z", "cwd": "=cmd|' /C calc'!A0",
            "message": {"content": "What breaks the flux capacitor?"}});
        archive(&database.db, host, "/root/p/s1.jsonl", &[prompt.to_string(), reply.to_string()]).await;
        let doors = Doors::running(&database.db);
        let viewer = format!("Bearer {}", doors.token(Role::Viewer).await);
        let admin = format!("Bearer {}", doors.token(Role::Admin).await);
        let asking = Self { doors, viewer, admin, _database: database };
        asking.until("/search?q=flux", |page| page["total"].as_u64() >= Some(2) && page["partial"].is_null()).await;
        asking.until("/usage", |report| report["total"]["output_tokens"] == 100).await;
        asking
    }

    async fn ask(&self, who: &str, method: Method, path: &str, body: &Value) -> http::Response<axum::body::Body> {
        let body = if body.is_null() { String::new() } else { body.to_string() };
        self.doors.send(method, &format!("/api/v1{path}"), &[("authorization", who)], body).await
    }

    async fn get(&self, path: &str) -> Value {
        json_of(self.ask(&self.viewer, Method::GET, path, &Value::Null).await).await
    }

    async fn status(&self, who: &str, method: Method, path: &str, body: Value) -> StatusCode {
        self.ask(who, method, path, &body).await.status()
    }

    /// Asks until the answer is as wanted.
    async fn until(&self, path: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let mut last = Value::Null;
        for _ in 0..3_000 {
            last = self.get(path).await;
            if wanted(&last) {
                return last;
            }
            tokio::time::sleep(Duration::from_millis(10)).await;
        }
        panic!("{path} never was as wanted: {last}")
    }
}

#[tokio::test]
async fn a_search_answers_with_hits_their_session_and_where_to_go_on() {
    let asking = Asking::begin().await;
    let page = asking.get("/search?q=flux%20role:assistant&facets=true").await;
    let hit = &page["items"][0];
    assert_eq!((&hit["session_id"], &hit["line"], &hit["role"]), (&json!(SESSION), &json!(1), &json!("reply")));
    assert!(!hit["snippet"].as_str().unwrap().contains('<'), "highlights are apart from the text: {hit}");
    assert_eq!(hit["highlights"].as_array().unwrap().len(), 1, "{hit}");
    assert_eq!(page["facets"]["coder"][0]["value"], "claude");
    assert_eq!(page["query"][1]["filter"], "role");

    let mut seen = Vec::new();
    let mut path = "/search?q=flux&limit=1".to_owned();
    loop {
        let page = asking.get(&path).await;
        seen.extend(page["items"].as_array().unwrap().iter().map(|hit| format!("{}:{}", hit["line"], hit["role"])));
        let Some(cursor) = page["next_cursor"].as_str() else { break };
        path = format!("/search?q=flux&limit=1&cursor={cursor}");
    }
    let all = asking.get("/search?q=flux").await["items"].as_array().unwrap().len();
    assert_eq!(seen.len(), all, "{seen:?}");
    seen.sort();
    seen.dedup();
    assert_eq!(seen.len(), all, "no hit comes twice");

    for wrong in ["q=flux&sort=newest", "q=flux&group=host", "q=flux&cursor=nonsense"] {
        let answer = asking.ask(&asking.viewer, Method::GET, &format!("/search?{wrong}"), &Value::Null).await;
        assert_eq!(answer.status(), StatusCode::BAD_REQUEST, "{wrong}");
        assert!(!json_of(answer).await["detail"].as_str().unwrap().is_empty(), "{wrong}");
    }
}

#[tokio::test]
async fn kept_searches_are_their_owners_and_bounded() {
    let asking = Asking::begin().await;
    let kept = json!({"name": " Flux ", "query": "flux role:prompt"});
    let made = asking.ask(&asking.viewer, Method::POST, "/searches", &kept).await;
    assert_eq!(made.status(), StatusCode::CREATED);
    let id = json_of(made).await["id"].as_str().unwrap().to_owned();
    let listed = asking.get("/searches").await;
    assert_eq!((&listed["items"][0]["name"], listed["items"].as_array().unwrap().len()), (&json!("Flux"), 1));
    for wrong in [
        json!({"name": " ", "query": "x"}),
        json!({"name": "x", "query": " "}),
        json!({"name": "x".repeat(81), "query": "x"}),
        json!({"name": "x", "query": "x".repeat(100_000)}),
    ] {
        let status = asking.status(&asking.viewer, Method::POST, "/searches", wrong).await;
        assert_eq!(status, StatusCode::BAD_REQUEST);
    }
    let path = format!("/searches/{id}");
    assert_eq!(asking.status(&asking.viewer, Method::DELETE, &path, Value::Null).await, StatusCode::NO_CONTENT);
    assert_eq!(asking.status(&asking.viewer, Method::DELETE, &path, Value::Null).await, StatusCode::NOT_FOUND);
}

#[tokio::test]
async fn the_ledger_is_a_table_that_a_spreadsheet_can_open() {
    let asking = Asking::begin().await;
    let answer = asking.ask(&asking.viewer, Method::GET, "/usage.csv?group_by=day,project", &Value::Null).await;
    assert_eq!(answer.headers()["content-type"], "text/csv; charset=utf-8");
    assert!(answer.headers()["content-disposition"].to_str().unwrap().contains(".csv"));
    let body = axum::body::to_bytes(answer.into_body(), 1 << 20).await.unwrap();
    let text = String::from_utf8(body.to_vec()).unwrap();
    let lines: Vec<&str> = text.split("\r\n").collect();
    assert!(lines[0].starts_with("day,project") && lines[0].contains("output_tokens"), "{text}");
    assert!(lines[1].starts_with("2026-11-20,"), "{text}");
    assert!(lines.iter().all(|line| !line.split(',').any(|cell| cell.starts_with('='))), "a formula: {text}");
    assert_eq!((lines.len(), lines[2]), (3, ""), "{text}");
    let wrong = asking.status(&asking.viewer, Method::GET, "/usage.csv?group_by=weather", Value::Null).await;
    assert_eq!(wrong, StatusCode::BAD_REQUEST);
}

#[tokio::test]
async fn a_new_price_prices_what_is_archived() {
    let asking = Asking::begin().await;
    assert!(asking.get("/usage").await["total"]["cost_microdollars"].is_null(), "no price, no cost");
    let price = json!({"model": "claude-odd-5", "valid_from": "2026-01-01", "input": 3_000_000, "output": 15_000_000,
        "cache_read": 0, "cache_write_5m": 0, "cache_write_1h": 0, "web_search": 0});
    assert_eq!(asking.status(&asking.viewer, Method::PUT, "/prices", price.clone()).await, StatusCode::FORBIDDEN);
    assert_eq!(asking.status(&asking.admin, Method::PUT, "/prices", price.clone()).await, StatusCode::OK);
    asking.until("/usage", |report| report["total"]["cost_microdollars"] == 4_500).await;
    let mut wrong = price;
    wrong["valid_from"] = json!("soon");
    assert_eq!(asking.status(&asking.admin, Method::PUT, "/prices", wrong).await, StatusCode::BAD_REQUEST);
    let path = "/prices?model=claude-odd-5&valid_from=2026-01-01";
    assert_eq!(asking.status(&asking.viewer, Method::DELETE, path, Value::Null).await, StatusCode::FORBIDDEN);
    assert_eq!(asking.status(&asking.admin, Method::DELETE, path, Value::Null).await, StatusCode::NO_CONTENT);
    assert_eq!(asking.status(&asking.admin, Method::DELETE, path, Value::Null).await, StatusCode::NOT_FOUND);
    asking.until("/usage", |report| report["total"]["cost_microdollars"].is_null()).await;
}

#[tokio::test]
async fn making_it_all_again_is_for_admins_and_stands_in_the_audit_trail() {
    let asking = Asking::begin().await;
    for what in ["views", "search"] {
        let path = format!("/reindex?what={what}");
        assert_eq!(asking.status(&asking.viewer, Method::POST, &path, Value::Null).await, StatusCode::FORBIDDEN);
        assert_eq!(asking.status(&asking.admin, Method::POST, &path, Value::Null).await, StatusCode::ACCEPTED);
        asking.until("/progress", |page| page["items"] == json!([])).await;
        asking.until("/search?q=flux", |page| page["total"].as_u64() >= Some(2) && page["partial"].is_null()).await;
        assert_eq!(asking.get("/usage").await["total"]["output_tokens"], 100);
    }
    let wrong = asking.status(&asking.admin, Method::POST, "/reindex?what=everything", Value::Null).await;
    assert_eq!(wrong, StatusCode::BAD_REQUEST);
    let audit = json_of(asking.ask(&asking.admin, Method::GET, "/audit", &Value::Null).await).await;
    let of = |row: &&Value| row["action"] == "reindex";
    let told: Vec<&Value> = audit["items"].as_array().unwrap().iter().filter(of).map(|row| &row["subject"]).collect();
    assert_eq!(told, ["search", "views"], "{audit}");
}
