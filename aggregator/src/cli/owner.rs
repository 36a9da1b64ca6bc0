//! The owner: the first admin, who is let in by a printed link, and a token file for scripts on this machine.

use std::path::Path;
use std::time::Duration;

use anyhow::Context as _;

use crate::access::{Access, By};
use crate::domain::role::Role;
use crate::options::Options;
use crate::private;

/// How long the printed sign-in link works. Short, because terminals keep what was printed.
const LINK_LIFE: Duration = Duration::from_mins(15);

/// A fresh one-time link that signs the owner in.
pub(super) async fn sign_in_link(access: &Access, options: &Options) -> anyhow::Result<String> {
    let owner = access.owner().await?;
    let link = access.link(&By::cli(), owner.id.parse()?, LINK_LIFE).await?;
    Ok(format!("{}/sign-in#{}", options.url(), link.secret))
}

/// The owner's token from its file; made, and written there, when there is none that works.
pub(super) async fn token(access: &Access, data: &Path) -> anyhow::Result<String> {
    let file = data.join("owner.token");
    let kept = std::fs::read_to_string(&file).unwrap_or_default();
    if access.by_token(kept.trim()).await?.is_some_and(|known| known.role == Role::Admin) {
        return Ok(kept.trim().to_owned());
    }
    let owner = access.owner().await?;
    let name = format!("owner.token on {}", crate::machine::hostname());
    let name: String = name.chars().take(crate::domain::name::NAME_CHARS).collect();
    let grant = access.renew_token(&By::cli(), owner.id.parse()?, &name, Role::Admin).await?;
    private::write(&file, format!("{}\n", grant.secret).as_bytes())
        .with_context(|| format!("cannot write {}", file.display()))?;
    Ok(grant.secret)
}
