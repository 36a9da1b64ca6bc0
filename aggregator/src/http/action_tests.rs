//! What people do about sessions, and what they want to be told, through the door and on both databases.

use http::{Method, StatusCode};
use muster_proto::fleet;
use serde_json::{Value, json};
use tokio_util::task::AbortOnDropHandle;

use super::history_tests::Working;
use super::tests::json_of;
use crate::archive::tests::SESSION;
use crate::domain::role::Role;
use crate::domain::session::SessionId;
use crate::domain::time::now_ms;
use crate::live::links::{Ears, Question};
use crate::states::Greeting;

impl Working {
    async fn send(&self, role: Role, method: Method, path: &str, body: &Value) -> (StatusCode, Value) {
        let bearer = format!("Bearer {}", self.doors.token(role).await);
        let path = format!("/api/v1{path}");
        let answer = self.doors.send(method, &path, &[("authorization", &bearer)], body.to_string()).await;
        (answer.status(), json_of(answer).await)
    }

    async fn rename(&self, role: Role, body: &Value) -> (StatusCode, Value) {
        self.send(role, Method::PATCH, &format!("/sessions/{SESSION}"), body).await
    }

    async fn stop(&self, role: Role, body: &Value) -> (StatusCode, Value) {
        self.send(role, Method::POST, &format!("/sessions/{SESSION}/stop"), body).await
    }

    async fn audit(&self) -> String {
        self.send(Role::Admin, Method::GET, "/audit", &Value::Null).await.1.to_string()
    }

    /// The host's link stands, and these processes live on it.
    async fn living(&self, pids: &[u32], no_stop: Option<&str>) -> Ears {
        let house = &self.doors.house;
        let ears = house.links.stand(self.host, 1, true);
        let no_stop = no_stop.map(str::to_owned);
        house.states.linked(self.host, &Greeting { clock_ms: now_ms(), reports_coders: true, no_stop });
        let coder = |pid: &u32| fleet::Coder {
            key: format!("{pid}-1"),
            coder: "claude".to_owned(),
            pid: *pid,
            started_ms: now_ms() - 70_000,
            session: "s1".to_owned(),
            ..fleet::Coder::default()
        };
        let coders = pids.iter().map(coder).collect();
        house
            .states
            .coders(self.host, fleet::Coders { whole: true, coders, clock_ms: now_ms(), ..fleet::Coders::default() });
        let _watching = AbortOnDropHandle::new(tokio::spawn(house.states.clone().run()));
        let id = SessionId::from_stored(SESSION);
        while house.states.of(&id).is_none_or(|view| view.processes.len() != pids.len()) {
            tokio::task::yield_now().await;
        }
        ears
    }
}

/// Answers the next order as a host does; says which process it named.
async fn obey(ears: &mut Ears, outcome: fleet::StopOutcome) -> (String, fleet::StopStep) {
    let Some(Question::Stop(order, answer)) = ears.questions.recv().await else { panic!("no order to stop") };
    let told = fleet::Stopped { request_id: order.request_id, outcome: outcome.into(), detail: String::new() };
    answer.send(told).unwrap();
    (order.key.clone(), order.step())
}

