//! Times: milliseconds since 1970 in UTC inside, RFC 3339 at the doors.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

/// Milliseconds since 1970, UTC.
pub type Millis = i64;

/// The clock of this machine.
pub fn now_ms() -> Millis {
    Timestamp::now().as_millisecond()
}

/// The last moment that can be written with every offset: near the end of the year 9999.
const LAST: Millis = 253_402_207_200_999;

/// A time as a host tells it, made one that can be counted with: nothing before 1970, nothing after 9999.
pub fn told(ms: Millis) -> Millis {
    ms.clamp(0, LAST)
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

/// The day in UTC that an instant lies in: `2026-11-21`.
pub fn day_of(ms: Millis) -> String {
    let at = Timestamp::from_millisecond(ms).unwrap_or(if ms < 0 { Timestamp::MIN } else { Timestamp::MAX });
    at.to_zoned(TimeZone::UTC).date().to_string()
}

/// First millisecond of a day in UTC; `None` when the text is no day.
pub fn parse_day(text: &str) -> Option<Millis> {
    let day = text.parse::<Date>().ok().filter(|_| text.len() == 10)?;
    Some(day.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_told_time_is_beyond_counting() {
        for (ms, counted) in [(i64::MIN, 0), (i64::MAX, LAST), (1_700_000_000_000, 1_700_000_000_000)] {
            assert_eq!(told(ms), counted);
        }
        assert_eq!(rfc3339(LAST), "9999-12-30T22:00:00.999Z");
    }

    #[test]
    fn times_survive_their_text_form() {
        assert_eq!(rfc3339(1_790_812_800_123), "2026-10-01T00:00:00.123Z");
        assert_eq!(parse_rfc3339("2026-10-01T00:00:00.123Z"), Some(1_790_812_800_123));
        assert_eq!(parse_rfc3339("yesterday"), None);
    }

    #[test]
    fn days_survive_their_text_form() {
        assert_eq!(day_of(1_790_812_800_123), "2026-10-01");
        assert_eq!(day_of(1_790_812_799_999), "2026-09-30");
        assert_eq!(parse_day("2026-10-01"), Some(1_790_812_800_000));
        for wrong in ["2026-13-01", "2026-10-01T00:00:00Z", "today", "", "2026-10-1"] {
            assert_eq!(parse_day(wrong), None, "{wrong}");
        }
    }
}
