//! `muster token …`

use clap::Subcommand;

use super::args::Globals;
use super::out::say;
use super::{open, table};
use crate::access::By;
use crate::domain::role::Role;
use crate::store::tokens;

/// More tokens than any list on a terminal needs.
const MOST: i64 = 10_000;

#[derive(Debug, Subcommand)]
pub(super) enum TokenCommand {
    /// Create a token and print its secret, which is shown this once only
    #[command(after_help = "Example:
  curl -H \"Authorization: Bearer $(muster token create nightly-report)\" http://127.0.0.1:4600/api/v1/sessions")]
    Create {
        /// What it is for
        name: String,
        /// Whose; the owner's unless told
        #[arg(long, value_name = "NAME")]
        user: Option<String>,
        /// The most that it may do: viewer, member or admin
        #[arg(long, default_value = "viewer")]
        role: Role,
        /// Days until it stops working; it works for ever unless told
        #[arg(long, value_parser = clap::value_parser!(u32).range(1..))]
        days: Option<u32>,
    },
    /// List the tokens
    List,
    /// Revoke a token; it stops working within seconds
    Revoke {
        /// Its id, as `token list` shows it
        id: String,
    },
}

pub(super) async fn run(globals: &Globals, command: TokenCommand) -> anyhow::Result<()> {
    let (db, access) = open(globals).await?;
    match command {
        TokenCommand::Create { name, user, role, days } => {
            let actor = match user {
                Some(user) => access.member_named(&user).await?,
                None => access.owner().await?,
            };
            let grant = access.add_token(&By::cli(), actor.id.parse()?, &name, role, days).await?;
            say!("{}", grant.secret);
        }
        TokenCommand::List => {
            let rows: Vec<_> = tokens::page(&db, "zzz", "", MOST)
                .await?
                .into_iter()
                .map(|row| {
                    let role = row.role.parse::<Role>().ok().zip(row.actor_role.parse().ok());
                    let role = role.map_or(row.role, |(most, actor)| most.min(actor).to_string());
                    let used = table::time(row.last_used_at);
                    [row.id, row.name, row.prefix, row.actor_name, role, used, table::time(row.expires_at)]
                })
                .collect();
            table::print(["ID", "NAME", "BEGINS", "OF", "ROLE", "LAST USED", "EXPIRES"], &rows)?;
        }
        TokenCommand::Revoke { id } => {
            access.revoke_token(&By::cli(), &id, None).await?;
            say!("The token is revoked.");
        }
    }
    Ok(())
}
