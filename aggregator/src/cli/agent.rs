//! The agent of this machine as a child process of `muster up`: joined once, run for ever, restarted when it ends.

use std::path::PathBuf;
use std::process::Stdio;
use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, bail};
use serde_json::Value;
use tokio::io::{AsyncBufReadExt as _, AsyncRead, BufReader};
use tokio::process::{Child, Command};
use tokio::time::Instant;

use crate::access::By;
use crate::domain::name::host_name_from;
use crate::house::House;
use crate::machine;
use crate::options::join_token;
use crate::private;
use crate::spawn::{self, Tasks};
use crate::store::settings;

/// Name of the program.
const PROGRAM: &str = "muster-agent";

/// Pause before the agent is started again: grows from the first to the last while it keeps ending at once.
const PAUSES: (Duration, Duration) = (Duration::from_millis(500), Duration::from_secs(30));

/// An agent that ran this long was well: the next pause is short again.
const WELL: Duration = Duration::from_mins(1);

/// How long the agent may take to end by itself at a stop.
const PATIENCE: Duration = Duration::from_secs(3);

/// The agent of this machine.
pub(super) struct LocalAgent {
    house: Arc<House>,
    state: PathBuf,
    roots: Vec<String>,
    program: Option<PathBuf>,
}

impl LocalAgent {
    /// Keeps its identity in the data folder. No roots means its defaults.
    pub(super) fn new(house: &Arc<House>, roots: Vec<String>, program: Option<PathBuf>) -> Self {
        Self { state: house.options.data.join("agent"), house: Arc::clone(house), roots, program }
    }

    /// Runs it until the server stops.
    pub(super) fn start(self, tasks: &Tasks) {
        let own = tasks.clone();
        tasks.spawn("local agent", async move { self.supervise(&own).await });
    }

    async fn supervise(self, tasks: &Tasks) {
        let mut pause = PAUSES.0;
        while !tasks.is_stopping() {
            let begun = Instant::now();
            match self.run_once(tasks).await {
                Ok(()) if tasks.is_stopping() => return,
                Ok(()) => tracing::warn!("the agent of this machine ended; it is started again"),
                Err(error) => tracing::warn!("the agent of this machine does not run: {error:#}"),
            }
            pause = if begun.elapsed() > WELL { PAUSES.0 } else { (pause * 2).min(PAUSES.1) };
            tokio::select! {
                () = tokio::time::sleep(pause) => {}
                () = tasks.stopping() => return,
            }
        }
    }

    async fn run_once(&self, tasks: &Tasks) -> anyhow::Result<()> {
        let program = match &self.program {
            Some(program) => program.clone(),
            None => find_program()?,
        };
        self.make_joined(&program, tasks).await?;
        let mut command = self.command(&program);
        command.args(["run", "--exit-with-parent"]);
        for root in &self.roots {
            command.arg("--root").arg(root);
        }
        // Its standard input is a pipe that we hold: when we die, however suddenly, it ends too.
        let mut child = command.stdin(Stdio::piped()).spawn().context("it cannot be started")?;
        let lifeline = child.stdin.take();
        pass_lines_on(&mut child, tasks);
        tokio::select! {
            status = child.wait() => tracing::debug!(status = ?status, "the agent of this machine ended"),
            () = tasks.stopping() => {
                drop(lifeline);
                if tokio::time::timeout(PATIENCE, child.wait()).await.is_err() {
                    child.kill().await.context("it cannot be stopped")?;
                }
            }
        }
        Ok(())
    }

    fn command(&self, program: &PathBuf) -> Command {
        let mut command = spawn::program(program);
        command.arg("--state").arg(&self.state);
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        // Ctrl-C on a terminal reaches the whole group: the agent is ours to end, after the last frames.
        command.process_group(0);
        command
    }

