//! Which aggregator a command asks, and as whom.

use clap::Args;

use super::args::Globals;
use super::client::Client;
use super::reach::Reach;
use super::{open, owner};

/// Flags of commands that ask the running aggregator.
#[derive(Debug, Args)]
pub(super) struct Target {
    /// Ask the aggregator at this address [default: the one that runs on this data folder]
    #[arg(long, env = "MUSTER_URL", value_name = "URL")]
    url: Option<String>,
    /// Token to ask with [default: the owner's, from the data folder]
    #[arg(long, env = "MUSTER_TOKEN", hide_env_values = true, value_name = "TOKEN")]
    token: Option<String>,
}

impl Target {
    /// Someone who asks it.
    pub(super) async fn client(self, globals: &Globals) -> anyhow::Result<Client> {
        let url = self.url.map(|url| url.trim_end_matches('/').to_owned());
        if let (Some(url), Some(token)) = (&url, &self.token) {
            return Ok(Client { url: url.clone(), pin: None, token: token.clone() });
        }
        let (db, access) = open(globals).await?;
        let reach = Reach::load(&db).await?;
        let token = match self.token {
            Some(token) => token,
            None => owner::token(&access, &globals.make_data()?).await?,
        };
        // An address given by hand may be a proxy's, with a certificate of its own.
        let pin = if url.is_none() { reach.pin } else { None };
        Ok(Client { url: url.unwrap_or(reach.local_url), pin, token })
    }
}
