//! A network that can fail: a TCP proxy on loopback in front of a server.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::net::tcp::{OwnedReadHalf, OwnedWriteHalf};
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};
use tokio::sync::watch;

/// How the network is.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Weather {
    /// Bytes pass.
    Fine,
    /// Connections stand, nothing passes, nobody is told.
    Stalled,
    /// At most this many bytes per second in each direction.
    Slow(u32),
    /// Every connection is closed and no new one is accepted.
    Cut,
    /// Every connection is reset after this many bytes from the client, again and again.
    ResetAfter(usize),
}

/// The proxy. Ends with its connections when dropped.
#[derive(Debug)]
pub struct Proxy {
    address: SocketAddr,
    weather: watch::Sender<Weather>,
    // Its own, so that bytes pass while a test waits for a program to end.
    runtime: Option<Runtime>,
    connections: Arc<AtomicUsize>,
}

/// Bytes passed on at once.
const CHUNK: usize = 16 * 1024;

impl Proxy {
    /// Stands on a free port in front of `server`.
    pub fn start(server: SocketAddr) -> Self {
        let listener = std::net::TcpListener::bind(("127.0.0.1", 0)).expect("loopback has free ports");
        let address = listener.local_addr().expect("a bound listener has an address");
        listener.set_nonblocking(true).expect("a listener can be made so");
        let runtime = Builder::new_multi_thread().worker_threads(1).enable_all().build().expect("threads can be made");
        let (weather, seen) = watch::channel(Weather::Fine);
        let connections = Arc::new(AtomicUsize::new(0));
        runtime.spawn(accept(listener, server, seen, connections.clone()));
        Self { address, weather, runtime: Some(runtime), connections }
    }

    /// Where to connect instead of to the server.
    pub fn address(&self) -> SocketAddr {
        self.address
    }

    /// Connections accepted so far.
    pub fn connections(&self) -> usize {
        self.connections.load(Ordering::Relaxed)
    }

    /// Changes the weather for all connections, present and future.
    pub fn set(&self, weather: Weather) {
        self.weather.send_replace(weather);
    }
}

impl Drop for Proxy {
    fn drop(&mut self) {
        if let Some(runtime) = self.runtime.take() {
            runtime.shutdown_background();
        }
    }
}

async fn accept(
    listener: std::net::TcpListener,
    server: SocketAddr,
    weather: watch::Receiver<Weather>,
    connections: Arc<AtomicUsize>,
) {
    let listener = TcpListener::from_std(listener).expect("inside the runtime");
    while let Ok((client, _)) = listener.accept().await {
        if *weather.borrow() != Weather::Cut {
            connections.fetch_add(1, Ordering::Relaxed);
            tokio::spawn(serve(client, server, weather.clone()));
        }
    }
}

async fn serve(client: TcpStream, server: SocketAddr, mut weather: watch::Receiver<Weather>) {
    let Ok(server) = TcpStream::connect(server).await else { return };
    let _ = client.set_nodelay(true);
    let _ = server.set_nodelay(true);
    // Closing with zero linger sends a reset, which is what a cut looks like.
    let _ = client.set_zero_linger();
    let _ = server.set_zero_linger();
    let (from_client, to_client) = client.into_split();
    let (from_server, to_server) = server.into_split();
    let up = pass(from_client, to_server, weather.clone(), true);
    let down = pass(from_server, to_client, weather.clone(), false);
    tokio::select! {
        () = up => {}
        () = down => {}
        _ = weather.wait_for(|now| *now == Weather::Cut) => {}
    }
}

async fn pass(mut from: OwnedReadHalf, mut to: OwnedWriteHalf, mut weather: watch::Receiver<Weather>, upwards: bool) {
    let mut passed = 0;
    let mut buffer = vec![0; CHUNK];
    loop {
        let Ok(count @ 1..) = from.read(&mut buffer).await else { return };
        let mut rest = &buffer[..count];
        while !rest.is_empty() {
            let Ok(now) = weather.wait_for(|now| *now != Weather::Stalled).await.map(|now| *now) else { return };
            let take = match now {
                Weather::ResetAfter(limit) if upwards && passed >= limit => return,
                Weather::ResetAfter(limit) if upwards => rest.len().min(limit - passed),
                Weather::Slow(bytes_per_second) => pace(rest.len(), bytes_per_second).await,
                _ => rest.len(),
            };
            if to.write_all(&rest[..take]).await.is_err() {
                return;
            }
            passed += take;
            rest = &rest[take..];
        }
    }
}

/// Waits as long as the next bytes take on a slow line; says how many those are.
async fn pace(wanted: usize, bytes_per_second: u32) -> usize {
    let slice = u32::try_from(wanted).unwrap_or(u32::MAX).min(bytes_per_second / 20 + 1);
    tokio::time::sleep(Duration::from_secs(1) * slice / bytes_per_second).await;
    slice as usize
}
