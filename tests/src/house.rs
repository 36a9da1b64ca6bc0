//! An aggregator and agents for the demo and the measurements: started for people, so that what goes wrong is said in words.

use std::collections::BTreeMap;
use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context as _, anyhow, bail, ensure};
use serde_json::json;

use crate::api::Api;
use crate::process::{Process, Usage, muster, muster_agent};
use crate::wait;

/// How long a program may take to come up or to catch up.
const PATIENCE: Duration = Duration::from_mins(2);

/// Between two looks.
const PAUSE: Duration = Duration::from_millis(20);

/// Looking takes at most about one part in this many of the time: what is measured is not the looking.
const LOOKING: u32 = 20;

/// A running aggregator with its hosts. Everything ends when it is dropped.
pub struct House {
    /// A script's view of it.
    pub api: Api,
    /// The aggregator.
    pub aggregator: Process,
    /// Hosts by name.
    pub hosts: BTreeMap<String, Host>,
    folder: PathBuf,
    listen: String,
}

/// A simulated machine: a home of its own and a real agent.
pub struct Host {
    /// Folder that its agent follows.
    pub root: PathBuf,
    /// Its agent, while it runs.
    pub agent: Option<Process>,
}

impl House {
    /// Starts an aggregator on `listen` with everything it keeps in `folder`.
    pub async fn start(folder: &Path, listen: &str) -> anyhow::Result<Self> {
        std::fs::create_dir_all(folder)?;
        let (aggregator, api) = start_aggregator(folder, listen).await?;
        Ok(Self { api, aggregator, hosts: BTreeMap::new(), folder: folder.to_owned(), listen: listen.to_owned() })
    }

    /// Where the aggregator keeps everything.
    pub fn data(&self) -> PathBuf {
        self.folder.join("aggregator")
    }

    /// Home of the host `name`.
    pub fn home(&self, name: &str) -> PathBuf {
        self.folder.join("hosts").join(name)
    }

    /// Folder of transcripts of the host `name`, whether or not it has joined.
    pub fn root(&self, name: &str) -> PathBuf {
        self.home(name).join(".claude/projects")
    }

    /// The address that people open and the sign-in link, as the aggregator printed them.
    pub fn printed(&self) -> (String, String) {
        let log = self.aggregator.log();
        let words = || log.split_whitespace();
        let link = words().rfind(|word| word.contains("/sign-in#")).unwrap_or_default();
        (link.split("/sign-in#").next().unwrap_or_default().to_owned(), link.to_owned())
    }

    /// Starts the aggregator again on the same data. Returns when it answers `/healthz`.
    pub async fn start_aggregator(&mut self) -> anyhow::Result<()> {
        let (aggregator, api) = start_aggregator(&self.folder, &self.listen).await?;
        (self.aggregator, self.api) = (aggregator, api);
        Ok(())
    }

    /// Asks the aggregator to end and waits until it has.
    pub async fn stop_aggregator(&mut self) -> anyhow::Result<()> {
        self.aggregator.terminate();
        ended(&mut self.aggregator).await
    }

    /// Makes a machine join as `name`, and runs its agent.
    pub async fn add_host(&mut self, name: &str) -> anyhow::Result<()> {
        self.join_host(name).await?;
        self.run_agent(name)
    }

    /// Makes a machine join as `name`.
    pub async fn join_host(&mut self, name: &str) -> anyhow::Result<()> {
        let home = self.home(name);
        let root = self.root(name);
        std::fs::create_dir_all(&root)?;
        let reply = self.api.post("/hosts", &json!({"name": name})).await.map_err(anyhow::Error::msg)?;
        let command = reply["command"].as_str().context("the aggregator printed no join command")?;
        let words: Vec<&str> = command.split_whitespace().skip(1).collect();
        let joined = agent_command(&home).args(words).output().context("cannot start muster-agent")?;
        ensure!(joined.status.success(), "{name} cannot join: {}", String::from_utf8_lossy(&joined.stderr));
        self.hosts.insert(name.to_owned(), Host { root, agent: None });
        Ok(())
    }

    /// Makes the coders of a host that has joined call its agent.
    pub fn install_hooks(&self, name: &str) -> anyhow::Result<()> {
        let home = self.home(name);
        let mut command = agent_command(&home);
        command.args(["hooks", "install", "--yes", "--root"]).arg(format!("claude={}", self.root(name).display()));
        let done = command.output().context("cannot start muster-agent")?;
        ensure!(done.status.success(), "no hooks on {name}: {}", String::from_utf8_lossy(&done.stderr));
        Ok(())
    }

    /// Starts the agent of a host that has joined.
    pub fn run_agent(&mut self, name: &str) -> anyhow::Result<()> {
        let home = self.home(name);
        let host = self.hosts.get_mut(name).with_context(|| format!("no host {name}"))?;
        let mut command = agent_command(&home);
        command.arg("run").arg("--root").arg(format!("claude={}", host.root.display()));
        host.agent = Some(Process::start(name, &mut command, &home.join("agent.log")));
        Ok(())
    }

