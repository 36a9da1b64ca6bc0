//! The certificate of the one port: the operator's own, or one made at first start.

use std::collections::BTreeSet;
use std::fs;
use std::io;
use std::net::IpAddr;
use std::path::{Path, PathBuf};
use std::sync::{Arc, PoisonError, RwLock};
use std::time::Duration;

use base64::Engine as _;
use base64::engine::general_purpose::URL_SAFE_NO_PAD;
use rcgen::{CertificateParams, DnType, ExtendedKeyUsagePurpose, KeyPair, KeyUsagePurpose};
use rustls::ServerConfig;
use rustls::crypto::ring;
use rustls::server::{ClientHello, ResolvesServerCert};
use rustls::sign::CertifiedKey;
use rustls_pki_types::pem::PemObject as _;
use rustls_pki_types::{CertificateDer, PrivateKeyDer};
use sha2::{Digest as _, Sha256};

use crate::machine;
use crate::options::{Options, TlsChoice};
use crate::private;

/// How long a generated certificate counts. Agents recognise its key, not its dates; browsers ask once.
const YEARS: i64 = 10;

/// Why there is no usable certificate.
#[derive(Debug, thiserror::Error)]
pub enum TlsError {
    /// A file cannot be read or written.
    #[error("{path}: {error}", path = .path.display())]
    File {
        /// Which.
        path: PathBuf,
        /// Why.
        error: io::Error,
    },
    /// A file holds no PEM of the expected kind.
    #[error("{path} holds no {what} in PEM form: {error}", path = .path.display())]
    Pem {
        /// Which.
        path: PathBuf,
        /// A certificate or a private key.
        what: &'static str,
        /// Why.
        error: rustls_pki_types::pem::Error,
    },
    /// Certificate and key do not work together.
    #[error("the certificate cannot be used: {0}. Do --tls-cert and --tls-key belong together?")]
    Unusable(#[from] rustls::Error),
    /// A certificate could not be made.
    #[error("no certificate could be made: {0}")]
    Generate(#[from] rcgen::Error),
}

/// A certificate in use.
#[derive(Debug, Clone)]
pub struct Tls {
    /// For the acceptor.
    pub config: Arc<ServerConfig>,
    /// base64url of the SHA-256 of the public key (SubjectPublicKeyInfo): what join tokens carry so that an agent
    /// recognises us. Absent when the certificate is of an authority that every host trusts.
    pub pin: Option<String>,
    shown: Arc<Shown>,
    /// Digest of the files as they were loaded.
    read: Option<[u8; 32]>,
}

/// The certificate that callers are shown now.
#[derive(Debug)]
struct Shown {
    files: Files,
    now: RwLock<Arc<CertifiedKey>>,
}

#[derive(Debug)]
struct Files {
    cert: PathBuf,
    key: PathBuf,
}

impl Files {
    fn load(&self) -> Result<CertifiedKey, TlsError> {
        let secret = PrivateKeyDer::from_pem_file(&self.key).map_err(|error| TlsError::Pem {
            path: self.key.clone(),
            what: "private key",
            error,
        })?;
        Ok(CertifiedKey::from_der(read_chain(&self.cert)?, secret, &ring::default_provider())?)
    }

    /// Tells their contents apart; `None` while one cannot be read.
    fn digest(&self) -> Option<[u8; 32]> {
        let (cert, key) = (fs::read(&self.cert).ok()?, fs::read(&self.key).ok()?);
        Some(Sha256::new().chain_update(cert).chain_update(key).finalize().into())
    }
}

impl ResolvesServerCert for Shown {
    fn resolve(&self, _hello: ClientHello<'_>) -> Option<Arc<CertifiedKey>> {
        Some(Arc::clone(&self.now.read().unwrap_or_else(PoisonError::into_inner)))
    }
}

impl Tls {
    /// Follows the certificate's files for ever: one that is renewed is shown to new callers without a restart.
    pub async fn follow_files(self, every: Duration) {
        let mut known = self.read;
        loop {
            tokio::time::sleep(every).await;
            let now = self.shown.files.digest();
            if now == known {
                continue;
            }
            match self.shown.files.load() {
                Ok(renewed) => {
                    known = now;
                    self.show(renewed);
                }
                // Perhaps only one of the two files was written yet: the next look tries again.
                Err(error) => tracing::error!("the renewed certificate cannot be used, the old one stays: {error}"),
            }
        }
    }

    fn show(&self, renewed: CertifiedKey) {
        if self.pin.is_some() && pin_of_key(&renewed) != self.pin {
            tracing::error!(
                "the renewed certificate has another key than the one that hosts recognise us by: they cannot link any \
                 more. Renew it with the same key, or use --tls-public where an authority vouches for it"
            );
        }
        *self.shown.now.write().unwrap_or_else(PoisonError::into_inner) = Arc::new(renewed);
        tracing::info!("the renewed certificate is in use");
    }
}

/// Loads or makes the certificate; `None` when the port is plain.
pub fn load(options: &Options) -> Result<Option<Tls>, TlsError> {
    let (cert, key, public) = match &options.tls {
        TlsChoice::Off => return Ok(None),
        TlsChoice::Own { cert, key, public } => (cert.clone(), key.clone(), *public),
        TlsChoice::Generated => {
            let (cert, key) = generated(&options.data.join("tls"), &names(options))?;
            (cert, key, false)
        }
    };
    let files = Files { cert, key };
    let read = files.digest();
    let certified = files.load()?;
    let pin = pin_of_key(&certified).filter(|_| !public);
    let shown = Arc::new(Shown { files, now: RwLock::new(Arc::new(certified)) });
    let mut config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()?
        .with_no_client_auth()
        .with_cert_resolver(Arc::clone(&shown) as Arc<dyn ResolvesServerCert>);
    config.alpn_protocols = vec![b"h2".to_vec(), b"http/1.1".to_vec()];
    Ok(Some(Tls { config: Arc::new(config), pin, shown, read }))
}

fn pin_of_key(certified: &CertifiedKey) -> Option<String> {
    certified.key.public_key().map(|key| pin_of(key.as_ref()))
}

/// How join tokens write a public key down.
pub fn pin_of(subject_public_key_info: &[u8]) -> String {
    URL_SAFE_NO_PAD.encode(Sha256::digest(subject_public_key_info))
}

fn read_chain(path: &Path) -> Result<Vec<CertificateDer<'static>>, TlsError> {
    let pem = |error| TlsError::Pem { path: path.to_owned(), what: "certificate", error };
    let chain: Vec<_> = CertificateDer::pem_file_iter(path).map_err(pem)?.collect::<Result<_, _>>().map_err(pem)?;
    if chain.is_empty() {
        return Err(pem(rustls_pki_types::pem::Error::NoItemsFound));
    }
    Ok(chain)
}

/// Every name by which this aggregator may be called.
fn names(options: &Options) -> Vec<String> {
    let mut names = BTreeSet::from(["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()]);
    names.insert(machine::hostname());
    let own = [Some(options.listen.ip()), machine::own_address()];
    names.extend(own.into_iter().flatten().filter(|ip| !ip.is_unspecified()).map(|ip| ip.to_string()));
    names.extend(options.public_url.as_ref().map(|url| url.host().to_owned()));
    // Names that cannot stand in a certificate would spoil it for the others.
    names.into_iter().filter(|name| name.parse::<IpAddr>().is_ok() || is_dns_name(name)).collect()
}

fn is_dns_name(name: &str) -> bool {
    rustls_pki_types::DnsName::try_from(name).is_ok()
}

/// The generated certificate and its key. The key is made once, since agents recognise it; the certificate is made again
/// when our names have changed.
fn generated(folder: &Path, names: &[String]) -> Result<(PathBuf, PathBuf), TlsError> {
    let file = |path: &Path| {
        let path = path.to_owned();
        move |error| TlsError::File { path, error }
    };
    private::folder(folder).map_err(file(folder))?;
    let [cert, key, list] = ["cert.pem", "key.pem", "names.txt"].map(|name| folder.join(name));
    let pair = if key.exists() {
        KeyPair::from_pem(&fs::read_to_string(&key).map_err(file(&key))?)?
    } else {
        let pair = KeyPair::generate()?;
        private::write(&key, pair.serialize_pem().as_bytes()).map_err(file(&key))?;
        pair
    };
    let wanted = names.join("\n");
    if !cert.exists() || fs::read_to_string(&list).unwrap_or_default() != wanted {
        private::write(&cert, certificate(&pair, names)?.as_bytes()).map_err(file(&cert))?;
        private::write(&list, wanted.as_bytes()).map_err(file(&list))?;
    }
    Ok((cert, key))
}

fn certificate(pair: &KeyPair, names: &[String]) -> Result<String, rcgen::Error> {
    let mut params = CertificateParams::new(names.to_vec())?;
    params.distinguished_name.push(DnType::CommonName, "Muster aggregator");
    params.key_usages = vec![KeyUsagePurpose::DigitalSignature];
    params.extended_key_usages = vec![ExtendedKeyUsagePurpose::ServerAuth];
    let now = jiff::Timestamp::now();
    // A day back, for hosts whose clocks are slow.
    let [from, until] = [-1, YEARS * 365].map(|days| now.as_second() + days * 24 * 3600);
    let date = |second: i64| {
        let date = jiff::Timestamp::from_second(second).unwrap_or(now).to_zoned(jiff::tz::TimeZone::UTC).date();
        rcgen::date_time_ymd(
            i32::from(date.year()),
            u8::try_from(date.month()).unwrap_or(1),
            u8::try_from(date.day()).unwrap_or(1),
        )
    };
    params.not_before = date(from);
    params.not_after = date(until);
    Ok(params.self_signed(pair)?.pem())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn options(data: &Path) -> Options {
        Options { tls: TlsChoice::Generated, ..Options::local(data) }
    }

    #[test]
    fn the_pin_is_the_digest_of_the_key_in_the_certificate_and_survives_restarts_and_new_names() {
        let dir = tempfile::tempdir().unwrap();
        let first = load(&options(dir.path())).unwrap().unwrap();
        let key = KeyPair::from_pem(&fs::read_to_string(dir.path().join("tls/key.pem")).unwrap()).unwrap();
        assert_eq!(first.pin, Some(pin_of(&rcgen::PublicKeyData::subject_public_key_info(&key))));
        let cert = fs::read(dir.path().join("tls/cert.pem")).unwrap();
        load(&options(dir.path())).unwrap();
        assert_eq!(fs::read(dir.path().join("tls/cert.pem")).unwrap(), cert, "kept while the names stay");
        let mut renamed = options(dir.path());
        renamed.public_url = "https://muster.example".parse().ok();
        let second = load(&renamed).unwrap().unwrap();
        assert_eq!(second.pin, first.pin);
        assert_ne!(fs::read(dir.path().join("tls/cert.pem")).unwrap(), cert);
    }

    #[cfg(unix)]
    #[test]
    fn the_key_is_for_its_owner_only() {
        use std::os::unix::fs::PermissionsExt as _;
        let dir = tempfile::tempdir().unwrap();
        load(&options(dir.path())).unwrap();
        let mode = |name: &str| fs::metadata(dir.path().join(name)).unwrap().permissions().mode() & 0o777;
        assert_eq!((mode("tls/key.pem"), mode("tls")), (0o600, 0o700));
    }

    #[test]
    fn an_own_certificate_has_a_pin_unless_it_is_public() {
        let dir = tempfile::tempdir().unwrap();
        let pin = load(&options(dir.path())).unwrap().unwrap().pin;
        let [cert, key] = ["tls/cert.pem", "tls/key.pem"].map(|name| dir.path().join(name));
        let own = |public| TlsChoice::Own { cert: cert.clone(), key: key.clone(), public };
        let loaded = |tls| load(&Options { tls, ..Options::local(dir.path()) }).unwrap().unwrap();
        assert_eq!(loaded(own(false)).pin, pin);
        assert_eq!(loaded(own(true)).pin, None);
    }

    #[test]
    fn a_key_of_another_certificate_is_refused_in_words() {
        let (one, two) = (tempfile::tempdir().unwrap(), tempfile::tempdir().unwrap());
        load(&options(one.path())).unwrap();
        load(&options(two.path())).unwrap();
        let tls = TlsChoice::Own {
            cert: one.path().join("tls/cert.pem"),
            key: two.path().join("tls/key.pem"),
            public: false,
        };
        let error = load(&Options { tls, ..Options::local(one.path()) }).unwrap_err().to_string();
        assert!(error.contains("--tls-key"), "{error}");
    }

    #[tokio::test]
    async fn a_renewed_certificate_is_shown_and_a_broken_one_is_not() {
        let dir = tempfile::tempdir().unwrap();
        let tls = load(&options(dir.path())).unwrap().unwrap();
        let shown = || tls.shown.now.read().unwrap().cert[0].clone();
        let first = shown();
        let following = tokio::spawn(tls.clone().follow_files(Duration::from_millis(5)));
        let [cert, key] = ["tls/cert.pem", "tls/key.pem"].map(|name| dir.path().join(name));
        let pair = KeyPair::from_pem(&fs::read_to_string(&key).unwrap()).unwrap();
        private::write(&cert, b"not a certificate").unwrap();
        private::write(&cert, certificate(&pair, &["renewed.example".to_owned()]).unwrap().as_bytes()).unwrap();
        let renewed = async {
            while shown() == first {
                tokio::time::sleep(Duration::from_millis(1)).await;
            }
        };
        tokio::time::timeout(Duration::from_secs(20), renewed).await.expect("the renewed certificate is shown");
        let second = shown();
        private::write(&cert, b"not a certificate").unwrap();
        assert!(tls.shown.files.load().is_err());
        assert_eq!(shown(), second);
        following.abort();
    }
}
