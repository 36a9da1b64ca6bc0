//! Alarms, thresholds and rules ↔ what pages and scripts see.

use super::presence::{Alarm, AlarmKind, AlarmSettings, NoticeRules, TurnState};
use crate::domain::session_state::Turn;
use crate::domain::time::rfc3339;
use crate::domain::{alarm, notice};

impl From<&alarm::Alarm> for Alarm {
    fn from(alarm: &alarm::Alarm) -> Self {
        Self { kind: alarm.kind.into(), since: rfc3339(alarm.since), text: alarm.text.clone() }
    }
}

/// The same variants on both sides.
macro_rules! same {
    ($ours:ty, $theirs:ty: $($variant:ident),*) => {
        impl From<$ours> for $theirs {
            fn from(value: $ours) -> Self {
                match value {
                    $(<$ours>::$variant => Self::$variant),*
                }
            }
        }
    };
}

same!(alarm::AlarmKind, AlarmKind: Loop, Stuck, BurnRate, Context, UsageLimit, TwoWriters, Lagging, Offline, Disk, Clock);
same!(AlarmKind, alarm::AlarmKind: Loop, Stuck, BurnRate, Context, UsageLimit, TwoWriters, Lagging, Offline, Disk, Clock);
same!(TurnState, Turn: Working, NeedsPermission, NeedsAnswer, YourTurn, Done, Failed, Unknown);

/// The same fields on both sides, converted both ways.
macro_rules! same_fields {
    ($ours:ty, $theirs:ty: $($field:ident),*) => {
        impl From<$ours> for $theirs {
            fn from(value: $ours) -> Self {
                Self { $($field: value.$field),* }
            }
        }

        impl From<$theirs> for $ours {
            fn from(value: $theirs) -> Self {
                Self { $($field: value.$field),* }
            }
        }
    };
}

same_fields!(
    alarm::Settings, AlarmSettings: loop_calls, stuck_seconds, tokens_per_minute, context_percent, lag_seconds,
    disk_free_percent, clock_seconds
);

impl From<notice::Rules> for NoticeRules {
    fn from(rules: notice::Rules) -> Self {
        let notice::Rules { enabled, turns, alarms, projects, dwell_seconds, quiet_from, quiet_to } = rules;
        Self {
            enabled,
            turns: turns.into_iter().map(TurnState::from).collect(),
            alarms: alarms.into_iter().map(AlarmKind::from).collect(),
            projects,
            dwell_seconds,
            quiet_from,
            quiet_to,
        }
    }
}

impl From<NoticeRules> for notice::Rules {
    fn from(rules: NoticeRules) -> Self {
        let NoticeRules { enabled, mut turns, mut alarms, projects, dwell_seconds, quiet_from, quiet_to } = rules;
        turns.dedup();
        alarms.dedup();
        Self {
            enabled,
            turns: turns.into_iter().map(Turn::from).collect(),
            alarms: alarms.into_iter().map(alarm::AlarmKind::from).collect(),
            projects,
            dwell_seconds,
            quiet_from,
            quiet_to,
        }
    }
}
