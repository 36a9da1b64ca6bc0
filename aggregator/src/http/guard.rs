//! Who is calling, and whether a browser may call for them.
//!
//! [`require`] stands before the whole API, so that a route which forgets to ask is closed, not open. Handlers take
//! [`Caller`] as an argument to know who it is.

use std::net::{IpAddr, Ipv4Addr, SocketAddr};
use std::sync::Arc;

use axum::extract::{FromRequestParts, Request, State};
use axum::middleware::Next;
use axum::response::{IntoResponse, Response};
use http::header::{AUTHORIZATION, COOKIE, HOST, ORIGIN, UPGRADE};
use http::request::Parts;
use http::{HeaderMap, Method};
use muster_proto::ids::ActorId;

use super::failure::Failure;
use crate::access::{By, CredentialKey, Known};
use crate::domain::role::Role;
use crate::house::House;
use crate::options::Options;

/// Name of the session cookie.
pub const COOKIE_NAME: &str = "muster_session";

/// The other end of a connection; put into every request by the server.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Peer {
    /// Address of the connection: a browser, or the reverse proxy before us.
    pub address: SocketAddr,
    /// The connection itself is encrypted.
    pub tls: bool,
}

/// How a caller proved who they are.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Via {
    /// A signed-in browser: the session cookie.
    SignIn,
    /// A script: `Authorization: Bearer`.
    Token,
}

/// Who sent a request. As an extractor it answers 401 by itself.
#[derive(Debug, Clone)]
pub struct Caller {
    /// The actor.
    pub actor_id: ActorId,
    /// Their sign-in name.
    pub name: String,
    /// What they may do with this credential.
    pub role: Role,
    /// Cookie or token.
    pub via: Via,
    /// Address of the caller, for the audit trail.
    pub origin: String,
    /// Which credential it was: lets a long-lived connection ask again whether it still counts.
    pub credential: CredentialKey,
}

impl Caller {
    /// Goes on only with at least this role.
    pub fn require(&self, role: Role) -> Result<(), Failure> {
        if self.role >= role {
            return Ok(());
        }
        Err(Failure::forbidden(format!(
            "This needs the role {role}; {} has the role {} here. Ask an admin",
            self.name, self.role
        )))
    }

    /// Whether the credential still counts: not signed out, revoked, expired or disabled since. A WebSocket asks this
    /// from time to time.
    pub async fn still_counts(&self, house: &House) -> Result<bool, Failure> {
        let known = house.access.recheck(&self.credential).await?;
        Ok(known.is_some_and(|known| known.role == self.role))
    }
}

impl From<&Caller> for By {
    fn from(caller: &Caller) -> Self {
        Self { actor_id: Some(caller.actor_id), name: caller.name.clone(), origin: caller.origin.clone() }
    }
}

impl FromRequestParts<Arc<House>> for Caller {
    type Rejection = Failure;

    async fn from_request_parts(parts: &mut Parts, house: &Arc<House>) -> Result<Self, Failure> {
        match parts.extensions.get::<Self>() {
            Some(caller) => Ok(caller.clone()),
            None => identify(&parts.method, &parts.headers, parts.extensions.get(), house).await,
        }
    }
}

/// Middleware: nothing passes without a credential.
pub async fn require(State(house): State<Arc<House>>, mut request: Request, next: Next) -> Response {
    let peer = request.extensions().get::<Peer>();
    match identify(request.method(), request.headers(), peer, &house).await {
        Ok(caller) => {
            request.extensions_mut().insert(caller);
            next.run(request).await
        }
        Err(failure) => failure.into_response(),
    }
}

async fn identify(method: &Method, headers: &HeaderMap, peer: Option<&Peer>, house: &House) -> Result<Caller, Failure> {
    let origin = client_address(headers, peer, &house.options).to_string();
    if let Some(secret) = bearer(headers)? {
        let known = house.access.by_token(secret).await?;
        let known = known.ok_or_else(|| {
            Failure::unauthorized("This token is not valid (any more): create one with `muster token create`")
        })?;
        return Ok(caller(known, Via::Token, origin));
    }
    let Some(secret) = cookie(headers) else {
        return Err(Failure::unauthorized("Sign in at /sign-in, or send `Authorization: Bearer TOKEN`"));
    };
    let known = house.access.by_sign_in(secret).await?;
    let known = known.ok_or_else(|| Failure::unauthorized("This sign-in has ended: sign in again"))?;
    if needs_origin(method, headers) {
        check_origin(headers, peer, &house.options)?;
    }
    Ok(caller(known, Via::SignIn, origin))
}

