//! `system` lines: what the client tells the reader about turns, commands, compaction, hooks.

use std::borrow::Cow;

use serde::Deserialize;
use serde_json::value::RawValue;

use super::command::{kind_of, plain};
use super::content::string;
use super::envelope::Envelope;
use crate::transcript::act::Act;
use crate::transcript::block::NoticeKind;
use crate::transcript::reading::Reading;
use crate::transcript::{Role, lenient};

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct CompactMetadata {
    #[serde(default, deserialize_with = "lenient::number")]
    pre_tokens: Option<i64>,
}

pub(super) fn read(line: &Envelope<'_>, reading: &mut Reading) {
    reading.role = Some(Role::System);
    let subtype = line.subtype.as_deref().unwrap_or_default();
    match subtype {
        "turn_duration" if !line.is_sidechain => {
            reading.acts.push(Act::TurnEnd { duration_ms: line.duration_ms.filter(|ms| *ms >= 0) });
        }
        "compact_boundary" => reading.acts.push(Act::Compaction { tokens_before: tokens_before(line) }),
        _ => {}
    }
    if reading.wants_content() {
        let (kind, text) = words(subtype, line);
        reading.notice(kind, text);
    }
}

fn tokens_before(line: &Envelope<'_>) -> Option<i64> {
    let raw = line.compact_metadata.map(RawValue::get).filter(|text| text.starts_with('{'))?;
    serde_json::from_str::<CompactMetadata>(raw).ok()?.pre_tokens.filter(|tokens| *tokens >= 0)
}

fn words<'a>(subtype: &str, line: &Envelope<'a>) -> (NoticeKind, Cow<'a, str>) {
    let text = line.content.and_then(string);
    let kind = match subtype {
        "turn_duration" => NoticeKind::TurnEnd,
        "compact_boundary" | "microcompact_boundary" => NoticeKind::Compaction,
        "stop_hook_summary" => NoticeKind::Hook,
        "api_error" | "api_refusal" => NoticeKind::ApiError,
        "local_command" => text.as_deref().and_then(kind_of).unwrap_or(NoticeKind::CommandOutput),
        _ => NoticeKind::Other,
    };
    let text = match (text, subtype) {
        (Some(text), _) => plain(text),
        (None, "turn_duration") => Cow::Owned(turn_end(line.duration_ms)),
        (None, "stop_hook_summary") => Cow::Owned(hook_errors(line)),
        (None, _) => Cow::Owned(subtype.replace('_', " ")),
    };
    (kind, text)
}

/// `turn ended after 2.2 s`
fn turn_end(duration_ms: Option<i64>) -> String {
    match duration_ms.filter(|ms| *ms >= 0) {
        Some(ms) if ms < 60_000 => format!("turn ended after {}.{} s", ms / 1000, ms % 1000 / 100),
        Some(ms) => format!("turn ended after {} min {} s", ms / 60_000, ms % 60_000 / 1000),
        None => "turn ended".to_owned(),
    }
}

fn hook_errors(line: &Envelope<'_>) -> String {
    let errors: Vec<String> = line.hook_errors.and_then(|raw| serde_json::from_str(raw.get()).ok()).unwrap_or_default();
    if errors.is_empty() { "stop hook ran".to_owned() } else { errors.join("\n") }
}
