//! A short look at the aggregator without opening a link, for `muster-agent doctor`.

use std::time::Instant;

use http::Uri;
use muster_proto::fleet::JoinRequest;
use muster_proto::fleet::enrol_client::EnrolClient;
use tonic::Code;

use super::connect::{ConnectError, channel};
use crate::identity::Identity;

/// What a look at the aggregator gave.
pub struct Probe {
    /// One question and its answer, milliseconds.
    pub round_trip_ms: u128,
    /// Seconds that this host's clock is ahead; `None` when the answer carried no time.
    pub clock_ahead_seconds: Option<i64>,
}

/// Asks the aggregator to enrol nobody, and looks at how it refuses.
pub async fn probe(url: &Uri, identity: &Identity) -> Result<Probe, ConnectError> {
    let channel = channel(url, identity.pin).await?;
    let asked = Instant::now();
    let answer = EnrolClient::with_origin(channel, url.clone()).join(JoinRequest::default()).await;
    let round_trip_ms = asked.elapsed().as_millis();
    let metadata = match &answer {
        Ok(answer) => answer.metadata(),
        Err(status) if matches!(status.code(), Code::Unimplemented | Code::Unavailable | Code::Unknown) => {
            let why = format!("something else than a Muster aggregator answers there ({})", status.message());
            return Err(ConnectError::Unreachable { url: url.to_string(), why });
        }
        Err(status) => status.metadata(),
    };
    let there = metadata.get("date").and_then(|date| date.to_str().ok());
    let there = there.and_then(|date| jiff::fmt::rfc2822::parse(date).ok());
    let ahead = there.map(|there| jiff::Timestamp::now().as_second() - there.timestamp().as_second());
    Ok(Probe { round_trip_ms, clock_ahead_seconds: ahead })
}
