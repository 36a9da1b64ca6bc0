//! Moments inside texts: a line carries when it was sent, a page reads it back.

use std::time::{Duration, Instant};

/// Precedes the moment in a line's text.
const MARK: &str = "sent-at-";

/// Digits of a moment: nanoseconds, for more than a century.
const DIGITS: usize = 19;

/// The clock of one measurement. Monotonic; only this process can read its stamps.
#[derive(Debug, Clone, Copy)]
pub struct Clock(Instant);

impl Clock {
    /// Starts it.
    pub fn start() -> Self {
        Self(Instant::now())
    }

    /// Now, as a word for a line's text. Always equally long.
    pub fn stamp(&self) -> String {
        format!("{MARK}{:0width$}", self.0.elapsed().as_nanos(), width = DIGITS)
    }

    /// How old each stamp in `text` is.
    pub fn ages(&self, text: &str) -> Vec<Duration> {
        let now = self.0.elapsed();
        let after = text.match_indices(MARK).map(|(at, mark)| &text[at + mark.len()..]);
        let moments = after.filter_map(|rest| rest.get(..DIGITS)?.parse().ok().map(Duration::from_nanos));
        moments.map(|moment| now.saturating_sub(moment)).collect()
    }
}

/// Durations that were measured.
#[derive(Debug, Clone, Default)]
pub struct Samples(Vec<Duration>);

impl Samples {
    /// Adds some.
    pub fn extend(&mut self, more: impl IntoIterator<Item = Duration>) {
        self.0.extend(more);
    }

    /// How many there are.
    pub fn count(&self) -> usize {
        self.0.len()
    }

    /// The duration that `percent` of all do not exceed; zero when nothing was measured.
    pub fn percentile(&self, percent: usize) -> Duration {
        let mut sorted = self.0.clone();
        sorted.sort_unstable();
        let at = (sorted.len() * percent).div_ceil(100).saturating_sub(1);
        sorted.get(at).copied().unwrap_or_default()
    }

    /// `p50 0.8 ms, p99 3.1 ms, max 4.0 ms (1,200 seen)`
    pub fn summary(&self) -> String {
        let ms = |percent| format!("{:.1} ms", self.percentile(percent).as_secs_f64() * 1000.0);
        format!("p50 {}, p99 {}, max {} ({} seen)", ms(50), ms(99), ms(100), self.count())
    }
}

impl IntoIterator for Samples {
    type Item = Duration;
    type IntoIter = std::vec::IntoIter<Duration>;

    fn into_iter(self) -> Self::IntoIter {
        self.0.into_iter()
    }
}

impl FromIterator<Duration> for Samples {
    fn from_iter<I: IntoIterator<Item = Duration>>(durations: I) -> Self {
        Self(durations.into_iter().collect())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn stamps_are_found_in_any_text() {
        let clock = Clock::start();
        let text = format!("{{\"a\":\"x {}\",\"b\":\"{} y\"}} sent-at-12", clock.stamp(), clock.stamp());
        assert_eq!(clock.ages(&text).len(), 2);
    }

    #[test]
    fn percentiles_are_of_the_sorted_samples() {
        let samples: Samples = (1..=100).rev().map(Duration::from_millis).collect();
        assert_eq!(samples.percentile(50), Duration::from_millis(50));
        assert_eq!(samples.percentile(99), Duration::from_millis(99));
        assert_eq!(Samples::default().percentile(99), Duration::ZERO);
    }
}
