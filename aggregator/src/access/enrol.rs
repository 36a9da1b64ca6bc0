//! How a machine becomes a host, and stops being one.

use std::net::IpAddr;

use muster_proto::ids::HostId;

use super::secret::{digest, new_secret};
use super::{Access, AccessError, Attempt, By, Result};
use crate::domain::name::check_host;
use crate::domain::time::Millis;
use crate::store::enrolments::{self, HostName};
use crate::store::{hosts, settings};

pub use crate::store::hosts::Facts as HostFacts;

/// How long a join token works: 24 hours.
const JOIN_MS: Millis = 24 * 3_600_000;

/// Length of an Ed25519 public key.
const KEY_BYTES: usize = 32;

/// Longest fact a host tells about itself, in characters; the rest is cut.
const FACT_CHARS: usize = 200;

/// Changes of the set of hosts wait for each other behind this lock.
const LOCK: &str = "hosts";

/// A one-time token for a host, shown once.
#[derive(Debug)]
pub struct JoinSecret {
    /// Name that the host will have.
    pub host_name: String,
    /// The secret part of the join token.
    pub secret: String,
    /// When it stops working, milliseconds since 1970.
    pub expires_at: Millis,
}

/// A host that has just joined.
#[derive(Debug)]
pub struct Enrolled {
    /// Its id.
    pub host_id: HostId,
    /// Its name.
    pub host_name: String,
    /// Identity of this aggregator's database.
    pub aggregator_id: String,
}

impl Access {
    /// Makes a one-time token with which a machine joins under this name.
    pub async fn host_add(&self, by: &By, name: &str) -> Result<JoinSecret> {
        check_host(name)?;
        let mut tx = self.db().begin().await?;
        settings::lock(&mut tx, LOCK).await?;
        if enrolments::host_by_name(&mut tx, name).await?.is_some() {
            return Err(AccessError::Conflict(format!(
                "there is a host {name} already: choose another name, or remove it first with `muster host remove {name}` \
                 (its archive stays)"
            )));
        }
        let secret = new_secret();
        let now = self.now();
        let expires_at = now + JOIN_MS;
        enrolments::insert(&mut tx, name, &digest(&secret), &by.name, now, expires_at).await?;
        self.note(&mut tx, by, "host.add", name).await?;
        tx.commit().await?;
        Ok(JoinSecret { host_name: name.to_owned(), secret, expires_at })
    }

    /// The host under which imported files lie; made when it is new. No agent can join or link as it.
    pub async fn import_host(&self, by: &By, name: &str) -> Result<HostId> {
        check_host(name)?;
        let mut tx = self.db().begin().await?;
        settings::lock(&mut tx, LOCK).await?;
        if let Some(known) = hosts::by_name(self.db(), name).await? {
            if known.os != hosts::IMPORT {
                return Err(AccessError::Conflict(format!(
                    "{name} is a host with an agent, which alone writes its archive: import under another name with \
                     --host NAME"
                )));
            }
            return known.id.parse().map_err(|_| super::StoreError::Corrupt(format!("host id {:?}", known.id)).into());
        }
        let host_id = HostId::new();
        let facts = HostFacts { hostname: "import".to_owned(), os: hosts::IMPORT.to_owned(), ..HostFacts::default() };
        // Without a key nobody can sign for it.
        hosts::insert(&mut tx, host_id, name, &[], &facts, self.now()).await?;
        self.note(&mut tx, by, "host.import", name).await?;
        tx.commit().await?;
        Ok(host_id)
    }

    /// Exchanges a one-time token for a place in the fleet.
    pub async fn enrol(&self, from: IpAddr, token: &str, public_key: &[u8], facts: HostFacts) -> Result<Enrolled> {
        const USED: AccessError = AccessError::Denied(
            "this join token was used already or has expired: make another with `muster host add NAME`",
        );
        let attempt = Attempt::Join { address: from };
        self.attempt(attempt)?;
        if public_key.len() != KEY_BYTES {
            return Err(AccessError::Invalid(format!("a host's public key has {KEY_BYTES} bytes")));
        }
        // The token may come with the pin of our certificate behind a dot; the secret itself has none.
        let secret = token.split('.').next().unwrap_or_default();
        let mut tx = self.db().begin().await?;
        settings::lock(&mut tx, LOCK).await?;
        let now = self.now();
        let HostName { id: enrolment, name } = enrolments::use_up(&mut tx, &digest(secret), now).await?.ok_or(USED)?;
        if enrolments::host_by_name(&mut tx, &name).await?.is_some() {
            return Err(AccessError::Conflict(format!(
                "another machine joined as {name} meanwhile: make a token for another name with `muster host add NAME`"
            )));
        }
        let host_id = HostId::new();
        hosts::insert(&mut tx, host_id, &name, public_key, &bounded(facts), now).await?;
        enrolments::bind(&mut tx, &enrolment, &host_id.to_string()).await?;
        self.note(&mut tx, &By::host(&name, &from.to_string()), "host.join", &name).await?;
        tx.commit().await?;
        self.inner.limits.give_back(attempt);
        Ok(Enrolled { host_id, host_name: name, aggregator_id: settings::aggregator_id(self.db()).await? })
    }

    /// Removes a host. Its link can commit nothing from this moment on; its archive stays.
    pub async fn host_remove(&self, by: &By, id: HostId) -> Result<()> {
        let mut tx = self.db().begin().await?;
        settings::lock(&mut tx, LOCK).await?;
        let host = enrolments::host_by_id(&mut tx, &id.to_string()).await?;
        let host = host.ok_or_else(|| AccessError::NotFound("there is no such host".to_owned()))?;
        hosts::remove(&mut tx, id, self.now()).await?;
        self.note(&mut tx, by, "host.remove", &host.name).await?;
        Ok(tx.commit().await?)
    }

    /// Whether this is a host of the fleet, not removed.
    pub async fn is_host(&self, id: HostId) -> Result<bool> {
        Ok(hosts::get(self.db(), id).await?.is_some())
    }

    /// Id of the host with this name.
    pub async fn host_named(&self, name: &str) -> Result<HostId> {
        let host = hosts::by_name(self.db(), name).await?;
        let host = host
            .ok_or_else(|| AccessError::NotFound(format!("there is no host {name}: `muster host list` shows all")))?;
        host.id.parse().map_err(|_| super::StoreError::Corrupt(format!("host id {:?}", host.id)).into())
    }
}

/// A host's words about itself are shown to people: bounded, and without anything that moves a cursor.
fn bounded(facts: HostFacts) -> HostFacts {
    let fact = |text: String| text.chars().filter(|c| !c.is_control()).take(FACT_CHARS).collect();
    HostFacts {
        hostname: fact(facts.hostname),
        os: fact(facts.os),
        arch: fact(facts.arch),
        agent_version: fact(facts.agent_version),
    }
}
