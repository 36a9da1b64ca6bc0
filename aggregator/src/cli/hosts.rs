//! `muster host …`

use clap::Subcommand;

use super::args::Globals;
use super::out::say;
use super::reach::Reach;
use super::{open, table};
use crate::access::By;
use crate::domain::time::rfc3339;
use crate::options::join_command;
use crate::store::hosts;

#[derive(Debug, Subcommand)]
pub(super) enum HostCommand {
    /// Print the command that makes a machine join under this name; its token works once, for 24 hours
    #[command(after_help = "Example:
  ssh workstation \"$(muster host add workstation)\"")]
    Add {
        /// Name of the host in the fleet: letters, digits, `-`, `_`, `.`
        name: String,
    },
    /// List the hosts
    List,
    /// Remove a host: it can send nothing more, and its archive stays
    Remove {
        /// Name of the host
        name: String,
    },
}

pub(super) async fn run(globals: &Globals, command: HostCommand) -> anyhow::Result<()> {
    let (db, access) = open(globals).await?;
    match command {
        HostCommand::Add { name } => {
            let reach = Reach::load(&db).await?;
            let join = access.host_add(&By::cli(), &name).await?;
            say!("{}", join_command(&reach.url, &join.secret, reach.join_pin.as_deref()));
            eprintln!("Run this on {name}. It works once, until {}.", rfc3339(join.expires_at));
        }
        HostCommand::List => {
            let rows: Vec<_> = hosts::all(&db)
                .await?
                .into_iter()
                .map(|host| {
                    let system = format!("{} {}", host.os, host.arch);
                    [host.name, host.hostname, system, host.agent_version, table::time(host.last_seen_at)]
                })
                .collect();
            table::print(["NAME", "HOSTNAME", "SYSTEM", "AGENT", "LAST SEEN"], &rows)?;
        }
        HostCommand::Remove { name } => {
            let id = access.host_named(&name).await?;
            access.host_remove(&By::cli(), id).await?;
            say!("{name} is removed. Its archive stays; run `muster-agent leave` on the machine itself.");
        }
    }
    Ok(())
}
