//! What a session holds, through the door and on both databases: calls, the graph, files, usage.

use std::sync::LazyLock;

use muster_proto::ids::HostId;
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;

use super::tests::{Doors, json_of};
use crate::archive::tests::{SESSION, archive, archive_kind, host};
use crate::derive::Follower;
use crate::domain::role::Role;
use crate::domain::time::{Millis, now_ms, rfc3339};
use crate::domain::transcript::TranscriptKind;
use crate::live::Endings;
use crate::store::sessions;
use crate::store::testing::{TestDb, both};

/// A session that works: its reader's door.
pub(super) struct Working {
    pub(super) doors: Doors,
    pub(super) bearer: String,
    pub(super) host: HostId,
    _database: TestDb,
}

/// When the conversation began, a minute ago: the same in every copy of it, however slow the machine is.
static BEGAN: LazyLock<Millis> = LazyLock::new(|| now_ms() - 60_000);

/// The time of a line, so many seconds after the beginning.
fn at(second: i64) -> String {
    rfc3339(*BEGAN + second * 1_000)
}

fn prompt(second: i64, text: &str) -> String {
    json!({"type": "user", "uuid": "p", "timestamp": at(second), "message": {"content": text}}).to_string()
}

fn called(second: i64, id: &str, tool: &str, input: &Value) -> String {
    let usage = json!({"input_tokens": 10, "output_tokens": 5});
    let content = json!([{"type": "tool_use", "id": id, "name": tool, "input": input}]);
    let message = json!({"id": format!("m-{id}"), "model": "claude-x", "content": content, "usage": usage});
    json!({"type": "assistant", "timestamp": at(second), "requestId": format!("r-{id}"), "message": message})
        .to_string()
}

fn answered(second: i64, id: &str, is_error: bool, detail: &Value) -> String {
    let content = json!([{"type": "tool_result", "tool_use_id": id, "is_error": is_error, "content": "text"}]);
    json!({"type": "user", "timestamp": at(second), "message": {"content": content}, "toolUseResult": detail})
        .to_string()
}

fn main_lines() -> Vec<String> {
    let patch = json!({"structuredPatch": [{"lines": ["+a", "+b", "-c", " d"]}]});
    let begun = json!({"isAsync": true, "status": "async_launched", "agentId": "a1234567"});
    vec![
        prompt(0, "Fix it"),
        called(1, "r1", "Read", &json!({"file_path": "/srv/a.rs"})),
        answered(2, "r1", false, &json!({})),
        called(3, "e1", "Edit", &json!({"file_path": "/srv/a.rs", "old_string": "c", "new_string": "a"})),
        answered(4, "e1", false, &patch),
        called(5, "b1", "Bash", &json!({"command": "npm test"})),
        answered(6, "b1", true, &json!("Error: Exit code 1")),
        called(7, "g1", "Agent", &json!({"description": "Look around", "subagent_type": "Explore", "prompt": "x"})),
        answered(8, "g1", false, &begun),
        called(9, "b2", "Bash", &json!({"command": "sleep 60"})),
    ]
}

fn agent_lines(id: &str) -> Vec<String> {
    vec![
        prompt(10, "Look around"),
        called(11, &format!("{id}-1"), "Grep", &json!({"pattern": "x"})),
        answered(12, &format!("{id}-1"), false, &json!({})),
        called(13, &format!("{id}-2"), "Read", &json!({"file_path": "/srv/b.rs"})),
    ]
}

impl Working {
    pub(super) async fn all() -> Vec<Self> {
        let mut all = Vec::new();
        for database in both().await {
            all.push(Self::of(database).await);
        }
        all
    }

    async fn of(database: TestDb) -> Self {
        let doors = Doors::on(&database.db);
        let host = host(&database.db, "box").await;
        archive(&database.db, host, "/root/p/s1.jsonl", &main_lines()).await;
        for id in ["a1234567", "b1234567"] {
            let path = format!("/root/p/s1/subagents/agent-{id}.jsonl");
            archive_kind(&database.db, host, &path, TranscriptKind::Subagent, &agent_lines(id)).await;
        }
        let bearer = format!("Bearer {}", doors.token(Role::Viewer).await);
        let working = Self { doors, bearer, host, _database: database };
        working.derive().await;
        working
    }

