//! People, sign-in, tokens, enrolment, audit.

use serde::{Deserialize, Serialize};
use ts_rs::TS;

use crate::domain::role as domain;
use crate::domain::time::rfc3339;
use crate::store::actors::ActorRow;
use crate::store::audit::AuditRow;
use crate::store::tokens::TokenRow;

/// What an actor may do. Each role may do what the one below it may.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, TS)]
#[serde(rename_all = "snake_case")]
pub enum Role {
    /// Reads everything, changes nothing.
    Viewer,
    /// Works: runs sessions, tasks, terminals.
    Member,
    /// Also hosts, members, tokens of others, settings.
    Admin,
}

/// Who is signed in: answer of `GET /api/v1/me`.
#[derive(Debug, Clone, Serialize, TS)]
pub struct Me {
    /// The actor.
    pub actor: Actor,
    /// Name shown for this installation.
    pub aggregator_name: String,
    /// Version of the aggregator.
    pub version: String,
    /// A password is still to be set (signed in through the printed link).
    pub needs_password: bool,
}

/// A person or a coder.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Actor {
    /// Typed id (UUID).
    pub id: String,
    /// Sign-in name, unique: lower-case letters, digits, `-`, `_`, `.`.
    pub name: String,
    /// Name shown to people.
    pub display_name: String,
    /// What they may do.
    pub role: Role,
    /// When they were added, RFC 3339.
    pub created_at: String,
    /// Last sign-in or token use, RFC 3339.
    pub last_seen_at: Option<String>,
    /// May not sign in any more.
    pub disabled: bool,
}

/// `POST /api/v1/sign-in` with a password, or with the one-time link's secret.
#[derive(Debug, Deserialize, TS)]
#[serde(
    untagged,
    expecting = "send {\"name\": …, \"password\": …}, or {\"link\": …} with the secret of a sign-in link"
)]
pub enum SignIn {
    /// By name and password.
    Password {
        /// Sign-in name.
        name: String,
        /// Password.
        password: String,
    },
    /// By the secret of a one-time link (`/sign-in#SECRET`).
    Link {
        /// The secret.
        link: String,
    },
}

/// `POST /api/v1/me/password`.
#[derive(Debug, Deserialize, TS)]
pub struct ChangePassword {
    /// The present password; not needed after a one-time link.
    #[ts(optional)]
    pub current: Option<String>,
    /// The new one, 10 characters or more.
    pub new: String,
}

/// `POST /api/v1/members`. The answer carries a one-time sign-in link for the new member.
#[derive(Debug, Deserialize, TS)]
pub struct NewMember {
    /// Sign-in name.
    pub name: String,
    /// Name shown; the sign-in name unless told.
    #[ts(optional)]
    pub display_name: Option<String>,
    /// What they may do.
    pub role: Role,
}

/// Answer of `POST /api/v1/members` and `POST /api/v1/members/{id}/link`.
#[derive(Debug, Serialize, TS)]
pub struct MemberLink {
    /// The member.
    pub member: Actor,
    /// One-time link to hand over; shown once.
    pub link: String,
    /// When it stops working, RFC 3339.
    pub expires_at: String,
}

/// `PATCH /api/v1/members/{id}`.
#[derive(Debug, Deserialize, TS)]
pub struct ChangeMember {
    /// New role.
    #[ts(optional)]
    pub role: Option<Role>,
    /// Whether they may not sign in any more.
    #[ts(optional)]
    pub disabled: Option<bool>,
}

/// A script's credential, without its secret.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct Token {
    /// Typed id.
    pub id: String,
    /// What it is for, in the owner's words.
    pub name: String,
    /// First characters of the secret, to tell tokens apart.
    pub prefix: String,
    /// Who it acts as.
    pub actor_name: String,
    /// The most that it may do; never more than its actor.
    pub role: Role,
    /// RFC 3339.
    pub created_at: String,
    /// RFC 3339; `null` when never used.
    pub last_used_at: Option<String>,
    /// RFC 3339; `null` when it never expires.
    pub expires_at: Option<String>,
}

/// `POST /api/v1/tokens`.
#[derive(Debug, Deserialize, TS)]
pub struct NewToken {
    /// What it is for.
    pub name: String,
    /// The most that it may do; the caller's role unless told.
    #[ts(optional)]
    pub role: Option<Role>,
    /// Days until it stops working; for ever unless told.
    #[ts(optional)]
    pub days: Option<u32>,
}

/// Answer of `POST /api/v1/tokens`.
#[derive(Debug, Serialize, TS)]
pub struct TokenSecret {
    /// The token.
    pub token: Token,
    /// Its secret; shown once.
    pub secret: String,
}

/// `POST /api/v1/hosts`.
#[derive(Debug, Deserialize, TS)]
pub struct NewHost {
    /// Name of the host, unique: letters, digits, `-`, `_`, `.`.
    pub name: String,
}

/// Answer of `POST /api/v1/hosts`.
#[derive(Debug, Serialize, TS)]
pub struct JoinCommand {
    /// Name of the host.
    pub name: String,
    /// The command to run on the host; its token works once.
    pub command: String,
    /// When the token stops working, RFC 3339.
    pub expires_at: String,
}

/// One change of access.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, TS)]
pub struct AuditItem {
    /// Typed id.
    pub id: String,
    /// RFC 3339.
    pub at: String,
    /// Who did it; `system` for the aggregator itself.
    pub actor_name: String,
    /// What was done, for example `host.add`.
    pub action: String,
    /// To whom or what.
    pub subject: String,
    /// From where: address, or `cli`.
    pub origin: String,
}

impl From<domain::Role> for Role {
    fn from(role: domain::Role) -> Self {
        match role {
            domain::Role::Viewer => Self::Viewer,
            domain::Role::Member => Self::Member,
            domain::Role::Admin => Self::Admin,
        }
    }
}

impl From<Role> for domain::Role {
    fn from(role: Role) -> Self {
        match role {
            Role::Viewer => Self::Viewer,
            Role::Member => Self::Member,
            Role::Admin => Self::Admin,
        }
    }
}

/// A role as stored. The database accepts no other words.
fn stored_role(text: &str) -> Role {
    text.parse().unwrap_or(domain::Role::Viewer).into()
}

impl From<ActorRow> for Actor {
    fn from(row: ActorRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            display_name: row.display_name,
            role: stored_role(&row.role),
            created_at: rfc3339(row.created_at),
            last_seen_at: row.last_seen_at.map(rfc3339),
            disabled: row.disabled_at.is_some(),
        }
    }
}

impl From<TokenRow> for Token {
    fn from(row: TokenRow) -> Self {
        Self {
            id: row.id,
            name: row.name,
            prefix: row.prefix,
            actor_name: row.actor_name,
            role: stored_role(&row.role),
            created_at: rfc3339(row.created_at),
            last_used_at: row.last_used_at.map(rfc3339),
            expires_at: row.expires_at.map(rfc3339),
        }
    }
}

impl From<AuditRow> for AuditItem {
    fn from(row: AuditRow) -> Self {
        Self {
            id: row.id,
            at: rfc3339(row.at),
            actor_name: row.actor_name,
            action: row.action,
            subject: row.subject,
            origin: row.origin,
        }
    }
}
