//! `run` for ever around one attempt: connect, prove, hand messages both ways until the stream ends.

use std::time::{Duration, Instant};

use muster_proto::fleet::link_client::LinkClient;
use muster_proto::fleet::{Down, Hello, Up, Welcome, down, up};
use muster_proto::limits::{MESSAGE_BYTES, PROTOCOL};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Status, Streaming};

use super::backoff::{Backoff, GOOD_AFTER, jittered};
use super::connect::{ConnectError, channel, check_url};
use super::facts;
use crate::identity::Identity;
use crate::platform::clock;
use crate::presence::LookoutHandle;
use crate::status::{LinkState, StatusBoard};
use crate::watcher::WatcherHandle;

/// Messages between the watcher and the stream. A full channel makes the watcher wait: few enough that a fresh line
/// never stands behind more than a frame or two of the backlog.
const UP_MESSAGES: usize = 2;

/// Longest wait for each message of the handshake.
const HANDSHAKE: Duration = Duration::from_secs(15);

/// After another agent took this identity's link: long enough not to take turns with it for ever.
const AFTER_SUPERSEDED: Duration = Duration::from_secs(45);

/// After the aggregator refused this host: a person has to act first.
const AFTER_REFUSED: Duration = Duration::from_mins(1);

/// What stays the same from link to link.
pub struct Instance {
    /// Who this host is.
    pub identity: Identity,
    /// Random per process.
    pub id: String,
    /// How things stand.
    pub board: StatusBoard,
    /// Living coders.
    pub presence: LookoutHandle,
}

/// Why a link ended.
#[derive(Debug, thiserror::Error)]
pub enum LinkError {
    /// Not reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// The aggregator does not know this host (any more).
    #[error(
        "the aggregator refused this host ({0}); host was removed; join again with a new token from `muster host add NAME`"
    )]
    Refused(String),
    /// Another agent opened a newer link as this host.
    #[error("superseded: another agent runs with this host's identity; stop it, or join it as a host of its own")]
    Superseded,
    /// The stream broke.
    #[error("the link broke: {0}")]
    Broken(String),
    /// The other side does not speak as agreed.
    #[error("the aggregator answered unexpectedly ({0}); it may be of another version")]
    Protocol(&'static str),
    /// The watcher has stopped.
    #[error("the watcher has stopped")]
    WatcherStopped,
}

impl From<Status> for LinkError {
    fn from(status: Status) -> Self {
        match status.code() {
            Code::PermissionDenied | Code::Unauthenticated => Self::Refused(status.message().to_owned()),
            Code::Aborted => Self::Superseded,
            _ => Self::Broken(format!("{:?}: {}", status.code(), status.message())),
        }
    }
}

/// Keeps a link open until the watcher stops.
pub async fn run(instance: &Instance, watcher: &WatcherHandle) {
    let mut backoff = Backoff::new();
    loop {
        instance.board.link(LinkState::Connecting, None);
        let began = Instant::now();
        let ended = try_once(instance, watcher).await;
        if watcher.link_down().await.is_err() || matches!(ended, Err(LinkError::WatcherStopped)) {
            return;
        }
        if began.elapsed() >= GOOD_AFTER {
            backoff.reset();
        }
        let (state, pause) = match &ended {
            Err(LinkError::Refused(_)) => (LinkState::Refused, jittered(2 * AFTER_REFUSED)),
            Err(LinkError::Superseded) => (LinkState::Superseded, jittered(2 * AFTER_SUPERSEDED)),
            _ => (LinkState::Waiting, backoff.pause()),
        };
        let why = ended.err().map_or_else(|| "the aggregator closed the link".to_owned(), |error| error.to_string());
        tracing::warn!(reason = %why, retry_ms = pause.as_millis(), "no link to the aggregator");
        instance.board.link(state, Some(why));
        tokio::select! {
            () = tokio::time::sleep(pause) => {}
            () = watcher.ended() => return,
        }
    }
}

async fn try_once(instance: &Instance, watcher: &WatcherHandle) -> Result<(), LinkError> {
    let identity = &instance.identity;
    // Whether the way is safe was decided when the host joined.
    let url = check_url(&identity.url, true)?;
    let channel = channel(&url, identity.pin).await?;
    let mut client = LinkClient::with_origin(channel, url)
        .max_decoding_message_size(MESSAGE_BYTES)
        .max_encoding_message_size(MESSAGE_BYTES);
    let (up, outbound) = mpsc::channel(UP_MESSAGES);
    let (outbound, presence) = instance.presence.before(ReceiverStream::new(outbound));
    let opened = tokio::time::timeout(HANDSHAKE, client.open(outbound));
    let mut inbound = opened.await.map_err(|_| LinkError::Protocol("no answer"))??.into_inner();
    let welcome = shake_hands(instance, &up, &mut inbound).await?;
    tracing::info!(
        link.epoch = welcome.epoch,
        host.name = welcome.host_name,
        aggregator.version = welcome.aggregator_version,
        "linked to the aggregator"
    );
    instance.board.linked(&welcome);
    if welcome.takes_coders {
        presence.open();
    }
    watcher.link_up(welcome, up).await.map_err(|_| LinkError::WatcherStopped)?;
    while let Some(message) = inbound.message().await? {
        match message.kind {
            Some(down::Kind::Stop(order)) => instance.presence.order(order),
            Some(message) => watcher.received(message).await.map_err(|_| LinkError::WatcherStopped)?,
            None => {}
        }
    }
    Ok(())
}

/// Challenge, hello, welcome.
async fn shake_hands(
    instance: &Instance,
    up: &mpsc::Sender<Up>,
    inbound: &mut Streaming<Down>,
) -> Result<Welcome, LinkError> {
    let Some(down::Kind::Challenge(challenge)) = next(inbound).await? else {
        return Err(LinkError::Protocol("no challenge came first"));
    };
    let hello = Hello {
        protocol: PROTOCOL,
        host_id: instance.identity.host_id.clone(),
        signature: instance.identity.prove(&challenge.nonce).map_err(LinkError::Broken)?.into(),
        facts: Some(facts()),
        instance_id: instance.id.clone(),
        clock_ms: clock::now_ms(),
        roots: instance.board.roots(),
        inspects: true,
        reports_coders: true,
        policy: Some(instance.presence.policy()),
    };
    let sent = up.send(Up { kind: Some(up::Kind::Hello(hello)) }).await;
    sent.map_err(|_| LinkError::Broken("it closed during the handshake".into()))?;
    match next(inbound).await? {
        Some(down::Kind::Welcome(welcome)) => Ok(welcome),
        _ => Err(LinkError::Protocol("no welcome came")),
    }
}

async fn next(inbound: &mut Streaming<Down>) -> Result<Option<down::Kind>, LinkError> {
    let message = tokio::time::timeout(HANDSHAKE, inbound.message()).await;
    let message = message.map_err(|_| LinkError::Protocol("it fell silent during the handshake"))??;
    Ok(message.and_then(|message| message.kind))
}