fn caller(known: Known, via: Via, origin: String) -> Caller {
    let Known { actor_id, name, role, credential } = known;
    Caller { actor_id, name, role, via, origin, credential }
}

fn bearer(headers: &HeaderMap) -> Result<Option<&str>, Failure> {
    let Some(value) = headers.get(AUTHORIZATION) else { return Ok(None) };
    let value = value.to_str().ok().and_then(|value| value.split_once(' '));
    match value {
        Some((scheme, secret)) if scheme.eq_ignore_ascii_case("bearer") => Ok(Some(secret.trim())),
        _ => Err(Failure::unauthorized("The Authorization header must read `Bearer TOKEN`")),
    }
}

/// Secret in the session cookie.
pub fn cookie(headers: &HeaderMap) -> Option<&str> {
    headers
        .get_all(COOKIE)
        .iter()
        .filter_map(|value| value.to_str().ok())
        .flat_map(|value| value.split(';'))
        .filter_map(|pair| pair.trim().split_once('='))
        .find_map(|(name, value)| (name == COOKIE_NAME).then_some(value))
}

/// A browser attaches cookies to what other sites send: whatever changes something, and every WebSocket, must come
/// from our own page.
fn needs_origin(method: &Method, headers: &HeaderMap) -> bool {
    let safe = matches!(*method, Method::GET | Method::HEAD | Method::OPTIONS);
    // A WebSocket over HTTP/2 is opened by CONNECT, which is not safe either.
    !safe || headers.contains_key(UPGRADE)
}

/// Refuses a request whose `Origin` is not ours: neither the address asked for nor `--public-url`.
pub fn check_origin(headers: &HeaderMap, peer: Option<&Peer>, options: &Options) -> Result<(), Failure> {
    let refuse = |what: &str| {
        Err(Failure::forbidden(format!(
            "{what}. Open Muster under its own address, or tell the aggregator about this one with --public-url"
        )))
    };
    let Some(given) = headers.get(ORIGIN).and_then(|value| value.to_str().ok()) else {
        return refuse("The request does not say which page it comes from");
    };
    let public = options.public_url.as_ref().is_some_and(|url| url.origin().eq_ignore_ascii_case(given));
    if public || own_origin(headers, peer, options).is_some_and(|own| own.eq_ignore_ascii_case(given)) {
        return Ok(());
    }
    refuse("The request comes from a page of another site")
}

/// Scheme, host and port under which the caller sees us.
fn own_origin(headers: &HeaderMap, peer: Option<&Peer>, options: &Options) -> Option<String> {
    let text = |name: &str| headers.get(name).and_then(|value| value.to_str().ok());
    let forwarded = |name: &str| text(name).filter(|_| options.trust_proxy).map(first_of_list);
    let host = forwarded("x-forwarded-host").or_else(|| text(HOST.as_str()))?;
    let scheme = if is_https(headers, peer, options) { "https" } else { "http" };
    Some(format!("{scheme}://{host}"))
}

/// Whether the caller's browser speaks HTTPS: to us, or to the trusted proxy before us.
pub fn is_https(headers: &HeaderMap, peer: Option<&Peer>, options: &Options) -> bool {
    if options.trust_proxy
        && let Some(scheme) = headers.get("x-forwarded-proto").and_then(|value| value.to_str().ok())
    {
        return first_of_list(scheme).eq_ignore_ascii_case("https");
    }
    peer.is_some_and(|peer| peer.tls)
}

fn first_of_list(list: &str) -> &str {
    list.split(',').next().unwrap_or(list).trim()
}

/// Address of the caller. Behind a trusted proxy it is the last one in `X-Forwarded-For`, the only one that the proxy
/// itself has seen: everything before it was written by the caller.
pub fn client_address(headers: &HeaderMap, peer: Option<&Peer>, options: &Options) -> IpAddr {
    let direct = peer.map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.address.ip());
    if !options.trust_proxy {
        return direct;
    }
    headers
        .get_all("x-forwarded-for")
        .iter()
        .next_back()
        .and_then(|value| value.to_str().ok())
        .and_then(|list| list.rsplit(',').next())
        .and_then(|address| address.trim().parse().ok())
        .unwrap_or(direct)
}
