//! The intake of what coders tell through their hooks.

use std::collections::VecDeque;
use std::sync::{Arc, Mutex, PoisonError};

use muster_proto::fleet::HookEvent;
use tokio::sync::Notify;

use super::outbox::Outbox;

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
    told: Arc<(Mutex<VecDeque<Told>>, Notify)>,
}

impl Hooks {
    /// Hands events on to the link through `outbox`.
    pub fn new(outbox: Outbox) -> Self {
        Self { outbox, told: Arc::default() }
    }

    /// Takes an event in. Never waits.
    pub fn take(&self, event: HookEvent) {
        if event.pid != 0 && event.agent_id.is_empty() && !event.session.is_empty() {
            self.tell(Told { pid: event.pid, coder: event.coder.clone(), session: event.session.clone() });
        }
        self.outbox.hook(event);
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