    /// Waits until everything archived is derived.
    pub(super) async fn derive(&self) {
        let house = &self.doors.house;
        let follower = Follower::new(house.db.clone(), house.hub.clone(), house.changed.clone(), Endings::default());
        let _running = AbortOnDropHandle::new(tokio::spawn(follower.run()));
        let behind = async || sessions::behind(&house.db, crate::transcript::PARSER_VERSION).await.unwrap();
        while !behind().await.is_empty() || !house.changed.is_empty() {
            tokio::task::yield_now().await;
        }
    }

    pub(super) async fn get(&self, path: &str) -> Value {
        let response = self.doors.get(&format!("/api/v1{path}"), &[("authorization", &self.bearer)]).await;
        json_of(response).await
    }

    async fn calls(&self, query: &str) -> Value {
        self.get(&format!("/sessions/{SESSION}/tool-calls?{query}")).await
    }

    async fn ids(&self, query: &str) -> Vec<String> {
        ids(&self.calls(query).await)
    }
}

fn ids(page: &Value) -> Vec<String> {
    let items = page["items"].as_array().unwrap_or_else(|| panic!("{page}"));
    items.iter().map(|item| item["id"].as_str().unwrap().to_owned()).collect()
}

#[tokio::test]
async fn calls_are_listed_either_way_and_by_what_is_wanted() {
    let ours = ["r1", "e1", "b1", "g1", "b2"];
    for working in Working::all().await {
        assert_eq!(working.ids("subagent=main").await, ours);
        let mut latest = ours;
        latest.reverse();
        assert_eq!(working.ids("subagent=main&newest=true").await, latest);
        for newest in [false, true] {
            let whole = working.ids(&format!("newest={newest}")).await;
            assert_eq!(whole.len(), 9);
            let mut paged = Vec::new();
            let mut query = format!("newest={newest}&limit=2");
            loop {
                let page = working.calls(&query).await;
                paged.extend(ids(&page));
                let Some(cursor) = page["next_cursor"].as_str() else { break };
                query = format!("newest={newest}&limit=2&cursor={cursor}");
            }
            assert_eq!(paged, whole);
        }
        assert_eq!(working.ids("name=bash").await, ["b1", "b2"]);
        assert_eq!(working.ids("is_error=true").await, ["b1"]);
        assert_eq!(working.ids("subagent=a1234567").await, ["a1234567-1", "a1234567-2"]);
        assert_eq!(working.ids("subagent=nobody").await, Vec::<String>::new());
        assert_eq!(working.ids("q=NPM+test").await, ["b1"]);
        assert_eq!(working.ids("q=/srv/b&newest=true&subagent=b1234567").await, ["b1234567-2"]);
        assert_eq!(working.ids("id=b1,none,r1").await, ["r1", "b1"]);
        assert_eq!(working.ids("running=true&subagent=main").await, ["b2"]);
        assert_eq!(working.ids("running=true").await.len(), 3);
        let wrong = working.calls("cursor=x").await;
        assert_eq!(wrong["status"], 400);
        let many = vec!["x"; 51].join(",");
        assert_eq!(working.calls(&format!("id={many}")).await["status"], 400);
    }
}

