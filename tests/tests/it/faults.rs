//! What goes wrong around a session: the API and the page say what is known, by whom and since when, or that it is unknown.

use std::path::Path;

use muster_proto::fleet as proto;
use muster_proto::fleet::{Coders, HostState, up};
use muster_proto::limits::PROTOCOL;
use muster_tests::api::Api;
use muster_tests::client::{Client, entry, entry_of, write};
use muster_tests::fleet::{Database, Fleet, FleetOptions};
use muster_tests::link::{Identity, Link};
use muster_tests::process::Process;
use muster_tests::wait;
use serde_json::{Value, json};

use crate::clocks::{clock_library, shifted};
use crate::states::States;
use crate::support::{archived, skip};

/// Each test on both databases.
macro_rules! on_both {
    ($($name:ident),+) => {
        mod embedded {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Database::Embedded).await;
            })+
        }
        mod postgres {
            $(#[tokio::test]
            async fn $name() {
                super::$name(super::Database::Postgres).await;
            })+
        }
    };
}

on_both!(
    an_agent_that_is_killed_is_said_and_what_happened_meanwhile_is_seen,
    a_host_that_is_away_for_long_is_unknown,
    a_host_that_sleeps_is_said_to_be_silent_and_then_offline,
    clocks_that_are_wrong_by_minutes_change_no_state_and_no_age,
    registries_that_are_stale_say_nothing,
    a_coder_that_was_killed_has_failed_and_one_that_left_has_not,
    a_restart_of_the_aggregator_forgets_no_dialog_and_no_turn,
    a_restart_of_the_agent_forgets_no_dialog,
    two_writers_are_both_told_of
);

/// What the API and a page say.
struct Watch {
    api: Api,
    page: States,
}

impl Watch {
    async fn open(fleet: &Fleet) -> Self {
        let api = fleet.api();
        Self { page: States::follow(&api).await, api }
    }

    /// Waits until both say so.
    async fn until(&self, session: &str, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let path = format!("/sessions/{session}/state");
        wait::until(what, || async {
            let (told, shown) = (self.api.get(&path).await?, self.page.of(session));
            if wanted(&told) && wanted(&shown) { Ok(told) } else { Err(format!("{told}\non the page: {shown}")) }
        })
        .await
    }

    async fn until_turn(&self, session: &str, turn: &str) -> Value {
        self.until(session, turn, |state| state["turn"] == turn).await
    }
}

/// A source says these words.
fn says(state: &Value, source: &str, words: &str) -> bool {
    let facts = state["sources"].as_array().into_iter().flatten();
    facts
        .into_iter()
        .any(|fact| fact["source"] == source && fact["says"].as_str().is_some_and(|text| text.contains(words)))
}

/// The registry says so, which is told last of all, and the reason is known.
fn is_settled(state: &Value, reason: &str) -> bool {
    state["source"] == "registry" && state["reason"] == reason && says(state, "transcript", "Bash called")
}

fn is_offline(state: &Value) -> bool {
    says(state, "heartbeat", "the host is offline")
}

fn now_ms() -> i64 {
    jiff::Timestamp::now().as_millisecond()
}

fn millis(time: &Value) -> i64 {
    time.as_str().unwrap().parse::<jiff::Timestamp>().unwrap().as_millisecond()
}

async fn an_agent_that_is_killed_is_said_and_what_happened_meanwhile_is_seen(database: Database) {
    let mut fleet = Fleet::start(FleetOptions::hosts(1).on(database)).await;
    let watch = Watch::open(&fleet).await;
    let mut client = Client::start(&fleet.hosts[0], "/srv/demo/api");
    client.asks("rm -rf build");
    let asked = watch.until_turn(&client.session(), "needs_permission").await;
    assert_eq!(asked["source"], "registry", "no hooks are called here");
    assert_eq!(fleet.api().host("h1").await.unwrap()["hooks"], "none");

    fleet.hosts[0].kill_agent();
    let cut = watch.until(&client.session(), "the cut is said", is_offline).await;
    assert_eq!((&cut["turn"], &cut["since"]), (&asked["turn"], &asked["since"]), "what was known is still said");
    assert_eq!(cut["processes"][0]["no_stop"], "the host is offline");
    client.finishes();

    fleet.hosts[0].start_agent();
    let answered =
        watch.until(&client.session(), "what happened meanwhile", |state| state["turn"] == "your_turn").await;
    assert!(!is_offline(&answered), "{answered}");
}

