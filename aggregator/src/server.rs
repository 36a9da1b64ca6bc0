//! A server is a value: bound first, then serving until told to stop.
//!
//! One TCP port carries everything. The first byte of a connection tells TLS (0x16) from plain HTTP; behind it HTTP/1.1,
//! HTTP/2 and WebSocket are told apart by the connection itself, and gRPC from the rest by its path.

use std::future::Future;
use std::io;
use std::net::SocketAddr;
use std::pin::pin;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::time::Duration;

use axum::Router;
use axum::body::Body;
use axum::response::IntoResponse as _;
use http::header::{CONTENT_TYPE, HOST, LOCATION};
use http::{Request, Response, StatusCode};
use hyper::body::Incoming;
use hyper::service::service_fn;
use hyper_util::rt::{TokioIo, TokioTimer};
use hyper_util::server::conn::auto;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::{TcpListener, TcpStream};
use tokio::sync::{OwnedSemaphorePermit, Semaphore};
use tokio_rustls::TlsAcceptor;
use tower::ServiceExt as _;

use crate::house::House;
use crate::http::guard::Peer;
use crate::options::Options;
use crate::spawn::Tasks;
use crate::tls::{self, Tls, TlsError};

/// Connections at the same time: 10,000 hosts, and people. Beyond that new ones wait in the system's queue.
const CONNECTIONS: usize = 12_000;

/// How long a connection may take to say what it wants: first byte, TLS handshake, head of a request.
const GREETING: Duration = Duration::from_secs(10);

/// Bytes of one upload under way, and of one connection: enough for 100 MB/s at 20 ms to the host and back.
const STREAM_WINDOW: u32 = 2 * 1024 * 1024;
const CONNECTION_WINDOW: u32 = 4 * 1024 * 1024;

/// Bytes of one HTTP/2 frame: a host's frame then comes in a few reads, not in a dozen.
const HTTP2_FRAME: u32 = 64 * 1024;

/// An idle HTTP/2 connection is asked for a sign of life this often, and given this long to answer.
const KEEPALIVE: Duration = Duration::from_secs(20);

/// How often the certificate's files are looked at: renewals come weeks before the end.
const RENEWAL: Duration = Duration::from_mins(1);

/// Streams of one HTTP/2 connection: a page opens a handful, an agent one or two.
const STREAMS: u32 = 64;

/// How long requests in progress and links may take to end after a stop.
pub const DRAIN: Duration = Duration::from_secs(5);

/// First byte of a TLS handshake.
const TLS_HANDSHAKE: u8 = 0x16;

/// Why a server cannot start.
#[derive(Debug, thiserror::Error)]
pub enum BindError {
    /// The address is taken or not ours.
    #[error(
        "cannot listen on {address}: {error}. Is another program on this port? Choose another with --listen ADDR:PORT"
    )]
    Listen {
        /// Asked for.
        address: SocketAddr,
        /// Why not.
        error: io::Error,
    },
    /// No certificate.
    #[error(transparent)]
    Tls(#[from] TlsError),
}

/// Every door of the house: gRPC by its paths, everything else below. Agents come by the sub-path too, when there is one.
pub fn app(house: &Arc<House>) -> Router {
    let grpc = Router::new()
        .route_service("/muster.fleet.v1.Enrol/{*method}", crate::grpc::enrol(Arc::clone(house)))
        .route_service("/muster.fleet.v1.Link/{*method}", crate::grpc::link(Arc::clone(house)));
    let app = crate::http::router(Arc::clone(house)).merge(grpc.clone());
    let base_path = &house.options.base_path;
    if base_path.is_empty() { app } else { app.nest(base_path, grpc) }
}

/// A bound port with its certificate, not serving yet.
#[derive(Debug)]
pub struct Server {
    listener: TcpListener,
    tls: Option<Tls>,
    greeting: Duration,
}

impl Server {
    /// Binds the port and loads the certificate, and completes `options` with what is known now: the real address and
    /// the pin.
    pub async fn bind(options: &mut Options) -> Result<Self, BindError> {
        let address = options.listen;
        let listen = |error| BindError::Listen { address, error };
        let listener = TcpListener::bind(address).await.map_err(listen)?;
        options.listen = listener.local_addr().map_err(listen)?;
        let tls = tls::load(options)?;
        options.pin = tls.as_ref().and_then(|tls| tls.pin.clone());
        Ok(Self { listener, tls, greeting: GREETING })
    }

    /// Where it listens.
    pub fn address(&self) -> io::Result<SocketAddr> {
        self.listener.local_addr()
    }

    /// Serves until `stop` resolves, then lets everything end for at most [`DRAIN`].
    pub async fn serve(self, app: Router, tasks: Tasks, stop: impl Future<Output = ()>) {
        if let Some(tls) = &self.tls {
            tasks.spawn_until_stop("certificate", tls.clone().follow_files(RENEWAL));
        }
        let door = Door {
            app,
            tls: self.tls.map(|tls| TlsAcceptor::from(tls.config)),
            port: self.listener.local_addr().map_or(0, |address| address.port()),
            tasks: tasks.clone(),
            greeting: self.greeting,
        };
        let room = Arc::new(Semaphore::new(CONNECTIONS));
        let accept = accept_for_ever(&self.listener, &room, door);
        tokio::select! {
            () = accept => {}
            () = stop => {}
        }
        drop(self.listener);
        if !tasks.drain(DRAIN).await {
            tracing::warn!(tasks = tasks.running(), "some work did not end in time and is broken off");
        }
    }
}

