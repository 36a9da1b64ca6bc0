//! What is known of a host: its living coders, its link, its clock.

use std::collections::HashMap;

use crate::domain::session::SessionId;
use crate::domain::session_state::{Leaving, Link, Registry};
use crate::domain::time::Millis;

/// Coders of one host that are kept: more do not run on one machine, and what is more is not shown.
pub(super) const CODERS: usize = 1_000;

/// Differences of clocks below this are noise of the measurement, and a measurement that differs by less changes nothing:
/// times that were shown must not move.
pub(super) const CLOCK_NOISE_MS: i64 = 500;

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
    /// That was measured.
    is_measured: bool,
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

/// What a measurement of a clock says.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub(super) struct Measured {
    /// It differs otherwise from ours.
    pub moved: bool,
    /// It was set by so much: what was told before was told by another clock.
    pub set_ms: i64,
}

impl Coder {
    /// The same by a clock that was set by so much.
    fn shift(&mut self, ms: i64) {
        self.started_at = self.started_at.saturating_add(ms);
        let left = self.leaving.as_mut().map(|left| {
            left.at = left.at.saturating_add(ms);
            &mut left.registry
        });
        for registry in self.registry.iter_mut().chain(left) {
            registry.since = registry.since.saturating_add(ms);
        }
    }

    /// Nothing of it happened later than that.
    pub(super) fn cap(&mut self, clock: Millis) {
        self.started_at = self.started_at.min(clock);
        if let Some(registry) = &mut self.registry {
            registry.since = registry.since.min(clock);
        }
    }

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
            is_measured: false,
            link: Link { away_since: Some(at), lag_ms: 0, heard_at: at },
            no_stop: None,
        }
    }

    /// Takes a measurement of its clock; says by how much the clock was set since the one before, where it was, and
    /// whether times of it are other ones now.
    pub(super) fn set_skew(&mut self, skew: i64) -> Measured {
        let measured = if skew.abs() <= CLOCK_NOISE_MS { 0 } else { skew };
        let (moved_ms, was_known) = (measured - self.skew, std::mem::replace(&mut self.is_measured, true));
        if moved_ms.abs() <= CLOCK_NOISE_MS {
            return Measured::default();
        }
        self.skew = measured;
        let set_ms = if was_known { moved_ms } else { 0 };
        for coder in self.coders.values_mut() {
            coder.shift(set_ms);
        }
        Measured { moved: true, set_ms }
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

    /// A coder lives there that does not say which session it holds.
    pub(super) fn is_to_be_guessed(&self) -> bool {
        self.coders.values().any(|coder| coder.session.is_none())
    }

    /// A coder that could hold this session without saying so.
    pub(super) fn could_hold(&self, coder: &str, cwd: &str) -> impl Iterator<Item = (&String, &Coder)> {
        self.coders.iter().filter(move |(_, one)| {
            one.session.is_none() && one.name == coder && (cwd.is_empty() || one.cwd.is_empty() || one.cwd == cwd)
        })
    }
}
