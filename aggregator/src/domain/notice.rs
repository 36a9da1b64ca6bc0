//! When a person wants to be told of a session, in the browser and later elsewhere.

use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::alarm::AlarmKind;
use super::session_state::Turn;

/// Longest wait before a notice, seconds.
const DWELL_SECONDS: u32 = 3_600;

/// Projects in one person's rules.
const PROJECTS: usize = 100;

/// Characters of a project's id that are believed.
const ID_CHARS: usize = 64;

/// Minutes of a day.
const DAY_MINUTES: u32 = 24 * 60;

/// A person's rules.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Rules {
    /// At all.
    pub enabled: bool,
    /// Of these states.
    #[serde(serialize_with = "words", deserialize_with = "known")]
    pub turns: Vec<Turn>,
    /// Of these alarms.
    pub alarms: Vec<AlarmKind>,
    /// Only of these projects; empty: of all.
    pub projects: Vec<String>,
    /// Only of what lasts this long, seconds.
    pub dwell_seconds: u32,
    /// Not from this minute of the day on.
    pub quiet_from: Option<u32>,
    /// Until this one.
    pub quiet_to: Option<u32>,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            enabled: true,
            turns: vec![Turn::NeedsPermission, Turn::NeedsAnswer, Turn::Failed],
            // What does not end by itself. The others only inform: they stand in the list, and are told on request.
            alarms: vec![AlarmKind::Loop, AlarmKind::Stuck, AlarmKind::UsageLimit],
            projects: Vec::new(),
            dwell_seconds: 5,
            quiet_from: None,
            quiet_to: None,
        }
    }
}

impl Rules {
    /// Whether the rules make sense; else what to set.
    pub fn check(&self) -> Result<(), String> {
        if self.dwell_seconds > DWELL_SECONDS {
            return Err(format!("`dwell_seconds` must be 0 to {DWELL_SECONDS}"));
        }
        if self.projects.len() > PROJECTS || self.projects.iter().any(|id| id.chars().count() > ID_CHARS) {
            return Err(format!("`projects` takes up to {PROJECTS} ids of projects; see GET /api/v1/projects"));
        }
        let is_time = |minute: Option<u32>| minute.is_none_or(|minute| minute < DAY_MINUTES);
        if self.quiet_from.is_some() != self.quiet_to.is_some() || !is_time(self.quiet_from) || !is_time(self.quiet_to)
        {
            return Err(format!(
                "`quiet_from` and `quiet_to` must both be minutes of the day, 0 to {}, or both null",
                DAY_MINUTES - 1
            ));
        }
        Ok(())
    }
}

fn words<S: Serializer>(turns: &[Turn], serializer: S) -> Result<S::Ok, S::Error> {
    serializer.collect_seq(turns.iter().map(|turn| turn.word()))
}

/// What a later version wrote and this one does not know is left out.
fn known<'de, D: Deserializer<'de>>(deserializer: D) -> Result<Vec<Turn>, D::Error> {
    let words = Vec::<String>::deserialize(deserializer)?;
    Ok(words.iter().filter_map(|word| Turn::from_word(word)).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn who_has_set_nothing_is_told_of_what_wants_a_person() {
        let Rules { enabled, turns, mut alarms, .. } = Rules::default();
        assert!(enabled);
        assert_eq!(turns, [Turn::NeedsPermission, Turn::NeedsAnswer, Turn::Failed]);
        alarms.sort();
        assert_eq!(alarms, [AlarmKind::Loop, AlarmKind::Stuck, AlarmKind::UsageLimit]);
    }

    #[test]
    fn rules_come_back_as_they_were_stored() {
        let rules =
            Rules { quiet_from: Some(1_320), quiet_to: Some(420), alarms: vec![AlarmKind::Disk], ..Rules::default() };
        let stored = serde_json::to_string(&rules).unwrap();
        assert!(stored.contains("needs_permission"), "{stored}");
        assert_eq!(serde_json::from_str::<Rules>(&stored).unwrap(), rules);
        let later = serde_json::from_str::<Rules>(r#"{"turns": ["dreaming", "failed"], "new": 1}"#).unwrap();
        assert_eq!(later, Rules { turns: vec![Turn::Failed], ..Rules::default() });
    }

    #[test]
    fn rules_have_bounds() {
        let check = |rules: Rules| rules.check().is_ok();
        assert!(check(Rules::default()));
        assert!(!check(Rules { dwell_seconds: 3_601, ..Rules::default() }));
        assert!(!check(Rules { quiet_from: Some(5), ..Rules::default() }));
        assert!(!check(Rules { quiet_from: Some(5), quiet_to: Some(1_440), ..Rules::default() }));
        assert!(!check(Rules { projects: vec!["p".repeat(65)], ..Rules::default() }));
    }
}