/// The wall clock of the aggregator, moved by what stands in this file.
fn with_a_clock(options: FleetOptions, folder: &Path) -> Option<FleetOptions> {
    let (library, clock) = (clock_library(folder)?, folder.join("clock"));
    std::fs::write(&clock, "0").unwrap();
    Some(FleetOptions { environment: shifted(&library, &clock), ..options })
}

async fn a_host_that_is_away_for_long_is_unknown(database: Database) {
    let folder = tempfile::tempdir().unwrap();
    let Some(options) = with_a_clock(FleetOptions::hosts(1).on(database), folder.path()) else {
        return skip("there is no C compiler to make a clock that jumps");
    };
    let mut fleet = Fleet::start(options).await;
    let watch = Watch::open(&fleet).await;
    let mut client = Client::start(&fleet.hosts[0], "/srv/demo/api");
    client.asks("rm -rf build");
    watch.until_turn(&client.session(), "needs_permission").await;
    fleet.hosts[0].kill_agent();
    watch.until(&client.session(), "the cut is said", is_offline).await;

    std::fs::write(folder.path().join("clock"), "120").unwrap();
    let away = watch.until_turn(&client.session(), "unknown").await;
    assert_eq!(away["source"], "heartbeat");
    assert_eq!(away["reason"], "the host is offline; before: needs permission");
    assert!(says(&away, "registry", "waiting · permission prompt"), "{away}");

    fleet.hosts[0].start_agent();
    let back = watch.until_turn(&client.session(), "needs_permission").await;
    assert_eq!(back["source"], "registry");
}

async fn a_host_that_sleeps_is_said_to_be_silent_and_then_offline(database: Database) {
    let fleet = Fleet::start(FleetOptions::hosts(1).on(database)).await;
    let watch = Watch::open(&fleet).await;
    let mut client = Client::start(&fleet.hosts[0], "/srv/demo/api");
    client.works("npm test");
    watch.until(&client.session(), "the call", |state| is_settled(state, "Bash: npm test")).await;

    client.freeze();
    fleet.hosts[0].agent.as_ref().unwrap().freeze();
    let silent = |state: &Value| says(state, "heartbeat", "the host is silent");
    let quiet = |state: &Value| silent(state) || is_offline(state);
    let asleep = watch.until(&client.session(), "the silence is said", quiet).await;
    assert_eq!(asleep["turn"], "working");
    watch.until(&client.session(), "the host is offline", is_offline).await;

    fleet.hosts[0].agent.as_ref().unwrap().thaw();
    client.thaw();
    let heard = |state: &Value| state["turn"] == "working" && !is_offline(state) && !silent(state);
    watch.until(&client.session(), "it is heard again", heard).await;
    client.finishes();
    watch.until_turn(&client.session(), "your_turn").await;
}

/// A host of which the test itself is the agent, with a clock that is wrong.
struct Skewed {
    link: Link,
    name: String,
    ahead_ms: i64,
    session: String,
}

impl Skewed {
    async fn join(fleet: &Fleet, number: usize, ahead_ms: i64) -> Self {
        let name = format!("skewed-{number}");
        let added = fleet.api().post("/hosts", &json!({"name": name})).await.unwrap();
        let secret = added["command"].as_str().unwrap().split_whitespace().last().unwrap();
        let identity = Identity::join(fleet.address(), secret).await.unwrap();
        let link = Link::open_at(fleet.address(), &identity, PROTOCOL, now_ms() + ahead_ms).await.unwrap();
        let session = format!("00000000-0000-4000-8000-00000000000{number}");
        Self { link, name, ahead_ms, session }
    }

    /// Now, by its clock.
    fn now(&self) -> i64 {
        now_ms() + self.ahead_ms
    }