async fn accept_for_ever(listener: &TcpListener, room: &Arc<Semaphore>, door: Door) {
    // The semaphore is never closed.
    while let Ok(place) = Arc::clone(room).acquire_owned().await {
        match listener.accept().await {
            Ok((stream, address)) => {
                let door = door.clone();
                door.tasks.clone().spawn("connection", async move { door.welcome(stream, address, place).await });
            }
            Err(error) => {
                // Out of file descriptors, or a connection that ended before it was taken.
                tracing::warn!(error = %error, "a connection could not be accepted");
                tokio::time::sleep(Duration::from_millis(50)).await;
            }
        }
    }
}

/// What every connection needs.
#[derive(Clone)]
struct Door {
    app: Router,
    tls: Option<TlsAcceptor>,
    port: u16,
    tasks: Tasks,
    greeting: Duration,
}

impl Door {
    async fn welcome(self, stream: TcpStream, address: SocketAddr, _place: OwnedSemaphorePermit) {
        if let Err(error) = stream.set_nodelay(true) {
            tracing::debug!(error = %error, "TCP_NODELAY cannot be set");
        }
        let mut first = [0_u8; 1];
        let greeted = tokio::time::timeout(self.greeting, stream.peek(&mut first)).await;
        if !matches!(greeted, Ok(Ok(1))) {
            return;
        }
        match (&self.tls, first[0] == TLS_HANDSHAKE) {
            (Some(acceptor), true) => {
                let handshake = tokio::time::timeout(self.greeting, acceptor.accept(stream)).await;
                match handshake {
                    Ok(Ok(stream)) => self.talk(stream, Peer { address, tls: true }).await,
                    Ok(Err(error)) => tracing::debug!(error = %error, origin = %address, "a TLS handshake failed"),
                    Err(_) => tracing::debug!(origin = %address, "a TLS handshake took too long"),
                }
            }
            (Some(_), false) => self.point_to_https(stream).await,
            (None, false) => self.talk(stream, Peer { address, tls: false }).await,
            (None, true) => tracing::debug!(origin = %address, "TLS was asked for on a port without TLS"),
        }
    }

    async fn talk(&self, stream: impl AsyncRead + AsyncWrite + Unpin + Send + 'static, peer: Peer) {
        let app = self.app.clone();
        let asked = AtomicBool::new(false);
        let service = service_fn(|mut request: Request<Incoming>| {
            asked.store(true, Ordering::Relaxed);
            request.extensions_mut().insert(peer);
            app.clone().oneshot(request.map(Body::new))
        });
        let builder = builder(&self.tasks, self.greeting);
        let mut connection = pin!(builder.serve_connection_with_upgrades(TokioIo::new(stream), service));
        let outcome = tokio::select! {
            outcome = connection.as_mut() => outcome,
            () = self.tasks.stopping() => {
                connection.as_mut().graceful_shutdown();
                connection.await
            }
            () = nothing_asked(&asked, self.greeting) => return,
        };
        if let Err(error) = outcome {
            tracing::debug!(error = %error, origin = %peer.address, "a connection broke off");
        }
    }

    /// Someone speaks plain HTTP to an encrypted port: says where to go, and nothing else.
    async fn point_to_https(&self, stream: TcpStream) {
        let port = self.port;
        let service = service_fn(move |request: Request<Incoming>| {
            std::future::ready(Ok::<_, std::convert::Infallible>(https_answer(&request, port)))
        });
        let builder = builder(&self.tasks, self.greeting);
        let connection = builder.serve_connection(TokioIo::new(stream), service);
        if let Ok(Err(error)) = tokio::time::timeout(self.greeting, connection).await {
            tracing::debug!(error = %error, "a plain connection to the TLS port broke off");
        }
    }
}

/// Resolves when a connection was given time for a first request, and made none.
async fn nothing_asked(asked: &AtomicBool, greeting: Duration) {
    tokio::time::sleep(greeting * 2).await;
    if asked.load(Ordering::Relaxed) {
        std::future::pending::<()>().await;
    }
}

fn builder(tasks: &Tasks, greeting: Duration) -> auto::Builder<Tasks> {
    let mut builder = auto::Builder::new(tasks.clone());
    builder.http1().timer(TokioTimer::new()).header_read_timeout(greeting).keep_alive(true);
    builder
        .http2()
        .timer(TokioTimer::new())
        .keep_alive_interval(KEEPALIVE)
        .keep_alive_timeout(KEEPALIVE)
        .max_concurrent_streams(STREAMS)
        .initial_stream_window_size(STREAM_WINDOW)
        .initial_connection_window_size(CONNECTION_WINDOW)
        .max_frame_size(HTTP2_FRAME);
    builder
}

fn https_answer(request: &Request<Incoming>, port: u16) -> Response<Body> {
    const TEXT: &str = "This port speaks HTTPS: use https:// in the address.\n";
    let host = request.headers().get(HOST).and_then(|host| host.to_str().ok());
    let host = host.and_then(|host| host.parse::<http::uri::Authority>().ok());
    let location = host.and_then(|authority| {
        let path = request.uri().path_and_query().map_or("/", |path| path.as_str());
        let port = authority.port_u16().unwrap_or(port);
        http::HeaderValue::try_from(format!("https://{}:{port}{path}", authority.host())).ok()
    });
    let mut response = (StatusCode::BAD_REQUEST, [(CONTENT_TYPE, "text/plain")], TEXT).into_response();
    if let Some(location) = location {
        *response.status_mut() = StatusCode::PERMANENT_REDIRECT;
        response.headers_mut().insert(LOCATION, location);
    }
    response
}

#[cfg(test)]
mod tests;
