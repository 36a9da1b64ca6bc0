//! The API's document against a running house. Beside this, every answer that any test here gets is checked against it.

use muster_tests::contract::operations;
use muster_tests::fleet::{Fleet, FleetOptions};
use muster_tests::lines::Version;
use muster_tests::wait;
use serde_json::{Value, json};

use crate::support::archived;

/// What this session has not.
const MAY_BE_NOTHING: [&str; 2] = ["/sessions/{id}/state", "/transcripts/{id}/lines/{line}/images/{index}"];

#[tokio::test]
async fn every_documented_address_is_served_and_answers_as_documented() {
    let fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let mut coder = fleet.hosts[0].coder("/srv/demo/document", Version::V2_1_329);
    coder.prompt("what is documented?");
    archived(&fleet, &coder).await;
    let api = fleet.api();
    let wanted = format!("/sessions/{}", coder.id());
    let session = wait::until("the session has its project", || async {
        let session = api.get(&wanted).await?;
        if session["project_id"].is_string() { Ok(session) } else { Err(session.to_string()) }
    })
    .await;

    // Nothing is to change here: who may only read is enough to see that an address is there.
    let made = api.post("/tokens", &json!({"name": "reader", "role": "viewer"})).await.unwrap();
    let viewer = api.with_token(made["secret"].as_str().unwrap());
    let document = api.get("/openapi.json").await.unwrap();
    assert_eq!(document["openapi"], "3.1.0");
    for (method, path) in operations().into_iter().filter(|(_, path)| *path != "/live") {
        let address = address(method, path, &session, &document);
        let method = method.to_uppercase();
        let api = if method == "GET" { &api } else { &viewer };
        let body = (method != "GET").then(|| json!({}));
        let reply = api.request(&method, &format!("/api/v1{address}"), &[], body.as_ref()).await.unwrap();
        let told = reply.json()["detail"].as_str().unwrap_or_default().to_owned();
        assert!(reply.status != 405 && !told.starts_with("There is no such address"), "{method} {address}: {told}");
        if method == "GET" && !MAY_BE_NOTHING.contains(&path) {
            assert_eq!(reply.status, 200, "{address}: {}", reply.text());
        }
    }
}

/// The address with what there is to ask for, and with every value that the query must have.
fn address(method: &str, path: &str, session: &Value, document: &Value) -> String {
    let transcript = session["transcripts"][0]["id"].as_str().unwrap();
    let id = match path.split('/').nth(1).unwrap() {
        "sessions" => session["id"].as_str().unwrap(),
        "projects" => session["project_id"].as_str().unwrap(),
        "hosts" => session["transcripts"][0]["host_id"].as_str().unwrap(),
        _ => transcript,
    };
    let filled =
        path.replace("{id}", id).replace("{line}", "0").replace("{index}", "0").replace("{transcript}", transcript);
    let parameters = document["paths"][path][method]["parameters"].as_array();
    let needed = parameters.into_iter().flatten().filter(|one| one["in"] == "query" && one["required"] == true);
    let query: Vec<String> = needed.map(|one| format!("{}=1", one["name"].as_str().unwrap())).collect();
    if query.is_empty() { filled } else { format!("{filled}?{}", query.join("&")) }
}