    async fn registry(&self, status: &str, waiting_for: &str, age_ms: i64) {
        let registry = proto::Registry {
            status: status.to_owned(),
            waiting_for: waiting_for.to_owned(),
            since_ms: self.now() - age_ms,
            updated_ms: self.now() - age_ms,
            ..proto::Registry::default()
        };
        let coder = proto::Coder {
            key: "7-1".to_owned(),
            coder: "claude".to_owned(),
            pid: 7,
            started_ms: self.now() - 60_000,
            session: self.session.clone(),
            registry: Some(registry),
            ..proto::Coder::default()
        };
        let told = Coders { whole: true, coders: vec![coder], clock_ms: self.now(), ..Coders::default() };
        self.link.send(up::Kind::Coders(told)).await.unwrap();
    }

    /// Lines by its clock: a prompt, and a call without an outcome.
    async fn writes(&mut self) {
        let time = jiff::Timestamp::from_millisecond(self.now() - 35_000).unwrap().to_string();
        let prompt = json!({"type": "user", "uuid": "p", "timestamp": time, "sessionId": self.session,
            "message": {"content": "Clean up"}});
        let used = json!([{"type": "tool_use", "id": "t1", "name": "Bash", "input": {"command": "rm -rf build"}}]);
        let call = json!({"type": "assistant", "timestamp": time, "sessionId": self.session,
            "message": {"id": "m1", "model": "claude-x", "content": used}});
        let path = format!("/home/dev/.claude/projects/-srv/{}.jsonl", self.session);
        let opened = self.link.open_transcript(1, &path).await.unwrap();
        self.link.send_lines(&opened.transcript_id, 0, format!("{prompt}\n{call}\n").as_bytes()).await.unwrap();
    }

    async fn asks(&self, age_ms: i64) {
        let event = proto::HookEvent {
            coder: "claude".to_owned(),
            event: "PermissionRequest".to_owned(),
            session: self.session.clone(),
            at_ms: self.now() - age_ms,
            tool_name: "Bash".to_owned(),
            about: "rm -rf build".to_owned(),
            ..proto::HookEvent::default()
        };
        self.link.send(up::Kind::Hook(event)).await.unwrap();
    }

    async fn tells_its_clock(&self) {
        let state = HostState { clock_ms: self.now(), ..HostState::default() };
        self.link.send(up::Kind::State(state)).await.unwrap();
    }
}

/// Nothing is older or younger than it is.
const AGE_SLACK_MS: i64 = 20_000;

async fn clocks_that_are_wrong_by_minutes_change_no_state_and_no_age(database: Database) {
    let fleet = Fleet::start_without_agents(FleetOptions::hosts(0).on(database)).await;
    let watch = Watch::open(&fleet).await;
    for (number, minutes) in [0_i64, 7, -7].into_iter().enumerate() {
        let mut host = Skewed::join(&fleet, number, minutes * 60_000).await;
        let session = format!("claude-{}", host.session);
        host.writes().await;
        let waits = now_ms() - 30_000;
        host.registry("waiting", "permission prompt", 30_000).await;
        host.asks(30_000).await;
        let whole = |state: &Value| {
            state["reason"] == "permission for Bash: rm -rf build"
                && says(state, "transcript", "Bash called, no outcome yet")
        };
        let state = watch.until(&session, "the dialog with all sources", whole).await;
        assert_eq!((&state["turn"], &state["source"]), (&json!("needs_permission"), &json!("registry")), "{minutes}");
        for time in [&state["since"], &state["source_at"]] {
            assert!((millis(time) - waits).abs() < AGE_SLACK_MS, "{minutes} min ahead: {state}");
        }
        let shown = fleet.api().host(&host.name).await.unwrap();
        assert!(
            (shown["clock_skew_ms"].as_i64().unwrap_or_default() - minutes * 60_000).abs() < AGE_SLACK_MS,
            "{shown}"
        );

        // Somebody sets the clock right while the dialog stands.
        host.ahead_ms = 0;
        host.tells_its_clock().await;
        host.registry("busy", "", 0).await;
        let works = watch.until_turn(&session, "working").await;
        assert_eq!(works["source"], "registry", "{works}");
        assert!((millis(&works["source_at"]) - now_ms()).abs() < AGE_SLACK_MS, "{works}");
    }
}

