//! Times: milliseconds since 1970 in UTC inside, RFC 3339 at the doors.

use jiff::Timestamp;

/// Milliseconds since 1970, UTC.
pub type Millis = i64;

/// The clock of this machine.
pub fn now_ms() -> Millis {
    Timestamp::now().as_millisecond()
}

/// RFC 3339 with milliseconds; the ends of time where the number lies outside of them.
pub fn rfc3339(ms: Millis) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 { Timestamp::MIN } else { Timestamp::MAX });
    format!("{at:.3}")
}

/// Reads RFC 3339; `None` when it is none.
pub fn parse_rfc3339(text: &str) -> Option<Millis> {
    text.parse::<Timestamp>().ok().map(Timestamp::as_millisecond)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_survive_their_text_form() {
        assert_eq!(rfc3339(1_790_812_800_123), "2026-10-01T00:00:00.123Z");
        assert_eq!(parse_rfc3339("2026-10-01T00:00:00.123Z"), Some(1_790_812_800_123));
        assert_eq!(parse_rfc3339("yesterday"), None);
    }
}
