//! `muster-agent join URL TOKEN`.

use std::process::ExitCode;

use clap::Args;

use super::{Place, runtime};
use crate::identity::{Identity, IdentityError};
use crate::link::{self, Token};
use crate::platform::status_socket;

#[derive(Debug, Args)]
pub(super) struct Join {
    /// The aggregator's address, for example <https://hub.example:7443>
    url: String,
    /// The one-time token that `muster host add NAME` printed
    token: String,
    /// Allow http:// to another machine: secrets and transcripts travel readable
    #[arg(long)]
    insecure: bool,
    /// Join even if this host has joined a fleet already
    #[arg(long)]
    force: bool,
}

impl Join {
    pub(super) fn execute(self, place: &Place) -> anyhow::Result<ExitCode> {
        if !self.force
            && let Ok(present) = Identity::load(&place.state)
        {
            return Err(IdentityError::Present { url: present.url, host_name: present.host_name }.into());
        }
        let token: Token = self.token.parse()?;
        let identity = runtime()?.block_on(link::join(&self.url, &token, self.insecure))?;
        identity.save(&place.state)?;
        println!("This host has joined {} as {}.", identity.url, identity.host_name);
        if status_socket::ask(&place.state).is_ok() {
            println!("An agent is running with the identity from before: restart it.");
        } else {
            println!("Start following with: muster-agent run");
        }
        Ok(ExitCode::SUCCESS)
    }
}
