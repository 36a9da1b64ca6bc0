//! An aggregator in memory that speaks the real protocol, and misbehaves when told to.

use std::net::SocketAddr;
use std::pin::Pin;
use std::sync::{Arc, Mutex, MutexGuard};
use std::time::{Duration, Instant};

use muster_proto::fleet::enrol_server::{Enrol, EnrolServer};
use muster_proto::fleet::link_server::{Link, LinkServer};
use muster_proto::fleet::{
    Challenge, DigestRequest, Down, Hello, JoinReply, JoinRequest, Rewind, Stop, Up, Welcome, down, up,
};
use muster_proto::ids::HostId;
use ring::signature::{ED25519, UnparsedPublicKey};
use tokio::net::TcpListener;
use tokio::sync::{broadcast, mpsc};
use tokio_rustls::TlsAcceptor;
use tokio_stream::wrappers::{ReceiverStream, TcpListenerStream};
use tokio_stream::{Stream, StreamExt};
use tonic::transport::Server;
use tonic::{Request, Response, Status, Streaming};

use crate::archive::Archive;

/// The token that it takes.
pub(crate) const TOKEN: &str = "one-time-secret";

/// Longest wait for something to come true; never the length of a test that passes.
const PATIENCE: Duration = Duration::from_secs(20);

type Downs = mpsc::Sender<Result<Down, Status>>;

/// What a test may tell the aggregator's links.
#[derive(Debug, Clone)]
enum Whim {
    /// Ends the link as with this status.
    End(tonic::Code),
    /// Asks for every transcript again from what is committed.
    RewindAll,
    /// Asks for digests of every transcript.
    DigestAll,
    /// Orders to stop a coder.
    Stop(Stop),
}

#[derive(Default)]
pub(crate) struct House {
    pub(crate) archive: Archive,
    pub(crate) hellos: Vec<Hello>,
    public_key: Vec<u8>,
    host_id: String,
    token_used: bool,
    /// Refuses links with this code.
    pub(crate) refuse: Option<tonic::Code>,
    /// Is of another version: names no bounds, and says something that this agent does not know.
    pub(crate) another_version: bool,
    /// Keeps acknowledgements back.
    pub(crate) hold_acks: bool,
    pub(crate) window_bytes: u64,
    pub(crate) frames_in_flight: u64,
}

#[derive(Clone)]
pub(crate) struct Fake {
    pub(crate) address: SocketAddr,
    pub(crate) house: Arc<Mutex<House>>,
    whims: broadcast::Sender<Whim>,
}

impl Fake {
    pub(crate) async fn start() -> Self {
        Self::start_with(None).await
    }

    pub(crate) async fn start_with(tls: Option<TlsAcceptor>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let address = listener.local_addr().unwrap();
        let house = House { window_bytes: 1024 * 1024, ..House::default() };
        let fake = Self { address, house: Arc::new(Mutex::new(house)), whims: broadcast::channel(16).0 };
        let router = Server::builder()
            .add_service(EnrolServer::new(fake.clone()))
            .add_service(LinkServer::new(fake.clone()).max_decoding_message_size(4 * 1024 * 1024));
        let incoming = TcpListenerStream::new(listener);
        match tls {
            None => tokio::spawn(router.serve_with_incoming(incoming)),
            Some(tls) => {
                let encrypted = incoming.then(move |tcp| {
                    let tls = tls.clone();
                    async move { tls.accept(tcp?).await }
                });
                // A refused handshake ends that connection, not the server.
                let encrypted = encrypted.filter(Result::is_ok);
                tokio::spawn(router.serve_with_incoming(encrypted))
            }
        };
        fake
    }

    pub(crate) fn url(&self) -> String {
        format!("http://{}", self.address)
    }

