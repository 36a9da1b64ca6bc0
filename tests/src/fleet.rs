//! The whole house: one aggregator, its database, and hosts with real agents.

use std::net::{IpAddr, Ipv4Addr, SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::json;
use tempfile::TempDir;

use crate::api::Api;
use crate::host::{END_PATIENCE, Host};
use crate::namespace::Network;
use crate::process::{self, MARK, Process};
use crate::proxy::Proxy;
use crate::wait;

/// Which database the aggregator works on.
#[derive(Debug, Clone, Default)]
pub enum Database {
    /// SQLite in the data folder.
    #[default]
    Embedded,
    /// An empty database in the test run's shared PostgreSQL.
    Postgres,
    /// A database that the test made.
    Url(String),
}

/// What to start.
#[derive(Debug, Clone)]
pub struct FleetOptions {
    /// Names of the hosts.
    pub hosts: Vec<String>,
    /// Database of the aggregator.
    pub database: Database,
    /// Serve over TLS with a generated certificate.
    pub tls: bool,
    /// Put a [`Proxy`] between each host and the aggregator.
    pub proxies: bool,
    /// Every host in a network namespace of its own; needs root.
    pub namespaces: bool,
    /// Data folder of the aggregator; one inside the fleet's temporary folder when `None`.
    pub data: Option<PathBuf>,
    /// After how long the agents send a torn last line as it is.
    pub torn_after: Duration,
    /// Words before the agents' program, for example a shell that sets a limit first.
    pub agent_prefix: Vec<String>,
    /// The agents' user and group; the test's own when `None`. Needs root.
    pub agent_user: Option<u32>,
    /// More environment for the aggregator.
    pub environment: Vec<(String, String)>,
}

impl FleetOptions {
    /// Hosts named `h1`, `h2`, … on the embedded database.
    pub fn hosts(count: usize) -> Self {
        Self {
            hosts: (1..=count).map(|number| format!("h{number}")).collect(),
            database: Database::Embedded,
            tls: false,
            proxies: false,
            namespaces: false,
            data: None,
            torn_after: Duration::from_secs(1),
            agent_prefix: Vec::new(),
            agent_user: None,
            environment: Vec::new(),
        }
    }

    /// The same on another database.
    #[must_use]
    pub fn on(self, database: Database) -> Self {
        Self { database, ..self }
    }
}

/// A running fleet. Everything ends with this value, and it is checked that nothing is left.
#[derive(Debug)]
pub struct Fleet {
    /// Its hosts, in the order of the options.
    pub hosts: Vec<Host>,
    /// The running aggregator.
    pub aggregator: Option<Process>,
    /// Temporary folder of everything.
    pub folder: TempDir,
    /// Data folder of the aggregator.
    pub data: PathBuf,
    options: FleetOptions,
    address: SocketAddr,
    database_url: Option<String>,
    network: Option<Network>,
    // Dropped after the processes that use it.
    _postgres: Option<muster_test_pg::Database>,
}

impl Fleet {
    /// Starts the aggregator, joins every host and starts its agent. Returns when all links stand.
    pub async fn start(options: FleetOptions) -> Self {
        let mut fleet = Self::start_without_agents(options).await;
        for host in &mut fleet.hosts {
            host.start_agent();
        }
        for index in 0..fleet.hosts.len() {
            fleet.wait_online(index).await;
        }
        fleet
    }

    /// Starts the aggregator and joins every host; agents are not started.
    pub async fn start_without_agents(options: FleetOptions) -> Self {
        let folder = tempfile::Builder::new().prefix("muster-test-").tempdir().expect("the temporary folder is ours");
        let postgres = matches!(options.database, Database::Postgres).then(muster_test_pg::database);
        let database_url = match &options.database {
            Database::Embedded => None,
            Database::Postgres => postgres.as_ref().map(muster_test_pg::Database::url),
            Database::Url(url) => Some(url.clone()),
        };
        let network = options.namespaces.then(|| Network::new(options.hosts.len()));
        let ip = network.as_ref().map_or(IpAddr::V4(Ipv4Addr::LOCALHOST), Network::aggregator);
        let data = options.data.clone().unwrap_or_else(|| folder.path().join("data"));
        let mut fleet = Self {
            hosts: Vec::new(),
            aggregator: None,
            folder,
            data,
            address: SocketAddr::new(ip, free_port(ip)),
            database_url,
            network,
            _postgres: postgres,
            options,
        };
        fleet.start_aggregator().await;
        for name in fleet.options.hosts.clone() {
            fleet.add_host(&name).await;
        }
        fleet
    }

    /// Where the aggregator listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// The owner's access.
    pub fn api(&self) -> Api {
        let token = std::fs::read_to_string(self.data.join("owner.token")).unwrap_or_default();
        Api::new(self.address, self.options.tls, Some(token.trim().to_owned())).checked()
    }

    /// A command of the aggregator's program on this fleet's data and database.
    pub fn muster(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(process::muster());
        command
            .args(arguments)
            .arg("--data")
            .arg(&self.data)
            .env("HOME", self.folder.path())
            .env("MUSTER_LISTEN", self.address.to_string())
            .env(MARK, self.mark())
            .env_remove("XDG_DATA_HOME")
            .env_remove("MUSTER_DATABASE")
            .envs(self.options.environment.iter().map(|(name, value)| (name, value)));
        if let Some(url) = &self.database_url {
            command.env("MUSTER_DATABASE", url);
        }
        if self.options.tls {
            command.env("MUSTER_TLS", "true");
        }
        command
    }

    /// Starts the aggregator (again, at the same address) and waits until it answers.
    pub async fn start_aggregator(&mut self) {
        self.spawn_aggregator();
        let mut aggregator = self.aggregator.take().expect("just started");
        let api = self.api();
        wait::until("the aggregator answers", || {
            let ended = aggregator.ended().map(|status| format!("it ended with {status}:\n{}", aggregator.log()));
            let api = api.clone();
            async move {
                match ended {
                    Some(how) => panic!("{how}"),
                    None => api.healthy().await,
                }
            }
        })
        .await;
        self.aggregator = Some(aggregator);
    }

    /// Starts the aggregator without waiting for anything.
    pub fn spawn_aggregator(&mut self) {
        let log = self.aggregator_log_path();
        let mut command = self.muster(&["up", "--no-agent", "--no-open"]);
        self.aggregator = Some(Process::start("the aggregator", &mut command, &log));
    }

    /// SIGKILL to the aggregator.
    pub fn kill_aggregator(&mut self) {
        self.aggregator.take().expect("an aggregator runs").kill();
    }

    /// SIGTERM to the aggregator, which must end well.
    pub async fn stop_aggregator(&mut self) {
        let mut aggregator = self.aggregator.take().expect("an aggregator runs");
        aggregator.terminate();
        let status = aggregator.wait(END_PATIENCE).await;
        assert!(status.success(), "the aggregator ended with {status}:\n{}", aggregator.log());
    }

    /// What the aggregator printed since the fleet began.
    pub fn aggregator_log(&self) -> String {
        String::from_utf8_lossy(&std::fs::read(self.aggregator_log_path()).unwrap_or_default()).into_owned()
    }

    fn aggregator_log_path(&self) -> PathBuf {
        self.folder.path().join("muster.log")
    }

    /// Adds a host and makes it join; its agent is not started.
    pub async fn add_host(&mut self, name: &str) -> usize {
        let home = self.folder.path().join(name);
        std::fs::create_dir_all(home.join(".claude/projects")).expect("the folder is ours");
        let index = self.hosts.len();
        let proxy = if self.options.proxies { Some(Proxy::start(self.address)) } else { None };
        if let Some(user) = self.options.agent_user {
            give(&self.folder.path().join(name), user);
            give(&home.join(".claude"), user);
            give(&home.join(".claude/projects"), user);
            let open = std::fs::Permissions::from_mode(0o755);
            std::fs::set_permissions(self.folder.path(), open).expect("the folder is ours");
        }
        let torn_after = self.options.torn_after.as_millis().to_string();
        let mut host = Host {
            name: name.to_owned(),
            id: String::new(),
            home,
            proxy,
            agent: None,
            prefix: self.prefix(index),
            environment: vec![("MUSTER_AGENT_TORN_AFTER_MS".to_owned(), torn_after)],
            mark: self.mark(),
        };
        let reply = self.api().post("/hosts", &json!({"name": name})).await.expect("an admin may add hosts");
        host.join(reply["command"].as_str().expect("the command to join"));
        let known = self.api().host(name).await.expect("a joined host is listed");
        known["id"].as_str().expect("a host has an id").clone_into(&mut host.id);
        self.hosts.push(host);
        index
    }

    /// Words before the program of this host's agent.
    fn prefix(&self, index: usize) -> Vec<String> {
        let network = self.network.as_ref().map(|network| network.prefix(index)).unwrap_or_default();
        let user = self.options.agent_user.map(|user| as_user(user).to_vec()).unwrap_or_default();
        [network, user, self.options.agent_prefix.clone()].concat()
    }

    /// Waits until the aggregator says that a host's link stands.
    pub async fn wait_online(&self, index: usize) {
        self.wait_state(index, &["online", "lagging"]).await;
    }

    /// Waits until a host is in one of these states.
    pub async fn wait_state(&self, index: usize, states: &[&str]) {
        let (api, name) = (self.api(), &self.hosts[index].name);
        wait::until(&format!("{name} is {states:?}"), || async {
            let host = api.host(name).await?;
            let state = host["state"].as_str().unwrap_or_default();
            if states.contains(&state) { Ok(()) } else { Err(format!("{host}\n{}", self.hosts[index].log())) }
        })
        .await;
    }

    /// The network between namespaces, when the fleet was started with them.
    pub fn network(&self) -> &Network {
        self.network.as_ref().expect("a fleet with namespaces")
    }

    fn mark(&self) -> String {
        self.folder.path().display().to_string()
    }
}

impl Drop for Fleet {
    fn drop(&mut self) {
        if std::thread::panicking() {
            show_end("aggregator", &self.aggregator_log());
            for host in &self.hosts {
                show_end(&host.name, &host.log());
            }
        }
        for host in &mut self.hosts {
            host.agent = None;
        }
        self.aggregator = None;
        let left = process::marked(&self.mark());
        assert!(left.is_empty() || std::thread::panicking(), "the test left processes running: {left:#?}");
    }
}

/// Prints the last lines of a log, for a test that failed.
fn show_end(name: &str, log: &str) {
    let lines: Vec<&str> = log.lines().collect();
    eprintln!("--- {name}, last lines:\n{}", lines[lines.len().saturating_sub(30)..].join("\n"));
}

/// Words before a command that run it as another user, without any other right.
pub fn as_user(user: u32) -> [String; 4] {
    let ids = [format!("--reuid={user}"), format!("--regid={user}")];
    ["setpriv".to_owned(), ids[0].clone(), ids[1].clone(), "--clear-groups".to_owned()]
}

fn give(path: &Path, user: u32) {
    std::os::unix::fs::chown(path, Some(user), Some(user)).expect("root may give files away");
}

/// A port of `ip` that nobody listens on. Below the range from which the system hands out ports by itself, so that none
/// of them takes it while an aggregator restarts.
pub fn free_port(ip: IpAddr) -> u16 {
    let random = uuid::Uuid::new_v4().as_u128();
    let start = u16::try_from(random % 16_000).expect("below 16,000");
    let mut candidates = (0..16_000).map(|step| 15_000 + (start + step) % 16_000);
    candidates.find(|port| TcpListener::bind((ip, *port)).is_ok()).expect("a free port")
}

/// Folder of fixtures of this crate.
pub fn fixtures() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("fixtures")
}
