//! Everything that is configured about one aggregator, after flags, environment and defaults have been weighed.

use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::path::{Path, PathBuf};

use crate::machine;

/// Configuration of one aggregator.
#[derive(Debug, Clone)]
pub struct Options {
    /// Folder of the embedded database, the generated certificate and the owner token.
    pub data: PathBuf,
    /// Address of the one TCP port; port 0 lets the system choose. Once the server is bound, where it really listens.
    pub listen: SocketAddr,
    /// `postgres://…`; the embedded database in `data` when absent.
    pub database: Option<String>,
    /// Address under which hosts and people reach this aggregator, when it is not the one it listens on.
    pub public_url: Option<PublicUrl>,
    /// Sub-path under which a reverse proxy serves it: empty, or `/muster` (leading slash, none at the end).
    pub base_path: String,
    /// Believe `X-Forwarded-For`, `-Proto`, `-Host` and `-Prefix`: the only way in is a proxy that sets them.
    pub trust_proxy: bool,
    /// How the port is protected.
    pub tls: TlsChoice,
    /// Digest of our certificate's public key, which join tokens carry; known once the certificate is loaded.
    pub pin: Option<String>,
    /// Name shown for this installation.
    pub name: String,
}

/// How the port is protected.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum TlsChoice {
    /// Plain HTTP: on loopback, or by `--insecure-http`.
    Off,
    /// A certificate made at first start and kept in the data folder.
    Generated,
    /// The operator's own.
    Own {
        /// PEM file with the certificate chain.
        cert: PathBuf,
        /// PEM file with its private key.
        key: PathBuf,
        /// Issued by an authority that hosts trust already: join tokens carry no pin.
        public: bool,
    },
}

impl TlsChoice {
    /// Whether connections are encrypted.
    pub fn is_on(&self) -> bool {
        *self != Self::Off
    }
}

impl Options {
    /// Plain HTTP on a free port of loopback with everything in `data`; what tests start from.
    pub fn local(data: &Path) -> Self {
        Self {
            data: data.to_owned(),
            listen: SocketAddr::from(([127, 0, 0, 1], 0)),
            database: None,
            public_url: None,
            base_path: String::new(),
            trust_proxy: false,
            tls: TlsChoice::Off,
            pin: None,
            name: "Muster".to_owned(),
        }
    }

    /// File of the embedded database.
    pub fn embedded_database(&self) -> PathBuf {
        self.data.join("muster.db")
    }

    /// Address for people and hosts, without a slash at the end: the public one, else where it listens; when that is
    /// every address, the one by which this machine reaches the network.
    pub fn url(&self) -> String {
        if let Some(public) = &self.public_url {
            return public.to_string();
        }
        let scheme = if self.tls.is_on() { "https" } else { "http" };
        let mut address = self.listen;
        if address.ip().is_unspecified() {
            address.set_ip(machine::own_address().unwrap_or(IpAddr::V4(Ipv4Addr::LOCALHOST)));
        }
        format!("{scheme}://{address}{}", self.base_path)
    }

    /// Address as this machine itself reaches it, whatever the public one is.
    pub fn local_url(&self) -> String {
        let mut address = self.listen;
        if address.ip().is_unspecified() {
            address.set_ip(match address {
                SocketAddr::V4(_) => Ipv4Addr::LOCALHOST.into(),
                SocketAddr::V6(_) => Ipv6Addr::LOCALHOST.into(),
            });
        }
        format!("{}://{address}", if self.tls.is_on() { "https" } else { "http" })
    }

    /// What a host recognises us by at [`Options::url`]. Behind a reverse proxy it meets the proxy's certificate, which
    /// an authority vouches for.
    pub fn join_pin(&self) -> Option<&str> {
        let proxied = self.trust_proxy && self.public_url.is_some();
        self.pin.as_deref().filter(|_| !proxied)
    }

    /// The command that makes a machine join with this secret.
    pub fn join_command(&self, secret: &str) -> String {
        join_command(&self.url(), secret, self.join_pin())
    }
}

/// The command that makes a machine join the aggregator at `url`.
pub fn join_command(url: &str, secret: &str, pin: Option<&str>) -> String {
    format!("muster-agent join {url} {}", join_token(secret, pin))
}

