//! A small HTTP client for commands that ask the running aggregator.

use std::sync::Arc;
use std::time::Duration;

use anyhow::{Context as _, anyhow, bail};
use http::header::{AUTHORIZATION, CONTENT_LENGTH, CONTENT_TYPE, HOST};
use http::{Method, Request, Response, StatusCode, Uri};
use http_body_util::{BodyExt as _, Full, Limited};
use hyper::body::{Bytes, Incoming};
use hyper_util::rt::TokioIo;
use rustls::ClientConfig;
use rustls::client::danger::{HandshakeSignatureValid, ServerCertVerified, ServerCertVerifier};
use rustls::crypto::{CryptoProvider, ring, verify_tls12_signature, verify_tls13_signature};
use rustls::server::ParsedCertificate;
use rustls::{DigitallySignedStruct, Error as RustlsError, RootCertStore, SignatureScheme};
use rustls_pki_types::{CertificateDer, ServerName, UnixTime};
use serde::de::DeserializeOwned;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;

use crate::spawn::Tasks;
use crate::tls::pin_of;

/// Largest answer read.
const ANSWER_BYTES: usize = 64 * 1024 * 1024;

/// How long the aggregator may take to accept a connection.
const CONNECT: Duration = Duration::from_secs(10);

/// Someone who asks one aggregator.
#[derive(Debug)]
pub(super) struct Client {
    /// Address without a slash at the end.
    pub(super) url: String,
    /// The key that its certificate must have; public authorities decide when absent.
    pub(super) pin: Option<String>,
    /// Sent as `Authorization: Bearer`.
    pub(super) token: String,
}

/// The aggregator answered, and said no.
#[derive(Debug, thiserror::Error)]
#[error("the aggregator at {url} refuses ({status}): {detail}")]
pub(super) struct Refused {
    url: String,
    /// HTTP status of the answer.
    pub(super) status: StatusCode,
    detail: String,
}

impl Client {
    /// Sends a request without a body, and reads the JSON answer.
    pub(super) async fn ask<T: DeserializeOwned>(&self, method: Method, path: &str) -> anyhow::Result<T> {
        self.send(method, path, "application/json", Bytes::new()).await
    }

    /// Sends a request with a body of the given type, and reads the JSON answer.
    pub(super) async fn send<T: DeserializeOwned>(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Bytes,
    ) -> anyhow::Result<T> {
        let response = self.open(method, path, content_type, body).await?;
        let body = whole(response).await.with_context(|| format!("cannot ask {}", self.url))?;
        serde_json::from_slice(&body).context("the aggregator's answer is not understood")
    }

    /// Reads an answer of any length and gives out its bytes as they come. An error says that some are missing.
    pub(super) async fn download(
        &self,
        path: &str,
        mut give: impl FnMut(&[u8]) -> anyhow::Result<()>,
    ) -> anyhow::Result<()> {
        let mut body = self.open(Method::GET, path, "application/json", Bytes::new()).await?.into_body();
        while let Some(frame) = body.frame().await {
            if let Ok(bytes) = frame.context("the answer broke off before its end")?.into_data() {
                give(&bytes)?;
            }
        }
        Ok(())
    }

    /// An answer that says yes, its body not read yet.
    async fn open(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Bytes,
    ) -> anyhow::Result<Response<Incoming>> {
        let exchange = self.exchange(method, path, content_type, body).await;
        let response = exchange.with_context(|| format!("cannot ask {}", self.url))?;
        let status = response.status();
        if status.is_success() {
            return Ok(response);
        }
        let problem: serde_json::Value = serde_json::from_slice(&whole(response).await?).unwrap_or_default();
        let detail = problem["detail"].as_str().unwrap_or("it does not say why").to_owned();
        Err(Refused { url: self.url.clone(), status, detail }.into())
    }

    /// Whether the aggregator answers, and says yes.
    pub(super) async fn answers(&self, method: Method, path: &str) -> bool {
        self.exchange(method, path, "application/json", Bytes::new())
            .await
            .is_ok_and(|response| response.status().is_success())
    }

