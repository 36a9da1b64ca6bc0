//! The door for pages that stay: WebSocket `/api/v1/live`.

mod snapshot;

use std::sync::Arc;
use std::time::Duration;

use axum::Router;
use axum::extract::State;
use axum::extract::ws::{CloseFrame, Message, Utf8Bytes, WebSocket, WebSocketUpgrade, close_code};
use axum::response::Response;
use axum::routing::any;
use futures_util::SinkExt as _;
use futures_util::stream::{SplitSink, SplitStream, StreamExt as _};

use crate::house::House;
use crate::http::guard::Caller;
use crate::live::Topic;
use crate::live::hub::{Joined, Page};
use crate::wire::convert::text;
use crate::wire::live::{LiveMessage, LiveRequest};

/// Largest message of a page: a subscription is below 400 bytes.
const REQUEST_BYTES: usize = 4096;

/// Topics that one page may follow; a page shows a fleet and a few sessions.
const TOPICS: usize = 64;

/// A page that takes nothing for so long is given up: its queue and socket are freed.
const SEND_WITHIN: Duration = Duration::from_secs(20);

/// Pings keep proxies from closing a calm connection and find pages that vanished without a word.
const PING_EVERY: Duration = Duration::from_secs(25);

/// How often a page's credential is looked at again.
const RECHECK_EVERY: Duration = Duration::from_secs(30);

/// Routes below `/api/v1`.
pub fn routes() -> Router<Arc<House>> {
    Router::new().route("/live", any(live))
}

/// A WebSocket: follows topics (`fleet`, `host:ID`, `session:ID`), with a snapshot first and then what changes.
async fn live(State(house): State<Arc<House>>, caller: Caller, upgrade: WebSocketUpgrade) -> Response {
    upgrade
        .max_message_size(REQUEST_BYTES)
        .max_frame_size(REQUEST_BYTES)
        // Requests are short; the default would hold 128 KiB for every open page.
        .read_buffer_size(REQUEST_BYTES)
        .on_upgrade(move |socket| async move { Conversation::begin(house, caller, socket).run().await })
}

/// One page's connection.
struct Conversation {
    house: Arc<House>,
    caller: Caller,
    page: Page,
    to_page: SplitSink<WebSocket, Message>,
    from_page: SplitStream<WebSocket>,
}

/// Why a connection ends.
enum End {
    /// The page left or takes nothing.
    Left,
    /// We end it, and say why.
    Closed(u16, &'static str),
}

impl Conversation {
    fn begin(house: Arc<House>, caller: Caller, socket: WebSocket) -> Self {
        let page = house.hub.page();
        let (to_page, from_page) = socket.split();
        Self { house, caller, page, to_page, from_page }
    }

    async fn run(mut self) {
        let mut ping = tokio::time::interval(PING_EVERY);
        let mut recheck = tokio::time::interval(RECHECK_EVERY);
        let house = Arc::clone(&self.house);
        let end = loop {
            let step = tokio::select! {
                update = self.page.next() => self.forward(update).await,
                request = self.from_page.next() => self.answer(request).await,
                _ = ping.tick() => self.ping().await,
                _ = recheck.tick() => self.recheck().await,
                () = house.tasks.stopping() => Err(End::Closed(close_code::RESTART, "the aggregator is stopping")),
            };
            if let Err(end) = step {
                break end;
            }
        };
        if let End::Closed(code, reason) = end {
            let frame = CloseFrame { code, reason: Utf8Bytes::from_static(reason) };
            // The page is gone either way.
            let _ = self.send(Message::Close(Some(frame))).await;
        }
    }

    async fn forward(&mut self, update: Option<Utf8Bytes>) -> Result<(), End> {
        let Some(update) = update else { return Err(End::Left) };
        self.send(Message::Text(update)).await?;
        self.tell_lost().await
    }

    async fn ping(&mut self) -> Result<(), End> {
        self.send(Message::Ping(bytes::Bytes::new())).await?;
        // A loss that was noted just after the last update went out.
        self.tell_lost().await
    }

    async fn tell_lost(&mut self) -> Result<(), End> {
        for (topic, revision) in self.page.take_lost() {
            let lost = LiveMessage { resubscribe: Some(true), ..LiveMessage::new(topic.to_string(), revision) };
            self.send_text(&lost).await?;
        }
        Ok(())
    }

    async fn answer(&mut self, request: Option<Result<Message, axum::Error>>) -> Result<(), End> {
        let text = match request {
            Some(Ok(Message::Text(text))) => text,
            Some(Ok(Message::Ping(_) | Message::Pong(_))) => return Ok(()),
            Some(Ok(Message::Binary(_))) => return Err(End::Closed(close_code::UNSUPPORTED, "text messages only")),
            Some(Ok(Message::Close(_)) | Err(_)) | None => return Err(End::Left),
        };
        match serde_json::from_str::<LiveRequest>(&text) {
            Ok(LiveRequest::Subscribe { topic, after }) => self.subscribe(topic, after).await,
            Ok(LiveRequest::Unsubscribe { topic }) => {
                if let Some(topic) = Topic::parse(&topic) {
                    self.page.leave(&topic);
                }
                Ok(())
            }
            Err(_) => self.refuse(String::new(), "send {\"subscribe\": {\"topic\": …, \"after\": null}}").await,
        }
    }

    async fn subscribe(&mut self, name: String, after: Option<u64>) -> Result<(), End> {
        let Some(topic) = Topic::parse(&name) else {
            return self.refuse(name, "unknown topic: use fleet, host:ID or session:ID").await;
        };
        if self.page.following() >= TOPICS {
            return self.refuse(name, "too many topics on one connection: unsubscribe from some").await;
        }
        match self.page.join(&topic, after) {
            Joined::Resumed { revision, missed } => {
                let resumed = LiveMessage { resumed: Some(true), ..LiveMessage::new(name, after.unwrap_or(revision)) };
                self.send_text(&resumed).await?;
                for update in missed {
                    self.send(Message::Text(update)).await?;
                }
                Ok(())
            }
            Joined::Fresh { revision } => match snapshot::of(&self.house, &topic).await {
                Ok(Some(snapshot)) => {
                    let snapshot = Some(snapshot);
                    self.send_text(&LiveMessage { snapshot, ..LiveMessage::new(name, revision) }).await
                }
                Ok(None) => {
                    self.page.leave_for_good(&topic);
                    self.refuse(name, "there is no such host or session").await
                }
                Err(error) => {
                    tracing::error!(error = %error, topic = %topic, "a snapshot could not be made");
                    self.page.leave_for_good(&topic);
                    self.refuse(name, "the archive cannot be read right now: try again").await
                }
            },
        }
    }

    async fn recheck(&mut self) -> Result<(), End> {
        // A database that does not answer is no reason to send people away.
        match self.caller.still_counts(&self.house).await {
            Ok(false) => Err(End::Closed(close_code::POLICY, "signed out")),
            Ok(true) | Err(_) => Ok(()),
        }
    }

    async fn refuse(&mut self, topic: String, why: &str) -> Result<(), End> {
        let error = Some(why.to_owned());
        self.send_text(&LiveMessage { error, ..LiveMessage::new(topic, 0) }).await
    }

    async fn send_text(&mut self, message: &LiveMessage) -> Result<(), End> {
        self.send(Message::Text(text(message).into())).await
    }

    async fn send(&mut self, message: Message) -> Result<(), End> {
        match tokio::time::timeout(SEND_WITHIN, self.to_page.send(message)).await {
            Ok(Ok(())) => Ok(()),
            Ok(Err(_)) | Err(_) => Err(End::Left),
        }
    }
}
