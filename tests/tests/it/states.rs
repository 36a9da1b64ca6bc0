//! What the real client did, played through the whole house: the page says what a person at the terminal saw.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, PoisonError};
use std::time::Duration;

use muster_tests::api::Api;
use muster_tests::fleet::{Fleet, FleetOptions};
use muster_tests::recording::{Recording, Seen};
use muster_tests::socket::Page;
use muster_tests::wait;
use serde_json::Value;

/// What a person sees for less than this long is not waited for: it is gone before it could be read.
const REST_MS: i64 = 1_200;

/// How long the page may take on a busy machine.
const PATIENCE: Duration = Duration::from_secs(15);

/// The latest state of each session, as a page has it.
#[derive(Clone, Default)]
pub(crate) struct States(Arc<Mutex<HashMap<String, Value>>>);

impl States {
    /// Follows the fleet until the test ends.
    pub(crate) async fn follow(api: &Api) -> Self {
        let states = Self::default();
        let mut page = Page::open(api).await.unwrap();
        page.subscribe("fleet", None).await.unwrap();
        let kept = states.clone();
        tokio::spawn(async move {
            while let Ok(text) = page.next_text().await {
                let message: Value = serde_json::from_str(&text).unwrap();
                kept.take(&message["snapshot"]);
                kept.take(&message["update"]);
            }
        });
        states
    }

    fn take(&self, news: &Value) {
        let mut latest = self.0.lock().unwrap_or_else(PoisonError::into_inner);
        for state in news["states"].as_array().into_iter().flatten() {
            latest.insert(state["session_id"].as_str().unwrap().to_owned(), state.clone());
        }
    }

    pub(crate) fn of(&self, session: &str) -> Value {
        self.0.lock().unwrap_or_else(PoisonError::into_inner).get(session).cloned().unwrap_or_default()
    }

    /// Waits until the page shows what the person saw.
    async fn becomes(&self, seen: &Seen) -> Result<(), String> {
        wait::within(PATIENCE, || async {
            let state = self.of(&seen.session);
            let background = &state["background"];
            let ended = ["done", "failed"].contains(&seen.turn.as_str());
            let same = state["turn"] == seen.turn.as_str()
                && (ended || state["processes"].as_array().is_some_and(|processes| !processes.is_empty()))
                && background["subagents"] == seen.subagents
                && background["shells"] == seen.shells;
            if same { Ok(()) } else { Err(format!("{seen:?} is shown as {state}")) }
        })
        .await
    }
}

/// Plays recordings one after the other on one host, of both clients.
async fn plays(scenarios: &[&str], hooks: bool) {
    let fleet = Fleet::start(FleetOptions::hosts(1)).await;
    let states = States::follow(&fleet.api()).await;
    let mut wrong = Vec::new();
    for client in ["2.1.329", "2.1.197"] {
        for scenario in scenarios {
            let name = format!("{client}-{scenario}");
            let mut recording = Recording::open(&name, hooks);
            while let Some(seen) = recording.play(&fleet.hosts[0], REST_MS) {
                if let Err(shown) = states.becomes(&seen).await {
                    wrong.push(format!("{name}: {shown}"));
                }
            }
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

const DIALOGS: [&str; 6] = [
    "permission-answered",
    "permission-denied",
    "question-answered",
    "question-declined",
    "plan-approved",
    "subagent-permission",
];

const ENDS_OF_TURNS: [&str; 8] = [
    "interrupt-stream",
    "interrupt-tool",
    "api-retry",
    "api-failure",
    "usage-limit",
    "compaction",
    "queued-prompt",
    "shell-mode",
];

const BACKGROUND: [&str; 4] = ["background-agent", "background-shell", "background-permission", "parallel-subagents"];

const PROCESSES: [&str; 8] =
    ["kill-tool", "kill-stream", "kill-permission", "hangup", "clear", "resume", "print-run", "tool-fails"];

#[tokio::test]
async fn dialogs_are_seen() {
    plays(&DIALOGS, true).await;
}

#[tokio::test]
async fn ends_of_turns_are_seen() {
    plays(&ENDS_OF_TURNS, true).await;
}

#[tokio::test]
async fn what_runs_in_the_background_is_seen() {
    plays(&BACKGROUND, true).await;
}

#[tokio::test]
async fn ends_of_processes_are_seen() {
    plays(&PROCESSES, true).await;
}

#[tokio::test]
async fn without_hooks_dialogs_are_seen_too() {
    plays(&DIALOGS, false).await;
}

#[tokio::test]
async fn without_hooks_the_rest_is_seen_too() {
    for scenarios in [&ENDS_OF_TURNS[..], &BACKGROUND, &PROCESSES] {
        plays(scenarios, false).await;
    }
}
