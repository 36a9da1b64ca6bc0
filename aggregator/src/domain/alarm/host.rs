//! What is wrong with a host.

use super::{Alarm, AlarmKind, Settings, lasting, ms};
use crate::domain::time::Millis;

/// What is measured of a host.
#[derive(Debug, Clone, Copy, Default)]
pub struct Measured {
    /// Its link.
    pub link: Link,
    /// Age of the oldest byte that is not archived yet, milliseconds.
    pub lag_ms: u64,
    /// Its clock minus ours, milliseconds.
    pub clock_skew_ms: i64,
    /// Its disk and what of it is free, bytes.
    pub disk: Option<(u64, u64)>,
}

/// Whether a host's link stands.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Link {
    /// It stands.
    #[default]
    Stands,
    /// It does not.
    Away {
        /// Since when.
        since: Millis,
        /// Coders lived there when it was last heard of.
        lives: bool,
    },
}

/// What is wrong with a host; `before` is what was wrong with it when it was last looked at. Of a host that is away
/// nothing but that is known.
pub fn host_alarms(host: &Measured, settings: &Settings, before: &[Alarm], now: Millis) -> Vec<Alarm> {
    if let Link::Away { since, lives } = host.link {
        let away = || Alarm { kind: AlarmKind::Offline, since, text: "offline with living sessions".to_owned() };
        return lives.then(away).into_iter().collect();
    }
    let lag = settings.lag_seconds.filter(|most| host.lag_ms > ms(*most).unsigned_abs());
    let lagging = lag.map(|most| (AlarmKind::Lagging, format!("what is shown is more than {most} s old")));
    let free = host.disk.filter(|(total, _)| *total > 0);
    let free = free.map(|(total, free)| u128::from(free) * 100 / u128::from(total));
    let full = free.zip(settings.disk_free_percent).filter(|(free, least)| *free < u128::from(*least));
    let disk = full.map(|(free, _)| (AlarmKind::Disk, format!("{free} % of the disk is free")));
    let skew = settings.clock_seconds.filter(|most| host.clock_skew_ms.unsigned_abs() > ms(*most).unsigned_abs());
    let side = if host.clock_skew_ms > 0 { "ahead" } else { "behind" };
    let clock = skew.map(|most| (AlarmKind::Clock, format!("its clock is more than {most} s {side}")));
    let found = [lagging, disk, clock].into_iter().flatten();
    found.map(|(kind, text)| lasting(kind, text, before, now)).collect()
}
