//! One host of a fleet: a home, transcripts, and a real agent.

use std::net::SocketAddr;
use std::path::{Path, PathBuf};
use std::process::Command;
use std::time::Duration;

use serde_json::Value;

use crate::coder::Coder;
use crate::lines::Version;
use crate::process::{self, MARK, Process};
use crate::proxy::Proxy;

/// How long a process may take to end when asked to.
pub const END_PATIENCE: Duration = Duration::from_secs(15);

/// One simulated machine.
#[derive(Debug)]
pub struct Host {
    /// Name given by `host add`.
    pub name: String,
    /// Id at the aggregator.
    pub id: String,
    /// Its home folder; transcripts lie in `.claude/projects`.
    pub home: PathBuf,
    /// The network between it and the aggregator, when the fleet was started with proxies.
    pub proxy: Option<Proxy>,
    /// The running agent.
    pub agent: Option<Process>,
    /// Command words put before the agent's program: another network namespace, another user.
    pub prefix: Vec<String>,
    /// More environment for the agent.
    pub environment: Vec<(String, String)>,
    pub(crate) mark: String,
}

impl Host {
    /// Folder that the agent follows.
    pub fn root(&self) -> PathBuf {
        self.home.join(".claude/projects")
    }

    /// A new session in a working directory of this host.
    pub fn coder(&self, cwd: &str, version: Version) -> Coder {
        Coder::new(&self.root(), cwd, version)
    }

    /// Folder of the agent's identity.
    pub fn state(&self) -> PathBuf {
        self.home.join("agent")
    }

    /// A command of the agent's program on this host.
    pub fn command(&self, arguments: &[&str]) -> Command {
        let agent = process::muster_agent();
        let words = self.prefix.iter().map(PathBuf::from).chain([agent]).collect::<Vec<_>>();
        let mut command = Command::new(&words[0]);
        command
            .args(&words[1..])
            .args(arguments)
            .env_remove("CLAUDE_CONFIG_DIR")
            .env_remove("XDG_CONFIG_HOME")
            .env("HOME", &self.home)
            .env("MUSTER_AGENT_STATE", self.state())
            .env(MARK, &self.mark)
            .envs(self.environment.iter().map(|(name, value)| (name, value)));
        command
    }

    /// Runs a command of the agent to its end: whether it succeeded, and what it printed.
    pub fn run(&self, arguments: &[&str]) -> (bool, String) {
        let output = self.command(arguments).output().expect("the agent's program starts");
        let printed = [output.stdout, output.stderr].concat();
        (output.status.success(), String::from_utf8_lossy(&printed).into_owned())
    }

    /// Joins the fleet with the command that `host add` printed, through the proxy when there is one.
    pub fn join(&self, command: &str) {
        let mut words = command.split_whitespace().skip(2).map(str::to_owned).collect::<Vec<_>>();
        if let Some(proxy) = &self.proxy {
            words[0] = replace_address(&words[0], proxy.address());
        }
        let words: Vec<&str> = ["join"].into_iter().chain(words.iter().map(String::as_str)).collect();
        let (joined, printed) = self.run(&words);
        assert!(joined, "{} could not join: {printed}", self.name);
    }

    /// Starts the agent.
    pub fn start_agent(&mut self) {
        let agent = Process::start(&self.name, &mut self.command(&["run"]), &self.home.join("agent.log"));
        self.agent = Some(agent);
    }

    /// SIGKILL to the agent.
    pub fn kill_agent(&mut self) {
        self.agent.take().expect("an agent runs").kill();
    }

    /// SIGTERM to the agent, which must end well.
    pub async fn stop_agent(&mut self) {
        let mut agent = self.agent.take().expect("an agent runs");
        agent.terminate();
        let status = agent.wait(END_PATIENCE).await;
        assert!(status.success(), "the agent of {} ended with {status}:\n{}", self.name, agent.log());
    }

    /// What `muster-agent status --json` says.
    pub fn status(&self) -> Result<Value, String> {
        let (_, printed) = self.run(&["status", "--json"]);
        serde_json::from_str(&printed).map_err(|_| printed)
    }

    /// What the agent printed.
    pub fn log(&self) -> String {
        read(&self.home.join("agent.log"))
    }
}

fn read(path: &Path) -> String {
    String::from_utf8_lossy(&std::fs::read(path).unwrap_or_default()).into_owned()
}

/// The same URL at another address.
fn replace_address(url: &str, address: SocketAddr) -> String {
    let (scheme, rest) = url.split_once("://").expect("a join command holds a URL");
    let path = rest.find('/').map_or("", |slash| &rest[slash..]);
    format!("{scheme}://{address}{path}")
}