    pub(crate) fn house(&self) -> MutexGuard<'_, House> {
        self.house.lock().unwrap()
    }

    pub(crate) fn end_links(&self, code: tonic::Code) {
        // Nobody listens when no link stands.
        let _no_link = self.whims.send(Whim::End(code));
    }

    pub(crate) fn rewind_all(&self) {
        self.whims.send(Whim::RewindAll).unwrap();
    }

    pub(crate) fn rewind_all_if_linked(&self) {
        // Nobody listens when no link stands yet.
        let _no_link = self.whims.send(Whim::RewindAll);
    }

    pub(crate) fn digest_all(&self) {
        self.whims.send(Whim::DigestAll).unwrap();
    }

    pub(crate) fn stop(&self, order: Stop) {
        self.whims.send(Whim::Stop(order)).unwrap();
    }

    /// Waits until `wanted` holds of the house.
    pub(crate) async fn until(&self, what: &str, mut wanted: impl FnMut(&House) -> bool) {
        let began = Instant::now();
        while !wanted(&self.house()) {
            assert!(began.elapsed() < PATIENCE, "never came true: {what}");
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    }

    /// Waits until `bytes` are archived live at the path that ends with `name`.
    pub(crate) async fn until_archived(&self, name: &str, bytes: &[u8]) {
        let archived =
            |house: &House| house.archive.live().iter().any(|(path, has)| path.ends_with(name) && has == bytes);
        self.until(&format!("{} bytes of {name} archived", bytes.len()), archived).await;
    }

    async fn converse(&self, mut ups: Streaming<Up>, downs: &Downs) -> Result<(), Status> {
        let mut whims = self.whims.subscribe();
        self.greet(&mut ups, downs).await?;
        loop {
            tokio::select! {
                up = ups.message() => match up?.and_then(|up| up.kind) {
                    Some(kind) => self.take(kind, downs).await?,
                    None => return Ok(()),
                },
                whim = whims.recv() => self.follow_whim(whim.unwrap(), downs).await?,
            }
        }
    }

    async fn greet(&self, ups: &mut Streaming<Up>, downs: &Downs) -> Result<(), Status> {
        let nonce = vec![7; 32];
        send(downs, down::Kind::Challenge(Challenge { nonce: nonce.clone().into() })).await?;
        let Some(up::Kind::Hello(hello)) = ups.message().await?.and_then(|up| up.kind) else {
            panic!("no hello came");
        };
        let (welcome, known) = {
            let mut house = self.house();
            let proof = muster_proto::link_proof(&hello.host_id, &nonce);
            let key = UnparsedPublicKey::new(&ED25519, &house.public_key);
            key.verify(&proof, &hello.signature).map_err(|_| Status::unauthenticated("wrong key"))?;
            assert_eq!(hello.host_id, house.host_id);
            if let Some(code) = house.refuse {
                return Err(Status::new(code, "refused by the test"));
            }
            house.hellos.push(hello);
            house.frames_in_flight = 0;
            let bounds = Welcome {
                window_bytes: house.window_bytes,
                frame_bytes: 64 * 1024,
                takes_coders: true,
                ..Welcome::default()
            };
            let welcome = Welcome {
                epoch: house.hellos.len() as u64,
                host_name: "testhost".into(),
                aggregator_version: "fake".into(),
                ..if house.another_version { Welcome::default() } else { bounds }
            };
            (welcome, house.archive.link())
        };
        send(downs, down::Kind::Welcome(welcome)).await?;
        if self.house().another_version {
            // What a message of a kind from the future looks like to this agent.
            downs.send(Ok(Down { kind: None })).await.map_err(|_| Status::cancelled("the agent has left"))?;
        }
        for batch in known {
            send(downs, batch).await?;
        }
        Ok(())
    }

    async fn take(&self, kind: up::Kind, downs: &Downs) -> Result<(), Status> {
        let answer = {
            let mut house = self.house();
            if let up::Kind::Frame(frame) = &kind {
                house.frames_in_flight += u64::from(frame.raw_bytes);
            }
            let answer = house.archive.take(kind);
            let held = house.hold_acks && matches!(answer, Some(down::Kind::Ack(_)));
            answer.filter(|_| !held)
        };
        match answer {
            Some(answer) => send(downs, answer).await,
            None => Ok(()),
        }
    }

    async fn follow_whim(&self, whim: Whim, downs: &Downs) -> Result<(), Status> {
        let messages: Vec<down::Kind> = match whim {
            Whim::End(code) => return Err(Status::new(code, "ended by the test")),
            Whim::RewindAll => self.house().archive.transcripts.iter().map(rewind).collect(),
            Whim::DigestAll => self.house().archive.transcripts.iter().map(digest_request).collect(),
            Whim::Stop(order) => vec![down::Kind::Stop(order)],
        };
        for message in messages {
            send(downs, message).await?;
        }
        Ok(())
    }
}

fn rewind((id, transcript): (&String, &crate::archive::Transcript)) -> down::Kind {
    down::Kind::Rewind(Rewind {
        transcript_id: id.clone(),
        offset: transcript.bytes.len() as u64,
        line: 0,
        mid_line: transcript.mid_line,
    })
}

fn digest_request((id, transcript): (&String, &crate::archive::Transcript)) -> down::Kind {
    let upto_bytes = transcript.bytes.len() as u64;
    down::Kind::DigestRequest(DigestRequest { request_id: 1, transcript_id: id.clone(), upto_bytes, from_bytes: 0 })
}

async fn send(downs: &Downs, kind: down::Kind) -> Result<(), Status> {
    downs.send(Ok(Down { kind: Some(kind) })).await.map_err(|_| Status::cancelled("the agent has left"))
}

#[tonic::async_trait]
impl Enrol for Fake {
    async fn join(&self, request: Request<JoinRequest>) -> Result<Response<JoinReply>, Status> {
        let request = request.into_inner();
        let mut house = self.house();
        if request.token != TOKEN || house.token_used {
            return Err(Status::unauthenticated("unknown token"));
        }
        house.token_used = true;
        house.public_key = request.public_key.to_vec();
        house.host_id = HostId::new().to_string();
        let reply = JoinReply {
            host_id: house.host_id.clone(),
            host_name: "testhost".into(),
            aggregator_id: "fake-fleet".into(),
        };
        Ok(Response::new(reply))
    }
}

#[tonic::async_trait]
impl Link for Fake {
    type OpenStream = Pin<Box<dyn Stream<Item = Result<Down, Status>> + Send>>;

    async fn open(&self, request: Request<Streaming<Up>>) -> Result<Response<Self::OpenStream>, Status> {
        let (downs, stream) = mpsc::channel(64);
        let (fake, ups) = (self.clone(), request.into_inner());
        tokio::spawn(async move {
            if let Err(status) = fake.converse(ups, &downs).await {
                // The agent may have left already.
                let _left = downs.send(Err(status)).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }
}
