//! `permissionDecision` on lines of results: who let a tool run, or did not. Older clients only say so in the answer.

use std::borrow::Cow;

use serde::Deserialize;

use crate::transcript::block::{Decider, Permission};
use crate::transcript::lenient;

/// How answers begin when a person refused the call.
const BY_PERSON: [&str; 2] =
    ["The user doesn't want to proceed with this tool use", "The user doesn't want to take this action right now"];

/// How an answer begins when a rule of the settings refused the call, and how the sentence goes on.
const BY_SETTINGS: (&str, &str) = ("Permission to use ", "has been denied");

/// Bytes of an answer in which the sentence of [`BY_SETTINGS`] ends: a name and a command stand in between.
const SENTENCE: usize = 2_000;

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Decision<'a> {
    #[serde(borrow, default, rename = "decision", deserialize_with = "lenient::text")]
    word: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    source: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    reason_type: Option<Cow<'a, str>>,
    #[serde(borrow, default, deserialize_with = "lenient::text")]
    grant_scope: Option<Cow<'a, str>>,
}

impl Decision<'_> {
    /// What was decided; `None` for words that nobody knows yet.
    pub(super) fn read(&self) -> Option<Permission> {
        let allowed = match self.word.as_deref()? {
            "accept" | "allow" => true,
            "reject" | "deny" => false,
            _ => return None,
        };
        let source = self.source.as_deref().unwrap_or_default();
        let by = match source {
            source if source.starts_with("user") => Decider::Person,
            "hook" => Decider::Hook,
            // The check of a model that decides in a person's place.
            _ if self.reason_type.as_deref() == Some("classifier") => Decider::Client,
            "config" => Decider::Settings,
            _ => Decider::Client,
        };
        let lasts = source == "user_permanent" || self.grant_scope.as_deref().is_some_and(|scope| scope != "once");
        Some(Permission { allowed, by, lasts })
    }
}

/// The refusal that a failed call's answer tells of.
pub(super) fn refusal_in(answer: &str) -> Option<Permission> {
    let answer = answer.trim_start();
    let refused = |by| Some(Permission { allowed: false, by, lasts: false });
    let (start, goes_on) = BY_SETTINGS;
    let head = &answer[..answer.floor_char_boundary(SENTENCE)];
    if BY_PERSON.iter().any(|start| answer.starts_with(start)) {
        refused(Decider::Person)
    } else if head.strip_prefix(start).is_some_and(|rest| rest.contains(goes_on)) {
        refused(Decider::Settings)
    } else {
        None
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(json: &str) -> Option<(bool, Decider, bool)> {
        let decision: Decision<'_> = serde_json::from_str(json).unwrap();
        decision.read().map(|Permission { allowed, by, lasts }| (allowed, by, lasts))
    }

    #[test]
    fn a_decision_names_who_made_it() {
        for (json, told) in [
            (r#"{"decision":"accept","source":"config","reasonType":"rule"}"#, Some((true, Decider::Settings, false))),
            (
                r#"{"decision":"accept","source":"user_temporary","grantScope":"once"}"#,
                Some((true, Decider::Person, false)),
            ),
            (
                r#"{"decision":"accept","source":"user_temporary","grantScope":"session"}"#,
                Some((true, Decider::Person, true)),
            ),
            (r#"{"decision":"accept","source":"user_permanent"}"#, Some((true, Decider::Person, true))),
            (r#"{"decision":"reject","source":"user_reject"}"#, Some((false, Decider::Person, false))),
            (r#"{"decision":"reject","source":"user_abort"}"#, Some((false, Decider::Person, false))),
            (r#"{"decision":"reject","source":"hook"}"#, Some((false, Decider::Hook, false))),
            (
                r#"{"decision":"deny","source":"config","reasonType":"classifier"}"#,
                Some((false, Decider::Client, false)),
            ),
            (r#"{"decision":"deny","source":7}"#, Some((false, Decider::Client, false))),
            (r#"{"decision":"postponed","source":"hook"}"#, None),
            ("{}", None),
        ] {
            assert_eq!(read(json), told, "{json}");
        }
    }

    #[test]
    fn an_older_clients_refusal_stands_in_its_answer() {
        let by = |answer: &str| refusal_in(answer).map(|permission| permission.by);
        let person = "The user doesn't want to proceed with this tool use. The tool use was rejected (eg. …).";
        assert_eq!(by(person), Some(Decider::Person));
        let settings = "Permission to use Bash with command rm -rf build has been denied.";
        assert_eq!(by(settings), Some(Decider::Settings));
        for other in
            ["", "Exit code 1", "Permission to use", "See: The user doesn't want to proceed with this tool use"]
        {
            assert_eq!(by(other), None, "{other}");
        }
        assert_eq!(by(&format!("Permission to use {} has been denied", "é".repeat(SENTENCE))), None);
    }
}
