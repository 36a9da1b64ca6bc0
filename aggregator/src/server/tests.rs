//! The port as clients find it.

use std::path::Path;

use muster_proto::fleet::JoinRequest;
use muster_proto::fleet::enrol_client::EnrolClient;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::*;
use crate::access::By;
use crate::options::TlsChoice;
use crate::store::Db;

const PATIENCE: Duration = Duration::from_secs(20);

/// A server on a free port of loopback.
struct Served {
    address: SocketAddr,
    house: Arc<House>,
    tasks: Tasks,
    stop: Option<oneshot::Sender<()>>,
    serving: JoinHandle<()>,
    _folder: tempfile::TempDir,
}

impl Served {
    async fn start(tls: TlsChoice) -> Self {
        Self::start_with(|options| options.tls = tls, GREETING).await
    }

    async fn start_with(set: impl FnOnce(&mut Options), greeting: Duration) -> Self {
        let folder = tempfile::tempdir().unwrap();
        let mut options = Options::local(folder.path());
        set(&mut options);
        let db = Db::open(None, &options.embedded_database()).await.unwrap();
        let mut server = Server::bind(&mut options).await.unwrap();
        server.greeting = greeting;
        let address = server.address().unwrap();
        let tasks = Tasks::new();
        let (house, _chores) = House::new(db, options, tasks.clone());
        let (stop, stopped) = oneshot::channel();
        let serving = server.serve(app(&house), tasks.clone(), async move {
            let _ = stopped.await;
        });
        Self { address, house, tasks, stop: Some(stop), serving: tokio::spawn(serving), _folder: folder }
    }

    async fn connect(&self) -> TcpStream {
        TcpStream::connect(self.address).await.unwrap()
    }

    fn stop(&mut self) {
        self.stop.take().unwrap().send(()).unwrap();
    }

    async fn ended(self) {
        tokio::time::timeout(PATIENCE, self.serving).await.expect("the server ends").unwrap();
    }
}

async fn talk(stream: &mut (impl AsyncRead + AsyncWrite + Unpin), said: &str) -> String {
    stream.write_all(said.as_bytes()).await.unwrap();
    let mut answer = Vec::new();
    let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
    read.expect("the server closes the connection").unwrap();
    String::from_utf8_lossy(&answer).into_owned()
}

const HEALTH: &str = "GET /healthz HTTP/1.1\r\nhost: x\r\nconnection: close\r\n\r\n";

#[tokio::test]
async fn one_plain_port_serves_http_and_grpc() {
    let served = Served::start(TlsChoice::Off).await;
    let answer = talk(&mut served.connect().await, HEALTH).await;
    assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok\n"), "{answer}");
    let join = served.house.access.host_add(&By::cli(), "box").await.unwrap();
    let mut enrol = EnrolClient::connect(format!("http://{}", served.address)).await.unwrap();
    let request = |token: &str| JoinRequest { token: token.to_owned(), public_key: vec![1; 32].into(), facts: None };
    let joined = enrol.join(request(&join.secret)).await.unwrap().into_inner();
    assert_eq!(joined.host_name, "box");
    let refused = enrol.join(request(&join.secret)).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::Unauthenticated);
}

#[tokio::test]
async fn below_a_sub_path_there_is_the_same() {
    let served = Served::start_with(|options| options.base_path = "/team".to_owned(), GREETING).await;
    for path in ["/healthz", "/team/healthz"] {
        let answer = talk(&mut served.connect().await, &HEALTH.replace("/healthz", path)).await;
        assert!(answer.starts_with("HTTP/1.1 200") && answer.ends_with("ok\n"), "{path}: {answer}");
    }
    let channel =
        tonic::transport::Endpoint::new(format!("http://{}", served.address)).unwrap().connect().await.unwrap();
    let origin = format!("http://{}/team", served.address).parse().unwrap();
    let refused = EnrolClient::with_origin(channel, origin).join(JoinRequest::default()).await.unwrap_err();
    assert_eq!(refused.code(), tonic::Code::InvalidArgument, "{refused}");
}

#[tokio::test]
async fn a_tls_port_shows_the_pinned_key_and_sends_plain_callers_there() {
    let served = Served::start(TlsChoice::Generated).await;
    let pin = served.house.options.pin.clone().unwrap();
    let seen = pin_seen(served.address).await;
    assert_eq!(seen, pin);
    let plain = "GET /sessions?a=b HTTP/1.1\r\nhost: muster.test:4600\r\nconnection: close\r\n\r\n";
    let answer = talk(&mut served.connect().await, plain).await;
    assert!(answer.starts_with("HTTP/1.1 308"), "{answer}");
    assert!(answer.contains("location: https://muster.test:4600/sessions?a=b\r\n"), "{answer}");
}

