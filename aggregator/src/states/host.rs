//! What is known of a host: its living coders, its link, its clock.

use std::collections::HashMap;

use crate::domain::session::SessionId;
use crate::domain::session_state::{Leaving, Link, Registry};
use crate::domain::time::Millis;

/// Coders of one host that are kept: more do not run on one machine, and what is more is not shown.
pub(super) const CODERS: usize = 1_000;

/// Differences of clocks below this are noise of the measurement, and a measurement that differs by less changes nothing:
/// times that were shown must not move.
const CLOCK_NOISE_MS: i64 = 500;

/// One host.
#[derive(Debug)]
pub(super) struct HostNow {
    /// Its coders by their keys.
    pub coders: HashMap<String, Coder>,
    /// All of them were listed since the link stands.
    pub listed: bool,
    /// Its agent tells of coders.
    pub reports: bool,
    /// Its clock minus ours.
    pub skew: i64,
    /// Its link.
    pub link: Link,
    /// Why nothing can be stopped on it.
    pub no_stop: Option<String>,
}

/// A living coder, by the host's clock.
#[derive(Debug, Clone)]
pub(super) struct Coder {
    /// Which coder it is.
    pub name: String,
    /// The session that it holds, as it says itself.
    pub session: Option<SessionId>,
    pub pid: u32,
    pub started_at: Millis,
    pub cwd: String,
    pub terminal: String,
    pub tmux: String,
    pub kind: String,
    pub registry: Option<Registry>,
    /// It has left the registry.
    pub leaving: Option<Leaving>,
}

impl Coder {
    /// Takes over what only the word before knew: what the registry last said, and the session that it still holds.
    pub(super) fn follow(&mut self, before: &Self, clock: Millis) {
        if self.registry.is_some() {
            return;
        }
        let left = before.registry.clone().map(|registry| Leaving { at: clock, registry });
        self.leaving = left.or_else(|| before.leaving.clone());
        if self.session.is_none() {
            self.session.clone_from(&before.session);
        }
    }

    /// What the registry last said, when it ends now.
    pub(super) fn left(self, clock: Millis) -> Option<Leaving> {
        self.leaving.or(self.registry.map(|registry| Leaving { at: clock, registry }))
    }
}

impl HostNow {
    /// A host of which nothing was heard since `at`.
    pub(super) fn away(at: Millis) -> Self {
        Self {
            coders: HashMap::new(),
            listed: false,
            reports: false,
            skew: 0,
            link: Link { away_since: Some(at), lag_ms: 0, heard_at: at },
            no_stop: None,
        }
    }

    /// Takes a measurement of its clock; says whether times of it are other ones now.
    pub(super) fn set_skew(&mut self, skew: i64) -> bool {
        let measured = if skew.abs() <= CLOCK_NOISE_MS { 0 } else { skew };
        let moves = (measured - self.skew).abs() > CLOCK_NOISE_MS;
        if moves {
            self.skew = measured;
        }
        moves
    }

    /// An entry of a registry in our clock.
    pub(super) fn entry(&self, entry: &Registry) -> Registry {
        Registry { since: self.ours(entry.since), ..entry.clone() }
    }

    /// The same of one that has left it.
    pub(super) fn left(&self, left: &Leaving) -> Leaving {
        Leaving { at: self.ours(left.at), registry: self.entry(&left.registry) }
    }

    /// A time of this host in our clock.
    pub(super) fn ours(&self, at: Millis) -> Millis {
        at.saturating_sub(self.skew)
    }

    /// A coder that could hold this session without saying so.
    pub(super) fn could_hold(&self, coder: &str, cwd: &str) -> impl Iterator<Item = (&String, &Coder)> {
        self.coders.iter().filter(move |(_, one)| {
            one.session.is_none() && one.name == coder && (cwd.is_empty() || one.cwd.is_empty() || one.cwd == cwd)
        })
    }
}
