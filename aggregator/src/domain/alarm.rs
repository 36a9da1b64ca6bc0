//! What is wrong with a session or a host, measured by thresholds. Pure: what is measured, the thresholds and the time go
//! in; when something began to be wrong is carried over from the alarms before.

mod host;
mod session;
#[cfg(test)]
mod tests;

use serde::{Deserialize, Serialize};

use super::time::Millis;

pub use host::{Link, Measured, host_alarms};
pub use session::{Looping, alarms};

/// Something that is wrong.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Alarm {
    /// What.
    pub kind: AlarmKind,
    /// Since when.
    pub since: Millis,
    /// For a person.
    pub text: String,
}

/// Kinds of alarms, in the order in which they are told.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum AlarmKind {
    /// The same call is made again and again.
    Loop,
    /// It works, but nothing comes.
    Stuck,
    /// It uses more tokens a minute than it should.
    BurnRate,
    /// Its context is nearly full.
    Context,
    /// A usage limit has stopped it.
    UsageLimit,
    /// Two processes write one session.
    TwoWriters,
    /// What is shown of a host is old.
    Lagging,
    /// A host with living sessions is offline.
    Offline,
    /// A host's disk is nearly full.
    Disk,
    /// A host's clock is wrong.
    Clock,
}

/// From when on something is wrong; `None` is never.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default)]
pub struct Settings {
    /// The same call this often, without another between.
    pub loop_calls: Option<u32>,
    /// Working without a sign of progress for this long, seconds.
    pub stuck_seconds: Option<u32>,
    /// Tokens a minute, cache reads left out.
    pub tokens_per_minute: Option<i64>,
    /// Percent of the model's context.
    pub context_percent: Option<u32>,
    /// Age of what is shown of a host, seconds.
    pub lag_seconds: Option<u32>,
    /// Percent of the disk that is free.
    pub disk_free_percent: Option<u32>,
    /// Difference between a host's clock and ours, seconds.
    pub clock_seconds: Option<u32>,
}

impl Default for Settings {
    fn default() -> Self {
        Self {
            loop_calls: Some(5),
            stuck_seconds: Some(600),
            tokens_per_minute: Some(200_000),
            context_percent: Some(85),
            lag_seconds: Some(15),
            disk_free_percent: Some(10),
            clock_seconds: Some(30),
        }
    }
}

impl Settings {
    /// Whether the thresholds make sense; else what to set.
    pub fn check(&self) -> Result<(), String> {
        let within = |name: &str, value: Option<i64>, least: i64, most: i64| match value {
            Some(value) if !(least..=most).contains(&value) => {
                Err(format!("`{name}` must be {least} to {most}, or null to switch this alarm off"))
            }
            _ => Ok(()),
        };
        within("loop_calls", self.loop_calls.map(i64::from), 3, 1_000)?;
        within("stuck_seconds", self.stuck_seconds.map(i64::from), 30, 86_400)?;
        within("tokens_per_minute", self.tokens_per_minute, 1_000, 1_000_000_000)?;
        within("context_percent", self.context_percent.map(i64::from), 10, 100)?;
        within("lag_seconds", self.lag_seconds.map(i64::from), 1, 86_400)?;
        within("disk_free_percent", self.disk_free_percent.map(i64::from), 1, 99)?;
        within("clock_seconds", self.clock_seconds.map(i64::from), 1, 86_400)
    }
}

/// An alarm of this kind that began when the one before did, if there was one.
fn lasting(kind: AlarmKind, text: String, before: &[Alarm], now: Millis) -> Alarm {
    let since = before.iter().find(|alarm| alarm.kind == kind).map_or(now, |alarm| alarm.since);
    Alarm { kind, since, text }
}

fn ms(seconds: u32) -> Millis {
    Millis::from(seconds) * 1_000
}
