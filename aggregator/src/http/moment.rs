//! Beginnings and ends of periods in queries: an instant, or a whole day of the reader.

use super::failure::Failure;
use crate::domain::time::{Millis, parse_day, parse_rfc3339};

const DAY_MS: Millis = 24 * 60 * 60 * 1000;

/// Which end of a period.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Edge {
    /// Its first instant; a day counts from its beginning.
    From,
    /// The first instant behind it; a day counts to its end.
    To,
}

/// Reads RFC 3339 or `2026-11-21`, a day of a clock that is so many minutes ahead of UTC.
pub(super) fn moment(text: &str, edge: Edge, utc_offset_minutes: i64) -> Result<Millis, Failure> {
    if let Some(day) = parse_day(text) {
        let begins = day - utc_offset_minutes * 60_000;
        return Ok(if edge == Edge::From { begins } else { begins + DAY_MS });
    }
    parse_rfc3339(text).ok_or_else(|| {
        let name = if edge == Edge::From { "from" } else { "to" };
        Failure::bad_request(format!("`{name}` must be a day (2026-11-21) or an instant (2026-11-21T14:00:00Z)"))
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_day_counts_whole_and_by_the_readers_clock() {
        let at = |text, edge, offset| moment(text, edge, offset).ok();
        assert_eq!(at("2026-10-01", Edge::From, 0), Some(1_790_812_800_000));
        assert_eq!(at("2026-10-01", Edge::To, 0), Some(1_790_812_800_000 + DAY_MS));
        assert_eq!(at("2026-10-01", Edge::From, 60), Some(1_790_812_800_000 - 3_600_000));
        assert_eq!(at("2026-10-01T00:00:00Z", Edge::To, 60), Some(1_790_812_800_000));
        assert_eq!(at("yesterday", Edge::From, 0), None);
    }
}