    /// Makes sure that the agent has an identity which this fleet knows, and knows where we are.
    async fn make_joined(&self, program: &PathBuf, tasks: &Tasks) -> anyhow::Result<()> {
        let url = self.house.options.local_url();
        if self.has_joined(&url).await? {
            return Ok(());
        }
        let name = self.free_name().await?;
        let join = self.house.access.host_add(&By::cli(), &name).await?;
        let mut command = self.command(program);
        command.args(["join", "--force", &url, &join_token(&join.secret, self.house.options.pin.as_deref())]);
        if url.starts_with("http://") && !self.house.options.listen.ip().is_loopback() {
            command.arg("--insecure");
        }
        // What it says on success is advice for people who join by hand.
        command.stdout(Stdio::null());
        let mut child = command.stdin(Stdio::null()).spawn().context("it cannot be started")?;
        pass_lines_on(&mut child, tasks);
        let status = child.wait().await?;
        if !status.success() {
            bail!("it could not join ({status})");
        }
        tracing::info!(host.name = name, "this machine joined the fleet");
        Ok(())
    }

    /// Whether the identity on disk is of a host of this fleet. Where only our address or certificate has changed since,
    /// it is corrected.
    async fn has_joined(&self, url: &str) -> anyhow::Result<bool> {
        let file = self.state.join("identity.json");
        let Ok(text) = tokio::fs::read_to_string(&file).await else { return Ok(false) };
        let Ok(mut identity) = serde_json::from_str::<Value>(&text) else { return Ok(false) };
        let ours = settings::aggregator_id(&self.house.db).await?;
        let host = identity["host_id"].as_str().and_then(|id| id.parse().ok());
        let Some(host) = host.filter(|_| identity["aggregator_id"] == ours.as_str()) else { return Ok(false) };
        if !self.house.access.is_host(host).await? {
            return Ok(false);
        }
        let pin = self.house.options.pin.as_deref().map_or(Value::Null, Value::from);
        if identity["url"] != url || identity["pin"] != pin {
            identity["url"] = url.into();
            identity["pin"] = pin;
            private::write(&file, identity.to_string().as_bytes())?;
        }
        Ok(true)
    }

    /// This machine's name, or with a number behind it when another host has it already.
    async fn free_name(&self) -> anyhow::Result<String> {
        let name = host_name_from(&machine::hostname());
        for number in 1..1000 {
            let candidate = if number == 1 { name.clone() } else { format!("{name:.58}-{number}") };
            if self.house.access.host_named(&candidate).await.is_err() {
                return Ok(candidate);
            }
        }
        bail!("every name like {name} is taken: remove hosts that are gone with `muster host remove NAME`")
    }
}

/// Beside our own program first: that one has our version.
pub(super) fn find_program() -> anyhow::Result<PathBuf> {
    let own = std::env::current_exe().ok().and_then(|own| Some(own.parent()?.join(PROGRAM)));
    let path = std::env::var_os("PATH").unwrap_or_default();
    let candidates = own.into_iter().chain(std::env::split_paths(&path).map(|folder| folder.join(PROGRAM)));
    candidates.into_iter().find(|candidate| candidate.is_file()).with_context(|| {
        format!("{PROGRAM} is neither beside muster nor in PATH: install it, or run `muster up --no-agent`")
    })
}

/// What the agent says goes where our own logs go.
fn pass_lines_on(child: &mut Child, tasks: &Tasks) {
    if let Some(out) = child.stdout.take() {
        tasks.spawn("agent output", copy_lines(out));
    }
    if let Some(err) = child.stderr.take() {
        tasks.spawn("agent log", copy_lines(err));
    }
}

async fn copy_lines(from: impl AsyncRead + Unpin) {
    let mut lines = BufReader::new(from).lines();
    while let Ok(Some(line)) = lines.next_line().await {
        eprintln!("agent: {line}");
    }
}

#[cfg(test)]
mod tests {
    use std::os::unix::fs::PermissionsExt as _;

    use super::*;
    use crate::access::HostFacts;
    use crate::options::Options;
    use crate::store::Db;

    /// Stands for the real agent: writes down how it is called, and runs until its standard input closes.
    const PROGRAM_TEXT: &str = "#!/bin/sh
echo \"$@\" >> \"$0.calls\"
case \"$*\" in *' run '*) cat > /dev/null; echo over >> \"$0.calls\" ;; esac
";

    struct Stage {
        house: Arc<House>,
        tasks: Tasks,
        folder: tempfile::TempDir,
    }

