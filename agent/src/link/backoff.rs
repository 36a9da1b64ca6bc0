//! How long to wait before the next attempt.

use std::time::Duration;

use ring::rand::{SecureRandom, SystemRandom};

const FIRST: Duration = Duration::from_millis(200);
const LONGEST: Duration = Duration::from_secs(10);

/// A link that stood this long was a good one: the next attempt comes early again.
pub(super) const GOOD_AFTER: Duration = Duration::from_secs(30);

/// Doubles from attempt to attempt, with jitter, so that a fleet does not return all at once.
pub(super) struct Backoff {
    next: Duration,
}

impl Backoff {
    /// Starts with the shortest pause.
    pub(super) fn new() -> Self {
        Self { next: FIRST }
    }

    /// The last link was good.
    pub(super) fn reset(&mut self) {
        self.next = FIRST;
    }

    /// The pause before the next attempt: between half and all of the present step.
    pub(super) fn pause(&mut self) -> Duration {
        let step = self.next;
        self.next = (step * 2).min(LONGEST);
        jittered(step)
    }
}

/// Between half and all of `step`.
pub(super) fn jittered(step: Duration) -> Duration {
    let mut byte = [128];
    if SystemRandom::new().fill(&mut byte).is_err() {
        // A pause without jitter is still a pause.
        byte = [255];
    }
    step.mul_f64(0.5 + f64::from(byte[0]) / 510.0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn pauses_grow_to_the_longest_and_start_again() {
        let mut backoff = Backoff::new();
        let pauses: Vec<Duration> = (0..20).map(|_| backoff.pause()).collect();
        assert!(pauses[0] >= FIRST / 2 && pauses[0] <= FIRST, "{pauses:?}");
        assert!(pauses[19] >= LONGEST / 2 && pauses[19] <= LONGEST, "{pauses:?}");
        backoff.reset();
        assert!(backoff.pause() <= FIRST);
    }
}
