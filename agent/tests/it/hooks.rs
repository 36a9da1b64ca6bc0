//! Hooks as a coder calls them, and the commands that put them into its settings.
#![cfg(unix)]

use std::io::Write as _;
use std::path::PathBuf;
use std::process::{Child, Command, Output, Stdio};

use muster_agent::hooks::{self, MAX_EVENT_BYTES};
use muster_agent::platform::hook_socket;
use muster_proto::fleet::{HookEvent, HookState};
use serde_json::json;
use tempfile::TempDir;

struct Host {
    home: TempDir,
}

impl Host {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join(".claude/projects")).unwrap();
        std::fs::create_dir_all(home.path().join(".config/muster-agent")).unwrap();
        Self { home }
    }

    fn state(&self) -> PathBuf {
        self.home.path().join(".config/muster-agent")
    }

    fn coder(&self) -> PathBuf {
        self.home.path().join(".claude")
    }

    fn spawn(&self, arguments: &[&str]) -> Child {
        Command::new(env!("CARGO_BIN_EXE_muster-agent"))
            .args(arguments)
            .env_clear()
            .env("HOME", self.home.path())
            // Not the state folder of a system service, which root would find first.
            .env("MUSTER_AGENT_STATE", self.state())
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .unwrap()
    }

    fn run(&self, arguments: &[&str], input: &str) -> Output {
        let mut child = self.spawn(arguments);
        // The program may end without reading all of it, as with a wrong command line.
        let _may_be_gone = child.stdin.take().unwrap().write_all(input.as_bytes());
        child.wait_with_output().unwrap()
    }

    fn text(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.run(arguments, "");
        (output.status.success(), String::from_utf8([output.stdout, output.stderr].concat()).unwrap())
    }
}

fn permission() -> String {
    json!({ "hook_event_name": "PermissionRequest", "session_id": "s", "tool_name": "Bash",
        "tool_input": { "command": "rm -rf build" } })
    .to_string()
}

#[test]
fn a_hook_without_an_agent_succeeds_and_says_nothing() {
    let host = Host::new();
    for (arguments, input) in [
        (vec!["hook"], permission()),
        (vec!["hook", "Stop"], "{\"session_id\":\"s\"}".to_owned()),
        (vec!["hook"], "no json at all".to_owned()),
        (vec!["hook"], String::new()),
    ] {
        let output = host.run(&arguments, &input);
        assert_eq!(output.status.code(), Some(0), "{arguments:?} {input}");
        assert_eq!((output.stdout, output.stderr), (vec![], vec![]));
    }
    let unknown = host.run(&["hook", "Stop", "--from-a-later-version"], "{}");
    assert_eq!(unknown.status.code(), Some(0), "2 would tell the coder to stop");
    assert_eq!(unknown.stdout, Vec::<u8>::new(), "what a hook prints, the coder reads");
}

#[test]
fn a_coder_that_never_ends_its_input_is_not_waited_for() {
    let host = Host::new();
    let mut child = host.spawn(&["hook"]);
    let held = child.stdin.take();
    assert_eq!(child.wait().unwrap().code(), Some(0));
    drop(held);
}

#[test]
fn an_event_reaches_the_running_agent() {
    let host = Host::new();
    let (taken, mut arrived) = tokio::sync::mpsc::channel::<HookEvent>(4);
    let runtime = tokio::runtime::Builder::new_multi_thread().enable_all().build().unwrap();
    let state = host.state();
    let serving = runtime.spawn(async move {
        hook_socket::serve(state, MAX_EVENT_BYTES, |bytes| taken.try_send(hooks::decode(&bytes).unwrap()).unwrap())
            .await
    });
    let event = loop {
        assert!(!serving.is_finished(), "the socket cannot be served");
        host.run(&["hook"], &permission());
        match arrived.try_recv() {
            Ok(event) => break event,
            Err(_) => std::thread::yield_now(),
        }
    };
    assert_eq!((event.event.as_str(), event.about.as_str()), ("PermissionRequest", "rm -rf build"));
    assert_eq!((event.coder.as_str(), event.session.as_str()), ("claude", "s"));
}

#[test]
fn settings_are_shown_asked_for_changed_and_given_back() {
    let host = Host::new();
    let settings = host.coder().join("settings.json");
    let theirs = "{\n  \"model\": \"opus\",\n  \"hooks\": {\"Stop\": [{\"hooks\": [{\"type\": \"command\", \"command\": \"say\"}]}]}\n}\n";
    std::fs::write(&settings, theirs).unwrap();

    let (success, text) = host.text(&["hooks", "install", "--dry-run"]);
    assert!(success && text.contains("+ ") && text.contains("PermissionRequest"), "{text}");
    let (success, text) = host.text(&["hooks", "install"]);
    assert!(!success && text.contains("add --yes"), "nobody is there to ask: {text}");
    assert_eq!(std::fs::read_to_string(&settings).unwrap(), theirs);
    let (success, text) = host.text(&["hooks", "status"]);
    assert!(!success && text.contains("missing; 1 of others"), "{text}");

    let (success, text) = host.text(&["hooks", "install", "--yes"]);
    assert!(success && text.contains("as they were"), "{text}");
    assert_eq!(hooks::coverage(&host.coder()), HookState::All);
    let (success, text) = host.text(&["hooks", "status"]);
    assert!(success && text.contains("ours; 1 of others"), "{text}");
    let (_, text) = host.text(&["doctor"]);
    assert!(text.contains("tell of each step as it happens"), "{text}");

    assert!(host.text(&["hooks", "uninstall", "--yes"]).0);
    assert_eq!(std::fs::read_to_string(&settings).unwrap(), theirs);
    let (_, text) = host.text(&["doctor"]);
    assert!(text.contains("hooks install"), "{text}");
}

#[test]
fn settings_that_are_not_understood_are_left_alone() {
    let host = Host::new();
    let settings = host.coder().join("settings.json");
    std::fs::write(&settings, "{ // mine\n}").unwrap();
    let (success, text) = host.text(&["hooks", "install", "--yes"]);
    assert!(!success && text.contains("was left as it is") && text.contains("comments are not allowed"), "{text}");
    assert_eq!(std::fs::read_to_string(&settings).unwrap(), "{ // mine\n}");
    assert_eq!(std::fs::read_dir(host.coder()).unwrap().count(), 2, "no backup, no draft");
}