    impl Stage {
        async fn set() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let mut options = Options::local(folder.path());
            options.listen.set_port(4600);
            let db = Db::open(None, &options.embedded_database()).await.unwrap();
            let tasks = Tasks::new();
            let (house, _chores) = House::new(db, options, tasks.clone());
            Self { house, tasks, folder }
        }

        fn agent(&self) -> LocalAgent {
            let program = self.folder.path().join("fake-agent");
            std::fs::write(&program, PROGRAM_TEXT).unwrap();
            std::fs::set_permissions(&program, std::fs::Permissions::from_mode(0o755)).unwrap();
            LocalAgent::new(&self.house, vec!["claude=/x".to_owned()], Some(program))
        }

        fn write_identity(&self, identity: &Value) {
            let state = self.folder.path().join("agent");
            std::fs::create_dir_all(&state).unwrap();
            std::fs::write(state.join("identity.json"), identity.to_string()).unwrap();
        }

        fn identity(&self) -> Value {
            let text = std::fs::read_to_string(self.folder.path().join("agent/identity.json")).unwrap();
            serde_json::from_str(&text).unwrap()
        }

        /// Waits until the agent was called with something of the kind.
        async fn called(&self, what: &str) -> String {
            let calls = self.folder.path().join("fake-agent.calls");
            let seen = async {
                loop {
                    let text = std::fs::read_to_string(&calls).unwrap_or_default();
                    if let Some(line) = text.lines().find(|line| line.contains(what)) {
                        return line.to_owned();
                    }
                    tokio::time::sleep(Duration::from_millis(5)).await;
                }
            };
            tokio::time::timeout(Duration::from_secs(20), seen).await.unwrap_or_else(|_| panic!("never called: {what}"))
        }
    }

    #[tokio::test]
    async fn it_joins_first_and_then_runs_until_the_server_stops() {
        let stage = Stage::set().await;
        stage.agent().start(&stage.tasks);
        let join = stage.called("join").await;
        let kept = stage.folder.path().join("agent");
        let begin = format!("--state {} join --force http://127.0.0.1:4600 ", kept.display());
        assert!(join.starts_with(&begin), "{join}");
        let run = stage.called("run").await;
        assert_eq!(run, format!("--state {} run --exit-with-parent --root claude=/x", kept.display()));
        assert!(stage.tasks.drain(Duration::from_secs(20)).await);
        stage.called("over").await;
    }

    #[tokio::test]
    async fn a_known_identity_is_kept_and_learns_our_new_address() {
        let stage = Stage::set().await;
        let access = &stage.house.access;
        let join = access.host_add(&By::cli(), "box").await.unwrap();
        let here = std::net::IpAddr::from([127, 0, 0, 1]);
        let host = access.enrol(here, &join.secret, &[1; 32], HostFacts::default()).await.unwrap();
        let mut identity = serde_json::json!({
            "host_id": host.host_id, "aggregator_id": host.aggregator_id, "url": "http://127.0.0.1:1", "more": "kept",
        });
        stage.write_identity(&identity);
        assert!(stage.agent().has_joined("http://127.0.0.1:4600").await.unwrap());
        identity["url"] = "http://127.0.0.1:4600".into();
        identity["pin"] = Value::Null;
        assert_eq!(stage.identity(), identity);
        access.host_remove(&By::cli(), host.host_id).await.unwrap();
        assert!(!stage.agent().has_joined("http://127.0.0.1:4600").await.unwrap(), "a removed host joins anew");
        identity["aggregator_id"] = "another fleet".into();
        stage.write_identity(&identity);
        assert!(!stage.agent().has_joined("http://127.0.0.1:4600").await.unwrap());
    }

    #[tokio::test]
    async fn a_taken_name_gets_a_number() {
        let stage = Stage::set().await;
        let name = stage.agent().free_name().await.unwrap();
        let access = &stage.house.access;
        let join = access.host_add(&By::cli(), &name).await.unwrap();
        let here = std::net::IpAddr::from([127, 0, 0, 1]);
        access.enrol(here, &join.secret, &[1; 32], HostFacts::default()).await.unwrap();
        assert_eq!(stage.agent().free_name().await.unwrap(), format!("{name:.58}-2"));
    }
}
