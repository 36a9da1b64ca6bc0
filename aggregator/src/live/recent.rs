//! What hosts wrote in the last half hour, in steps: a page that was opened just now need not begin with nothing.

use std::collections::BTreeMap;

use muster_proto::ids::HostId;

use crate::domain::time::Millis;

/// Length of a step, milliseconds.
pub const STEP_MS: Millis = 10_000;

/// Steps that are kept: half an hour.
pub const STEPS: usize = 180;

/// Lines by host and step. Bounded by the hosts that wrote within the half hour, and its steps: a few hundred numbers each.
#[derive(Debug, Default)]
pub struct Recent {
    hosts: BTreeMap<HostId, BTreeMap<i64, u64>>,
    /// The latest step in which anything was added: a clock that is set back goes on from there.
    latest: i64,
}

impl Recent {
    /// A host wrote some lines.
    pub fn add(&mut self, host: HostId, lines: u64, now: Millis) {
        self.latest = self.latest.max(now.div_euclid(STEP_MS));
        let steps = self.hosts.entry(host).or_default();
        *steps.entry(self.latest).or_default() += lines;
        if steps.len() > STEPS + 1 {
            steps.pop_first();
        }
    }

    /// The lines of each host that wrote, step by step, oldest first; the step that has only begun is left out.
    pub fn lines(&mut self, now: Millis) -> Vec<(HostId, Vec<u64>)> {
        let end = now.div_euclid(STEP_MS).max(self.latest);
        let begin = end - i64::try_from(STEPS).unwrap_or(i64::MAX);
        self.hosts.retain(|_, steps| {
            *steps = steps.split_off(&begin);
            !steps.is_empty()
        });
        let of = |steps: &BTreeMap<i64, u64>| (begin..end).map(|step| steps.get(&step).copied().unwrap_or(0)).collect();
        self.hosts.iter().map(|(host, steps)| (*host, of(steps))).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const HOUR: Millis = 3_600_000;

    #[test]
    fn whole_steps_are_told_oldest_first() {
        let (mut recent, host) = (Recent::default(), HostId::new());
        for (at, lines) in [(HOUR, 1), (HOUR + STEP_MS - 1, 2), (HOUR + STEP_MS, 4), (HOUR + 3 * STEP_MS, 8)] {
            recent.add(host, lines, at);
        }
        let told = recent.lines(HOUR + 3 * STEP_MS);
        assert_eq!(told.len(), 1);
        assert_eq!((told[0].0, told[0].1.len()), (host, STEPS));
        assert_eq!(told[0].1[STEPS - 4..], [0, 3, 4, 0]);
        assert_eq!(recent.lines(HOUR + 4 * STEP_MS)[0].1[STEPS - 4..], [3, 4, 0, 8]);
    }

    #[test]
    fn what_is_older_than_half_an_hour_is_forgotten_with_its_host() {
        let (mut recent, [old, new]) = (Recent::default(), [HostId::new(), HostId::new()]);
        recent.add(old, 1, HOUR);
        let later = HOUR + STEP_MS * i64::try_from(STEPS).unwrap();
        recent.add(new, 2, later);
        assert_eq!(recent.lines(later).len(), 2);
        let told = recent.lines(later + STEP_MS);
        assert_eq!(told.iter().map(|(host, _)| *host).collect::<Vec<_>>(), [new]);
        assert_eq!(recent.hosts.len(), 1);
    }

    #[test]
    fn nobody_who_asks_never_makes_it_grow() {
        let (mut recent, host) = (Recent::default(), HostId::new());
        for step in 0..1_000 {
            recent.add(host, 1, HOUR + step * STEP_MS);
        }
        assert_eq!(recent.hosts[&host].len(), STEPS + 1);
    }

    #[test]
    fn a_clock_that_is_set_back_loses_nothing() {
        let (mut recent, host) = (Recent::default(), HostId::new());
        recent.add(host, 1, 2 * HOUR);
        recent.add(host, 2, HOUR);
        assert_eq!(recent.lines(2 * HOUR + STEP_MS)[0].1[STEPS - 1], 3);
    }
}
