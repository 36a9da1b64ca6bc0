//! What runs beside the turn.

use std::collections::BTreeSet;

use super::tail::TaskKind;
use super::{Presence, Registry, Sources};
use crate::domain::time::Millis;

/// Tools whose open call is a subagent at work.
const AGENT_TOOLS: [&str; 3] = ["Agent", "Task", "spawn_agent"];

/// What runs beside the turn.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub struct Background {
    /// Subagents that have not ended.
    pub subagents: u32,
    /// Commands in the background that have not ended.
    pub shells: u32,
}

/// Counts what runs beside the turn. Whatever a registry says to be idle runs nothing.
pub(super) fn count(sources: &Sources, registry: Option<&Registry>) -> Background {
    if matches!(sources.presence, Presence::Ended { .. }) {
        return Background::default();
    }
    let idle_since = registry.filter(|registry| registry.status == "idle").map(|registry| registry.since);
    let runs = |at: Millis| idle_since.is_none_or(|idle| at > idle);
    let subagents = subagents(sources, &runs);
    let tail = sources.tail.as_ref();
    let tasks = tail.map(|tail| tail.tasks.as_slice()).unwrap_or_default();
    let told = tasks.iter().filter(|task| task.kind == TaskKind::Shell && runs(task.at)).count();
    let is_shell = registry.is_some_and(|registry| registry.status == "shell");
    let shells = if is_shell { told.max(1) } else { told };
    let number = |count: usize| u32::try_from(count).unwrap_or(u32::MAX);
    Background { subagents: number(subagents), shells: number(shells) }
}

fn subagents(sources: &Sources, runs: &impl Fn(Millis) -> bool) -> usize {
    let tail = sources.tail.as_ref();
    let has_ended = |id: &str| tail.is_some_and(|tail| tail.ended.iter().any(|ended| ended == id));
    let of_hooks: BTreeSet<&str> =
        sources.hooks.running_agents().filter(|(id, at)| runs(*at) && !has_ended(id)).map(|(id, _)| id).collect();
    let Some(tail) = tail else { return of_hooks.len() };
    let of_tail: BTreeSet<&str> = tail
        .tasks
        .iter()
        .filter(|task| task.kind == TaskKind::Subagent && runs(task.at) && !sources.hooks.has_stopped(&task.id))
        .map(|task| task.id.as_str())
        .collect();
    let calls = tail.open.iter().filter(|call| AGENT_TOOLS.contains(&call.name.as_str()) && runs(call.at)).count();
    // A subagent that the conversation waits for is told by its call, and by its hooks under another name.
    of_hooks.union(&of_tail).count().max(of_tail.len() + calls)
}
