//! Reaching the aggregator: TCP, TLS with a pinned key or public authorities, HTTP/2.

use std::io;
use std::net::IpAddr;
use std::sync::Arc;
use std::time::Duration;

use http::Uri;
use hyper_util::rt::TokioIo;
use rustls::{CertificateError, ClientConfig, RootCertStore};
use rustls_pki_types::ServerName;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio::net::TcpStream;
use tokio_rustls::TlsConnector;
use tonic::transport::{Channel, Endpoint};

use super::pin::{Pin, PinVerifier};
use super::with_causes;

/// Longest wait for TCP and TLS to stand.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(10);

/// A quiet link is pinged this often, and given up after that long without an answer: a cut network is noticed within
/// half a minute, and routers keep the connection in their tables.
const PING_EVERY: Duration = Duration::from_secs(10);
const PING_TIMEOUT: Duration = Duration::from_secs(20);

/// The aggregator cannot be reached.
#[derive(Debug, thiserror::Error)]
pub enum ConnectError {
    /// Not a URL we can use.
    #[error("{0:?} is not an aggregator's address; write https://HOST:PORT (or http://127.0.0.1:PORT on this machine)")]
    BadUrl(String),
    /// The secret and the transcripts would travel readable.
    #[error(
        "{0} is not encrypted and not on this machine; use https://, or add --insecure if the network itself is trusted"
    )]
    Insecure(String),
    /// Another key than the pinned one.
    #[error(
        "{0} answers with another key than the token names: a new certificate was made, or someone is in between. If it is yours, run `muster host add NAME` again and join with the new token"
    )]
    WrongPin(String),
    /// Anything else.
    #[error("cannot reach {url}: {why}")]
    Unreachable {
        /// Where.
        url: String,
        /// Why.
        why: String,
    },
}

/// Checks an aggregator's address. Plain HTTP is for this machine only, unless `insecure` is asked for.
pub fn check_url(text: &str, insecure: bool) -> Result<Uri, ConnectError> {
    let bad = || ConnectError::BadUrl(text.to_owned());
    let url: Uri = text.trim_end_matches('/').parse().map_err(|_| bad())?;
    let host = url.host().ok_or_else(bad)?;
    match url.scheme_str() {
        Some("https") => Ok(url),
        Some("http") if insecure || is_loopback(host) => Ok(url),
        Some("http") => Err(ConnectError::Insecure(text.to_owned())),
        _ => Err(bad()),
    }
}

fn is_loopback(host: &str) -> bool {
    let host = host.trim_start_matches('[').trim_end_matches(']');
    host == "localhost" || host.parse::<IpAddr>().is_ok_and(|address| address.is_loopback())
}

/// Opens an HTTP/2 connection.
pub async fn channel(url: &Uri, pin: Option<Pin>) -> Result<Channel, ConnectError> {
    let tls = if url.scheme_str() == Some("https") { Some(tls(url, pin)?) } else { None };
    let target = url.clone();
    let connector = tower::service_fn(move |_: Uri| dial(target.clone(), tls.clone()));
    // The transport would refuse an https URL, not knowing that the connector does TLS; requests still carry the origin.
    let authority = url.authority().map_or("", |authority| authority.as_str());
    let endpoint = Endpoint::from_shared(format!("http://{authority}"))
        .map_err(|_| ConnectError::BadUrl(url.to_string()))?
        .origin(url.clone())
        .connect_timeout(CONNECT_TIMEOUT)
        .http2_keep_alive_interval(PING_EVERY)
        .keep_alive_timeout(PING_TIMEOUT)
        .keep_alive_while_idle(true);
    endpoint.connect_with_connector(connector).await.map_err(|error| explain(url, &error))
}

fn explain(url: &Uri, error: &tonic::transport::Error) -> ConnectError {
    let url = url.to_string();
    let mut cause: Option<&(dyn std::error::Error + 'static)> = Some(error);
    while let Some(inner) = cause {
        if inner.downcast_ref::<io::Error>().is_some_and(is_wrong_pin) {
            return ConnectError::WrongPin(url);
        }
        cause = inner.source();
    }
    ConnectError::Unreachable { url, why: with_causes(error) }
}

fn is_wrong_pin(error: &io::Error) -> bool {
    let refused = rustls::Error::InvalidCertificate(CertificateError::ApplicationVerificationFailure);
    error.get_ref().and_then(|inner| inner.downcast_ref::<rustls::Error>()).is_some_and(|inner| *inner == refused)
}

/// How a connection is encrypted.
#[derive(Clone)]
struct Tls {
    connector: TlsConnector,
    name: ServerName<'static>,
}

fn tls(url: &Uri, pin: Option<Pin>) -> Result<Tls, ConnectError> {
    let provider = Arc::new(rustls::crypto::ring::default_provider());
    let unreachable = |why: String| ConnectError::Unreachable { url: url.to_string(), why };
    let config = ClientConfig::builder_with_provider(provider.clone())
        .with_safe_default_protocol_versions()
        .map_err(|error| unreachable(error.to_string()))?;
    let mut config = if let Some(pin) = pin {
        let verifier = Arc::new(PinVerifier { pin, provider });
        config.dangerous().with_custom_certificate_verifier(verifier).with_no_client_auth()
    } else {
        let roots = RootCertStore { roots: webpki_roots::TLS_SERVER_ROOTS.to_vec() };
        config.with_root_certificates(roots).with_no_client_auth()
    };
    config.alpn_protocols = vec![b"h2".to_vec()];
    let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']').to_owned();
    let name = ServerName::try_from(host).map_err(|_| ConnectError::BadUrl(url.to_string()))?;
    Ok(Tls { connector: TlsConnector::from(Arc::new(config)), name })
}

/// Both kinds of connection.
trait Wire: AsyncRead + AsyncWrite + Send + Unpin {}
impl<T: AsyncRead + AsyncWrite + Send + Unpin> Wire for T {}

async fn dial(url: Uri, tls: Option<Tls>) -> io::Result<TokioIo<Box<dyn Wire>>> {
    let host = url.host().unwrap_or_default().trim_start_matches('[').trim_end_matches(']');
    let port = url.port_u16().unwrap_or(if tls.is_some() { 443 } else { 80 });
    let dialled = tokio::time::timeout(CONNECT_TIMEOUT, async {
        let tcp = TcpStream::connect((host, port)).await?;
        tcp.set_nodelay(true)?;
        let wire: Box<dyn Wire> = match tls {
            Some(tls) => Box::new(tls.connector.connect(tls.name, tcp).await?),
            None => Box::new(tcp),
        };
        Ok(TokioIo::new(wire))
    });
    dialled.await.unwrap_or_else(|_| Err(io::Error::new(io::ErrorKind::TimedOut, "no answer within 10 seconds")))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn plain_http_is_for_this_machine_only() {
        for fine in ["http://127.0.0.1:7000", "http://localhost:7000/", "http://[::1]:7000", "https://hub.example:7443"]
        {
            check_url(fine, false).unwrap();
        }
        assert!(matches!(check_url("http://10.0.0.5:7000", false), Err(ConnectError::Insecure(_))));
        check_url("http://10.0.0.5:7000", true).unwrap();
        for bad in ["hub.example", "ftp://hub", "", "/x"] {
            assert!(matches!(check_url(bad, true), Err(ConnectError::BadUrl(_))), "{bad}");
        }
    }
}