    /// Ends the agent of a host: the machine goes offline.
    pub async fn stop_agent(&mut self, name: &str) -> anyhow::Result<()> {
        let agent = self.hosts.get_mut(name).and_then(|host| host.agent.take());
        if let Some(mut agent) = agent {
            agent.terminate();
            ended(&mut agent).await?;
        }
        Ok(())
    }

    /// Waits until everything that lies on this host is archived.
    pub async fn caught_up(&self, name: &str) -> anyhow::Result<()> {
        let bytes = folder_bytes(&self.root(name));
        until(&format!("{name} is archived"), || async {
            let host = self.api.host(name).await?;
            let number = |field: &str| host[field].as_u64().unwrap_or(0);
            let (archived, backlog) = (number("bytes"), number("backlog_bytes"));
            // The agent says so itself a moment after the last byte is there.
            if archived >= bytes && backlog == 0 { Ok(()) } else { Err(format!("{archived} of {bytes} bytes are")) }
        })
        .await
    }

    /// What the agent of a host and the aggregator have used so far.
    pub fn usage(&self, name: &str) -> (Usage, Usage) {
        let agent = self.hosts.get(name).and_then(|host| host.agent.as_ref()).map(Process::usage);
        (agent.unwrap_or_default(), self.aggregator.usage())
    }

    /// Ends everything in order.
    pub async fn stop(mut self) -> anyhow::Result<()> {
        let names: Vec<String> = self.hosts.keys().cloned().collect();
        for host in self.hosts.values().filter_map(|host| host.agent.as_ref()) {
            host.terminate();
        }
        for name in names {
            self.stop_agent(&name).await?;
        }
        self.stop_aggregator().await
    }
}

fn agent_command(home: &Path) -> Command {
    let mut command = Command::new(muster_agent());
    command
        .env("HOME", home)
        .env_remove("CLAUDE_CONFIG_DIR")
        .env_remove("CODEX_HOME")
        .env("MUSTER_AGENT_STATE", home.join("agent"));
    command
}

async fn start_aggregator(folder: &Path, listen: &str) -> anyhow::Result<(Process, Api)> {
    let data = folder.join("aggregator");
    let log = folder.join("aggregator.log");
    let _ = std::fs::remove_file(&log);
    let mut command = Command::new(muster());
    command.args(["up", "--no-agent", "--no-open", "--listen", listen]).arg("--data").arg(&data);
    command.env_remove("MUSTER_DATABASE");
    let mut aggregator = Process::start("aggregator", &mut command, &log);
    let mut address: SocketAddr = listen.parse().with_context(|| format!("{listen} is not ADDRESS:PORT"))?;
    if address.ip().is_unspecified() {
        address.set_ip([127, 0, 0, 1].into());
    }
    let start = Instant::now();
    loop {
        let printed = aggregator.log();
        if let Some(ended) = aggregator.ended() {
            bail!("the aggregator ended ({ended}):\n{printed}");
        }
        let token = std::fs::read_to_string(data.join("owner.token")).unwrap_or_default();
        let api = Api::new(address, printed.contains("https://"), Some(token.trim().to_owned()));
        if printed.contains("/sign-in#") && api.healthy().await.is_ok() {
            return Ok((aggregator, api));
        }
        ensure!(start.elapsed() < PATIENCE, "the aggregator does not come up:\n{printed}");
        tokio::time::sleep(PAUSE).await;
    }
}

async fn ended(process: &mut Process) -> anyhow::Result<()> {
    let start = Instant::now();
    while process.ended().is_none() {
        ensure!(start.elapsed() < PATIENCE, "a program does not end:\n{}", process.log());
        tokio::time::sleep(PAUSE).await;
    }
    Ok(())
}

/// Asks `look` until it answers; says what was seen last when it takes too long.
pub async fn until<T, F, Fut>(what: &str, look: F) -> anyhow::Result<T>
where
    F: FnMut() -> Fut,
    Fut: Future<Output = Result<T, String>>,
{
    let answer = wait::seldom(PATIENCE, LOOKING, look).await;
    answer.map_err(|seen| anyhow!("waited in vain until {what}: {seen}"))
}

/// Bytes of all files below a folder.
pub fn folder_bytes(folder: &Path) -> u64 {
    let entries = std::fs::read_dir(folder).into_iter().flatten().flatten();
    entries
        .map(|entry| match entry.metadata() {
            Ok(meta) if meta.is_dir() => folder_bytes(&entry.path()),
            Ok(meta) => meta.len(),
            Err(_) => 0,
        })
        .sum()
}

/// An address on loopback that nobody listens on.
pub fn free_address() -> anyhow::Result<String> {
    let listener = std::net::TcpListener::bind("127.0.0.1:0").context("loopback has no free port")?;
    Ok(listener.local_addr()?.to_string())
}
