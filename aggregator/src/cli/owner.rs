//! The owner: the first admin, who is let in by a printed link, and a token file for scripts on this machine.

use std::path::{Path, PathBuf};
use std::time::Duration;

use anyhow::Context as _;

use crate::access::{Access, By};
use crate::domain::role::Role;
use crate::options::Options;
use crate::private;

/// How long the printed sign-in link works. Short, because terminals keep what was printed.
const LINK_LIFE: Duration = Duration::from_secs(15 * 60);

/// File of the owner's token.
pub(super) fn token_file(data: &Path) -> PathBuf {
    data.join("owner.token")
}

/// A fresh one-time link that signs the owner in.
pub(super) async fn sign_in_link(access: &Access, options: &Options) -> anyhow::Result<String> {
    let owner = access.owner().await?;
    let link = access.link(&By::cli(), owner.id.parse()?, LINK_LIFE).await?;
    Ok(format!("{}/sign-in#{}", options.url(), link.secret))
}

/// Makes sure that the owner's token is in its file and works.
pub(super) async fn keep_token(access: &Access, data: &Path) -> anyhow::Result<()> {
    let file = token_file(data);
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    if access.by_token(kept.trim()).await?.is_some_and(|known| known.role == Role::Admin) {
        return Ok(());
    }
    let owner = access.owner().await?;
    let name = format!("owner.token on {}", crate::machine::hostname());
    let name: String = name.chars().take(crate::domain::name::NAME_CHARS).collect();
    let grant = access.renew_token(&By::cli(), owner.id.parse()?, &name, Role::Admin).await?;
    private::write(&file, format!("{}\n", grant.secret).as_bytes())
        .with_context(|| format!("cannot write {}", file.display()))
}
