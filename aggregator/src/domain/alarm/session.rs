//! What is wrong with a session.

use super::{Alarm, AlarmKind, Settings, lasting, ms};
use crate::domain::session_state::Turn;
use crate::domain::session_view::View;
use crate::domain::time::Millis;

/// A call, or a few in turn, that a conversation makes again and again.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Looping {
    /// Subagent that calls; `None` for the main conversation.
    pub subagent: Option<String>,
    /// The calls in words: `Bash "npm test"`.
    pub calls: Vec<String>,
    /// How often.
    pub times: u32,
    /// How much that counts: outcomes that differ each time speak of waiting, and count half.
    pub weight: u32,
    /// Since when.
    pub since: Millis,
}

impl Looping {
    /// Whether this is a loop by these settings.
    pub fn counts(&self, settings: &Settings) -> bool {
        settings.loop_calls.is_some_and(|calls| self.weight >= calls)
    }

    /// For a person: `Bash "npm test" called 9 times in a row`.
    pub fn text(&self) -> String {
        match self.calls.as_slice() {
            [only] => format!("{only} called {} times in a row", self.times),
            several => format!("{} called in turn, {} times", several.join(" and "), self.times),
        }
    }
}

/// What is wrong with a session; `before` is what was wrong with it when it was last looked at.
pub fn alarms(view: &View, settings: &Settings, before: &[Alarm], now: Millis) -> Vec<Alarm> {
    let loops = view.loops.iter().filter(|looping| looping.counts(settings)).max_by_key(|looping| looping.weight);
    let looping = loops.filter(|_| is_at_work(view)).map(|looping| Alarm {
        kind: AlarmKind::Loop,
        since: looping.since,
        text: match &looping.subagent {
            Some(agent) => format!("{} by subagent {agent}", looping.text()),
            None => looping.text(),
        },
    });
    let found = [
        looping,
        stuck(view, settings, now),
        burning(view, settings, before, now),
        context(view, settings, before, now),
        limit(view, now),
        writers(view),
    ];
    found.into_iter().flatten().collect()
}

/// The coder, or a subagent of it, goes on without a person.
fn is_at_work(view: &View) -> bool {
    matches!(view.state.turn, Turn::Working | Turn::Unknown) || view.state.background.subagents > 0
}

fn stuck(view: &View, settings: &Settings, now: Millis) -> Option<Alarm> {
    let most = settings.stuck_seconds?;
    let is_stuck = view.state.turn == Turn::Working && now - view.progress_at >= ms(most);
    is_stuck.then(|| Alarm {
        kind: AlarmKind::Stuck,
        since: view.progress_at,
        text: format!("works, but nothing has come for more than {}", duration(most)),
    })
}

fn burning(view: &View, settings: &Settings, before: &[Alarm], now: Millis) -> Option<Alarm> {
    let most = settings.tokens_per_minute?;
    let text = || format!("uses more than {most} tokens a minute");
    (view.tokens_per_minute > most).then(|| lasting(AlarmKind::BurnRate, text(), before, now))
}

fn context(view: &View, settings: &Settings, before: &[Alarm], now: Millis) -> Option<Alarm> {
    let (most, held) = (settings.context_percent?, view.context_tokens?);
    let window = view.context_window.filter(|window| *window > 0)?;
    let percent = held.saturating_mul(100) / window;
    let ended = matches!(view.state.turn, Turn::Done | Turn::Failed) && view.processes.is_empty();
    let is_full = percent >= i64::from(most) && !ended;
    is_full.then(|| lasting(AlarmKind::Context, format!("context is {percent} % full"), before, now))
}

fn limit(view: &View, now: Millis) -> Option<Alarm> {
    let stands = view.limit_resets_at.is_some_and(|resets| resets > now) && view.state.turn == Turn::Failed;
    stands.then(|| Alarm {
        kind: AlarmKind::UsageLimit,
        since: view.state.since,
        text: "stopped by its usage limit".to_owned(),
    })
}

fn writers(view: &View) -> Option<Alarm> {
    let mut began: Vec<Millis> = view.processes.iter().map(|process| process.started_at).collect();
    began.sort_unstable();
    let since = *began.get(1)?;
    let pids: Vec<String> = view.processes.iter().map(|process| process.pid.to_string()).collect();
    let text = format!("{} processes write one conversation: {}", pids.len(), pids.join(", "));
    Some(Alarm { kind: AlarmKind::TwoWriters, since, text })
}

fn duration(seconds: u32) -> String {
    if seconds < 120 { format!("{seconds} s") } else { format!("{} min", seconds / 60) }
}
