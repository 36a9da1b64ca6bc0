//! Members: who they are, what they may do, their passwords and one-time links, and what is written down about it.

use std::net::{IpAddr, Ipv4Addr};
use std::time::Duration;

use muster_proto::ids::ActorId;

use super::secret::{digest, new_secret};
use super::{Access, AccessError, By, CredentialKey, Known, Result};
use crate::domain::name::{check_actor, check_label};
use crate::domain::role::Role;
use crate::domain::time::{Millis, now_ms};
use crate::store::actors::ActorRow;
use crate::store::audit::AuditRow;
use crate::store::db::Tx;
use crate::store::{actors, audit, credentials, settings, sign_ins};

/// Changes of roles and members wait for each other behind this lock, so that two admins cannot demote one another at
/// the same moment.
const LOCK: &str = "members";

/// A one-time sign-in link, shown once.
#[derive(Debug)]
pub struct OneTimeLink {
    /// Whom it signs in.
    pub actor: ActorRow,
    /// Goes behind `/sign-in#`.
    pub secret: String,
    /// When it stops working, milliseconds since 1970.
    pub expires_at: Millis,
}

/// What changes about a member; absent things stay.
#[derive(Debug, Default, Clone, Copy)]
pub struct Change {
    /// New role.
    pub role: Option<Role>,
    /// May not sign in any more, or may again.
    pub disabled: Option<bool>,
}

/// Writes down who changed what, in the transaction that makes the change. For the other rooms that people change things in.
pub async fn note(tx: &mut Tx, by: &By, action: &str, subject: &str) -> crate::store::Result<()> {
    note_at(tx, by, action, subject, now_ms()).await
}

async fn note_at(tx: &mut Tx, by: &By, action: &str, subject: &str, at: Millis) -> crate::store::Result<()> {
    let row = AuditRow {
        id: uuid::Uuid::now_v7().to_string(),
        at,
        actor_id: by.actor_id.map(|id| id.to_string()),
        actor_name: by.name.clone(),
        action: action.to_owned(),
        subject: subject.to_owned(),
        origin: by.origin.clone(),
    };
    audit::insert(tx, row).await?;
    tracing::info!(action, subject, by = by.name, origin = by.origin, "changed");
    Ok(())
}

impl Access {
    /// Writes down a change of access, in the transaction that makes it.
    pub(super) async fn note(&self, tx: &mut Tx, by: &By, action: &str, subject: &str) -> Result<()> {
        Ok(note_at(tx, by, action, subject, self.now()).await?)
    }

    /// Adds a person without a password; a link or [`Access::set_password`] lets them in.
    pub async fn add_member(&self, by: &By, name: &str, display_name: Option<&str>, role: Role) -> Result<ActorRow> {
        check_actor(name)?;
        let display_name = display_name.unwrap_or(name);
        check_label(display_name)?;
        let row = ActorRow {
            id: ActorId::new().to_string(),
            name: name.to_owned(),
            display_name: display_name.to_owned(),
            role: role.to_string(),
            created_at: self.now(),
            last_seen_at: None,
            disabled_at: None,
        };
        let mut tx = self.db().begin().await?;
        if !actors::insert(&mut tx, &row).await? {
            return Err(AccessError::Conflict(format!("there is a member {name} already: choose another name")));
        }
        self.note(&mut tx, by, "member.add", &format!("{name} ({role})")).await?;
        tx.commit().await?;
        Ok(row)
    }

    /// Changes a member's role or disablement. The last admin stays one.
    pub async fn change_member(&self, by: &By, id: ActorId, change: Change) -> Result<ActorRow> {
        let mut tx = self.db().begin().await?;
        settings::lock(&mut tx, LOCK).await?;
        let mut row = found(actors::by_id_in(&mut tx, &id.to_string()).await?)?;
        let role = match change.role {
            Some(role) => role,
            None => super::role(&row.role)?,
        };
        let disabled = change.disabled.unwrap_or(row.disabled_at.is_some());
        if (role < Role::Admin || disabled) && actors::other_admins(&mut tx, &row.id).await? == 0 {
            return Err(AccessError::Conflict(format!(
                "{} is the last admin: make someone else admin first",
                row.name
            )));
        }
        if role.as_str() != row.role {
            self.note(&mut tx, by, "member.role", &format!("{}: {} → {role}", row.name, row.role)).await?;
        }
        if disabled != row.disabled_at.is_some() {
            let action = if disabled { "member.disable" } else { "member.enable" };
            self.note(&mut tx, by, action, &row.name).await?;
        }
        row.role = role.to_string();
        row.disabled_at = disabled.then(|| row.disabled_at.unwrap_or_else(|| self.now()));
        actors::change(&mut tx, &row.id, role.as_str(), row.disabled_at).await?;
        if disabled {
            sign_ins::delete_of_actor(&mut tx, &row.id, &[]).await?;
            sign_ins::delete_links_of_actor(&mut tx, &row.id).await?;
        }
        tx.commit().await?;
        self.inner.tokens.clear();
        Ok(row)
    }