/// Fetches /healthz over TLS, and says which key the server has.
async fn pin_seen(address: SocketAddr) -> String {
    use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
    #[derive(Debug)]
    struct Anyone;
    impl ServerCertVerifier for Anyone {
        fn verify_server_cert(
            &self,
            _: &rustls_pki_types::CertificateDer<'_>,
            _: &[rustls_pki_types::CertificateDer<'_>],
            _: &rustls_pki_types::ServerName<'_>,
            _: &[u8],
            _: rustls_pki_types::UnixTime,
        ) -> Result<ServerCertVerified, rustls::Error> {
            Ok(ServerCertVerified::assertion())
        }
        fn verify_tls12_signature(
            &self,
            _: &[u8],
            _: &rustls_pki_types::CertificateDer<'_>,
            _: &rustls::DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Ok(HandshakeSignatureValid::assertion())
        }
        fn verify_tls13_signature(
            &self,
            _: &[u8],
            _: &rustls_pki_types::CertificateDer<'_>,
            _: &rustls::DigitallySignedStruct,
        ) -> Result<HandshakeSignatureValid, rustls::Error> {
            Ok(HandshakeSignatureValid::assertion())
        }
        fn supported_verify_schemes(&self) -> Vec<rustls::SignatureScheme> {
            rustls::crypto::ring::default_provider().signature_verification_algorithms.supported_schemes()
        }
    }
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let config = rustls::ClientConfig::builder_with_provider(provider)
        .with_safe_default_protocol_versions()
        .unwrap()
        .dangerous()
        .with_custom_certificate_verifier(Arc::new(Anyone))
        .with_no_client_auth();
    let connector = tokio_rustls::TlsConnector::from(Arc::new(config));
    let name = rustls_pki_types::ServerName::try_from("localhost").unwrap();
    let mut stream = connector.connect(name, TcpStream::connect(address).await.unwrap()).await.unwrap();
    let (_, session) = stream.get_ref();
    let certificate = session.peer_certificates().unwrap()[0].clone();
    let parsed = rustls::server::ParsedCertificate::try_from(&certificate).unwrap();
    let pin = tls::pin_of(parsed.subject_public_key_info().as_ref());
    assert!(talk(&mut stream, HEALTH).await.starts_with("HTTP/1.1 200"));
    pin
}

#[tokio::test]
async fn garbage_and_silence_disturb_nobody() {
    let served = Served::start(TlsChoice::Generated).await;
    let silent = served.connect().await;
    for garbage in
        ["\u{16}\u{3}\u{1}garbage that is no handshake", "\0\0\0\0\r\n\r\n", "PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n"]
    {
        let mut stream = served.connect().await;
        stream.write_all(garbage.as_bytes()).await.unwrap();
        stream.shutdown().await.unwrap();
        let mut answer = Vec::new();
        // A reset is an answer too.
        let read = tokio::time::timeout(PATIENCE, stream.read_to_end(&mut answer)).await;
        assert!(read.is_ok(), "the server ends a connection that makes no sense");
    }
    let mut dribbling = served.connect().await;
    dribbling.write_all(b"GET / HTT").await.unwrap();
    assert_eq!(pin_seen(served.address).await, served.house.options.pin.clone().unwrap());
    drop((silent, dribbling));
}

#[tokio::test]
async fn who_says_nothing_useful_in_time_is_sent_away() {
    let served = Served::start_with(|_| {}, Duration::from_millis(50)).await;
    for said in ["", "P", "PRI * HTTP/2.0\r\n", "GET / HTTP/1.1\r\nhost: x\r\n"] {
        talk(&mut served.connect().await, said).await;
    }
    let preface = "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0\u{4}\0\0\0\0\0";
    talk(&mut served.connect().await, preface).await;
}

#[tokio::test]
async fn stopping_finishes_what_was_asked_and_closes_the_rest() {
    let mut served = Served::start(TlsChoice::Off).await;
    let mut idle = served.connect().await;
    // A connection that is kept alive after an answer.
    idle.write_all(b"GET /healthz HTTP/1.1\r\nhost: x\r\n\r\n").await.unwrap();
    let mut first = [0_u8; 12];
    idle.read_exact(&mut first).await.unwrap();
    assert_eq!(&first, b"HTTP/1.1 200");
    served.stop();
    served.tasks.stopping().await;
    let mut rest = Vec::new();
    let closed = tokio::time::timeout(PATIENCE, idle.read_to_end(&mut rest)).await;
    assert!(closed.is_ok(), "an idle connection is closed at a stop");
    let address = served.address;
    served.ended().await;
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens any more");
}

#[tokio::test]
async fn a_taken_port_is_said_in_words() {
    let taken = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mut options = Options::local(Path::new("/nowhere"));
    options.listen = taken.local_addr().unwrap();
    let error = Server::bind(&mut options).await.unwrap_err().to_string();
    assert!(error.contains("--listen"), "{error}");
}
