//! Signing in and out, and oneself.

use std::sync::Arc;

use axum::extract::State;
use axum::response::{IntoResponse, Response};
use axum::routing::{get, post};
use axum::{Extension, Json, Router};
use http::header::SET_COOKIE;
use http::{HeaderMap, HeaderValue, StatusCode};
use muster_proto::ids::ActorId;

use super::failure::{Answer, Failure};
use super::guard::{COOKIE_NAME, Caller, Peer, Via, check_origin, client_address, cookie, is_https};
use super::json::Body;
use crate::access::{By, Known, SIGN_IN_SECONDS};
use crate::house::House;
use crate::wire::access::{ChangePassword, Me, SignIn};

/// Routes that need no credential.
pub(super) fn open_routes() -> Router<Arc<House>> {
    Router::new().route("/sign-in", post(sign_in))
}

/// Routes of a signed-in caller.
pub(super) fn routes() -> Router<Arc<House>> {
    Router::new().route("/sign-out", post(sign_out)).route("/me", get(me)).route("/me/password", post(change_password))
}

/// Signs a browser in, by password or one-time link.
async fn sign_in(
    State(house): State<Arc<House>>,
    peer: Option<Extension<Peer>>,
    headers: HeaderMap,
    Body(request): Body<SignIn>,
) -> Result<Response, Failure> {
    let peer = peer.as_ref().map(|Extension(peer)| peer);
    // Another site must not sign its visitor in as someone of its choice. Programs send no Origin.
    if headers.contains_key(http::header::ORIGIN) {
        check_origin(&headers, peer, &house.options)?;
    }
    let from = client_address(&headers, peer, &house.options);
    let old = cookie(&headers);
    let signed_in = match &request {
        SignIn::Password { name, password } => house.access.sign_in(name, password, from, old).await?,
        SignIn::Link { link } => house.access.sign_in_by_link(link, from, old).await?,
    };
    let mut response = Json(describe(&house, signed_in.known.actor_id).await?).into_response();
    let secure = is_https(&headers, peer, &house.options);
    let cookie = set_cookie(&signed_in.secret, SIGN_IN_SECONDS, &cookie_path(&house), secure)?;
    response.headers_mut().insert(SET_COOKIE, cookie);
    Ok(response)
}

/// Signs the browser out.
async fn sign_out(State(house): State<Arc<House>>, caller: Caller, headers: HeaderMap) -> Result<Response, Failure> {
    if caller.via == Via::SignIn
        && let Some(secret) = cookie(&headers)
    {
        house.access.sign_out(secret).await?;
    }
    let mut response = StatusCode::NO_CONTENT.into_response();
    response.headers_mut().insert(SET_COOKIE, set_cookie("", 0, &cookie_path(&house), false)?);
    Ok(response)
}

/// Who I am.
async fn me(State(house): State<Arc<House>>, caller: Caller) -> Answer<Me> {
    Ok(Json(describe(&house, caller.actor_id).await?))
}

/// Changes my password.
async fn change_password(
    State(house): State<Arc<House>>,
    caller: Caller,
    Body(request): Body<ChangePassword>,
) -> Result<StatusCode, Failure> {
    let by = By::from(&caller);
    let Caller { actor_id, name, role, credential, .. } = caller;
    let known = Known { actor_id, name, role, credential };
    house.access.change_password(&by, &known, request.current.as_deref(), &request.new).await?;
    Ok(StatusCode::NO_CONTENT)
}

async fn describe(house: &House, id: ActorId) -> Result<Me, Failure> {
    Ok(Me {
        actor: house.access.member(id).await?.into(),
        aggregator_name: house.options.name.clone(),
        version: env!("CARGO_PKG_VERSION").to_owned(),
        needs_password: house.access.needs_password(id).await?,
    })
}

/// The cookie goes to the sub-path we are served under, and to no neighbour there.
fn cookie_path(house: &House) -> String {
    if house.options.base_path.is_empty() { "/".to_owned() } else { house.options.base_path.clone() }
}

fn set_cookie(secret: &str, seconds: i64, path: &str, secure: bool) -> Result<HeaderValue, Failure> {
    let secure = if secure { "; Secure" } else { "" };
    let text = format!("{COOKIE_NAME}={secret}; Path={path}; Max-Age={seconds}; HttpOnly; SameSite=Lax{secure}");
    HeaderValue::try_from(text).map_err(|_| Failure::internal())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_cookie_is_out_of_reach_of_scripts_and_other_sites() {
        let cookie = set_cookie("abc", 60, "/", true).unwrap();
        assert_eq!(cookie, "muster_session=abc; Path=/; Max-Age=60; HttpOnly; SameSite=Lax; Secure");
        let plain = set_cookie("abc", 60, "/m", false).unwrap();
        assert_eq!(plain, "muster_session=abc; Path=/m; Max-Age=60; HttpOnly; SameSite=Lax");
    }
}
