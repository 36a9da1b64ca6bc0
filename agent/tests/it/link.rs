//! The link room, with a real watcher, against the aggregator in memory.

use std::path::PathBuf;
use std::sync::Arc;
use std::time::{Duration, Instant};

use muster_agent::digest::DigestDesk;
use muster_agent::link::{self, ConnectError, Instance, JoinError, Pin, Token};
use muster_agent::presence::{Lookout, Manners};
use muster_agent::roots::{RootSource, RootSpec};
use muster_agent::status::{LinkState, StatusBoard};
use muster_agent::watch::{Follower, Mailbox, Settings, SystemWatches};
use muster_agent::watcher::{Watcher, WatcherHandle};
use ring::digest::{SHA256, digest};
use tempfile::TempDir;
use tokio_rustls::TlsAcceptor;
use tonic::Code;

use crate::fake::{Fake, TOKEN};

/// An agent inside the test's process.
struct Agent {
    home: TempDir,
    board: StatusBoard,
    watcher: WatcherHandle,
    link: tokio::task::JoinHandle<()>,
}

impl Agent {
    async fn join(fake: &Fake) -> Self {
        let identity = link::join(&fake.url(), &TOKEN.parse().unwrap(), false).await.unwrap();
        let home = tempfile::tempdir().unwrap();
        std::fs::create_dir(home.path().join("projects")).unwrap();
        let mailbox = Arc::new(Mailbox::default());
        let notices = Box::new(SystemWatches::new(mailbox.clone()).unwrap());
        let roots = vec![RootSpec::new("claude", home.path()).unwrap()];
        let settings = Settings { torn_after: Duration::from_millis(300), ..Settings::default() };
        let follower = Follower::new(RootSource { named: roots, ..RootSource::default() }, notices, settings);
        let board = StatusBoard::new(&identity);
        let digests = DigestDesk::start().unwrap();
        let (thread, watcher) = Watcher::new(follower, mailbox, board.clone(), digests);
        thread.start().unwrap();
        let manners = Manners { allow_stop: true, rescan_only: true };
        let (_, presence, _) = Lookout::new(RootSource::default(), manners, StatusBoard::default());
        let instance = Instance { identity, id: "test".into(), board: board.clone(), presence };
        let handle = watcher.clone();
        let link = tokio::spawn(async move { link::run(&instance, &handle).await });
        Self { home, board, watcher, link }
    }

    fn path(&self, name: &str) -> PathBuf {
        self.home.path().join("projects").join(name)
    }

    fn append(&self, name: &str, bytes: &[u8]) {
        use std::io::Write;

        let path = self.path(name);
        std::fs::create_dir_all(path.parent().unwrap()).unwrap();
        let mut file = std::fs::OpenOptions::new().create(true).append(true).open(path).unwrap();
        file.write_all(bytes).unwrap();
    }

