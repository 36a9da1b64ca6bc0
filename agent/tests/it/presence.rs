//! Living coders, from real processes and their registry to the aggregator in memory.

use std::os::unix::process::CommandExt as _;
use std::path::PathBuf;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;
use std::time::{Duration, Instant};

use muster_agent::digest::DigestDesk;
use muster_agent::link::{self, Instance};
use muster_agent::platform::clock;
use muster_agent::platform::process::{self, Table};
use muster_agent::presence::{Hooks, Lookout, Manners};
use muster_agent::roots::{RootSource, RootSpec};
use muster_agent::status::{LinkState, StatusBoard};
use muster_agent::watch::{Follower, Mailbox, NoWatches, Settings};
use muster_agent::watcher::{Watcher, WatcherHandle};
use muster_proto::fleet::{Coder, HookEvent, Stop, StopOutcome, StopStep, Stopped};
use tempfile::TempDir;
use tonic::Code;

use crate::fake::{Fake, House, TOKEN};

/// A host with a coder's home and an agent.
struct Host {
    fake: Fake,
    home: TempDir,
    hooks: Hooks,
    board: StatusBoard,
    watcher: WatcherHandle,
    link: tokio::task::JoinHandle<()>,
}

impl Host {
    async fn start() -> Self {
        Self::with(Manners { allow_stop: true, rescan_only: false }, Fake::start().await).await
    }

    async fn with(manners: Manners, fake: Fake) -> Self {
        let home = tempfile::tempdir().unwrap();
        let claude = home.path().join(".claude");
        std::fs::create_dir_all(claude.join("projects")).unwrap();
        std::fs::create_dir(claude.join("sessions")).unwrap();
        let source = RootSource { named: vec![RootSpec::new("claude", &claude).unwrap()], ..RootSource::default() };
        let identity = link::join(&fake.url(), &TOKEN.parse().unwrap(), false).await.unwrap();
        let board = StatusBoard::new(&identity);
        let (lookout, presence, hooks) = Lookout::new(source.clone(), manners, board.clone());
        lookout.start().unwrap();
        let follower = Follower::new(source, Box::new(NoWatches), Settings::default());
        let mailbox = Arc::new(Mailbox::default());
        let (thread, watcher) = Watcher::new(follower, mailbox, board.clone(), DigestDesk::start().unwrap());
        thread.start().unwrap();
        let instance = Instance { identity, id: "test".into(), board: board.clone(), presence };
        let handle = watcher.clone();
        let link = tokio::spawn(async move { link::run(&instance, &handle).await });
        Self { fake, home, hooks, board, watcher, link }
    }

    fn entry(&self, pid: u32) -> PathBuf {
        self.home.path().join(format!(".claude/sessions/{pid}.json"))
    }

    fn register(&self, coder: &Process, status: &str) {
        self.register_as("interactive", coder, status);
    }

