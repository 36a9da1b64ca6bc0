//! The program as people and service managers use it.
#![cfg(unix)]

use std::path::Path;
use std::process::Stdio;
use std::time::{Duration, Instant};

use muster_agent::status::{AgentStatus, LinkState};
use tempfile::TempDir;
use tokio::process::{Child, Command};

use crate::fake::{Fake, TOKEN};

struct Host {
    home: TempDir,
}

impl Host {
    fn new() -> Self {
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir_all(home.path().join(".claude/projects/p")).unwrap();
        Self { home }
    }

    /// The program, in a home of its own and with nothing else in its environment.
    fn agent(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_muster-agent"));
        command.args(arguments).env_clear().env("HOME", self.home.path()).kill_on_drop(true);
        command
    }

    async fn output(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.agent(arguments).output().await.unwrap();
        let text = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8(text).unwrap())
    }

    async fn status(&self) -> Option<AgentStatus> {
        let (success, text) = self.output(&["status", "--json"]).await;
        success.then(|| serde_json::from_str(&text).unwrap())
    }

    async fn until_up(&self) -> AgentStatus {
        let began = Instant::now();
        loop {
            match self.status().await {
                Some(status) if status.link == LinkState::Up => return status,
                status => assert!(began.elapsed() < Duration::from_secs(20), "{status:?}"),
            }
            tokio::time::sleep(Duration::from_millis(20)).await;
        }
    }
}

fn signal(child: &Child, signal: rustix::process::Signal) {
    let process = rustix::process::Pid::from_raw(child.id().unwrap().cast_signed()).unwrap();
    rustix::process::kill_process(process, signal).unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn join_run_status_doctor_end_and_leave() {
    let (fake, host) = (Fake::start().await, Host::new());
    let (success, text) = host.output(&["join", &fake.url(), TOKEN]).await;
    assert!(success && text.contains("as testhost"), "{text}");
    let (again, text) = host.output(&["join", &fake.url(), TOKEN]).await;
    assert!(!again && text.contains("leave"), "{text}");

    let mut running = host.agent(&["run"]).spawn().unwrap();
    host.until_up().await;
    let transcript = host.home.path().join(".claude/projects/p/s.jsonl");
    std::fs::write(&transcript, "one\n").unwrap();
    fake.until_archived("p/s.jsonl", b"one\n").await;
    let status = host.status().await.unwrap();
    assert_eq!((status.roots.len(), status.roots[0].mode.as_str()), (1, "events"));
    let (_, text) = host.output(&["status"]).await;
    assert!(text.contains("testhost") && text.contains("link     up"), "{text}");
    let (success, text) = host.output(&["doctor"]).await;
    assert!(success && text.contains("the aggregator answers") && text.contains("an agent is running"), "{text}");

    std::fs::write(&transcript, "one\nlast words\n").unwrap();
    signal(&running, rustix::process::Signal::TERM);
    assert!(running.wait().await.unwrap().success(), "a clean end");
    fake.until_archived("p/s.jsonl", b"one\nlast words\n").await;
    let (success, text) = host.output(&["status"]).await;
    assert!(!success && text.contains("no agent is running"), "{text}");

    let (success, text) = host.output(&["leave", "--yes"]).await;
    assert!(success && text.contains("muster host remove testhost"), "{text}");
    let (success, text) = host.output(&["run"]).await;
    assert!(!success && text.contains("muster host add"), "{text}");
}

#[tokio::test(flavor = "multi_thread")]
async fn with_its_parent_gone_the_agent_ends() {
    let (fake, host) = (Fake::start().await, Host::new());
    host.output(&["join", &fake.url(), TOKEN]).await;
    let mut running = host.agent(&["run", "--exit-with-parent"]).stdin(Stdio::piped()).spawn().unwrap();
    host.until_up().await;
    drop(running.stdin.take());
    assert!(running.wait().await.unwrap().success());
}

#[cfg(target_os = "linux")]
#[tokio::test(flavor = "multi_thread")]
async fn the_service_manager_hears_that_it_is_ready_and_alive() {
    let (fake, host) = (Fake::start().await, Host::new());
    host.output(&["join", &fake.url(), TOKEN]).await;
    let socket = host.home.path().join("notify");
    let manager = tokio::net::UnixDatagram::bind(&socket).unwrap();
    let mut run = host.agent(&["run"]);
    let _running = run.env("NOTIFY_SOCKET", &socket).env("WATCHDOG_USEC", "400000").spawn().unwrap();
    let mut missing = vec!["READY=1", "STATUS=linked as testhost", "WATCHDOG=1"];
    let mut buffer = [0; 4096];
    while !missing.is_empty() {
        let heard = tokio::time::timeout(Duration::from_secs(20), manager.recv(&mut buffer)).await;
        let heard = String::from_utf8_lossy(&buffer[..heard.expect("the agent tells how it is").unwrap()]).into_owned();
        missing.retain(|wanted| !heard.contains(wanted));
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_killed_agent_starts_again_and_sends_nothing_twice() {
    let (fake, host) = (Fake::start().await, Host::new());
    host.output(&["join", &fake.url(), TOKEN]).await;
    let transcript = host.home.path().join(".claude/projects/p/s.jsonl");
    let mut lines = String::new();
    for round in 0..3 {
        let mut running = host.agent(&["run", "--rescan"]).spawn().unwrap();
        host.until_up().await;
        lines += &format!("{round}\n").repeat(10_000);
        std::fs::write(&transcript, &lines).unwrap();
        fake.until("a part is archived", |house| house.archive.frames.len() > round).await;
        running.kill().await.unwrap();
    }
    let _running = host.agent(&["run"]).spawn().unwrap();
    fake.until_archived("p/s.jsonl", lines.as_bytes()).await;
    assert_eq!(fake.house().archive.transcripts.len(), 1);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_work_says_what_to_do() {
    let host = Host::new();
    let cases: [(&[&str], &str); 5] = [
        (&["run"], "muster host add"),
        (&["join", "http://127.0.0.1:1", "x"], "cannot reach"),
        (&["join", "http://192.0.2.1:1", "x"], "--insecure"),
        (&["join", "https://127.0.0.1:1", "x.y"], "copy the whole command"),
        (&["doctor", "--root", "nonsense"], "CODER=DIR"),
    ];
    for (arguments, said) in cases {
        let (success, text) = host.output(arguments).await;
        assert!(!success && text.contains(said), "{arguments:?}: {text}");
    }
    assert!(!Path::new(&host.home.path().join(".config/muster-agent/identity.json")).exists());
}
