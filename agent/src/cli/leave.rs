//! `muster-agent leave`.

use std::io::{IsTerminal, Write};
use std::process::ExitCode;

use clap::Args;

use super::Place;
use crate::identity::{Identity, IdentityError};

#[derive(Debug, Args)]
pub(super) struct Leave {
    /// Do not ask
    #[arg(long)]
    yes: bool,
}

impl Leave {
    pub(super) fn execute(self, place: &Place) -> anyhow::Result<ExitCode> {
        let name = match Identity::load(&place.state) {
            Ok(identity) => identity.host_name,
            Err(IdentityError::Damaged { .. }) => "NAME".to_owned(),
            Err(error) => return Err(error.into()),
        };
        if !self.yes && !confirmed(&name)? {
            println!("Nothing was changed.");
            return Ok(ExitCode::FAILURE);
        }
        Identity::remove(&place.state)?;
        println!("This host's identity is forgotten; stop the running agent, if there is one.");
        println!("To end it on the other side, run on the aggregator: muster host remove {name}");
        Ok(ExitCode::SUCCESS)
    }
}

fn confirmed(name: &str) -> anyhow::Result<bool> {
    anyhow::ensure!(std::io::stdin().is_terminal(), "this forgets the identity of host {name:?}; add --yes to confirm");
    print!("Forget the identity of host {name:?}? Joining again needs a new token. [y/N] ");
    std::io::stdout().flush()?;
    let mut answer = String::new();
    std::io::stdin().read_line(&mut answer)?;
    Ok(matches!(answer.trim(), "y" | "Y" | "yes"))
}