async fn registries_that_are_stale_say_nothing(database: Database) {
    let mut fleet = Fleet::start_without_agents(FleetOptions::hosts(1).on(database)).await;
    let host = &fleet.hosts[0];
    let old = now_ms() - 3_600_000;
    // Left behind by a process that was killed an hour ago.
    let mut left = host.coder("/srv/demo/left", muster_tests::lines::Version::V2_1_329);
    left.turn("what was left behind");
    let mut dead = Process::start("a process", &mut std::process::Command::new("true"), &host.home.join("dead.log"));
    let dead_ticks = dead.start_ticks();
    dead.kill();
    write(&entry(host, dead.id()), &entry_of(dead.id(), dead_ticks, &left.session_id, "busy", None, old));
    // Its number was given to another process, which lives.
    let mut reused = host.coder("/srv/demo/reused", muster_tests::lines::Version::V2_1_329);
    reused.turn("whose number was given away");
    let mut command = std::process::Command::new("sleep");
    let other = Process::start("another process", command.arg("600"), &host.home.join("other.log"));
    let ticks = other.start_ticks() - 100;
    write(&entry(host, other.id()), &entry_of(other.id(), ticks, &reused.session_id, "waiting", None, old));
    let mut living = Client::start(host, "/srv/demo/living");
    living.works("npm test");

    let watch = Watch::open(&fleet).await;
    fleet.hosts[0].start_agent();
    fleet.wait_online(0).await;
    watch.until_turn(&living.session(), "working").await;
    for coder in [&left, &reused] {
        archived(&fleet, coder).await;
        let state = watch.until_turn(&coder.id(), "done").await;
        assert_eq!((&state["source"], &state["processes"]), (&json!("process"), &json!([])), "{state}");
        assert!(!says(&state, "registry", ""), "{state}");
    }
}

async fn a_coder_that_was_killed_has_failed_and_one_that_left_has_not(database: Database) {
    let fleet = Fleet::start(FleetOptions::hosts(1).on(database)).await;
    let watch = Watch::open(&fleet).await;
    let host = &fleet.hosts[0];
    let [mut killed, mut left, mut idle] = ["a", "b", "c"].map(|cwd| Client::start(host, cwd));
    killed.works("npm test");
    left.works("npm test");
    idle.works("npm test");
    for client in [&killed, &left, &idle] {
        watch.until(&client.session(), "the call", |state| is_settled(state, "Bash: npm test")).await;
    }
    left.finishes();
    idle.finishes();
    for client in [&left, &idle] {
        let waits = |state: &Value| state["turn"] == "your_turn" && state["source"] == "registry";
        watch.until(&client.session(), "it waits", waits).await;
    }
    killed.kill();
    left.leave();
    idle.kill();
    let failed = watch.until_turn(&killed.session(), "failed").await;
    assert!(says(&failed, "process", "its process was killed"), "{failed}");
    let done = watch.until_turn(&left.session(), "done").await;
    assert!(says(&done, "process", "its process has ended"), "{done}");
    watch.until_turn(&idle.session(), "done").await;
}

