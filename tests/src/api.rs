//! A script's view of the aggregator: REST with a token.

use std::net::SocketAddr;
use std::sync::Arc;
use std::time::Duration;

use bytes::Bytes;
use http_body_util::Full;
use hyper::Request;
use serde_json::Value;
use tokio::sync::Mutex;

use crate::contract;
use crate::http::{Connection, Reply};

/// How long one request may take.
const REQUEST_PATIENCE: Duration = Duration::from_secs(30);

/// An aggregator's address and a credential for it. Cheap to clone.
#[derive(Clone)]
pub struct Api {
    address: SocketAddr,
    tls: bool,
    token: Option<String>,
    // Reused between requests; opened again when it broke.
    kept: Arc<Mutex<Option<Connection>>>,
    /// Every answer must be as the API's document says.
    checked: bool,
}

impl Api {
    /// Speaks to the aggregator at `address` with `token`.
    pub fn new(address: SocketAddr, tls: bool, token: Option<String>) -> Self {
        Self { address, tls, token, kept: Arc::default(), checked: false }
    }

    /// From now on it panics at an answer that is not as the API's document says. Measurements do without.
    #[must_use]
    pub fn checked(mut self) -> Self {
        self.checked = true;
        self
    }

    fn with(&self, token: Option<String>) -> Self {
        Self { checked: self.checked, ..Self::new(self.address, self.tls, token) }
    }

    /// The same aggregator without any credential.
    #[must_use]
    pub fn anonymous(&self) -> Self {
        self.with(None)
    }

    /// The same access over a connection of its own.
    #[must_use]
    pub fn another(&self) -> Self {
        self.with(self.token.clone())
    }

    /// The same aggregator with another token.
    #[must_use]
    pub fn with_token(&self, token: &str) -> Self {
        self.with(Some(token.to_owned()))
    }

    /// Where it listens.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Whether connections are encrypted.
    pub fn tls(&self) -> bool {
        self.tls
    }

    /// The token, if any.
    pub fn token(&self) -> Option<&str> {
        self.token.as_deref()
    }

    /// Sends one request. `path` is whole: `/api/v1/…` or `/healthz`.
    pub async fn request(
        &self,
        method: &str,
        path: &str,
        headers: &[(&str, &str)],
        body: Option<&Value>,
    ) -> Result<Reply, String> {
        let mut request = Request::builder().method(method).uri(path).header("host", self.address.to_string());
        if let Some(token) = &self.token {
            request = request.header("authorization", format!("Bearer {token}"));
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        if body.is_some() {
            request = request.header("content-type", "application/json");
        }
        let bytes = body.map(|value| Bytes::from(value.to_string())).unwrap_or_default();
        let request = request.body(Full::new(bytes)).map_err(|error| error.to_string())?;
        let reply = tokio::time::timeout(REQUEST_PATIENCE, self.send(request))
            .await
            .map_err(|_| format!("{method} {path}: no answer in {} s", REQUEST_PATIENCE.as_secs()))??;
        if self.checked
            && let Err(why) = contract::check(method, path, reply.status, &reply.body)
        {
            panic!("the answer is not as the API's document says: {why}");
        }
        Ok(reply)
    }

    async fn send(&self, request: Request<Full<Bytes>>) -> Result<Reply, String> {
        let kept = self.kept.lock().await.take();
        let mut connection = match kept {
            Some(connection) => connection,
            None => Connection::open(self.address, self.tls).await?,
        };
        let mut reply = connection.send(request.clone()).await;
        if reply.is_err() {
            // The kept connection may have been closed meanwhile (a restart): once more on a new one.
            connection = Connection::open(self.address, self.tls).await?;
            reply = connection.send(request).await;
        }
        let reply = reply?;
        *self.kept.lock().await = Some(connection);
        Ok(reply)
    }

    /// `GET`, the answer as JSON. `path` below `/api/v1`. Anything but 200 is an error with the problem's words.
    pub async fn get(&self, path: &str) -> Result<Value, String> {
        let reply = self.request("GET", &format!("/api/v1{path}"), &[], None).await?;
        if reply.status == 200 {
            Ok(reply.json())
        } else {
            Err(format!("GET {path}: {} {}", reply.status, reply.text()))
        }
    }

    /// `POST` of JSON. Anything but a success is an error.
    pub async fn post(&self, path: &str, body: &Value) -> Result<Value, String> {
        let reply = self.request("POST", &format!("/api/v1{path}"), &[], Some(body)).await?;
        if reply.status < 300 {
            Ok(reply.json())
        } else {
            Err(format!("POST {path}: {} {}", reply.status, reply.text()))
        }
    }

    /// Every item of a list, page by page.
    pub async fn list(&self, path: &str) -> Result<Vec<Value>, String> {
        let join = if path.contains('?') { '&' } else { '?' };
        let mut items = Vec::new();
        let mut cursor = None::<String>;
        loop {
            let more = cursor.as_deref().map(|cursor| format!("&cursor={cursor}")).unwrap_or_default();
            let page = self.get(&format!("{path}{join}limit=1000{more}")).await?;
            items.extend(page["items"].as_array().cloned().ok_or_else(|| format!("{path}: no items in {page}"))?);
            match page["next_cursor"].as_str() {
                Some(next) => cursor = Some(next.to_owned()),
                None => return Ok(items),
            }
        }
    }

    /// The archived bytes of a transcript.
    pub async fn raw(&self, transcript_id: &str) -> Result<Bytes, String> {
        let reply = self.request("GET", &format!("/api/v1/transcripts/{transcript_id}/raw"), &[], None).await?;
        if reply.status == 200 { Ok(reply.body) } else { Err(format!("raw: {} {}", reply.status, reply.text())) }
    }

    /// Whether `/healthz` answers.
    pub async fn healthy(&self) -> Result<(), String> {
        let reply = self.anonymous().request("GET", "/healthz", &[], None).await?;
        if reply.status == 200 { Ok(()) } else { Err(format!("/healthz: {}", reply.status)) }
    }

    /// The host of this name.
    pub async fn host(&self, name: &str) -> Result<Value, String> {
        let hosts = self.list("/hosts").await?;
        hosts.into_iter().find(|host| host["name"] == name).ok_or_else(|| format!("no host {name}"))
    }
}
