//! What the writer tells a link: how far its transcripts are committed, or why the link must end.

use std::collections::HashMap;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use muster_proto::ids::TranscriptId;
use tokio::sync::Notify;

/// Why the writer ends a link.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Ending {
    /// Another link of this host has taken over, or the host was removed.
    Superseded,
    /// The commit failed; nothing of it is kept. The host sends it again.
    Failed(String),
}

/// One link's mailbox. Acks of the same transcript fold into one, so it is bounded by the link's transcripts and the
/// writer never waits for a link.
#[derive(Debug, Clone, Default)]
pub struct Acks(Arc<Inner>);

#[derive(Debug, Default)]
struct Inner {
    mail: Mutex<Mail>,
    bell: Notify,
}

#[derive(Debug, Default)]
struct Mail {
    offsets: HashMap<TranscriptId, u64>,
    ending: Option<Ending>,
}

impl Acks {
    /// Everything before `offset` is committed.
    pub fn committed(&self, id: TranscriptId, offset: u64) {
        self.locked().offsets.insert(id, offset);
        self.0.bell.notify_one();
    }

    /// The link must end. The first reason counts.
    pub fn end(&self, ending: Ending) {
        self.locked().ending.get_or_insert(ending);
        self.0.bell.notify_one();
    }

    /// The next acks, or why the link must end; waits until there is something.
    pub async fn next(&self) -> Result<HashMap<TranscriptId, u64>, Ending> {
        loop {
            {
                let mut mail = self.locked();
                if !mail.offsets.is_empty() {
                    return Ok(std::mem::take(&mut mail.offsets));
                }
                if let Some(ending) = mail.ending.clone() {
                    return Err(ending);
                }
            }
            self.0.bell.notified().await;
        }
    }

    fn locked(&self) -> MutexGuard<'_, Mail> {
        self.0.mail.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
