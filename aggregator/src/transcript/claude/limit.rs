//! When a usage limit ends, as the client says it beside the error or in its words.

use jiff::Timestamp;
use jiff::civil::Time;
use jiff::tz::TimeZone;
use serde::Deserialize;
use serde_json::value::RawValue;

use crate::domain::time::Millis;
use crate::transcript::lenient;

/// Years after 2200 are no times of a limit.
const LATEST_S: i64 = 7_258_118_400;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct QuotaLimits {
    #[serde(default, deserialize_with = "lenient::number")]
    resets_at: Option<i64>,
}

/// When the limit ends; `at` is the time of the line, for words that name an hour only.
pub(super) fn resets_at(quota: Option<&RawValue>, text: &str, at: Option<Millis>) -> Option<Millis> {
    let object = quota.map(RawValue::get).filter(|raw| raw.starts_with('{'));
    let told = object.and_then(|raw| serde_json::from_str::<QuotaLimits>(raw).ok()).and_then(|quota| quota.resets_at);
    // Clients to 2.0 wrote it behind a bar.
    let behind_bar = || text.rsplit_once("limit reached|")?.1.trim().parse().ok();
    if let Some(seconds) = told.or_else(behind_bar).filter(|seconds| (1..LATEST_S).contains(seconds)) {
        return Some(seconds * 1000);
    }
    in_words(text, at?)
}

/// `… limit · resets 6:40pm (UTC)`: the next such time of the day.
fn in_words(text: &str, at: Millis) -> Option<Millis> {
    let (before, rest) = text.split_once("resets ")?;
    if !before.contains("limit") {
        return None;
    }
    let (time, rest) = rest.split_once(' ').unwrap_or((rest, ""));
    let zone = rest.strip_prefix('(').and_then(|rest| rest.split_once(')')).map_or("UTC", |(zone, _)| zone);
    let zone = TimeZone::get(zone).ok()?;
    let now = Timestamp::from_millisecond(at).ok()?.to_zoned(zone.clone());
    let today = now.date().to_datetime(time_of(time.trim_end_matches('.'))?).to_zoned(zone).ok()?;
    let next = if today <= now { today.tomorrow().ok()? } else { today };
    Some(next.timestamp().as_millisecond())
}

/// `6pm`, `6:40pm`, `18:40`.
fn time_of(text: &str) -> Option<Time> {
    let text = text.to_ascii_lowercase();
    let (digits, afternoon) = match (text.strip_suffix("am"), text.strip_suffix("pm")) {
        (Some(digits), _) => (digits, Some(false)),
        (_, Some(digits)) => (digits, Some(true)),
        (None, None) => (text.as_str(), None),
    };
    let (hour, minute) = digits.split_once(':').unwrap_or((digits, "0"));
    let (hour, minute): (i8, i8) = (hour.parse().ok()?, minute.parse().ok()?);
    let hour = match afternoon {
        Some(_) if !(1..=12).contains(&hour) => return None,
        Some(false) => hour % 12,
        Some(true) => hour % 12 + 12,
        None => hour,
    };
    Time::new(hour, minute, 0, 0).ok()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::domain::time::{parse_rfc3339, rfc3339};

    fn told(text: &str) -> Option<String> {
        resets_at(None, text, parse_rfc3339("2026-11-21T16:40:00Z")).map(rfc3339)
    }

    #[test]
    fn the_end_of_a_limit_is_read_from_the_clients_words() {
        assert_eq!(
            told("You've hit your 5-hour limit · resets 6:40pm (UTC)").as_deref(),
            Some("2026-11-21T18:40:00.000Z")
        );
        assert_eq!(told("5-hour limit reached ∙ resets 9am").as_deref(), Some("2026-11-22T09:00:00.000Z"));
        assert_eq!(told("limit reached ∙ resets 12am (UTC)").as_deref(), Some("2026-11-22T00:00:00.000Z"));
        assert_eq!(told("Claude AI usage limit reached|1790812800").as_deref(), Some("2026-10-01T00:00:00.000Z"));
        for words in ["limit · resets soon", "the password resets 6pm", "limit · resets 13pm", "limit reached|-4", ""]
        {
            assert_eq!(told(words), None, "{words}");
        }
    }

    #[test]
    fn the_note_beside_the_error_counts_before_its_words() {
        let quota: Box<RawValue> = serde_json::from_str(r#"{"resetsAt": 1795286400}"#).unwrap();
        let at = resets_at(Some(&quota), "limit · resets 6:40pm (UTC)", Some(0));
        assert_eq!(at, Some(1_795_286_400_000));
        let odd: Box<RawValue> = serde_json::from_str(r#"["resetsAt"]"#).unwrap();
        assert_eq!(resets_at(Some(&odd), "", Some(0)), None);
    }
}
