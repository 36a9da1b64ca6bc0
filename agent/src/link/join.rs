//! Joining a fleet: a one-time token is exchanged for this host's identity.

use muster_proto::fleet::JoinRequest;
use muster_proto::fleet::enrol_client::EnrolClient;
use tonic::Code;

use super::connect::{ConnectError, channel, check_url};
use super::facts;
use super::pin::{Pin, PinError};
use crate::identity::{Identity, IdentityError, new_key};

/// What `muster host add` printed: a secret, and the aggregator's pin if its certificate is its own.
#[derive(Clone)]
pub struct Token {
    secret: String,
    pin: Option<Pin>,
}

impl std::str::FromStr for Token {
    type Err = PinError;

    fn from_str(text: &str) -> Result<Self, PinError> {
        let (secret, pin) = match text.split_once('.') {
            Some((secret, pin)) => (secret, Some(pin.parse()?)),
            None => (text, None),
        };
        Ok(Self { secret: secret.to_owned(), pin })
    }
}

/// This host did not join.
#[derive(Debug, thiserror::Error)]
pub enum JoinError {
    /// Not reached.
    #[error(transparent)]
    Connect(#[from] ConnectError),
    /// No key.
    #[error(transparent)]
    Identity(#[from] IdentityError),
    /// The token is not valid.
    #[error(
        "the aggregator refused the token ({0}): it was used, has expired, or was cut when copied; run `muster host add NAME` again"
    )]
    Refused(String),
    /// Anything else.
    #[error("{url} did not take this host in: {why}")]
    Failed {
        /// Where.
        url: String,
        /// Why.
        why: String,
    },
}

/// Joins the fleet at `url`.
pub async fn join(url: &str, token: &Token, insecure: bool) -> Result<Identity, JoinError> {
    let target = check_url(url, insecure)?;
    let key = new_key()?;
    let channel = channel(&target, token.pin).await?;
    let request =
        JoinRequest { token: token.secret.clone(), public_key: key.public.clone().into(), facts: Some(facts()) };
    let reply = EnrolClient::with_origin(channel, target).join(request).await;
    let reply = reply.map_err(|status| refused(url, &status))?.into_inner();
    Ok(Identity::new(reply, url.trim_end_matches('/').to_owned(), token.pin, &key))
}

fn refused(url: &str, status: &tonic::Status) -> JoinError {
    match status.code() {
        Code::Unauthenticated | Code::PermissionDenied | Code::NotFound | Code::InvalidArgument => {
            JoinError::Refused(status.message().to_owned())
        }
        Code::Unimplemented => JoinError::Failed {
            url: url.to_owned(),
            why: "no Muster aggregator answers there; check the address and its path".into(),
        },
        _ => JoinError::Failed { url: url.to_owned(), why: status.message().to_owned() },
    }
}
