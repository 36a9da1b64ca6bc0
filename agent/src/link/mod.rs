//! The link to the aggregator: reaching it, proving who this host is, and keeping one stream open for ever.

mod backoff;
mod connect;
mod join;
mod pin;
mod probe;
mod session;

use muster_proto::fleet::HostFacts;

pub use connect::{ConnectError, channel, check_url};
pub use join::{JoinError, Token, join};
pub use pin::{Pin, PinError};
pub use probe::{Probe, probe};
pub use session::{Instance, LinkError, run};

/// What the aggregator shows of this host.
pub fn facts() -> HostFacts {
    HostFacts {
        hostname: hostname(),
        os: std::env::consts::OS.into(),
        arch: std::env::consts::ARCH.into(),
        agent_version: env!("CARGO_PKG_VERSION").into(),
    }
}

/// This machine's name, as it calls itself.
#[cfg(unix)]
fn hostname() -> String {
    rustix::system::uname().nodename().to_string_lossy().into_owned()
}

/// This machine's name, as it calls itself.
#[cfg(windows)]
fn hostname() -> String {
    std::env::var("COMPUTERNAME").unwrap_or_default()
}

/// An error with all its causes, in one line.
pub(crate) fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut cause = error.source();
    while let Some(inner) = cause {
        let inner_text = inner.to_string();
        if !text.contains(&inner_text) {
            text = format!("{text}: {inner_text}");
        }
        cause = inner.source();
    }
    text
}