    fn register_as(&self, kind: &str, coder: &Process, status: &str) {
        let text = format!(
            r#"{{"pid":{},"procStart":"{}","sessionId":"s1","cwd":"/srv/api","version":"2.1.329",
            "kind":"{kind}","entrypoint":"cli","startedAt":{},{status}}}"#,
            coder.child.id(),
            coder.stamp,
            coder.started_ms,
        );
        std::fs::write(self.entry(coder.child.id()), text).unwrap();
    }

    async fn until_coder(&self, what: &str, wanted: impl Fn(&Coder) -> bool) -> Coder {
        self.fake.until(what, |house| house.archive.coders.values().any(&wanted)).await;
        self.fake.house().archive.coders.values().find(|coder| wanted(coder)).unwrap().clone()
    }

    async fn until_status(&self, status: &str) -> Coder {
        let says = |coder: &Coder| coder.registry.as_ref().is_some_and(|registry| registry.status == status);
        self.until_coder(status, says).await
    }

    async fn until_nobody_lives(&self) {
        self.fake.until("nobody lives", |house| house.archive.coders.is_empty()).await;
    }

    async fn until_link(&self, wanted: LinkState) {
        let began = Instant::now();
        while self.board.status().link != wanted {
            assert!(began.elapsed() < Duration::from_secs(20), "{:?}", self.board.status());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn stop(&self, key: &str, step: StopStep) -> Stopped {
        let before = self.fake.house().archive.stopped.len();
        self.fake.stop(Stop { request_id: 7, key: key.into(), step: step.into() });
        self.fake.until("a report", |house| house.archive.stopped.len() > before).await;
        self.fake.house().archive.stopped.last().unwrap().clone()
    }

    async fn end(self) {
        self.watcher.end().await.unwrap();
        self.watcher.ended().await;
        self.link.await.unwrap();
    }
}

/// A real process in the place of a coder.
struct Process {
    child: Child,
    stamp: u64,
    started_ms: i64,
}

impl Process {
    /// A program that nobody takes for a coder.
    fn plain() -> Self {
        Self::of(Command::new("sleep").arg("1000"))
    }

    /// A program with the name of Claude Code in the home of `host`.
    fn named(host: &Host, arguments: &[&str]) -> Self {
        let mut command = Command::new("sh");
        command.arg0("claude").args(["-c", "read forever", "claude"]).args(arguments).env_clear();
        command.env("HOME", host.home.path()).env("SECRET", "never told").stdin(Stdio::piped());
        Self::of(&mut command)
    }

    fn of(command: &mut Command) -> Self {
        let child = command.spawn().unwrap();
        let process = Table::default().look(child.id()).unwrap();
        Self { child, stamp: process.stamp, started_ms: process.started_ms }
    }

    fn key(&self) -> String {
        format!("{}-{}", self.child.id(), self.stamp)
    }

    fn kill(&mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        // It may have ended in the test.
        let _ended = self.child.kill();
        let _reaped = self.child.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_entry_appears_changes_and_vanishes() {
    let (host, coder) = (Host::start().await, Process::plain());
    host.register(&coder, r#""status":"idle""#);
    let told = host.until_status("idle").await;
    assert_eq!((told.key.as_str(), told.pid, told.session.as_str()), (coder.key().as_str(), coder.child.id(), "s1"));
    assert_eq!(
        (told.cwd.as_str(), told.client_version.as_str(), told.kind.as_str()),
        ("/srv/api", "2.1.329", "interactive")
    );
    // Counted from when the machine started, whose own clock is read anew each time.
    assert!((told.started_ms - coder.started_ms).abs() < 1000, "{} {}", told.started_ms, coder.started_ms);
    host.register(&coder, r#""status":"waiting","waitingFor":"permission prompt","statusUpdatedAt":5"#);
    let registry = host.until_status("waiting").await.registry.unwrap();
    assert_eq!((registry.waiting_for.as_str(), registry.since_ms), ("permission prompt", 5));
    let shown = host.board.status().coders;
    assert_eq!(shown.iter().map(|coder| coder.says.as_str()).collect::<Vec<_>>(), ["waiting: permission prompt"]);
    std::fs::remove_file(host.entry(coder.child.id())).unwrap();
    host.until_nobody_lives().await;
    host.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn who_was_killed_left_its_entry_behind() {
    let (host, mut left) = (Host::start().await, Process::plain());
    let mut killed = Process::plain();
    for coder in [&left, &killed] {
        host.register(coder, r#""status":"busy""#);
        let key = coder.key();
        host.until_coder("it lives", |told| told.key == key).await;
    }
    std::fs::remove_file(host.entry(left.child.id())).unwrap();
    left.kill();
    killed.kill();
    host.until_nobody_lives().await;
    let told: Vec<String> =
        host.fake.house().archive.presence.iter().flat_map(|coders| coders.killed.clone()).collect();
    assert_eq!(told, [killed.key()]);
    host.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn half_written_entries_garbage_and_keys_do_no_harm() {
    let (host, coder) = (Host::start().await, Process::plain());
    host.register(&coder, r#""status":"idle""#);
    host.until_status("idle").await;
    let path = host.entry(coder.child.id());
    let whole = std::fs::read_to_string(&path).unwrap().replace("idle", "busy");
    std::fs::write(&path, &whole[..whole.len() / 2]).unwrap();
    std::fs::write(path.with_file_name("1.json"), "garbage").unwrap();
    std::fs::write(path.with_extension("key"), "secret").unwrap();
    std::fs::write(&path, &whole).unwrap();
    host.until_status("busy").await;
    let states = |house: &House| {
        house.archive.states.iter().any(|state| state.registry_error.contains("1.json is not understood"))
    };
    host.fake.until("garbage is said", states).await;
    assert!(host.fake.house().archive.presence.iter().all(|coders| coders.ended.is_empty()), "it lived all the time");
    host.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn killed_it_ends_within_two_seconds_and_its_entry_is_stale() {
    let (host, mut coder) = (Host::start().await, Process::plain());
    host.register(&coder, r#""status":"busy""#);
    host.until_status("busy").await;
    let began = Instant::now();
    coder.kill();
    host.until_nobody_lives().await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    // The entry of another process that had this number, and an entry of nobody.
    let other = Process { stamp: 1, started_ms: 0, child: Command::new("sleep").arg("1000").spawn().unwrap() };
    host.register(&other, r#""status":"busy""#);
    let living = Process::plain();
    host.register(&living, r#""status":"idle""#);
    host.until_status("idle").await;
    let coders = host.fake.house().archive.coders.clone();
    assert_eq!(coders.into_keys().collect::<Vec<_>>(), [living.key()]);
    host.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coder_that_died_before_anybody_looked_is_told_of_with_its_end() {
    let Some(domain) = process::domain() else { return eprintln!("this machine has no id: not tested") };
    let (host, mut coder, now) = (Host::start().await, Process::plain(), clock::now_ms());
    host.fake.until("the first list", |house| !house.archive.presence.is_empty()).await;
    coder.kill();
    host.register(&coder, &format!(r#""status":"busy","updatedAt":{now},"pidDomain":"{domain}""#));
    assert_eq!(host.until_status("busy").await.key, coder.key());
    host.until_nobody_lives().await;
    // Of another container's processes its entries say nothing here.
    let mut other = Process::plain();
    other.kill();
    host.register(&other, &format!(r#""status":"idle","updatedAt":{now},"pidDomain":"{domain}x""#));
    let living = Process::plain();
    host.register(&living, r#""status":"shell""#);
    host.until_status("shell").await;
    let told = host.fake.house().archive.presence.clone();
    assert!(told.iter().flat_map(|coders| &coders.coders).all(|told| told.key != other.key()));
    host.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_process_without_an_entry_is_found_by_its_name_and_its_home() {
    let fake = Fake::start().await;
    let host = Host::with(Manners { allow_stop: true, rescan_only: false }, fake).await;
    let mut coder = Process::named(&host, &["--resume", "dbe87a47-3df4-405b-a100-dc26ab5e167f"]);
    let elsewhere = tempfile::tempdir().unwrap();
    let mut command = Command::new("sh");
    command.arg0("claude").args(["-c", "read forever"]).env_clear().env("HOME", elsewhere.path()).stdin(Stdio::piped());
    let other = Process::of(&mut command);
    // Found by the sweep every ten seconds.
    let told = host.until_coder("it is found", |told| told.pid == coder.child.id()).await;
    assert_eq!((told.coder.as_str(), told.registry.as_ref(), told.kind.as_str()), ("claude", None, ""));
    assert_eq!(told.session, "dbe87a47-3df4-405b-a100-dc26ab5e167f");
    assert_eq!(PathBuf::from(&told.cwd), std::env::current_dir().unwrap());
    assert!(!format!("{told:?}").contains("never told"));
    let hook = HookEvent {
        coder: "claude".into(),
        event: "SessionStart".into(),
        session: "s2".into(),
        pid: coder.child.id(),
        ..HookEvent::default()
    };
    host.hooks.take(hook);
    host.until_coder("its hook names another session", |told| told.session == "s2").await;
    let pids: Vec<u32> = host.fake.house().archive.coders.values().map(|coder| coder.pid).collect();
    assert!(!pids.contains(&other.child.id()), "it belongs to another home");
    coder.kill();
    host.until_nobody_lives().await;
    host.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_hook_brings_a_process_without_an_entry_at_once() {
    let host = Host::start().await;
    host.fake.until("the first list", |house| !house.archive.presence.is_empty()).await;
    let coder = Process::named(&host, &[]);
    let began = Instant::now();
    let hook = HookEvent {
        coder: "claude".into(),
        event: "SessionStart".into(),
        session: "s2".into(),
        pid: coder.child.id(),
        ..HookEvent::default()
    };
    host.hooks.take(hook);
    host.until_coder("it is found", |told| told.session == "s2" && told.pid == coder.child.id()).await;
    assert!(began.elapsed() < Duration::from_secs(5), "before the next sweep: {:?}", began.elapsed());
    host.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_cut_the_whole_list_comes_first_and_hooks_are_told_again() {
    let (host, coder) = (Host::start().await, Process::plain());
    host.register(&coder, r#""status":"idle""#);
    host.until_status("idle").await;
    let hook = |event: &str, at_ms| HookEvent {
        coder: "claude".into(),
        event: event.into(),
        session: "s1".into(),
        at_ms,
        ..HookEvent::default()
    };
    host.hooks.take(hook("PreToolUse", 1));
    host.fake.until("a hook came", |house| house.archive.hooks == [hook("PreToolUse", 1)]).await;
    host.fake.house().refuse = Some(Code::Unavailable);
    host.fake.end_links(Code::Unavailable);
    host.until_link(LinkState::Waiting).await;
    host.hooks.take(hook("PreToolUse", 2));
    host.hooks.take(hook("PermissionRequest", 3));
    host.register(&coder, r#""status":"waiting","waitingFor":"permission prompt""#);
    {
        let mut house = host.fake.house();
        house.archive.presence.clear();
        house.archive.coders.clear();
        house.archive.hooks.clear();
        house.refuse = None;
    }
    host.until_status("waiting").await;
    host.fake.until("hooks are told again", |house| house.archive.hooks.len() == 2).await;
    assert!(host.fake.house().archive.presence[0].whole);
    let told = |house: &House| house.archive.hooks.iter().map(|hook| (hook.at_ms, hook.again)).collect::<Vec<_>>();
    assert_eq!(told(&host.fake.house()), [(2, true), (3, true)]);
    host.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_older_aggregator_hears_nothing_that_it_does_not_know() {
    let fake = Fake::start().await;
    fake.house().another_version = true;
    let host = Host::with(Manners { allow_stop: true, rescan_only: false }, fake).await;
    let coder = Process::plain();
    host.register(&coder, r#""status":"idle""#);
    host.hooks.take(HookEvent { session: "s1".into(), ..HookEvent::default() });
    std::fs::write(host.home.path().join(".claude/projects/s.jsonl"), "one\n").unwrap();
    host.fake.until("states come", |house| house.archive.states.len() > 1).await;
    assert!(host.fake.house().hellos[0].reports_coders);
    let silent = |house: &House| house.archive.presence.is_empty() && house.archive.hooks.is_empty();
    assert!(silent(&host.fake.house()));
    host.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_coder_is_stopped_step_by_step() {
    let (host, mut coder) = (Host::start().await, {
        let mut command = Command::new("sh");
        command.args([
            "-c",
            "trap 'echo interrupted' INT; trap 'echo asked' TERM; echo ready; while :; do read line; done",
        ]);
        Process::of(command.stdin(Stdio::piped()).stdout(Stdio::piped()))
    });
    host.register(&coder, r#""status":"idle""#);
    host.until_status("idle").await;
    let key = coder.key();
    let report = host.stop(&key, StopStep::Interrupt).await;
    assert_eq!(report.outcome(), StopOutcome::Failed, "SIGINT would end an interactive session");
    assert!(report.detail.contains("terminate"), "{}", report.detail);
    host.register_as("print", &coder, r#""status":"busy""#);
    host.until_status("busy").await;
    let mut said = std::io::BufRead::lines(std::io::BufReader::new(coder.child.stdout.take().unwrap()));
    let mut hears = || said.next().unwrap().unwrap();
    assert_eq!(hears(), "ready");
    let report = host.stop(&key, StopStep::Interrupt).await;
    assert_eq!((report.outcome(), report.request_id), (StopOutcome::Done, 7));
    assert!(report.detail.contains("SIGINT"), "{}", report.detail);
    assert_eq!(hears(), "interrupted");
    assert_eq!(host.stop(&key, StopStep::Terminate).await.outcome(), StopOutcome::Done);
    assert_eq!(hears(), "asked");
    let another = format!("{}-1", coder.child.id());
    assert_eq!(host.stop(&another, StopStep::Kill).await.outcome(), StopOutcome::Ended, "another process");
    let began = Instant::now();
    assert_eq!(host.stop(&key, StopStep::Kill).await.outcome(), StopOutcome::Done);
    host.until_nobody_lives().await;
    assert!(began.elapsed() < Duration::from_secs(2), "{:?}", began.elapsed());
    coder.child.wait().unwrap();
    assert_eq!(host.stop(&key, StopStep::Kill).await.outcome(), StopOutcome::Ended);
    host.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn in_a_tmux_pane_escape_is_pressed() {
    let host = Host::start().await;
    let socket = host.home.path().join("tmux");
    let tmux = |arguments: &[&str]| {
        let mut command = Command::new("tmux");
        command.arg("-S").arg(&socket).args(["-f", "/dev/null"]).args(arguments).env("HOME", host.home.path());
        command.output().map(|output| String::from_utf8(output.stdout).unwrap())
    };
    // What is typed is kept; the coder is the shell itself.
    let keys = host.home.path().join("keys");
    let script = format!("stty raw -echo; printf ready > {0}; exec cat >> {0}", keys.display());
    if tmux(&["new-session", "-d", "-s", "s", &script]).is_err() {
        eprintln!("tmux is not installed: not tested");
        return host.end().await;
    }
    let typed = |wanted: &str| std::fs::read(&keys).is_ok_and(|bytes| bytes == wanted.as_bytes());
    host.fake.until("the pane is ready", |_| typed("ready")).await;
    let pid = tmux(&["display-message", "-p", "-t", "s", "#{pane_pid}"]).unwrap().trim().parse().unwrap();
    let process = Table::default().look(pid).unwrap();
    let text = format!(r#"{{"procStart":"{}","sessionId":"s1","kind":"interactive","status":"busy"}}"#, process.stamp);
    std::fs::write(host.entry(pid), text).unwrap();
    let told = host.until_status("busy").await;
    assert!(told.terminal.starts_with("pts/"), "{told:?}");
    let pane = tmux(&["display-message", "-p", "-t", "s", "#{pane_id}"]).unwrap();
    assert_eq!(told.tmux, format!("{},{}", socket.display(), pane.trim()));
    let report = host.stop(&told.key, StopStep::Interrupt).await;
    assert_eq!(report.outcome(), StopOutcome::Done, "{}", report.detail);
    host.fake.until("Escape arrives", |_| typed("ready\u{1b}")).await;
    tmux(&["kill-server"]).unwrap();
    host.until_nobody_lives().await;
    host.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_host_may_forbid_it() {
    let fake = Fake::start().await;
    let host = Host::with(Manners { allow_stop: false, rescan_only: true }, fake).await;
    let coder = Process::plain();
    host.register(&coder, r#""status":"busy""#);
    host.until_status("busy").await;
    assert!(!host.fake.house().hellos[0].policy.unwrap_or_default().stop);
    let report = host.stop(&coder.key(), StopStep::Kill).await;
    assert_eq!(report.outcome(), StopOutcome::Refused);
    assert!(report.detail.contains("allow_stop"), "{}", report.detail);
    assert!(Table::default().is(coder.child.id(), coder.stamp), "it lives");
    host.end().await;
}