    async fn exchange(
        &self,
        method: Method,
        path: &str,
        content_type: &str,
        body: Bytes,
    ) -> anyhow::Result<Response<Incoming>> {
        let uri: Uri = format!("{}{path}", self.url).parse().context("the address is not understood")?;
        let host = uri.host().context("the address names no host")?;
        let https = uri.scheme_str() == Some("https");
        let port = uri.port_u16().unwrap_or(if https { 443 } else { 80 });
        let address = format!("{host}:{port}");
        let stream = tokio::time::timeout(CONNECT, TcpStream::connect(&address))
            .await
            .map_err(|_| anyhow!("no connection within {} s", CONNECT.as_secs()))?
            .with_context(|| format!("nothing answers at {address}: is the aggregator running?"))?;
        let request = Request::builder()
            .method(method)
            .uri(uri.path_and_query().map_or("/", |path| path.as_str()))
            .header(HOST, &address)
            .header(AUTHORIZATION, format!("Bearer {}", self.token))
            .header(CONTENT_LENGTH, body.len())
            .header(CONTENT_TYPE, content_type)
            .body(Full::new(body))?;
        if !https {
            return send(stream, request).await;
        }
        let name = ServerName::try_from(host.trim_matches(['[', ']']).to_owned())?;
        let stream = TlsConnector::from(self.tls_config()?).connect(name, stream).await.context("no TLS")?;
        send(stream, request).await
    }

    fn tls_config(&self) -> anyhow::Result<Arc<ClientConfig>> {
        let provider = Arc::new(ring::default_provider());
        let builder =
            ClientConfig::builder_with_provider(Arc::clone(&provider)).with_safe_default_protocol_versions()?;
        let builder = if let Some(pin) = self.pin.clone() {
            builder.dangerous().with_custom_certificate_verifier(Arc::new(Pinned { pin, provider }))
        } else {
            builder.with_root_certificates(RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() })
        };
        Ok(Arc::new(builder.with_no_client_auth()))
    }
}

async fn send<S>(stream: S, request: Request<Full<Bytes>>) -> anyhow::Result<Response<Incoming>>
where
    S: AsyncRead + AsyncWrite + Unpin + Send + 'static,
{
    let (mut sender, connection) = hyper::client::conn::http1::handshake(TokioIo::new(stream)).await?;
    let tasks = Tasks::new();
    tasks.spawn("client connection", async move {
        if let Err(error) = connection.await {
            tracing::debug!(error = %error, "the connection to the aggregator broke off");
        }
    });
    Ok(sender.send_request(request).await?)
}

async fn whole(response: Response<Incoming>) -> anyhow::Result<Bytes> {
    match Limited::new(response.into_body(), ANSWER_BYTES).collect().await {
        Ok(body) => Ok(body.to_bytes()),
        Err(error) => bail!("the answer broke off: {error}"),
    }
}

/// Trusts one key and nothing else.
#[derive(Debug)]
struct Pinned {
    pin: String,
    provider: Arc<CryptoProvider>,
}

impl ServerCertVerifier for Pinned {
    fn verify_server_cert(
        &self,
        end_entity: &CertificateDer<'_>,
        _intermediates: &[CertificateDer<'_>],
        _server_name: &ServerName<'_>,
        _ocsp_response: &[u8],
        _now: UnixTime,
    ) -> Result<ServerCertVerified, RustlsError> {
        let certificate = ParsedCertificate::try_from(end_entity)?;
        if pin_of(certificate.subject_public_key_info().as_ref()) == self.pin {
            return Ok(ServerCertVerified::assertion());
        }
        Err(RustlsError::General("the certificate has another key than the aggregator of this data folder".to_owned()))
    }

    fn verify_tls12_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        verify_tls12_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn verify_tls13_signature(
        &self,
        message: &[u8],
        cert: &CertificateDer<'_>,
        signed: &DigitallySignedStruct,
    ) -> Result<HandshakeSignatureValid, RustlsError> {
        verify_tls13_signature(message, cert, signed, &self.provider.signature_verification_algorithms)
    }

    fn supported_verify_schemes(&self) -> Vec<SignatureScheme> {
        self.provider.signature_verification_algorithms.supported_schemes()
    }
}
