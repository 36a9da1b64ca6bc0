//! The intake of what coders tell through their hooks.

use std::collections::VecDeque;
use std::path::{Component, Path, PathBuf};
use std::sync::{Arc, Mutex, PoisonError};

use muster_proto::fleet::HookEvent;
use tokio::sync::Notify;

use super::outbox::Outbox;
use crate::platform::process::Table;

/// Sessions tied to processes by hooks that wait to be looked at; the oldest is dropped when there are more, and the
/// next hook of that session says it again.
const TOLD: usize = 256;

/// A process that holds a session, as its hook said.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Told {
    pub(super) pid: u32,
    pub(super) coder: String,
    pub(super) session: String,
}

/// Takes hook events in: each is sent at once when a link stands, and the latest are told again to the next one.
#[derive(Clone, Default)]
pub struct Hooks {
    outbox: Outbox,
    /// Homes whose transcripts are followed, with the numbers of their owners.
    homes: Arc<Mutex<Vec<(PathBuf, u32)>>>,
    told: Arc<(Mutex<VecDeque<Told>>, Notify)>,
}

impl Hooks {
    /// Hands events on to the link through `outbox`.
    pub fn new(outbox: Outbox) -> Self {
        Self { outbox, homes: Arc::default(), told: Arc::default() }
    }

    /// Takes an event in. Never waits.
    pub fn take(&self, event: HookEvent) {
        if event.pid != 0 && event.agent_id.is_empty() && !event.session.is_empty() {
            self.tell(Told { pid: event.pid, coder: event.coder.clone(), session: event.session.clone() });
        }
        self.outbox.hook(event);
    }

    /// From now on users may speak of what happens in these homes, each in its own ones.
    pub(super) fn admit(&self, homes: Vec<(PathBuf, u32)>) {
        *self.homes.lock().unwrap_or_else(PoisonError::into_inner) = homes;
    }

    /// Whether this user owns a home whose transcripts are followed.
    pub fn admits(&self, user: u32) -> bool {
        self.homes.lock().unwrap_or_else(PoisonError::into_inner).iter().any(|(_, owner)| *owner == user)
    }

    /// Takes an event in that `user` told of, as far as it is the user's to tell: of a session whose transcript lies in
    /// a home of that user. `false`: it was not taken.
    pub fn take_of(&self, user: u32, mut event: HookEvent) -> bool {
        if !self.is_of(user, &event) {
            return false;
        }
        if event.pid != 0 && Table::default().detail(event.pid).owner != Some(user) {
            event.pid = 0;
        }
        self.take(event);
        true
    }

    fn is_of(&self, user: u32, event: &HookEvent) -> bool {
        let path = Path::new(&event.transcript_path);
        let is_plain = !path.components().any(|part| matches!(part, Component::ParentDir));
        let is_its = path.file_stem().is_some_and(|stem| stem == event.session.as_str());
        let homes = self.homes.lock().unwrap_or_else(PoisonError::into_inner);
        is_plain && is_its && homes.iter().any(|(folder, owner)| *owner == user && path.starts_with(folder))
    }

    /// Waits until a hook told which process holds which session.
    pub(super) async fn told(&self) {
        self.told.1.notified().await;
    }

    /// What was told since the last call.
    pub(super) fn drain(&self) -> Vec<Told> {
        self.told.0.lock().unwrap_or_else(PoisonError::into_inner).drain(..).collect()
    }

    fn tell(&self, told: Told) {
        let mut waiting = self.told.0.lock().unwrap_or_else(PoisonError::into_inner);
        if waiting.contains(&told) {
            return;
        }
        if waiting.len() >= TOLD {
            waiting.pop_front();
        }
        waiting.push_back(told);
        drop(waiting);
        self.told.1.notify_one();
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::platform::process;

    fn event(path: &str, session: &str, pid: u32) -> HookEvent {
        HookEvent {
            coder: "claude".into(),
            event: "Stop".into(),
            session: session.into(),
            transcript_path: path.into(),
            pid,
            ..HookEvent::default()
        }
    }

    #[test]
    fn users_speak_of_their_own_sessions_only() {
        let hooks = Hooks::default();
        hooks.admit(vec![("/home/ann/.claude".into(), 1001), ("/home/bob/.claude".into(), 1002)]);
        assert!(hooks.admits(1001) && !hooks.admits(1003));
        let ann = "/home/ann/.claude/projects/-srv/s1.jsonl";
        assert!(hooks.take_of(1001, event(ann, "s1", 0)));
        let others = [
            (1002, ann, "s1"),
            (1003, ann, "s1"),
            (1001, ann, "s2"),
            (1001, "", "s1"),
            (1002, "/home/bob/.claude/../../ann/.claude/projects/-srv/s1.jsonl", "s1"),
            (1002, "/home/bob/.claude-other/projects/-srv/s1.jsonl", "s1"),
        ];
        for (user, path, session) in others {
            assert!(!hooks.take_of(user, event(path, session, 0)), "{user} {path} {session}");
        }
    }

    #[cfg(target_os = "linux")]
    #[test]
    fn nobody_names_the_process_of_another_user() {
        let hooks = Hooks::default();
        let own = process::own_user().unwrap();
        for (user, told) in [(own, 1), (own + 1, 0)] {
            hooks.admit(vec![("/h".into(), user)]);
            assert!(hooks.take_of(user, event("/h/s1.jsonl", "s1", std::process::id())));
            assert_eq!(hooks.drain().len(), told);
        }
    }
}
