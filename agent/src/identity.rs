//! The host's identity: the only thing that an agent keeps on disk.

use std::fs::File;
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use base64::Engine;
use base64::engine::general_purpose::STANDARD;
use ring::rand::SystemRandom;
use ring::signature::{Ed25519KeyPair, KeyPair};
use serde::{Deserialize, Serialize};

use crate::link::Pin;
use crate::platform::private;

/// What `join` was given, and what a link is opened with.
#[derive(Clone, Serialize, Deserialize)]
pub struct Identity {
    /// This host's id.
    pub host_id: String,
    /// This host's name in the fleet.
    pub host_name: String,
    /// The fleet's database.
    pub aggregator_id: String,
    /// Where the aggregator is.
    pub url: String,
    /// The one key that the aggregator's certificate may have; without it, public authorities vouch.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub pin: Option<Pin>,
    /// Private key (PKCS#8, base64).
    private_key: String,
}

impl std::fmt::Debug for Identity {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        // The private key is not shown.
        f.debug_struct("Identity").field("host_id", &self.host_id).field("url", &self.url).finish_non_exhaustive()
    }
}

/// The identity cannot be used.
#[derive(Debug, thiserror::Error)]
pub enum IdentityError {
    /// Never joined.
    #[error(
        "this host has not joined a fleet (no {0}); run `muster host add NAME` on the aggregator and paste the command it prints"
    )]
    Missing(PathBuf),
    /// Joined already.
    #[error(
        "this host has joined {url} as {host_name:?} already; run `muster-agent leave` first, or join with --force"
    )]
    Present {
        /// Where.
        url: String,
        /// As whom.
        host_name: String,
    },
    /// Damaged.
    #[error("{path} is damaged ({why}); run `muster-agent leave --yes` and join again")]
    Damaged {
        /// The file.
        path: PathBuf,
        /// What is wrong.
        why: String,
    },
    /// The file system refuses.
    #[error("{path}: {source}")]
    Io {
        /// The file.
        path: PathBuf,
        /// Why.
        source: io::Error,
    },
    /// No random numbers.
    #[error("the operating system gave no random numbers for a key")]
    NoRandom,
}

/// A key pair that was just made.
pub struct NewKey {
    /// For the aggregator.
    pub public: Vec<u8>,
    private: Vec<u8>,
}

/// Makes the key that this host will sign its links with.
pub fn new_key() -> Result<NewKey, IdentityError> {
    let document = Ed25519KeyPair::generate_pkcs8(&SystemRandom::new()).map_err(|_| IdentityError::NoRandom)?;
    let pair = Ed25519KeyPair::from_pkcs8(document.as_ref()).map_err(|_| IdentityError::NoRandom)?;
    Ok(NewKey { public: pair.public_key().as_ref().to_vec(), private: document.as_ref().to_vec() })
}

impl Identity {
    /// The identity that `reply` gives to the holder of `key`.
    pub fn new(reply: muster_proto::fleet::JoinReply, url: String, pin: Option<Pin>, key: &NewKey) -> Self {
        Self {
            host_id: reply.host_id,
            host_name: reply.host_name,
            aggregator_id: reply.aggregator_id,
            url,
            pin,
            private_key: STANDARD.encode(&key.private),
        }
    }

    /// The file in `state` that holds the identity.
    pub fn file(state: &Path) -> PathBuf {
        state.join("identity.json")
    }

    /// Reads the identity.
    pub fn load(state: &Path) -> Result<Self, IdentityError> {
        let path = Self::file(state);
        let text = match std::fs::read_to_string(&path) {
            Ok(text) => text,
            Err(error) if error.kind() == io::ErrorKind::NotFound => return Err(IdentityError::Missing(path)),
            Err(source) => return Err(IdentityError::Io { path, source }),
        };
        let identity: Self = serde_json::from_str(&text)
            .map_err(|error| IdentityError::Damaged { path: path.clone(), why: error.to_string() })?;
        identity.key_pair().map(|_| identity).map_err(|why| IdentityError::Damaged { path, why })
    }

    /// Writes the identity so that only its owner can read it, and so that a crash leaves the old one or the new one.
    pub fn save(&self, state: &Path) -> Result<(), IdentityError> {
        let path = Self::file(state);
        let draft = state.join(format!("identity.json.{}", std::process::id()));
        let written = private::make_folder(state).and_then(|()| {
            let mut file = private::create(&draft)?;
            file.write_all(&serde_json::to_vec_pretty(self)?)?;
            file.write_all(b"\n")?;
            file.sync_all()?;
            std::fs::rename(&draft, &path)?;
            sync_folder(state)
        });
        written.map_err(|source| {
            // Best effort: the draft holds a key that nobody needs.
            let _unneeded = std::fs::remove_file(&draft);
            IdentityError::Io { path, source }
        })
    }

    /// Forgets the identity.
    pub fn remove(state: &Path) -> Result<(), IdentityError> {
        let path = Self::file(state);
        std::fs::remove_file(&path).map_err(|source| IdentityError::Io { path, source })
    }

    /// Signs a link's challenge.
    pub fn prove(&self, nonce: &[u8]) -> Result<Vec<u8>, String> {
        let proof = muster_proto::link_proof(&self.host_id, nonce);
        Ok(self.key_pair()?.sign(&proof).as_ref().to_vec())
    }

    fn key_pair(&self) -> Result<Ed25519KeyPair, String> {
        let key = STANDARD.decode(&self.private_key).map_err(|_| "its private key is not base64".to_owned())?;
        Ed25519KeyPair::from_pkcs8(&key).map_err(|_| "its private key is not an Ed25519 key".to_owned())
    }
}

// Windows cannot open a folder to sync it; its file system logs renames.
fn sync_folder(folder: &Path) -> io::Result<()> {
    if cfg!(windows) { Ok(()) } else { File::open(folder)?.sync_all() }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_identity_survives_and_is_private() {
        let dir = tempfile::tempdir().unwrap();
        let state = dir.path().join("state");
        let key = new_key().unwrap();
        let reply = muster_proto::fleet::JoinReply { host_id: "h".into(), ..Default::default() };
        Identity::new(reply, "http://127.0.0.1:1".into(), None, &key).save(&state).unwrap();
        assert_eq!(private::exposure(&Identity::file(&state)).unwrap(), None);
        let proof = Identity::load(&state).unwrap().prove(b"nonce").unwrap();
        let public = ring::signature::UnparsedPublicKey::new(&ring::signature::ED25519, &key.public);
        public.verify(&muster_proto::link_proof("h", b"nonce"), &proof).unwrap();
        assert_eq!(std::fs::read_dir(&state).unwrap().count(), 1, "no draft is left");
    }

    #[test]
    fn a_missing_or_damaged_identity_says_what_to_do() {
        let dir = tempfile::tempdir().unwrap();
        assert!(Identity::load(dir.path()).unwrap_err().to_string().contains("muster host add"));
        std::fs::write(Identity::file(dir.path()), "{").unwrap();
        assert!(Identity::load(dir.path()).unwrap_err().to_string().contains("leave --yes"));
    }
}
