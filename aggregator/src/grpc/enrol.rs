//! A machine joins with its one-time token.

use std::net::{IpAddr, Ipv4Addr};
use std::sync::Arc;

use muster_proto::fleet::{self, JoinReply, JoinRequest};
use tonic::{Request, Response, Status};

use crate::access::{AccessError, HostFacts};
use crate::house::House;
use crate::http::guard::Peer;

/// The service.
#[derive(Debug)]
pub struct Enrol {
    house: Arc<House>,
}

impl Enrol {
    pub(super) fn new(house: Arc<House>) -> Self {
        Self { house }
    }
}

#[tonic::async_trait]
impl fleet::enrol_server::Enrol for Enrol {
    async fn join(&self, request: Request<JoinRequest>) -> Result<Response<JoinReply>, Status> {
        let from =
            request.extensions().get::<Peer>().map_or(IpAddr::V4(Ipv4Addr::UNSPECIFIED), |peer| peer.address.ip());
        let JoinRequest { token, public_key, facts } = request.into_inner();
        let facts = facts.unwrap_or_default();
        let facts =
            HostFacts { hostname: facts.hostname, os: facts.os, arch: facts.arch, agent_version: facts.agent_version };
        let enrolled = self.house.access.enrol(from, &token, &public_key, facts).await.map_err(status)?;
        tracing::info!(host.name = enrolled.host_name, host.id = %enrolled.host_id, "host joined");
        Ok(Response::new(JoinReply {
            host_id: enrolled.host_id.to_string(),
            host_name: enrolled.host_name,
            aggregator_id: enrolled.aggregator_id,
        }))
    }
}

fn status(error: AccessError) -> Status {
    let text = error.to_string();
    match error {
        AccessError::Denied(_) => Status::unauthenticated(text),
        AccessError::Conflict(_) => Status::already_exists(text),
        AccessError::Invalid(_) => Status::invalid_argument(text),
        AccessError::TooMany { .. } => Status::resource_exhausted(text),
        AccessError::NotFound(_) => Status::not_found(text),
        other => {
            tracing::error!(error = %other, "a machine could not join");
            Status::internal("the aggregator failed: see its log")
        }
    }
}
