//! A hand-made agent: speaks the link's protocol without any file behind it.

use std::net::{IpAddr, SocketAddr};
use std::time::Duration;

use muster_proto::fleet::enrol_client::EnrolClient;
use muster_proto::fleet::link_client::LinkClient;
use muster_proto::fleet::{
    Ack, Codec, Down, FileForm, FileIdentity, Frame, Hello, HostFacts, JoinRequest, KnownTranscript, Open, Opened,
    Policy, Up, Welcome, down, up,
};
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair as _};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::transport::Channel;
use tonic::{Status, Streaming};

/// How long an answer of the aggregator may take.
const ANSWER_PATIENCE: Duration = Duration::from_secs(30);

/// Messages waiting to be sent. When full the sender waits, as a real agent does.
const OUTBOX: usize = 64;

/// Who a hand-made agent is.
pub struct Identity {
    /// Id of the host.
    pub host_id: String,
    key: Ed25519KeyPair,
}

impl Identity {
    /// Joins with the secret of a join token, over plain HTTP.
    pub async fn join(address: SocketAddr, secret: &str) -> Result<Self, Status> {
        Self::join_from(address, secret, None).await
    }

    /// The same from an address of this machine: the aggregator limits how often one address may join.
    pub async fn join_from(address: SocketAddr, secret: &str, from: Option<IpAddr>) -> Result<Self, Status> {
        let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).expect("the system has randomness");
        let key = Ed25519KeyPair::from_pkcs8(document.as_ref()).expect("a key just made");
        let request = JoinRequest {
            token: secret.to_owned(),
            public_key: key.public_key().as_ref().to_vec().into(),
            facts: Some(facts()),
        };
        let reply = EnrolClient::new(channel(address, from).await?).join(request).await?.into_inner();
        Ok(Self { host_id: reply.host_id, key })
    }
}

/// One open link.
pub struct Link {
    outbox: mpsc::Sender<Up>,
    inbox: Streaming<Down>,
    /// What the aggregator said at the beginning.
    pub welcome: Welcome,
    /// What it holds of this host.
    pub known: Vec<KnownTranscript>,
}

impl Link {
    /// Opens a link as `identity`, speaking `protocol`.
    pub async fn open(address: SocketAddr, identity: &Identity, protocol: u32) -> Result<Self, Status> {
        Self::open_at(address, identity, protocol, jiff::Timestamp::now().as_millisecond()).await
    }

    /// The same of a host whose clock says `clock_ms`.
    pub async fn open_at(
        address: SocketAddr,
        identity: &Identity,
        protocol: u32,
        clock_ms: i64,
    ) -> Result<Self, Status> {
        let (outbox, messages) = mpsc::channel(OUTBOX);
        let mut client = LinkClient::new(channel(address, None).await?);
        let mut inbox = client.open(ReceiverStream::new(messages)).await?.into_inner();
        let down::Kind::Challenge(challenge) = receive(&mut inbox).await? else {
            return Err(Status::internal("the first message is no challenge"));
        };
        let proof = muster_proto::link_proof(&identity.host_id, &challenge.nonce);
        let hello = Hello {
            protocol,
            host_id: identity.host_id.clone(),
            signature: identity.key.sign(&proof).as_ref().to_vec().into(),
            facts: Some(facts()),
            instance_id: uuid::Uuid::new_v4().to_string(),
            clock_ms,
            roots: Vec::new(),
            reports_coders: true,
            policy: Some(Policy { stop: true }),
            ..Hello::default()
        };
        send(&outbox, up::Kind::Hello(hello)).await?;
        let down::Kind::Welcome(welcome) = receive(&mut inbox).await? else {
            return Err(Status::internal("the second message is no welcome"));
        };
        let mut known = Vec::new();
        loop {
            let down::Kind::Known(batch) = receive(&mut inbox).await? else {
                return Err(Status::internal("a welcome is followed by what is known"));
            };
            known.extend(batch.transcripts);
            if batch.last {
                return Ok(Self { outbox, inbox, welcome, known });
            }
        }
    }

    /// Sends one message.
    pub async fn send(&self, kind: up::Kind) -> Result<(), Status> {
        send(&self.outbox, kind).await
    }

    /// The next message of the aggregator.
    pub async fn receive(&mut self) -> Result<down::Kind, Status> {
        receive(&mut self.inbox).await
    }

    /// Opens a transcript of lines; waits for its id and offset.
    pub async fn open_transcript(&mut self, handle: u64, path: &str) -> Result<Opened, Status> {
        let open = Open {
            handle,
            coder: "claude".to_owned(),
            root: "/home/dev/.claude/projects".to_owned(),
            path: path.to_owned(),
            form: FileForm::Lines.into(),
            identity: Some(FileIdentity { device: 1, inode: handle + 1 }),
            size_bytes: 0,
            modified_ms: jiff::Timestamp::now().as_millisecond(),
            replaces: String::new(),
        };
        self.send(up::Kind::Open(open)).await?;
        loop {
            if let down::Kind::Opened(opened) = self.receive().await? {
                return Ok(opened);
            }
        }
    }

    /// Sends whole lines that begin at `offset`.
    pub async fn send_lines(&self, transcript_id: &str, offset: u64, lines: &[u8]) -> Result<(), Status> {
        self.send(up::Kind::Frame(frame(transcript_id, offset, lines))).await
    }

    /// Waits for an acknowledgement of everything before `offset`; says how far it reaches.
    pub async fn acknowledged(&mut self, transcript_id: &str, offset: u64) -> Result<u64, Status> {
        loop {
            match self.receive().await? {
                down::Kind::Ack(Ack { transcript_id: id, offset: acked }) if id == transcript_id && acked >= offset => {
                    return Ok(acked);
                }
                _ => {}
            }
        }
    }

    /// The two halves, for a sender and a receiver that work beside each other.
    pub fn split(self) -> (mpsc::Sender<Up>, Streaming<Down>) {
        (self.outbox, self.inbox)
    }
}

/// A frame of uncompressed whole lines.
pub fn frame(transcript_id: &str, offset: u64, lines: &[u8]) -> Frame {
    Frame {
        transcript_id: transcript_id.to_owned(),
        start_offset: offset,
        raw_bytes: u32::try_from(lines.len()).expect("a frame is small"),
        codec: Codec::Raw.into(),
        bytes: lines.to_vec().into(),
        more: false,
    }
}

async fn channel(address: SocketAddr, from: Option<IpAddr>) -> Result<Channel, Status> {
    let endpoint = Channel::from_shared(format!("http://{address}")).expect("a valid URL").tcp_nodelay(true);
    let endpoint = endpoint.local_address(from);
    endpoint.connect().await.map_err(|error| Status::unavailable(error.to_string()))
}

async fn send(outbox: &mpsc::Sender<Up>, kind: up::Kind) -> Result<(), Status> {
    outbox.send(Up { kind: Some(kind) }).await.map_err(|_| Status::unavailable("the link is closed"))
}

async fn receive(inbox: &mut Streaming<Down>) -> Result<down::Kind, Status> {
    let message = tokio::time::timeout(ANSWER_PATIENCE, inbox.message());
    let message = message.await.map_err(|_| Status::deadline_exceeded("no answer"))??;
    message.and_then(|down| down.kind).ok_or_else(|| Status::unavailable("the stream ended"))
}

fn facts() -> HostFacts {
    HostFacts {
        hostname: "simulated".to_owned(),
        os: "linux".to_owned(),
        arch: "x86_64".to_owned(),
        agent_version: env!("CARGO_PKG_VERSION").to_owned(),
    }
}