    /// A new one-time sign-in link; older unused ones of the same member stop working.
    pub async fn link(&self, by: &By, id: ActorId, life: Duration) -> Result<OneTimeLink> {
        let mut tx = self.db().begin().await?;
        let actor = found(actors::by_id_in(&mut tx, &id.to_string()).await?)?;
        if actor.disabled_at.is_some() {
            return Err(AccessError::Conflict(format!("{} is disabled: enable the member first", actor.name)));
        }
        let secret = new_secret();
        let now = self.now();
        let expires_at = now.saturating_add(Millis::try_from(life.as_millis()).unwrap_or(Millis::MAX));
        sign_ins::delete_links_of_actor(&mut tx, &actor.id).await?;
        sign_ins::insert_link(&mut tx, &digest(&secret), &actor.id, now, expires_at).await?;
        self.note(&mut tx, by, "member.link", &actor.name).await?;
        tx.commit().await?;
        Ok(OneTimeLink { actor, secret, expires_at })
    }

    /// Sets a password by right of the command line or of an admin; every sign-in of the member ends.
    pub async fn set_password(&self, by: &By, id: ActorId, password: &str) -> Result<()> {
        self.replace_password(by, id, password, &[]).await
    }

    /// Changes one's own password; every other sign-in ends. The present one is asked for, unless there is none.
    pub async fn change_password(&self, by: &By, known: &Known, current: Option<&str>, new: &str) -> Result<()> {
        let CredentialKey::SignIn(this) = &known.credential else {
            return Err(AccessError::Forbidden("A token cannot change a password: sign in".to_owned()));
        };
        if let Some(hash) = credentials::password(self.db(), &known.actor_id.to_string()).await? {
            let address = by.origin.parse().unwrap_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED));
            let attempt = super::Attempt::Password { address, name: &known.name };
            self.attempt(attempt)?;
            if !self.inner.passwords.verify(current.unwrap_or_default(), Some(hash)).await? {
                return Err(AccessError::Forbidden("The present password is wrong".to_owned()));
            }
            self.inner.limits.give_back(attempt);
        }
        self.replace_password(by, known.actor_id, new, this).await
    }

    async fn replace_password(&self, by: &By, id: ActorId, password: &str, keep: &[u8]) -> Result<()> {
        let hash = self.inner.passwords.hash(password).await?;
        let mut tx = self.db().begin().await?;
        let actor = found(actors::by_id_in(&mut tx, &id.to_string()).await?)?;
        credentials::set_password(&mut tx, &actor.id, &hash, self.now()).await?;
        sign_ins::delete_of_actor(&mut tx, &actor.id, keep).await?;
        self.note(&mut tx, by, "member.password", &actor.name).await?;
        Ok(tx.commit().await?)
    }

    /// Whether the member has yet to set a password.
    pub async fn needs_password(&self, id: ActorId) -> Result<bool> {
        Ok(credentials::password(self.db(), &id.to_string()).await?.is_none())
    }

    /// The member of this sign-in name.
    pub async fn member_named(&self, name: &str) -> Result<ActorRow> {
        found(actors::by_name(self.db(), name).await?)
    }

    /// The member with this id.
    pub async fn member(&self, id: ActorId) -> Result<ActorRow> {
        found(actors::by_id(self.db(), &id.to_string()).await?)
    }

    /// The first admin; made now when there is none.
    pub async fn owner(&self) -> Result<ActorRow> {
        if let Some(owner) = actors::first_admin(self.db()).await? {
            return Ok(owner);
        }
        let made = self.add_member(&By::cli(), "owner", Some("Owner"), Role::Admin).await;
        match made {
            // Another process was faster.
            Err(AccessError::Conflict(_)) => found(actors::first_admin(self.db()).await?),
            made => made,
        }
    }
}

fn found(row: Option<ActorRow>) -> Result<ActorRow> {
    row.ok_or_else(|| AccessError::NotFound("there is no such member: `muster user list` shows all".to_owned()))
}
