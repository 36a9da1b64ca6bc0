//! `muster-agent run`.

use std::io::Read;
use std::process::ExitCode;
use std::sync::Arc;
use std::time::Duration;

use anyhow::Context;
use clap::Args;
use tokio::sync::oneshot;

use super::{Place, Roots, hooks, runtime};
use crate::config::ConfigFile;
use crate::digest::DigestDesk;
use crate::hooks::{MAX_EVENT_BYTES, decode};
use crate::identity::Identity;
use crate::link::{self, Instance};
use crate::platform::{hook_socket, service, signals, status_socket};
use crate::presence::{Hooks, Lookout, Manners};
use crate::roots::RootSource;
use crate::status::StatusBoard;
use crate::watch::{Follower, Mailbox, NoWatches, Settings, SystemWatches, Watches};
use crate::watcher::{Watcher, WatcherHandle};

/// Between attempts to offer the status, when something is in the way.
const STATUS_RETRY: Duration = Duration::from_secs(10);

#[derive(Debug, Args)]
pub(super) struct Run {
    #[command(flatten)]
    roots: Roots,
    /// End when the standard input is closed (for the program that started this agent)
    #[arg(long)]
    exit_with_parent: bool,
}

impl Run {
    pub(super) fn execute(self, place: &Place) -> anyhow::Result<ExitCode> {
        let identity = Identity::load(&place.state)?;
        let config = ConfigFile::load(place.config.as_deref(), &place.state)?;
        let allow_stop = config.allow_stop();
        let (source, settings) = config.with(&self.roots.given())?;
        for command in hooks::homes(&source.find()).iter().filter_map(|home| hooks::advice(&place.state, home)).take(1)
        {
            tracing::info!("coders tell sooner what they need when they call this agent; to set that up: {command}");
        }
        let board = StatusBoard::new(&identity);
        let manners = Manners { allow_stop, rescan_only: settings.rescan_only };
        let (lookout, presence, told) = Lookout::new(source.clone(), manners, board.clone());
        lookout.start().context("no thread for presence")?;
        let watcher = start_watching(source, settings, &board)?;
        let instance = Instance { identity, id: uuid::Uuid::new_v4().to_string(), board, presence };
        let parent = self.exit_with_parent.then(parent_gone).transpose()?;
        runtime()?.block_on(follow(place, &instance, &watcher, &told, parent))
    }
}

fn start_watching(source: RootSource, settings: Settings, board: &StatusBoard) -> anyhow::Result<WatcherHandle> {
    let mailbox = Arc::new(Mailbox::default());
    let (watches, settings) = watches(&mailbox, settings);
    let follower = Follower::new(source, watches, settings);
    let digests = DigestDesk::start().context("no thread for digests")?;
    let (watching, handle) = Watcher::new(follower, mailbox, board.clone(), digests);
    watching.start().context("no thread for watching")?;
    Ok(handle)
}

/// Change notification, or rescans where it is not wanted or not to be had.
fn watches(mailbox: &Arc<Mailbox>, settings: Settings) -> (Box<dyn Watches>, Settings) {
    if settings.rescan_only {
        return (Box::new(NoWatches), settings);
    }
    match SystemWatches::new(mailbox.clone()) {
        Ok(watches) => (Box::new(watches), settings),
        Err(error) => {
            tracing::warn!(%error, "no change notification; changes are found by rescans");
            (Box::new(NoWatches), Settings { rescan_only: true, ..settings })
        }
    }
}

async fn follow(
    place: &Place,
    instance: &Instance,
    watcher: &WatcherHandle,
    told: &Hooks,
    parent: Option<oneshot::Receiver<()>>,
) -> anyhow::Result<ExitCode> {
    let work = async { tokio::join!(link::run(instance, watcher), offer_status(place, &instance.board, told)) };
    tokio::pin!(work);
    tracing::info!(url = instance.identity.url, host.name = instance.identity.host_name, "following transcripts");
    service::ready();
    tokio::select! {
        _ = &mut work => {}
        () = watcher.ended() => anyhow::bail!("the watching thread has ended unexpectedly; start the agent again and report the log above"),
        () = signals::asked_to_end() => {}
        () = closed(parent) => tracing::info!("the program that started this agent is gone"),
    }
    service::stopping();
    // An error means that it has ended already.
    let _has_ended = watcher.end().await;
    tokio::select! {
        _ = &mut work => {}
        () = watcher.ended() => {}
    }
    tracing::info!("ended");
    Ok(ExitCode::SUCCESS)
}

async fn closed(parent: Option<oneshot::Receiver<()>>) {
    match parent {
        // An error is the thread's end, which means the same.
        Some(parent) => drop(parent.await),
        None => std::future::pending().await,
    }
}

/// Tells when the standard input is closed. A thread of its own, because a blocked read cannot be given up.
fn parent_gone() -> std::io::Result<oneshot::Receiver<()>> {
    let (gone, wait) = oneshot::channel();
    std::thread::Builder::new().name("muster-parent".into()).spawn(move || {
        let mut buffer = [0; 64];
        while std::io::stdin().read(&mut buffer).is_ok_and(|read| read > 0) {}
        // Nobody waits any more when the agent is ending for another reason.
        let _ending = gone.send(());
    })?;
    Ok(wait)
}

/// Answers `muster-agent status`, and takes what hooks tell.
async fn offer_status(place: &Place, board: &StatusBoard, told: &Hooks) {
    loop {
        if status_socket::ask(&place.state).is_ok() {
            tracing::warn!(state = %place.state.display(), "another agent runs with the same state folder");
        } else {
            let (machine, everybody) = (hook_socket::own_machine_folder(), Everybody(told));
            let document = || serde_json::to_string(&board.status()).unwrap_or_default();
            tokio::select! {
                Err(error) = status_socket::serve(place.state.clone(), document) => {
                    tracing::warn!(%error, "`muster-agent status` cannot reach this agent");
                }
                Err(error) = hook_socket::serve(place.state.clone(), MAX_EVENT_BYTES, |said| listen(&said, told)) => {
                    tracing::warn!(%error, "hooks cannot reach this agent");
                }
                Err(error) = hook_socket::serve_all(machine.clone().unwrap_or_default(), MAX_EVENT_BYTES, &everybody), if machine.is_some() => {
                    tracing::warn!(%error, "hooks of this machine's users cannot reach this agent");
                }
                else => {}
            }
        }
        tokio::time::sleep(STATUS_RETRY).await;
    }
}

/// All users of the machine.
struct Everybody<'a>(&'a Hooks);

impl hook_socket::Audience for Everybody<'_> {
    fn admits(&self, user: u32) -> bool {
        self.0.admits(user)
    }

    fn hear(&self, user: u32, message: &[u8]) {
        if !decode(message).is_some_and(|event| self.0.take_of(user, event)) {
            tracing::debug!(user, "a hook told of what is not this user's, or is not understood");
        }
    }
}

fn listen(said: &[u8], told: &Hooks) {
    let Some(event) = decode(said) else {
        return tracing::debug!("a hook said something that is not understood");
    };
    told.take(event);
}