#[tokio::test]
async fn the_graph_says_who_began_whom_and_what_each_used() {
    for working in Working::all().await {
        let graph = working.get(&format!("/sessions/{SESSION}/agents")).await;
        assert_eq!(ids(&graph), ["", "a1234567", "b1234567"]);
        let [session, begun, orphan] = [0, 1, 2].map(|place| &graph["items"][place]);
        assert_eq!(
            (&session["parent_id"], &session["depth"], &session["title"]),
            (&Value::Null, &json!(0), &json!("Fix it"))
        );
        assert_eq!(session["tools"][0], json!({"name": "Bash", "calls": 2, "errors": 1}));
        assert_eq!((&session["running"][0]["id"], &session["running"][0]["about"]), (&json!("b2"), &json!("sleep 60")));
        assert_eq!(
            (&session["tokens"], &session["state"], &session["orphan"]),
            (&json!(75), &json!("running"), &json!(false))
        );
        assert_eq!(
            (&begun["parent_id"], &begun["parent_tool_use_id"], &begun["depth"]),
            (&json!(""), &json!("g1"), &json!(1))
        );
        assert_eq!((&begun["title"], &begun["role"]), (&json!("Look around"), &json!("Explore")));
        assert_eq!(
            (&begun["background"], &begun["state"], &begun["tokens"]),
            (&json!(true), &json!("running"), &json!(30))
        );
        assert_eq!(begun["running"][0]["subagent_id"], "a1234567");
        assert_eq!(
            (&orphan["parent_id"], &orphan["orphan"], &orphan["depth"]),
            (&Value::Null, &json!(true), &json!(1))
        );
        assert_eq!(working.get("/sessions/claude-none/agents").await["status"], 404);
    }
}

#[tokio::test]
async fn files_are_listed_by_their_latest_call() {
    for working in Working::all().await {
        let path = format!("/sessions/{SESSION}/files");
        let files = working.get(&path).await;
        let [file] = files["items"].as_array().unwrap().as_slice() else { panic!("{files}") };
        // What a subagent is still reading has no outcome yet.
        assert_eq!(file["path"], "/srv/a.rs");
        assert_eq!(
            (&file["reads"], &file["changes"], &file["added"], &file["removed"]),
            (&json!(1), &json!(1), &json!(2), &json!(1))
        );
        let place = &file["places"][0];
        assert_eq!(
            (&place["id"], &place["name"], &place["line"], &place["result_line"]),
            (&json!("e1"), &json!("Edit"), &json!(3), &json!(4))
        );
        let end = working.get(&format!("{path}?cursor=0:x")).await;
        assert_eq!(end["items"].as_array().unwrap().len(), 0);
        assert_eq!(working.get(&format!("{path}?cursor=x")).await["status"], 400);
    }
}

#[tokio::test]
async fn the_context_is_told_reply_by_reply() {
    for working in Working::all().await {
        let page = working.get(&format!("/sessions/{SESSION}/context")).await;
        let points = page["items"].as_array().unwrap();
        let calls = working.calls("subagent=main").await;
        assert_eq!(points.len(), calls["items"].as_array().unwrap().len(), "one reply each: {page}");
        assert!(points.iter().all(|point| point["tokens"] == 10), "{page}");
        assert!(points.is_sorted_by_key(|point| point["at"].as_str().unwrap().to_owned()), "{page}");
    }
}

#[tokio::test]
async fn the_usage_of_one_session_is_that_of_the_fleet_when_there_is_no_other() {
    for working in Working::all().await {
        for grouped in ["", "&group_by=model,day"] {
            let all = working.get(&format!("/usage?{grouped}")).await;
            let of_session = working.get(&format!("/usage?session={SESSION}{grouped}")).await;
            assert_eq!(of_session, all);
            assert_eq!(all["total"]["output_tokens"], 45);
        }
        let other = working.get("/usage?session=claude-other").await;
        assert_eq!((&other["total"]["output_tokens"], &other["ledger"]["lines"]), (&json!(0), &json!(0)));
    }
}

#[tokio::test]
async fn a_session_on_two_hosts_is_counted_once() {
    for working in Working::all().await {
        let graph = format!("/sessions/{SESSION}/agents");
        let before = working.get(&graph).await;
        let calls = working.ids("").await;
        let twin = host(&working.doors.house.db, "twin").await;
        let mut lines = main_lines();
        lines.push(answered(20, "b2", false, &json!({})));
        archive(&working.doors.house.db, twin, "/root/p/s1.jsonl", &lines).await;
        working.derive().await;
        let after = working.get(&graph).await;
        let (before, after) = (&before["items"][0], &after["items"][0]);
        assert_eq!((&after["tokens"], &after["tools"]), (&before["tokens"], &before["tools"]));
        assert_eq!(after["running"], json!([]), "the other host knows the outcome");
        assert_eq!(working.ids("").await, calls);
        assert_eq!(working.ids("newest=true&limit=1").await, [calls.last().unwrap().clone()]);
    }
}
