//! `muster doctor`: what is wrong with this installation, and how to mend it.

use std::fs;
use std::net::TcpListener;
use std::os::unix::fs::PermissionsExt as _;
use std::path::{Path, PathBuf};
use std::process::{ExitCode, Stdio};
use std::time::Duration;

use clap::Args;
use http::Method;

use super::agent::find_program;
use super::args::Globals;
use super::client::Client;
use super::out::say;
use super::reach::Reach;
use super::told;
use crate::spawn;
use crate::store::{Db, settings};

/// Free space below which a warning is due: a day of a busy team, several times over.
const ROOM_BYTES: u64 = 1 << 30;

/// How long the aggregator or the agent's program may take to answer.
const PATIENCE: Duration = Duration::from_secs(5);

/// Flags of `doctor`.
#[derive(Debug, Args)]
#[command(after_help = "The exit code is 0 when nothing is broken, and 1 when something is.")]
pub(super) struct DoctorArgs {
    /// The agent's program [default: beside muster, else in PATH]
    #[arg(long, env = "MUSTER_AGENT_BIN", value_name = "FILE")]
    agent_bin: Option<PathBuf>,
}

/// What one look found.
enum Finding {
    /// As it should be.
    Fine(String),
    /// Works, but should be looked after.
    Doubtful(String, String),
    /// Does not work; and what to do.
    Broken(String, String),
}

use Finding::{Broken, Doubtful, Fine};

pub(super) async fn run(globals: &Globals, args: DoctorArgs) -> anyhow::Result<ExitCode> {
    let data = globals.data()?;
    let mut findings = vec![folder(&data)];
    findings.extend(private_files(&data));
    findings.push(room(&data));
    let (finding, db) = database(globals, &data).await;
    findings.push(finding);
    findings.push(port(globals, db.as_ref()).await);
    findings.push(agent(args.agent_bin).await);
    let mut broken = false;
    for finding in &findings {
        match finding {
            Fine(what) => say!("ok      {what}"),
            Doubtful(what, fix) => say!("warning {what}\n        → {fix}"),
            Broken(what, fix) => {
                broken = true;
                say!("BROKEN  {what}\n        → {fix}");
            }
        }
    }
    Ok(if broken { ExitCode::FAILURE } else { ExitCode::SUCCESS })
}

fn folder(data: &Path) -> Finding {
    let shown = data.display();
    let Ok(facts) = fs::metadata(data) else {
        return Doubtful(
            format!("the data folder {shown} is not there yet"),
            "`muster up` or `muster serve` makes it; or name another with --data DIR".to_owned(),
        );
    };
    let probe = data.join(".doctor");
    if let Err(error) = fs::write(&probe, b"").and_then(|()| fs::remove_file(&probe)) {
        return Broken(
            format!("the data folder {shown} cannot be written: {error}"),
            format!("run muster as the folder's owner, or `chown -R` {shown} to the user it runs as"),
        );
    }
    if facts.permissions().mode() & 0o077 != 0 {
        return Doubtful(
            format!("others on this machine can look into {shown}, which holds conversations and secrets"),
            format!("chmod 700 {shown}"),
        );
    }
    Fine(format!("data folder {shown}"))
}

fn private_files(data: &Path) -> Vec<Finding> {
    let open = |name: &&str| fs::metadata(data.join(name)).is_ok_and(|facts| facts.permissions().mode() & 0o077 != 0);
    ["owner.token", "tls/key.pem", "muster.db"]
        .into_iter()
        .filter(open)
        .map(|name| {
            let path = data.join(name);
            let shown = path.display();
            Broken(format!("others on this machine can read {shown}"), format!("chmod 600 {shown}"))
        })
        .collect()
}

fn room(data: &Path) -> Finding {
    let existing = data.ancestors().find(|folder| folder.exists()).unwrap_or(data);
    match rustix::fs::statvfs(existing) {
        Ok(facts) => {
            let free = facts.f_bavail.saturating_mul(facts.f_frsize);
            let told = format!("{} MiB free on the disk of the data folder", free >> 20);
            if free < ROOM_BYTES {
                return Doubtful(
                    told,
                    "free some space, or move the folder: when the disk is full, hosts wait".to_owned(),
                );
            }
            Fine(told)
        }
        Err(error) => Doubtful(format!("the free space cannot be seen: {error}"), "look with `df`".to_owned()),
    }
}

async fn database(globals: &Globals, data: &Path) -> (Finding, Option<Db>) {
    if globals.database().is_none() && !data.join("muster.db").exists() {
        let fix = "`muster up` or `muster serve` makes it".to_owned();
        return (Doubtful("there is no embedded database yet".to_owned(), fix), None);
    }
    let opened = match globals.open_database().await {
        Ok(db) => settings::counts(&db).await.map(|counts| (db, counts)).map_err(anyhow::Error::from),
        Err(error) => Err(error),
    };
    match opened {
        Ok((db, counts)) => {
            let told = format!(
                "database ({}): {} hosts, {} transcripts, {} bytes archived",
                db.kind(),
                counts.hosts,
                counts.transcripts,
                counts.bytes
            );
            (Fine(told), Some(db))
        }
        Err(error) => {
            let fix = "check --database, and that the server runs and lets this user in; for the embedded one, restore \
                       a backup with `muster restore`";
            (Broken(told(&error), fix.to_owned()), None)
        }
    }
}

async fn port(globals: &Globals, db: Option<&Db>) -> Finding {
    let reach = match db {
        Some(db) => Reach::load(db).await.ok(),
        None => None,
    };
    if let Some(reach) = reach {
        let client = Client { url: reach.local_url.clone(), pin: reach.pin, token: String::new() };
        if tokio::time::timeout(PATIENCE, client.answers(Method::GET, "/readyz")).await.is_ok_and(|answers| answers) {
            return Fine(format!("the aggregator runs and is ready at {}", reach.url));
        }
    }
    let listen = globals.listen;
    match TcpListener::bind(listen) {
        Ok(_) => Doubtful(
            format!("the aggregator does not run; {listen} is free for it"),
            "start it with `muster up` or `muster serve`".to_owned(),
        ),
        Err(error) => Broken(
            format!("the aggregator does not answer, and {listen} cannot be had: {error}"),
            format!(
                "see who holds the port with `ss -ltnp 'sport = :{}'`, or choose another with --listen",
                listen.port()
            ),
        ),
    }
}

async fn agent(program: Option<PathBuf>) -> Finding {
    let fix = "install muster-agent of the same version beside muster; it is needed on every host, and here for \
               `muster up`";
    let program = match program.map_or_else(find_program, Ok) {
        Ok(program) => program,
        Err(error) => return Doubtful(told(&error), fix.to_owned()),
    };
    let shown = program.display();
    let asked = spawn::program(&program).arg("--version").stdin(Stdio::null()).output();
    let told = match tokio::time::timeout(PATIENCE, asked).await {
        Ok(Ok(output)) if output.status.success() => String::from_utf8_lossy(&output.stdout).trim().to_owned(),
        _ => return Broken(format!("{shown} does not run"), fix.to_owned()),
    };
    let ours = env!("CARGO_PKG_VERSION");
    if told.split_whitespace().next_back() != Some(ours) {
        return Doubtful(format!("{shown} is {told}, muster is {ours}"), fix.to_owned());
    }
    Fine(format!("agent {told} at {shown}"))
}
