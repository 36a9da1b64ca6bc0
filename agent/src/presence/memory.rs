//! The latest that hooks told of each session, so that an aggregator that was away learns it.

use std::collections::{HashMap, VecDeque};

use muster_proto::fleet::HookEvent;

/// Sessions remembered. When there are more, the one that was silent for longest is forgotten: its transcript still
/// tells most of what it does.
const SESSIONS: usize = 128;

/// Events remembered of a session, one of each kind and subagent; the oldest is forgotten when there are more.
const EVENTS: usize = 24;

/// Events by coder and session, in the order in which they came.
#[derive(Default)]
pub(super) struct Memory {
    sessions: HashMap<(String, String), Vec<HookEvent>>,
}

impl Memory {
    /// Takes an event in; an earlier one of the same kind is forgotten.
    pub(super) fn remember(&mut self, event: HookEvent) {
        if event.session.is_empty() {
            return;
        }
        let key = (event.coder.clone(), event.session.clone());
        if !self.sessions.contains_key(&key) && self.sessions.len() >= SESSIONS {
            self.forget_the_silent_one();
        }
        let events = self.sessions.entry(key).or_default();
        events.retain(|known| !says_more(&event, known));
        if events.len() >= EVENTS {
            events.remove(0);
        }
        events.push(event);
    }

    /// Everything remembered, oldest first, marked as told again.
    pub(super) fn again(&self) -> VecDeque<HookEvent> {
        let events = self.sessions.values().flatten().cloned();
        let mut events: Vec<HookEvent> = events.map(|event| HookEvent { again: true, ..event }).collect();
        events.sort_by_key(|event| event.at_ms);
        events.into()
    }

    fn forget_the_silent_one(&mut self) {
        let latest = |events: &[HookEvent]| events.iter().map(|event| event.at_ms).max();
        let silent = self.sessions.iter().min_by_key(|(_, events)| latest(events)).map(|(key, _)| key.clone());
        if let Some(key) = silent {
            self.sessions.remove(&key);
        }
    }
}

/// After `new`, nobody needs to hear `old` any more.
fn says_more(new: &HookEvent, old: &HookEvent) -> bool {
    let ends_subagent = new.event == "SubagentStop" && !new.agent_id.is_empty();
    new.event == "SessionEnd" || (new.agent_id == old.agent_id && (new.event == old.event || ends_subagent))
}

#[cfg(test)]
mod tests {
    use super::*;

    fn event(session: &str, event: &str, agent: &str, at_ms: i64) -> HookEvent {
        let text = str::to_owned;
        HookEvent {
            coder: text("claude"),
            session: text(session),
            event: text(event),
            agent_id: text(agent),
            at_ms,
            ..HookEvent::default()
        }
    }

    fn names(memory: &Memory) -> Vec<(String, i64)> {
        memory.again().into_iter().map(|event| (event.event, event.at_ms)).collect()
    }

    #[test]
    fn the_latest_of_each_kind_is_told_again_in_order() {
        let mut memory = Memory::default();
        let story = [("SessionStart", 1), ("PreToolUse", 2), ("PostToolUse", 3), ("PreToolUse", 4), ("Stop", 5)];
        for (name, at) in story {
            memory.remember(event("s", name, "", at));
        }
        memory.remember(event("s", "PreToolUse", "agent", 6));
        let of = |pairs: &[(&str, i64)]| pairs.iter().map(|(name, at)| ((*name).to_owned(), *at)).collect::<Vec<_>>();
        let wanted = of(&[("SessionStart", 1), ("PostToolUse", 3), ("PreToolUse", 4), ("Stop", 5), ("PreToolUse", 6)]);
        assert_eq!(names(&memory), wanted);
        assert!(memory.again().iter().all(|event| event.again));
        memory.remember(event("s", "SubagentStop", "agent", 7));
        assert_eq!(names(&memory).last(), Some(&("SubagentStop".to_owned(), 7)));
        assert_eq!(names(&memory).len(), 5, "of the subagent only its end is left");
        memory.remember(event("s", "SessionEnd", "", 8));
        assert_eq!(names(&memory), of(&[("SessionEnd", 8)]));
    }

    #[test]
    fn it_is_bounded_and_forgets_the_oldest() {
        let mut memory = Memory::default();
        for at in 0..10_000 {
            let session = format!("s{}", at / 50);
            memory.remember(event(&session, &format!("E{}", at % 50), "", at));
        }
        let left = memory.again();
        assert_eq!(left.len(), SESSIONS * EVENTS);
        assert_eq!(left.back().map(|event| event.at_ms), Some(9_999));
        assert!(left.iter().all(|event| event.at_ms >= 10_000 - 50 * i64::try_from(SESSIONS).unwrap()));
    }
}
