//! Flags that several commands share, and how they become [`Options`].
//!
//! The comments of flags are the help text: people read them on a terminal, without markup.
#![allow(clippy::doc_markdown)]

use std::net::SocketAddr;
use std::path::PathBuf;

use anyhow::{Context as _, bail, ensure};
use clap::Args;
use clap::builder::FalseyValueParser;

use crate::options::{Options, PublicUrl, TlsChoice};
use crate::private;
use crate::store::Db;

/// Where the aggregator listens unless told: this machine only.
const LISTEN: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 4600);

const EXAMPLES: &str = "Examples:
  muster serve --listen 0.0.0.0:4600                    TLS with a generated certificate; join tokens carry its fingerprint
  muster serve --listen 0.0.0.0:443 --tls-cert chain.pem --tls-key key.pem --tls-public
  muster serve --database postgres://muster:SECRET@db/muster
  muster serve --public-url https://example.org/muster --trust-proxy     behind a reverse proxy on this machine";

/// Flags of every command.
#[derive(Debug, Clone, Args)]
#[command(next_help_heading = "Options of every command")]
pub(super) struct Globals {
    /// Folder of the embedded database, the certificate and the owner's token
    /// [default: $XDG_DATA_HOME/muster, that is ~/.local/share/muster]
    #[arg(long, global = true, env = "MUSTER_DATA", value_name = "DIR")]
    data: Option<PathBuf>,
    /// Address and port to listen on
    #[arg(long, global = true, env = "MUSTER_LISTEN", value_name = "ADDR:PORT", default_value_t = LISTEN)]
    pub(super) listen: SocketAddr,
    /// PostgreSQL 15 or newer, as postgres://USER:PASSWORD@HOST/NAME; an embedded database in the data folder unless told
    #[arg(long, global = true, env = "MUSTER_DATABASE", value_name = "URL", hide_env_values = true)]
    database: Option<String>,
    /// Write logs as JSON, one object per line
    #[arg(long, global = true, env = "MUSTER_LOG_JSON", value_parser = FalseyValueParser::new())]
    pub(super) log_json: bool,
    /// What to log: error, warn, info, debug or trace; also per module, as in `info,muster::ingest=debug`
    /// [default: info for `up` and `serve`, warn for other commands]
    #[arg(long, global = true, env = "MUSTER_LOG", value_name = "LEVEL")]
    pub(super) log: Option<String>,
}

impl Globals {
    /// The data folder.
    pub(super) fn data(&self) -> anyhow::Result<PathBuf> {
        if let Some(data) = &self.data {
            return std::path::absolute(data).with_context(|| format!("--data {}", data.display()));
        }
        let set = |name| std::env::var_os(name).filter(|value| !value.is_empty()).map(PathBuf::from);
        set("XDG_DATA_HOME")
            .or_else(|| set("HOME").map(|home| home.join(".local/share")))
            .map(|base| base.join("muster"))
            .context("neither HOME nor XDG_DATA_HOME is set: say where to keep data with --data DIR")
    }

    /// The data folder, made when it is not there.
    pub(super) fn make_data(&self) -> anyhow::Result<PathBuf> {
        let data = self.data()?;
        private::folder(&data).with_context(|| {
            format!("cannot make the data folder {}: choose another with --data DIR", data.display())
        })?;
        Ok(data)
    }

    /// `--database`, when it names a server.
    pub(super) fn database(&self) -> Option<&str> {
        self.database.as_deref().filter(|url| !url.is_empty())
    }

    /// Opens the database that these flags name, and brings it to the current schema.
    pub(super) async fn open_database(&self) -> anyhow::Result<Db> {
        let file = match self.database() {
            None => self.make_data()?.join("muster.db"),
            Some(_) => PathBuf::new(),
        };
        Db::open(self.database(), &file).await.context("cannot open the database")
    }
}

/// Flags of the commands that serve.
// Each flag is one decision of the operator.
#[allow(clippy::struct_excessive_bools)]
#[derive(Debug, Clone, Args)]
#[command(after_help = EXAMPLES, next_help_heading = "Options of the server")]
pub(super) struct ServeArgs {
    /// Address under which people and hosts reach this aggregator, for example https://muster.example.org
    #[arg(long, env = "MUSTER_PUBLIC_URL", value_name = "URL")]
    public_url: Option<PublicUrl>,
    /// Sub-path under which a reverse proxy serves it [default: the path of --public-url]
    #[arg(long, env = "MUSTER_BASE_PATH", value_name = "/PATH")]
    base_path: Option<String>,
    /// Believe X-Forwarded-For, -Proto, -Host and -Prefix: only when nothing but your reverse proxy can reach the port
    #[arg(long, env = "MUSTER_TRUST_PROXY", value_parser = FalseyValueParser::new())]
    trust_proxy: bool,
    /// Your own certificate (PEM, with its chain)
    #[arg(long, env = "MUSTER_TLS_CERT", value_name = "FILE", requires = "tls_key")]
    tls_cert: Option<PathBuf>,
    /// Private key of --tls-cert (PEM)
    #[arg(long, env = "MUSTER_TLS_KEY", value_name = "FILE", requires = "tls_cert")]
    tls_key: Option<PathBuf>,
    /// --tls-cert is issued by an authority that all hosts trust: join tokens carry no fingerprint, so that the
    /// certificate may be renewed with a new key
    #[arg(long, env = "MUSTER_TLS_PUBLIC", requires = "tls_cert", value_parser = FalseyValueParser::new())]
    tls_public: bool,
    /// Encrypt on loopback too, where plain HTTP is the default
    #[arg(long, env = "MUSTER_TLS", conflicts_with = "insecure_http", value_parser = FalseyValueParser::new())]
    tls: bool,
    /// Plain HTTP on an address that others can reach: only behind a reverse proxy that encrypts, or in a closed network
    #[arg(long, env = "MUSTER_INSECURE_HTTP", conflicts_with = "tls_cert", value_parser = FalseyValueParser::new())]
    insecure_http: bool,
    /// Name shown for this installation
    #[arg(long, env = "MUSTER_NAME", value_name = "NAME", default_value = "Muster")]
    name: String,
}

