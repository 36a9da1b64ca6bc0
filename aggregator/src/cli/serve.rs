//! `muster serve`: the aggregator, from start to the last connection.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use anyhow::{Context as _, bail};
use axum::Router;
use sd_notify::NotifyState;
use tokio::signal::unix::{SignalKind, signal};

use super::args::{Globals, ServeArgs};
use super::out::say;
use super::owner;
use super::reach::Reach;
use crate::house::House;
use crate::ledger;
use crate::machine;
use crate::options::Options;
use crate::server::Server;
use crate::spawn::Tasks;
use crate::store::{Db, actors};

pub(super) async fn run(globals: &Globals, args: ServeArgs) -> anyhow::Result<()> {
    let running = Running::start(args.options(globals)?).await?;
    if running.nobody_yet {
        let link = owner::sign_in_link(&running.house.access, &running.house.options).await?;
        say!("Sign in once with this link, within 15 minutes:\n  {link}");
    }
    running.until_stopped().await
}

/// An aggregator whose port is open.
pub(super) struct Running {
    /// Its rooms.
    pub(super) house: Arc<House>,
    /// Its tasks.
    pub(super) tasks: Tasks,
    /// No admin has ever signed in: someone needs a link.
    pub(super) nobody_yet: bool,
    server: Server,
    app: Router,
    /// Held as long as this process uses the data folder.
    _claim: File,
}

impl Running {
    /// Opens database and port, and starts the rooms.
    pub(super) async fn start(mut options: Options) -> anyhow::Result<Self> {
        machine::raise_file_limit();
        let claim = claim(&options.data)?;
        let db = Db::open(options.database.as_deref(), &options.embedded_database())
            .await
            .context("cannot open the database")?;
        ledger::seed(&db).await.context("cannot write the price table")?;
        let server = Server::bind(&mut options).await?;
        let nobody_yet = actors::first_admin(&db).await?.is_none_or(|admin| admin.last_seen_at.is_none());
        Reach::save(&db, &options).await?;
        let tasks = Tasks::new();
        let (house, chores) = House::new(db, options, tasks.clone());
        house.start(chores);
        let app = crate::server::app(&house);
        tracing::info!(url = house.options.url(), listen = %house.options.listen, database = house.db.kind(), "aggregator ready");
        Ok(Self { house, tasks, nobody_yet, server, app, _claim: claim })
    }

    /// Serves until SIGTERM or SIGINT, and drains.
    pub(super) async fn until_stopped(self) -> anyhow::Result<()> {
        let mut terminate = signal(SignalKind::terminate()).context("cannot listen for SIGTERM")?;
        let mut interrupt = signal(SignalKind::interrupt()).context("cannot listen for SIGINT")?;
        tell_systemd(NotifyState::Ready);
        self.tasks.spawn_until_stop("watchdog", watchdog());
        let stop = async {
            tokio::select! {
                _ = terminate.recv() => {}
                _ = interrupt.recv() => {}
            }
            tell_systemd(NotifyState::Stopping);
            tracing::info!("stopping");
        };
        self.server.serve(self.app, self.tasks, stop).await;
        self.house.db.close().await;
        tracing::info!("stopped");
        Ok(())
    }
}

/// Two aggregators on one embedded database would each believe to be the only writer.
pub(super) fn claim(data: &Path) -> anyhow::Result<File> {
    let path = data.join("muster.lock");
    let file = File::create(&path).with_context(|| format!("cannot write in the data folder: {}", path.display()))?;
    match file.try_lock() {
        Ok(()) => Ok(file),
        Err(std::fs::TryLockError::WouldBlock) => bail!(
            "another muster already runs on {}: stop it first, or choose another folder with --data DIR",
            data.display()
        ),
        Err(std::fs::TryLockError::Error(error)) => {
            tracing::debug!(error = %error, "this file system has no locks");
            Ok(file)
        }
    }
}

fn tell_systemd(state: NotifyState<'_>) {
    if let Err(error) = sd_notify::notify(&[state]) {
        tracing::debug!(error = %error, "systemd could not be told");
    }
}

/// Signs of life for systemd, where it wants them.
async fn watchdog() {
    let Some(patience) = sd_notify::watchdog_enabled() else { return };
    let mut tick = tokio::time::interval(patience / 2);
    loop {
        tick.tick().await;
        tell_systemd(NotifyState::Watchdog);
    }
}
