//! A page's view of the aggregator: the WebSocket `/api/v1/live`.

use std::time::{Duration, Instant};

use futures_util::{SinkExt as _, StreamExt as _};
use serde_json::{Value, json};
use tokio_tungstenite::WebSocketStream;
use tokio_tungstenite::tungstenite::client::IntoClientRequest as _;
use tokio_tungstenite::tungstenite::{self, Message};

use crate::api::Api;
use crate::http::{Stream, connect};

/// How long a test waits for a message.
const MESSAGE_PATIENCE: Duration = Duration::from_secs(30);

/// One open page.
pub struct Page(WebSocketStream<Box<dyn Stream>>);

impl Page {
    /// Opens the live socket with the credential of `api`.
    pub async fn open(api: &Api) -> Result<Self, String> {
        Self::open_from(api, None).await
    }

    /// The same, saying that the page was loaded from `origin`.
    pub async fn open_from(api: &Api, origin: Option<&str>) -> Result<Self, String> {
        let stream = connect(api.address(), api.tls()).await.map_err(|error| error.to_string())?;
        let scheme = if api.tls() { "wss" } else { "ws" };
        let mut request =
            format!("{scheme}://{}/api/v1/live", api.address()).into_client_request().expect("a valid URL");
        if let Some(token) = api.token() {
            let value = format!("Bearer {token}").parse().expect("a header's characters");
            request.headers_mut().insert("authorization", value);
        }
        if let Some(origin) = origin {
            request.headers_mut().insert("origin", origin.parse().expect("a header's characters"));
        }
        match tokio_tungstenite::client_async(request, stream).await {
            Ok((socket, _)) => Ok(Self(socket)),
            Err(tungstenite::Error::Http(reply)) => Err(format!("refused with {}", reply.status().as_u16())),
            Err(error) => Err(error.to_string()),
        }
    }

    /// Sends any text.
    pub async fn say(&mut self, text: &str) -> Result<(), String> {
        self.0.send(Message::text(text)).await.map_err(|error| error.to_string())
    }

    /// Follows a topic, from a revision or with a snapshot.
    pub async fn subscribe(&mut self, topic: &str, after: Option<u64>) -> Result<(), String> {
        self.say(&json!({"subscribe": {"topic": topic, "after": after}}).to_string()).await
    }

    /// The next message of the aggregator.
    pub async fn next(&mut self) -> Result<Value, String> {
        let wait = tokio::time::timeout(MESSAGE_PATIENCE, self.next_text());
        let text = wait.await.map_err(|_| "no message came".to_owned())??;
        serde_json::from_str(&text).map_err(|error| format!("{error} in {text}"))
    }

    /// The next text message as it came, however long it takes.
    pub async fn next_text(&mut self) -> Result<String, String> {
        loop {
            match self.0.next().await {
                Some(Ok(Message::Text(text))) => return Ok(text.to_string()),
                Some(Ok(Message::Close(frame))) => return Err(format!("closed: {frame:?}")),
                Some(Ok(_)) => {}
                Some(Err(error)) => return Err(error.to_string()),
                None => return Err("the socket ended".to_owned()),
            }
        }
    }

    /// Reads messages until one satisfies `wanted`.
    pub async fn next_where(&mut self, what: &str, wanted: impl Fn(&Value) -> bool) -> Value {
        let start = Instant::now();
        loop {
            assert!(start.elapsed() < MESSAGE_PATIENCE, "waited in vain for {what}");
            let message = self.next().await.unwrap_or_else(|error| panic!("waiting for {what}: {error}"));
            if wanted(&message) {
                return message;
            }
        }
    }

    /// Reads messages until an entry's preview contains `text`: the entry, and the revision it came with.
    pub async fn entry_with(&mut self, text: &str) -> (Value, u64) {
        let holds = |entry: &Value| entry["preview"].as_str().is_some_and(|preview| preview.contains(text));
        let message = self
            .next_where(&format!("an entry with {text:?}"), |message| {
                message["update"]["entries"].as_array().is_some_and(|entries| entries.iter().any(holds))
            })
            .await;
        let entries = message["update"]["entries"].as_array().expect("just seen");
        let entry = entries.iter().find(|entry| holds(entry)).expect("just seen").clone();
        (entry, message["revision"].as_u64().expect("a revision"))
    }

    /// Goes away without a word.
    pub fn drop_connection(self) {
        drop(self);
    }
}