    async fn until_status(&self, wanted: LinkState) {
        let began = Instant::now();
        while self.board.status().link != wanted {
            assert!(began.elapsed() < Duration::from_secs(20), "{:?}", self.board.status());
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    async fn end(self) {
        self.watcher.end().await.unwrap();
        self.watcher.ended().await;
        self.link.await.unwrap();
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_is_there_and_what_is_appended_is_archived() {
    let fake = Fake::start().await;
    let agent = Agent::join(&fake).await;
    agent.append("p/s.jsonl", b"one\n");
    fake.until_archived("p/s.jsonl", b"one\n").await;
    agent.append("p/s.jsonl", b"two\n");
    fake.until_archived("p/s.jsonl", b"one\ntwo\n").await;
    agent.append("p/deep/new/folder/t.jsonl", b"there\n");
    fake.until_archived("t.jsonl", b"there\n").await;
    agent.append("p/torn.jsonl", b"torn");
    fake.until_archived("torn.jsonl", b"torn").await;
    fake.until("a scan was reported", |house| house.archive.scanned).await;
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn files_in_folders_made_a_moment_ago_are_noticed_without_a_sweep() {
    let fake = Fake::start().await;
    let agent = Agent::join(&fake).await;
    fake.until("a scan was reported", |house| house.archive.scanned).await;
    for number in 0..100 {
        agent.append(&format!("new{number}/s/subagents/a.jsonl"), b"one\n");
    }
    // Well before the sweep, which comes after 30 seconds.
    fake.until("all are archived", |house| house.archive.live().values().filter(|has| *has == b"one\n").count() == 100)
        .await;
    agent.append("new7/s/subagents/a.jsonl", b"two\n");
    fake.until_archived("new7/s/subagents/a.jsonl", b"one\ntwo\n").await;
    std::fs::rename(agent.path("new7"), agent.path("other")).unwrap();
    agent.append("other/s/subagents/a.jsonl", b"three\n");
    fake.until_archived("other/s/subagents/a.jsonl", b"one\ntwo\nthree\n").await;
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn after_a_cut_the_agent_goes_on_where_the_archive_ends() {
    let fake = Fake::start().await;
    let agent = Agent::join(&fake).await;
    agent.append("p/s.jsonl", b"one\n");
    agent.append("p/moves.jsonl", b"stay\n");
    agent.append("p/goes.jsonl", b"away\n");
    // Their bytes, not only their names: a file that moves before any of it was archived is opened again.
    fake.until_archived("p/s.jsonl", b"one\n").await;
    fake.until_archived("p/moves.jsonl", b"stay\n").await;
    fake.until_archived("p/goes.jsonl", b"away\n").await;
    fake.house().refuse = Some(Code::Unavailable);
    fake.end_links(Code::Unavailable);
    agent.until_status(LinkState::Waiting).await;
    agent.append("p/s.jsonl", b"two\n");
    std::fs::rename(agent.path("p/moves.jsonl"), agent.path("p/moved.jsonl")).unwrap();
    std::fs::remove_file(agent.path("p/goes.jsonl")).unwrap();
    fake.house().refuse = None;
    fake.until_archived("p/s.jsonl", b"one\ntwo\n").await;
    fake.until_archived("p/moved.jsonl", b"stay\n").await;
    fake.until("the deleted file is gone", |house| house.archive.live().len() == 2).await;
    assert_eq!(fake.house().archive.transcripts.len(), 3, "nothing was opened twice");
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn an_agent_with_nothing_to_tell_is_heard_every_ten_seconds() {
    let fake = Fake::start().await;
    let agent = Agent::join(&fake).await;
    fake.until("a scan was reported", |house| house.archive.scanned).await;
    let told = fake.house().archive.states.len();
    for beats in 1..=2 {
        fake.until("a heartbeat", |house| house.archive.states.len() >= told + beats).await;
    }
    let taken: Vec<i64> = fake.house().archive.states[told..].iter().map(|state| state.clock_ms).collect();
    assert!(taken[1] - taken[0] < 15_000, "{taken:?}");
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_rewind_is_followed() {
    let fake = Fake::start().await;
    let agent = Agent::join(&fake).await;
    for number in 0..50 {
        agent.append("p/s.jsonl", format!("{number}\n").repeat(2000).as_bytes());
        if number % 10 == 5 {
            fake.rewind_all_if_linked();
        }
    }
    let bytes = std::fs::read(agent.path("p/s.jsonl")).unwrap();
    fake.until_archived("p/s.jsonl", &bytes).await;
    fake.rewind_all();
    agent.append("p/s.jsonl", b"last\n");
    fake.until_archived("p/s.jsonl", &[bytes, b"last\n".to_vec()].concat()).await;
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn without_acknowledgements_no_more_than_the_window_is_sent() {
    let fake = Fake::start().await;
    {
        let mut house = fake.house();
        house.hold_acks = true;
        house.window_bytes = 256 * 1024;
    }
    let agent = Agent::join(&fake).await;
    agent.append("p/s.jsonl", &b"some line of text\n".repeat(100_000));
    fake.until("the window is full", |house| house.frames_in_flight > 180 * 1024).await;
    // The state comes after everything that could be sent.
    let states = fake.house().archive.states.len();
    fake.until("a later state", |house| house.archive.states.len() > states).await;
    assert!(fake.house().frames_in_flight <= 256 * 1024);
    fake.house().hold_acks = false;
    fake.end_links(Code::Unavailable);
    fake.until_archived("p/s.jsonl", &b"some line of text\n".repeat(100_000)).await;
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn superseded_and_refused_agents_wait_and_say_so() {
    let fake = Fake::start().await;
    let agent = Agent::join(&fake).await;
    agent.until_status(LinkState::Up).await;
    fake.end_links(Code::Aborted);
    agent.until_status(LinkState::Superseded).await;
    assert!(agent.board.status().link_error.contains("another agent"), "{:?}", agent.board.status());
    assert_eq!(fake.house().hellos.len(), 1, "it does not take the link back at once");
    agent.end().await;

    let fake = Fake::start().await;
    fake.house().refuse = Some(Code::PermissionDenied);
    let agent = Agent::join(&fake).await;
    agent.until_status(LinkState::Refused).await;
    assert!(agent.board.status().link_error.contains("host was removed; join again"), "{:?}", agent.board.status());
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn aggregators_of_other_versions_are_served_or_said_to_refuse() {
    let fake = Fake::start().await;
    fake.house().another_version = true;
    let agent = Agent::join(&fake).await;
    agent.append("p/s.jsonl", b"one\ntwo\n");
    fake.until_archived("p/s.jsonl", b"one\ntwo\n").await;
    agent.end().await;

    let fake = Fake::start().await;
    fake.house().refuse = Some(Code::FailedPrecondition);
    let agent = Agent::join(&fake).await;
    agent.until_status(LinkState::Waiting).await;
    assert!(agent.board.status().link_error.contains("refused by the test"), "{:?}", agent.board.status());
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn digests_are_those_of_the_files() {
    let fake = Fake::start().await;
    let agent = Agent::join(&fake).await;
    let bytes = b"line of text\n".repeat(50_000);
    agent.append("p/s.jsonl", &bytes);
    fake.until_archived("p/s.jsonl", &bytes).await;
    fake.digest_all();
    fake.until("a digest came", |house| !house.archive.digests.is_empty()).await;
    let got = fake.house().archive.digests[0].clone();
    assert_eq!((got.sha256.as_ref(), got.size_bytes), (digest(&SHA256, &bytes).as_ref(), bytes.len() as u64));
    std::fs::remove_file(agent.path("p/s.jsonl")).unwrap();
    fake.digest_all();
    fake.until("a second digest came", |house| house.archive.digests.len() == 2).await;
    assert!(!fake.house().archive.digests[1].error.is_empty());
    agent.end().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn asked_to_end_the_agent_sends_what_was_just_written() {
    let fake = Fake::start().await;
    let agent = Agent::join(&fake).await;
    agent.append("p/s.jsonl", b"one\n");
    fake.until_archived("p/s.jsonl", b"one\n").await;
    agent.append("p/s.jsonl", b"last words\n");
    agent.end().await;
    fake.until_archived("p/s.jsonl", b"one\nlast words\n").await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_works_once_and_then_says_what_to_do() {
    let fake = Fake::start().await;
    let token: Token = TOKEN.parse().unwrap();
    link::join(&fake.url(), &token, false).await.unwrap();
    let error = link::join(&fake.url(), &token, false).await.unwrap_err();
    assert!(matches!(error, JoinError::Refused(_)) && error.to_string().contains("muster host add"), "{error}");
}

#[tokio::test(flavor = "multi_thread")]
async fn only_the_pinned_key_is_trusted() {
    let made = rcgen::generate_simple_self_signed(["elsewhere.example".to_owned()]).unwrap();
    let certificate = made.cert.der().clone();
    let key = rustls_pki_types::PrivatePkcs8KeyDer::from(made.signing_key.serialize_der());
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ServerConfig::builder_with_provider(provider).with_safe_default_protocol_versions().unwrap();
    let mut config = config.with_no_client_auth().with_single_cert(vec![certificate.clone()], key.into()).unwrap();
    config.alpn_protocols = vec![b"h2".to_vec()];
    let fake = Fake::start_with(Some(TlsAcceptor::from(Arc::new(config)))).await;
    let url = format!("https://{}", fake.address);

    let other = rcgen::generate_simple_self_signed(["elsewhere.example".to_owned()]).unwrap();
    let wrong: Token = format!("{TOKEN}.{}", Pin::of(other.cert.der()).unwrap()).parse().unwrap();
    let error = link::join(&url, &wrong, false).await.unwrap_err();
    assert!(matches!(error, JoinError::Connect(ConnectError::WrongPin(_))), "{error}");
    let unpinned = link::join(&url, &TOKEN.parse().unwrap(), false).await.unwrap_err();
    assert!(matches!(unpinned, JoinError::Connect(ConnectError::Unreachable { .. })), "{unpinned}");

    let right: Token = format!("{TOKEN}.{}", Pin::of(&certificate).unwrap()).parse().unwrap();
    let identity = link::join(&url, &right, false).await.unwrap();
    assert_eq!(identity.pin, Some(Pin::of(&certificate).unwrap()));
}