/// What a machine joins with: the secret and, where it cannot know our certificate otherwise, what to recognise it by.
pub fn join_token(secret: &str, pin: Option<&str>) -> String {
    pin.map_or_else(|| secret.to_owned(), |pin| format!("{secret}.{pin}"))
}

/// An absolute `http` or `https` address, without a slash at the end.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PublicUrl {
    origin: String,
    host: String,
    path: String,
}

/// An address that is not usable as `--public-url`.
#[derive(Debug, thiserror::Error, PartialEq, Eq)]
#[error("{0:?} is not a usable address: write it like https://muster.example.org or https://example.org/muster")]
pub struct InvalidUrl(String);

impl PublicUrl {
    /// Scheme, host and port as a browser writes them in `Origin`.
    pub fn origin(&self) -> &str {
        &self.origin
    }

    /// Host name or address, without port.
    pub fn host(&self) -> &str {
        &self.host
    }

    /// Path without a slash at the end; empty at the root.
    pub fn path(&self) -> &str {
        &self.path
    }
}

impl std::fmt::Display for PublicUrl {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "{}{}", self.origin, self.path)
    }
}

impl std::str::FromStr for PublicUrl {
    type Err = InvalidUrl;

    fn from_str(text: &str) -> Result<Self, InvalidUrl> {
        let invalid = || InvalidUrl(text.to_owned());
        let uri: http::Uri = text.parse().map_err(|_| invalid())?;
        let scheme = uri.scheme_str().filter(|scheme| matches!(*scheme, "http" | "https")).ok_or_else(invalid)?;
        let authority = uri.authority().filter(|authority| !authority.as_str().contains('@')).ok_or_else(invalid)?;
        if uri.query().is_some() || authority.host().is_empty() {
            return Err(invalid());
        }
        let standard = if scheme == "https" { 443 } else { 80 };
        let host = authority.host().to_ascii_lowercase();
        let port = authority.port_u16().filter(|port| *port != standard);
        let port = port.map_or_else(String::new, |port| format!(":{port}"));
        Ok(Self {
            origin: format!("{scheme}://{host}{port}"),
            host: host.trim_matches(['[', ']']).to_owned(),
            path: uri.path().trim_end_matches('/').to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_public_url_is_normalised_to_what_browsers_send() {
        let url: PublicUrl = "https://Muster.Example.org:443/team/".parse().unwrap();
        assert_eq!(url.origin(), "https://muster.example.org");
        assert_eq!(url.path(), "/team");
        assert_eq!(url.to_string(), "https://muster.example.org/team");
        let url: PublicUrl = "http://[::1]:4600".parse().unwrap();
        assert_eq!((url.origin(), url.host()), ("http://[::1]:4600", "::1"));
    }

    #[test]
    fn what_is_no_web_address_is_refused() {
        for text in ["muster.example.org", "ftp://example.org", "https://", "https://a:b@example.org", "https://e/?x=1"]
        {
            assert!(text.parse::<PublicUrl>().is_err(), "{text}");
        }
    }

    #[test]
    fn the_url_follows_tls_and_base_path() {
        let mut options = Options::local(Path::new("/data"));
        options.listen.set_port(4600);
        assert_eq!(options.url(), "http://127.0.0.1:4600");
        options.tls = TlsChoice::Generated;
        options.base_path = "/muster".into();
        assert_eq!(options.url(), "https://127.0.0.1:4600/muster");
        options.listen = SocketAddr::from(([0, 0, 0, 0], 4600));
        assert!(!options.url().contains("0.0.0.0"));
    }

    #[test]
    fn a_join_command_carries_the_pin_when_there_is_one() {
        let mut options = Options::local(Path::new("/data"));
        options.public_url = "https://m.example".parse().ok();
        assert_eq!(options.join_command("SECRET"), "muster-agent join https://m.example SECRET");
        options.pin = Some("PIN".into());
        assert_eq!(options.join_command("SECRET"), "muster-agent join https://m.example SECRET.PIN");
        options.trust_proxy = true;
        assert_eq!(options.join_command("SECRET"), "muster-agent join https://m.example SECRET");
    }
}