#[tokio::test]
async fn a_title_of_a_person_wins_and_stays_until_it_is_given_back() {
    for working in Working::all().await {
        let title = json!({"title": " Limiter, take 2 "});
        assert_eq!(working.rename(Role::Viewer, &title).await.0, StatusCode::FORBIDDEN);
        let (status, session) = working.rename(Role::Member, &title).await;
        assert_eq!(
            (status, &session["title"], &session["title_source"]),
            (StatusCode::OK, &json!("Limiter, take 2"), &json!("custom"))
        );
        working.doors.house.views.rebuild().await.unwrap();
        working.derive().await;
        let session = working.get(&format!("/sessions/{SESSION}")).await;
        assert_eq!((&session["title"], &session["title_source"]), (&json!("Limiter, take 2"), &json!("custom")));
        for wrong in [json!({}), json!({"title": ""}), json!({"title": "a\nb"}), json!({"title": "x".repeat(201)})] {
            assert_eq!(working.rename(Role::Member, &wrong).await.0, StatusCode::BAD_REQUEST, "{wrong}");
        }
        let (_, session) = working.rename(Role::Member, &json!({"title": null})).await;
        assert_eq!((&session["title"], &session["title_source"]), (&json!("Fix it"), &json!("prompt")));
        let missing = working.send(Role::Member, Method::PATCH, "/sessions/claude-none", &title).await;
        assert_eq!(missing.0, StatusCode::NOT_FOUND);
        let audit = working.audit().await;
        assert!(audit.contains("session.rename") && audit.contains("session.rename.undo"), "{audit}");
        assert!(!audit.contains("Limiter"), "the trail outlives a session that is deleted: {audit}");
    }
}

#[tokio::test]
async fn a_coder_is_stopped_step_by_step_by_whom_it_is_allowed() {
    for working in Working::all().await {
        let interrupt = json!({"step": "interrupt"});
        let (status, problem) = working.stop(Role::Member, &interrupt).await;
        assert_eq!(status, StatusCode::CONFLICT, "{problem}");
        let mut ears = working.living(&[7], None).await;
        assert_eq!(working.stop(Role::Viewer, &interrupt).await.0, StatusCode::FORBIDDEN);
        let (answer, obeyed) =
            tokio::join!(working.stop(Role::Member, &interrupt), obey(&mut ears, fleet::StopOutcome::Done));
        assert_eq!(obeyed, ("7-1".to_owned(), fleet::StopStep::Interrupt));
        assert_eq!(answer, (StatusCode::OK, json!({"done": true, "text": "interrupted process 7"})));
        let kill = json!({"step": "kill", "key": "7-1"});
        let (answer, obeyed) =
            tokio::join!(working.stop(Role::Member, &kill), obey(&mut ears, fleet::StopOutcome::Ended));
        assert_eq!(obeyed.1, fleet::StopStep::Kill);
        assert_eq!(answer.1["done"], false);
        let other = working.stop(Role::Member, &json!({"step": "kill", "key": "8-1"})).await;
        assert_eq!(other.0, StatusCode::NOT_FOUND);
        assert_eq!(working.stop(Role::Member, &json!({"step": "hug"})).await.0, StatusCode::BAD_REQUEST);
        let audit = working.audit().await;
        assert!(audit.contains("session.stop") && audit.contains("interrupted process 7"), "{audit}");
        assert!(audit.contains("had ended already"), "{audit}");
    }
}

#[tokio::test]
async fn an_order_to_stop_is_written_down_before_the_host_answers() {
    for working in Working::all().await {
        let mut ears = working.living(&[7], None).await;
        let kill = json!({"step": "kill"});
        let asked = async {
            let Some(Question::Stop(_, answer)) = ears.questions.recv().await else { panic!("no order to stop") };
            let audit = working.audit().await;
            // Whatever ends this process now, the trail says what was ordered.
            drop(answer);
            audit
        };
        let ((status, _), audit) = tokio::join!(working.stop(Role::Member, &kill), asked);
        assert_eq!(status, StatusCode::CONFLICT);
        let ordered = |audit: &str| audit.matches("process 7: kill\"").count();
        assert!(audit.contains("session.stop.order") && ordered(&audit) == 1, "{audit}");
        assert!(!audit.contains("\"session.stop\""), "{audit}");
        let after = working.audit().await;
        assert!(after.contains("\"session.stop\"") && ordered(&after) == 1, "{after}");
    }
}