async fn a_restart_of_the_aggregator_forgets_no_dialog_and_no_turn(database: Database) {
    let mut fleet = Fleet::start(FleetOptions::hosts(1).on(database)).await;
    let watch = Watch::open(&fleet).await;
    let host = &fleet.hosts[0];
    let [mut asks, mut works, mut answered, mut killed] = ["a", "b", "c", "d"].map(|cwd| Client::start(host, cwd));
    asks.hook(host, "PreToolUse", "rm -rf build");
    asks.asks("rm -rf build");
    asks.hook(host, "PermissionRequest", "rm -rf build");
    works.works("npm test");
    answered.asks("make");
    killed.works("npm test");
    let reason = "permission for Bash: rm -rf build";
    let before = watch.until(&asks.session(), "the dialog", |state| is_settled(state, reason)).await;
    let turn = watch.until(&works.session(), "the call", |state| is_settled(state, "Bash: npm test")).await;
    watch.until_turn(&answered.session(), "needs_permission").await;
    watch.until(&killed.session(), "the call", |state| is_settled(state, "Bash: npm test")).await;
    for client in [&asks, &works, &answered, &killed] {
        archived(&fleet, &client.coder).await;
    }

    fleet.kill_aggregator();
    answered.finishes();
    killed.kill();
    fleet.start_aggregator().await;
    fleet.wait_online(0).await;
    let watch = Watch::open(&fleet).await;
    let after = watch.until(&asks.session(), "the dialog again", |state| is_settled(state, reason)).await;
    for field in ["turn", "since", "source"] {
        assert_eq!(after[field], before[field], "{field} of {after}");
    }
    let goes_on = watch.until(&works.session(), "the turn again", |state| is_settled(state, "Bash: npm test")).await;
    for field in ["turn", "since", "source"] {
        assert_eq!(goes_on[field], turn[field], "{field} of {goes_on}");
    }
    watch.until_turn(&answered.session(), "your_turn").await;
    let failed = watch.until_turn(&killed.session(), "failed").await;
    assert!(says(&failed, "process", "its process was killed"), "{failed}");
}

async fn a_restart_of_the_agent_forgets_no_dialog(database: Database) {
    let mut fleet = Fleet::start(FleetOptions::hosts(1).on(database)).await;
    let watch = Watch::open(&fleet).await;
    let mut client = Client::start(&fleet.hosts[0], "/srv/demo/api");
    client.hook(&fleet.hosts[0], "PreToolUse", "rm -rf build");
    client.asks("rm -rf build");
    client.hook(&fleet.hosts[0], "PermissionRequest", "rm -rf build");
    let reason = "permission for Bash: rm -rf build";
    let before = watch.until(&client.session(), "the dialog", |state| is_settled(state, reason)).await;
    fleet.hosts[0].kill_agent();
    watch.until(&client.session(), "the cut is said", is_offline).await;
    fleet.hosts[0].start_agent();
    let heard = |state: &Value| !is_offline(state) && is_settled(state, reason);
    let after = watch.until(&client.session(), "it is heard again", heard).await;
    for field in ["turn", "since", "source", "reason"] {
        assert_eq!(after[field], before[field], "{field} of {after}");
    }
    client.finishes();
    watch.until_turn(&client.session(), "your_turn").await;
}

async fn two_writers_are_both_told_of(database: Database) {
    let fleet = Fleet::start(FleetOptions::hosts(1).on(database)).await;
    let watch = Watch::open(&fleet).await;
    let mut first = Client::start(&fleet.hosts[0], "/srv/demo/api");
    first.works("npm test");
    first.finishes();
    watch.until_turn(&first.session(), "your_turn").await;
    let id = first.coder.session_id.clone();
    let mut second = Client::resume(&fleet.hosts[0], first.coder.again());
    assert_eq!(second.coder.session_id, id);
    let two = |state: &Value| state["processes"].as_array().is_some_and(|all| all.len() == 2);
    let both = watch.until(&first.session(), "both", two).await;
    assert!(both["alarms"].as_array().unwrap().iter().any(|alarm| alarm["kind"] == "two_writers"), "{both}");

    second.asks("make");
    let asks = watch.until_turn(&first.session(), "needs_permission").await;
    assert!(two(&asks), "{asks}");
    // The one that waits for a person is shown, also while the other one works.
    first.works("npm run lint");
    let works = |state: &Value| state["reason"] == "Bash: npm run lint" || says(state, "transcript", "Bash called");
    let still = watch.until(&first.session(), "both turns", works).await;
    assert_eq!(still["turn"], "needs_permission", "{still}");
    second.kill();
    let one =
        |state: &Value| state["turn"] == "working" && state["processes"].as_array().is_some_and(|all| all.len() == 1);
    watch.until(&first.session(), "the one that is left", one).await;
}
