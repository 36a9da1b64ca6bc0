//! Where the running aggregator is reached: written down by the server, read by commands beside it.

use anyhow::Context as _;

use crate::options::Options;
use crate::store::{Db, settings};

const URL: &str = "reach.url";
const LOCAL_URL: &str = "reach.local_url";
const PIN: &str = "reach.pin";
const JOIN_PIN: &str = "reach.join_pin";

/// Where the aggregator of a database is reached.
#[derive(Debug)]
pub(super) struct Reach {
    /// By people and hosts.
    pub(super) url: String,
    /// From the same machine.
    pub(super) local_url: String,
    /// What its certificate is recognised by from the same machine.
    pub(super) pin: Option<String>,
    /// What hosts recognise it by, where no authority vouches for it.
    pub(super) join_pin: Option<String>,
}

impl Reach {
    /// Writes it down at the start of a server.
    pub(super) async fn save(db: &Db, options: &Options) -> anyhow::Result<()> {
        settings::set(db, URL, &options.url()).await?;
        settings::set(db, LOCAL_URL, &options.local_url()).await?;
        settings::set(db, PIN, options.pin.as_deref().unwrap_or_default()).await?;
        settings::set(db, JOIN_PIN, options.join_pin().unwrap_or_default()).await?;
        Ok(())
    }

    /// As the server wrote it down.
    pub(super) async fn load(db: &Db) -> anyhow::Result<Self> {
        let missing = "the aggregator has not run on this database yet: start it with `muster serve` first, so that its \
                       address and certificate are known. (Is --data or --database right?)";
        Ok(Self {
            url: settings::get(db, URL).await?.context(missing)?,
            local_url: settings::get(db, LOCAL_URL).await?.context(missing)?,
            pin: settings::get(db, PIN).await?.filter(|pin| !pin.is_empty()),
            join_pin: settings::get(db, JOIN_PIN).await?.filter(|pin| !pin.is_empty()),
        })
    }
}