impl ServeArgs {
    /// Weighs flags against each other and against defaults.
    pub(super) fn options(self, globals: &Globals) -> anyhow::Result<Options> {
        let tls = self.tls_choice(globals.listen);
        let public_path = self.public_url.as_ref().map(|url| url.path().to_owned());
        let base_path = self.base_path.or(public_path).unwrap_or_default();
        Ok(Options {
            data: globals.make_data()?,
            listen: globals.listen,
            database: globals.database().map(str::to_owned),
            public_url: self.public_url,
            base_path: checked_base_path(&base_path)?,
            trust_proxy: self.trust_proxy,
            tls,
            pin: None,
            name: self.name,
        })
    }

    /// Off on loopback, on everywhere else, unless told.
    fn tls_choice(&self, listen: SocketAddr) -> TlsChoice {
        if let (Some(cert), Some(key)) = (&self.tls_cert, &self.tls_key) {
            return TlsChoice::Own { cert: cert.clone(), key: key.clone(), public: self.tls_public };
        }
        let plain = self.insecure_http || (listen.ip().is_loopback() && !self.tls);
        if plain { TlsChoice::Off } else { TlsChoice::Generated }
    }
}

fn checked_base_path(path: &str) -> anyhow::Result<String> {
    let path = path.trim_end_matches('/');
    if path.is_empty() {
        return Ok(String::new());
    }
    ensure!(path.starts_with('/'), "--base-path {path:?} must begin with a slash, as in /muster");
    let word = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.' | '~');
    for part in path.split('/').skip(1) {
        if part.is_empty() || part.starts_with('.') || !part.chars().all(word) {
            bail!("--base-path {path:?} may hold letters, digits, `-`, `_`, `.` and `~` between its slashes");
        }
    }
    Ok(path.to_owned())
}

#[cfg(test)]
mod tests {
    use clap::Parser;

    use super::*;

    #[derive(Debug, Parser)]
    struct Flags {
        #[command(flatten)]
        globals: Globals,
        #[command(flatten)]
        serve: ServeArgs,
    }

    fn options(flags: &[&str]) -> Options {
        let dir = tempfile::tempdir().unwrap();
        let data = ["muster", "--data", dir.path().to_str().unwrap()];
        let flags = Flags::try_parse_from(data.iter().chain(flags)).unwrap();
        flags.serve.options(&flags.globals).unwrap()
    }

    #[test]
    fn only_loopback_goes_without_tls_unless_told() {
        assert_eq!(options(&[]).tls, TlsChoice::Off);
        assert_eq!(options(&["--listen", "[::1]:4600"]).tls, TlsChoice::Off);
        assert_eq!(options(&["--tls"]).tls, TlsChoice::Generated);
        assert_eq!(options(&["--listen", "0.0.0.0:4600"]).tls, TlsChoice::Generated);
        assert_eq!(options(&["--listen", "0.0.0.0:4600", "--insecure-http"]).tls, TlsChoice::Off);
        assert!(matches!(options(&["--tls-cert", "c", "--tls-key", "k"]).tls, TlsChoice::Own { public: false, .. }));
    }

    #[test]
    fn the_environment_says_yes_and_no_as_people_do() {
        let parser = FalseyValueParser::new();
        let command = clap::Command::new("muster");
        let read = |word: &str| clap::builder::TypedValueParser::parse_ref(&parser, &command, None, word.as_ref());
        assert_eq!(["1", "true", "yes"].map(|word| read(word).unwrap()), [true; 3]);
        assert_eq!(["0", "false", "no", ""].map(|word| read(word).unwrap()), [false; 4]);
    }

    #[test]
    fn a_certificate_needs_its_key() {
        assert!(Flags::try_parse_from(["muster", "--tls-cert", "c"]).is_err());
        assert!(Flags::try_parse_from(["muster", "--tls-cert", "c", "--tls-key", "k", "--insecure-http"]).is_err());
    }

    #[test]
    fn the_base_path_follows_the_public_url() {
        assert_eq!(options(&["--public-url", "https://example.org/team/"]).base_path, "/team");
        assert_eq!(options(&["--base-path", "/m/"]).base_path, "/m");
        for bad in ["m", "/a//b", "/a\"b", "/../b"] {
            assert!(checked_base_path(bad).is_err(), "{bad}");
        }
    }
}
