//! `muster user …`

use std::io::{IsTerminal as _, Read as _, stdin};

use anyhow::{Context as _, ensure};
use clap::Subcommand;

use super::args::Globals;
use super::out::say;
use super::reach::Reach;
use super::{open, table};
use crate::access::{Access, By, OneTimeLink};
use crate::domain::role::Role;
use crate::domain::time::rfc3339;
use crate::http::LINK_LIFE;
use crate::store::{Db, actors};

/// More members than any list on a terminal needs.
const MOST: i64 = 10_000;

#[derive(Debug, Subcommand)]
pub(super) enum UserCommand {
    /// Add a member and print their one-time sign-in link
    Add {
        /// Sign-in name: lower-case letters, digits, `-`, `_`, `.`
        name: String,
        /// viewer (reads), member (works) or admin (also hosts, members, settings)
        #[arg(long, default_value = "member")]
        role: Role,
        /// Name shown to people
        #[arg(long, value_name = "NAME")]
        display_name: Option<String>,
    },
    /// List the members
    List,
    /// Set a member's password, read from standard input; it ends all their sign-ins
    #[command(after_help = "Example:\n  printf '%s' 'correct horse battery' | muster user password ann")]
    Password {
        /// Sign-in name
        name: String,
    },
    /// Print a new one-time sign-in link for a member
    Link {
        /// Sign-in name
        name: String,
    },
}

pub(super) async fn run(globals: &Globals, command: UserCommand) -> anyhow::Result<()> {
    let (db, access) = open(globals).await?;
    match command {
        UserCommand::Add { name, role, display_name } => {
            access.add_member(&By::cli(), &name, display_name.as_deref(), role).await?;
            print_link(&db, &access, &name).await?;
        }
        UserCommand::List => {
            let rows: Vec<_> = actors::page(&db, "", MOST)
                .await?
                .into_iter()
                .map(|row| {
                    let state = if row.disabled_at.is_some() { "disabled" } else { "active" };
                    [row.name, row.display_name, row.role, state.to_owned(), table::time(row.last_seen_at)]
                })
                .collect();
            table::print(["NAME", "SHOWN AS", "ROLE", "STATE", "LAST SEEN"], &rows)?;
        }
        UserCommand::Password { name } => {
            let member = access.member_named(&name).await?;
            access.set_password(&By::cli(), member.id.parse()?, &read_password()?).await?;
            say!("The password of {name} is set; all sign-ins of {name} have ended.");
        }
        UserCommand::Link { name } => print_link(&db, &access, &name).await?,
    }
    Ok(())
}

async fn print_link(db: &Db, access: &Access, name: &str) -> anyhow::Result<()> {
    let url = Reach::load(db).await?.url;
    let member = access.member_named(name).await?;
    let OneTimeLink { secret, expires_at, .. } = access.link(&By::cli(), member.id.parse()?, LINK_LIFE).await?;
    say!("{url}/sign-in#{secret}");
    eprintln!("Hand this link to {name}. It works once, until {}.", rfc3339(expires_at));
    Ok(())
}

fn read_password() -> anyhow::Result<String> {
    if stdin().is_terminal() {
        eprintln!("Type the new password, then Enter and Ctrl-D (it is shown while you type):");
    }
    let mut text = String::new();
    stdin().take(4096).read_to_string(&mut text).context("cannot read the password from standard input")?;
    let password = text.trim_end_matches(['\r', '\n']);
    ensure!(!password.is_empty(), "no password came on standard input");
    Ok(password.to_owned())
}
