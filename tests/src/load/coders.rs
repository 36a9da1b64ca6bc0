//! Living coders of simulated hosts: each session has one, whose registry changes now and then.

use std::time::Duration;

use jiff::Timestamp;
use muster_proto::fleet::{Coder, Coders, Registry};
use tokio::time::{Instant, Interval, interval_at};

use super::hosts::Rate;

/// What registries say, in turn.
const SAYS: [(&str, &str); 3] = [("busy", ""), ("waiting", "permission prompt"), ("idle", "")];

/// When one host's registries change, so that as many do on all hosts together as `rate` says. The host writes every
/// `every`.
pub(super) fn clock(rate: Rate, every: Duration, start: Instant) -> Interval {
    let frames_per_second = rate.lines_per_second.max(1) / rate.lines_per_frame.max(1);
    let pace = every * frames_per_second.max(1) / rate.changes_per_second.max(1);
    interval_at(start + pace / 2, pace.max(Duration::from_millis(1)))
}

/// One living coder for each of these sessions.
pub(super) fn all<'a>(sessions: impl Iterator<Item = &'a str>) -> Coders {
    let coders = sessions.enumerate().map(|(at, session)| coder(at, session, 0)).collect();
    Coders { whole: true, coders, clock_ms: Timestamp::now().as_millisecond(), ..Coders::default() }
}

/// The coder of one session says what it says in this round.
pub(super) fn changed(at: usize, session: &str, round: usize) -> Coders {
    let coders = vec![coder(at, session, round + 1)];
    Coders { whole: false, coders, clock_ms: Timestamp::now().as_millisecond(), ..Coders::default() }
}

fn coder(at: usize, session: &str, round: usize) -> Coder {
    let (status, waiting_for) = SAYS[round % SAYS.len()];
    let now = Timestamp::now().as_millisecond();
    let pid = u32::try_from(at).unwrap_or(0) + 1000;
    Coder {
        key: format!("{pid}-1"),
        coder: "claude".into(),
        pid,
        started_ms: now,
        cwd: "/srv/load".into(),
        session: session.to_owned(),
        client_version: "2.1.329".into(),
        entrypoint: "cli".into(),
        kind: "interactive".into(),
        registry: Some(Registry {
            status: status.into(),
            waiting_for: waiting_for.into(),
            since_ms: now,
            updated_ms: now,
            name: String::new(),
        }),
        ..Coder::default()
    }
}
