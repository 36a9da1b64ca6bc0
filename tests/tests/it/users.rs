//! The agent of a whole machine: each user's hooks reach it, and each user speaks of the own sessions only.

use std::io::Write as _;
use std::os::unix::fs::{PermissionsExt as _, chown};
use std::path::PathBuf;
use std::process::{Command, Stdio};

use muster_tests::client::Client;
use muster_tests::fleet::{Fleet, FleetOptions, as_user};
use muster_tests::process::{Process, muster_agent};
use muster_tests::wait;
use serde_json::json;

use crate::support::skip;

/// Numbers of users: an account is not needed to be one. The last has no coder here.
const ANN: u32 = 60_101;
const BOB: u32 = 60_102;
const STRANGER: u32 = 60_103;

/// Why users cannot be changed here; `None` when they can.
fn missing() -> Option<&'static str> {
    if !rustix::process::geteuid().is_root() {
        return Some("becoming another user needs root");
    }
    let probe = as_user(BOB);
    let works = Command::new(&probe[0]).args(&probe[1..]).arg(muster_agent()).arg("--version").output();
    let runs = works.is_ok_and(|output| output.status.success());
    (!runs).then_some("another user cannot run the agent's program where it lies")
}

/// A machine whose agent follows the homes of its users.
struct Machine {
    /// The hosts are three homes: the agent's own, Ann's and Bob's.
    fleet: Fleet,
    /// Where every user finds the agent.
    runtime: PathBuf,
}

impl Machine {
    async fn start() -> Self {
        let hosts = ["machine", "ann", "bob"].map(str::to_owned).to_vec();
        let mut fleet = Fleet::start_without_agents(FleetOptions { hosts, ..FleetOptions::hosts(0) }).await;
        let runtime = fleet.hosts[0].home.join("run");
        std::fs::create_dir(&runtime).unwrap();
        let folder = fleet.hosts[0].home.parent().unwrap();
        std::fs::set_permissions(folder, std::fs::Permissions::from_mode(0o755)).unwrap();
        let mut arguments = vec!["run".to_owned()];
        for (home, user) in [(&fleet.hosts[1], ANN), (&fleet.hosts[2], BOB)] {
            let home = home.home.join(".claude");
            chown(&home, Some(user), Some(user)).unwrap();
            arguments.extend(["--root".to_owned(), format!("claude={}", home.display())]);
        }
        let arguments: Vec<&str> = arguments.iter().map(String::as_str).collect();
        let machine = &mut fleet.hosts[0];
        machine.environment.push(("RUNTIME_DIRECTORY".to_owned(), runtime.display().to_string()));
        let agent = Process::start("machine", &mut machine.command(&arguments), &machine.home.join("agent.log"));
        machine.agent = Some(agent);
        fleet.wait_online(0).await;
        Self { fleet, runtime }
    }

    /// This user calls a hook: that `client` asks whether it may run the command.
    fn tells(&self, user: u32, client: &Client, command: &str) {
        let input = json!({"hook_event_name": "PermissionRequest", "session_id": client.coder.session_id,
            "transcript_path": client.coder.path(), "tool_name": "Bash", "tool_input": {"command": command}});
        let words = as_user(user);
        let mut called = Command::new(&words[0])
            .args(&words[1..])
            .arg(muster_agent())
            .arg("hook")
            .env("MUSTER_AGENT_STATE", self.runtime.join("none"))
            .env("MUSTER_AGENT_RUNTIME", &self.runtime)
            .stdin(Stdio::piped())
            .spawn()
            .unwrap();
        called.stdin.take().unwrap().write_all(input.to_string().as_bytes()).unwrap();
        assert!(called.wait().unwrap().success(), "a hook must never fail the client");
    }

    async fn reason(&self, client: &Client) -> Result<String, String> {
        let state = self.fleet.api().get(&format!("/sessions/{}/state", client.session())).await?;
        Ok(state["reason"].as_str().unwrap_or_default().to_owned())
    }

    /// A hook gives up within a moment when the agent has no time for it: it is called until it was heard.
    async fn is_heard(&self, user: u32, client: &Client, command: &str) {
        wait::until("a user's hook is heard", || async {
            self.tells(user, client, command);
            let reason = self.reason(client).await?;
            if reason == asks(command) { Ok(()) } else { Err(reason) }
        })
        .await;
    }
}

fn asks(command: &str) -> String {
    format!("permission for Bash: {command}")
}

#[tokio::test]
async fn hooks_of_every_user_reach_the_machines_agent_and_speak_of_their_own_sessions_only() {
    if let Some(why) = missing() {
        return skip(why);
    }
    let machine = Machine::start().await;
    let mut ann = Client::start(&machine.fleet.hosts[1], "/srv/demo/ann");
    let mut bob = Client::start(&machine.fleet.hosts[2], "/srv/demo/bob");
    ann.asks("make");
    bob.asks("make");
    machine.is_heard(ANN, &ann, "what ann says").await;
    machine.is_heard(BOB, &bob, "what bob says").await;
    // All go through the same door, one after the other: what was let in before the last one is known when that is.
    for user in [BOB, STRANGER] {
        machine.tells(user, &ann, "what others say");
    }
    machine.is_heard(BOB, &bob, "what bob says now").await;
    assert_eq!(machine.reason(&ann).await.unwrap(), asks("what ann says"));
    for user in [ANN, STRANGER] {
        machine.tells(user, &bob, "what others say");
    }
    machine.is_heard(ANN, &ann, "what ann says now").await;
    assert_eq!(machine.reason(&bob).await.unwrap(), asks("what bob says now"));
}
