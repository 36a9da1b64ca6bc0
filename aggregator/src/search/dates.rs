//! Times as people write them in a query: `2026-11-21`, `2026-11`, `7d`, `yesterday`, RFC 3339. Days are of UTC.

use jiff::Timestamp;
use jiff::civil::Date;
use jiff::tz::TimeZone;

use crate::domain::time::Millis;

const DAY: Millis = 86_400_000;

/// Milliseconds of what was written, a day standing for its start; `None` when it is no time.
pub(super) fn read(text: &str, now: Millis) -> Option<Millis> {
    let text = text.trim().to_ascii_lowercase();
    let today = now.div_euclid(DAY) * DAY;
    match text.as_str() {
        "now" => return Some(now),
        "today" => return Some(today),
        "yesterday" => return Some(today - DAY),
        _ => {}
    }
    ago(&text, now).or_else(|| day(&text)).or_else(|| instant(&text))
}

/// `30min`, `12h`, `7d`, `2w`, `3m`, `1y` before now.
fn ago(text: &str, now: Millis) -> Option<Millis> {
    let unit = text.find(|c: char| !c.is_ascii_digit())?;
    let count: i64 = text[..unit].parse().ok().filter(|count| *count <= 100_000)?;
    let length = match &text[unit..] {
        "min" | "minutes" => 60_000,
        "h" | "hours" => 3_600_000,
        "d" | "day" | "days" => DAY,
        "w" | "week" | "weeks" => 7 * DAY,
        "m" | "mo" | "month" | "months" => 30 * DAY,
        "y" | "year" | "years" => 365 * DAY,
        _ => return None,
    };
    Some(now - count * length)
}

/// `2026-11-21`, `2026/11/21`, `2026-11` or `2026`.
fn day(text: &str) -> Option<Millis> {
    let parts: Vec<&str> = text.split(['-', '/']).collect();
    let number = |at: usize| parts.get(at).map_or(Some(1), |part| part.parse::<i8>().ok());
    let year: i16 = parts.first().filter(|year| year.len() == 4)?.parse().ok()?;
    if parts.len() > 3 {
        return None;
    }
    let date = Date::new(year, number(1)?, number(2)?).ok()?;
    Some(date.to_zoned(TimeZone::UTC).ok()?.timestamp().as_millisecond())
}

/// RFC 3339; without a zone it is of UTC.
fn instant(text: &str) -> Option<Millis> {
    let text = text.to_ascii_uppercase();
    let zoned = text.parse::<Timestamp>().ok();
    let civil = || text.parse::<jiff::civil::DateTime>().ok()?.to_zoned(TimeZone::UTC).ok();
    Some(zoned.or_else(|| civil().map(|zoned| zoned.timestamp()))?.as_millisecond())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::parse_rfc3339;

    #[test]
    fn times_are_read_as_people_write_them() {
        let at = |text| parse_rfc3339(text).unwrap();
        let now = at("2026-11-21T14:00:00Z");
        for (text, meant) in [
            ("2026-11-21", "2026-11-21T00:00:00Z"),
            ("2026/11/21", "2026-11-21T00:00:00Z"),
            ("2026-11", "2026-11-01T00:00:00Z"),
            ("2026", "2026-01-01T00:00:00Z"),
            ("Yesterday", "2026-11-20T00:00:00Z"),
            ("7d", "2026-11-14T14:00:00Z"),
            ("12h", "2026-11-21T02:00:00Z"),
            ("2026-11-21T10:00:00+02:00", "2026-11-21T08:00:00Z"),
            ("2026-11-21T10:00", "2026-11-21T10:00:00Z"),
        ] {
            assert_eq!(read(text, now), Some(at(meant)), "{text}");
        }
        for text in ["banana", "", "2026-13-01", "7", "7x", "99999999999999999d", "1-2-3-4"] {
            assert_eq!(read(text, now), None, "{text}");
        }
    }
}
