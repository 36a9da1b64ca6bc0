//! The demo: eight simulated hosts with real agents, forty conversations, a dozen of them going on.

pub mod actor;
pub mod beat;
pub mod body;
pub mod scribe;
pub mod stage;
pub mod story;

use std::path::PathBuf;
use std::time::Duration;

use anyhow::Context as _;
use tokio::signal::unix::{SignalKind, signal};

use crate::house::House;
use stage::Stage;

/// Hosts of the demo, in the order of their joining.
pub const HOSTS: [&str; 8] =
    ["mac-studio", "vm-api", "ml-box", "vm-frontend", "win-build", "vm-data", "pi-embedded", "nas"];

/// The host that goes offline after the start.
const OFFLINE: &str = "nas";

/// Hosts whose coders do not call `muster-agent hook`: their states come from registry and transcripts alone.
const WITHOUT_HOOKS: [&str; 3] = ["vm-data", "pi-embedded", "nas"];

/// How the demo runs.
#[derive(Debug, Clone)]
pub struct Options {
    /// Address and port of the aggregator.
    pub listen: String,
    /// Folder for everything; a temporary one that is removed at the end unless told.
    pub folder: Option<PathBuf>,
    /// Ends by itself after this time.
    pub lasting: Option<Duration>,
}

/// Runs the demo until Ctrl-C, SIGTERM, or its time is over.
pub async fn run(options: Options) -> anyhow::Result<()> {
    let mut stop = Stop::new(options.lasting)?;
    let temporary = tempfile::Builder::new().prefix("muster-demo-").tempdir().context("cannot make a folder")?;
    let folder = std::path::absolute(options.folder.as_deref().unwrap_or(temporary.path()))?;
    anyhow::ensure!(
        std::fs::read_dir(&folder).map_or(true, |mut entries| entries.next().is_none()),
        "{} is not empty: choose another folder, or remove it first",
        folder.display()
    );
    let mut house = House::start(&folder, &options.listen).await?;
    let mut stage = Stage::set(&house)?;
    println!("Eight hosts join with their past sessions …");
    let ended = tokio::select! {
        ready = open(&mut house) => { ready?; false }
        () = stop.wished() => true,
    };
    if !ended {
        announce(&house, &folder);
        tokio::select! {
            played = stage.play() => played?,
            () = stop.wished() => {}
        }
    }
    println!("Stopping …");
    house.stop().await
}

async fn open(house: &mut House) -> anyhow::Result<()> {
    for name in HOSTS {
        house.join_host(name).await?;
        if !WITHOUT_HOOKS.contains(&name) {
            house.install_hooks(name)?;
        }
        house.run_agent(name)?;
    }
    for name in HOSTS {
        house.caught_up(name).await?;
    }
    house.stop_agent(OFFLINE).await
}

fn announce(house: &House, folder: &std::path::Path) {
    let (url, link) = house.printed();
    let program = crate::process::muster();
    println!("Muster runs at {url}");
    println!("Sign in (works once, for 15 minutes):\n  {link}");
    println!("Another link: {} user link owner --data {}", program.display(), house.data().display());
    println!("Everything of this demo lies in {}. Ctrl-C ends it.", folder.display());
}

/// The wish to stop: Ctrl-C, SIGTERM, or the end of the time.
struct Stop {
    interrupt: tokio::signal::unix::Signal,
    terminate: tokio::signal::unix::Signal,
    until: Option<tokio::time::Instant>,
}

impl Stop {
    fn new(lasting: Option<Duration>) -> anyhow::Result<Self> {
        Ok(Self {
            interrupt: signal(SignalKind::interrupt())?,
            terminate: signal(SignalKind::terminate())?,
            until: lasting.map(|lasting| tokio::time::Instant::now() + lasting),
        })
    }

    async fn wished(&mut self) {
        let until = self.until;
        let time_is_over = async {
            match until {
                Some(until) => tokio::time::sleep_until(until).await,
                None => std::future::pending().await,
            }
        };
        tokio::select! {
            _ = self.interrupt.recv() => {}
            _ = self.terminate.recv() => {}
            () = time_is_over => {}
        }
    }
}