#[tokio::test]
async fn why_a_coder_cannot_be_stopped_is_said() {
    for working in Working::all().await {
        let ears = working.living(&[7, 8], None).await;
        let (status, problem) = working.stop(Role::Member, &json!({"step": "kill"})).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(problem["detail"].as_str().unwrap().contains("`key`"), "{problem}");
        drop(ears);
        let (status, problem) = working.stop(Role::Member, &json!({"step": "kill", "key": "7-1"})).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(problem["detail"].as_str().unwrap().contains("offline"), "{problem}");
        let _ears = working.living(&[7], Some("the host's policy does not allow it")).await;
        let (status, problem) = working.stop(Role::Member, &json!({"step": "kill"})).await;
        assert_eq!(status, StatusCode::CONFLICT);
        assert!(problem["detail"].as_str().unwrap().contains("policy"), "{problem}");
    }
}

#[tokio::test]
async fn thresholds_are_set_by_admins_in_part_and_within_bounds() {
    for working in Working::all().await {
        let path = "/alarms/settings";
        let settings = working.get(path).await;
        assert_eq!((&settings["loop_calls"], &settings["stuck_seconds"]), (&json!(5), &json!(600)));
        let new = json!({"loop_calls": null, "stuck_seconds": 120, "unknown": 1});
        assert_eq!(working.send(Role::Member, Method::PUT, path, &new).await.0, StatusCode::FORBIDDEN);
        let (status, settings) = working.send(Role::Admin, Method::PUT, path, &new).await;
        assert_eq!(
            (status, &settings["loop_calls"], &settings["stuck_seconds"]),
            (StatusCode::OK, &Value::Null, &json!(120))
        );
        assert_eq!(settings["context_percent"], 85, "what is not named stays");
        for wrong in [json!({"context_percent": 101}), json!({"lag_seconds": "soon"}), json!([1])] {
            assert_eq!(
                working.send(Role::Admin, Method::PUT, path, &wrong).await.0,
                StatusCode::BAD_REQUEST,
                "{wrong}"
            );
        }
        // Another process reads what was stored.
        let other = crate::alarms::Alarms::new(working.doors.house.db.clone());
        other.refresh().await.unwrap();
        assert_eq!(other.settings(), working.doors.house.alarms.settings());
        assert!(working.audit().await.contains("alarms.change"));
    }
}

#[tokio::test]
async fn everyone_has_their_own_rules_of_notices() {
    for working in Working::all().await {
        let path = "/notices/rules";
        let rules = working.get(path).await;
        assert_eq!(rules["turns"], json!(["needs_permission", "needs_answer", "failed"]));
        assert_eq!(rules["alarms"], json!(["loop", "stuck", "usage_limit"]));
        assert_eq!((&rules["enabled"], &rules["dwell_seconds"]), (&json!(true), &json!(5)));
        let new = json!({"alarms": ["loop", "offline"], "quiet_from": 1320, "quiet_to": 420});
        let (status, rules) = working.send(Role::Viewer, Method::PUT, path, &new).await;
        assert_eq!(
            (status, &rules["alarms"], &rules["dwell_seconds"]),
            (StatusCode::OK, &json!(["loop", "offline"]), &json!(5))
        );
        assert_eq!(working.get(path).await, rules);
        for wrong in [json!({"turns": ["dreaming"]}), json!({"quiet_to": null}), json!({"dwell_seconds": 9_999})] {
            assert_eq!(
                working.send(Role::Viewer, Method::PUT, path, &wrong).await.0,
                StatusCode::BAD_REQUEST,
                "{wrong}"
            );
        }
    }
}

#[tokio::test]
async fn what_hosts_wrote_lately_is_told_step_by_step() {
    for working in Working::all().await {
        let house = &working.doors.house;
        house.activity.add(working.host, None, 3, 40);
        house.activity.flush(&house.hub);
        let told = working.get("/activity").await;
        assert_eq!((&told["step_ms"], &told["hosts"][0]["host_id"]), (&json!(10_000), &json!(working.host)));
        // What was written just now is of a step that has only begun.
        assert_eq!(told["hosts"][0]["lines"].as_array().map(Vec::len), Some(180));
    }
}
