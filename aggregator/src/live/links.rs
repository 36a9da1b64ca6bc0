//! The links that stand in this aggregator, and how rooms ask a host something through one.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;

use muster_proto::fleet::{Digest, DigestRequest, Inspect, Inspected, Stop, StopStep, Stopped, down};
use muster_proto::ids::{HostId, TranscriptId};
use tokio::sync::{mpsc, oneshot};
use tokio_util::sync::CancellationToken;

/// Questions that wait for one link. A room that asks more at once waits.
const QUESTIONS: usize = 16;

/// Reading and hashing a large file takes a host a while; a silent host is given up after this.
const ANSWER_WITHIN: Duration = Duration::from_mins(2);

/// Looking at a folder takes a host a moment, when it does not read a large file at the same time.
const INSPECTED_WITHIN: Duration = Duration::from_secs(30);

/// Stopping a coder takes a host a moment; a person waits for what came of it.
const STOPPED_WITHIN: Duration = Duration::from_secs(20);

/// Why a host gave no answer.
#[derive(Debug, thiserror::Error)]
pub enum AskError {
    /// Its link does not stand.
    #[error("the host is offline")]
    Offline,
    /// It did not answer in time.
    #[error("the host did not answer in time")]
    Silent,
}

/// All links. Cloning gives another handle.
#[derive(Debug, Clone, Default)]
pub struct Links {
    standing: Arc<Mutex<HashMap<HostId, Handle>>>,
    requests: Arc<AtomicU64>,
}

#[derive(Debug, Clone)]
struct Handle {
    epoch: i64,
    inspects: bool,
    questions: mpsc::Sender<Question>,
    end: CancellationToken,
}

/// A question to a host and where its answer goes.
#[derive(Debug)]
pub enum Question {
    /// The digest of a file.
    Digest(DigestRequest, oneshot::Sender<Digest>),
    /// The repository of a folder.
    Inspect(Inspect, oneshot::Sender<Inspected>),
    /// The order to stop a coder.
    Stop(Stop, oneshot::Sender<Stopped>),
}

impl Question {
    /// What is sent to the host.
    pub fn message(&self) -> down::Kind {
        match self {
            Self::Digest(request, _) => down::Kind::DigestRequest(request.clone()),
            Self::Inspect(request, _) => down::Kind::Inspect(request.clone()),
            Self::Stop(order, _) => down::Kind::Stop(order.clone()),
        }
    }

    /// The number that the answer will name.
    pub fn request_id(&self) -> u64 {
        match self {
            Self::Digest(request, _) => request.request_id,
            Self::Inspect(request, _) => request.request_id,
            Self::Stop(order, _) => order.request_id,
        }
    }

    /// Whoever asked has given up.
    pub fn is_closed(&self) -> bool {
        match self {
            Self::Digest(_, answer) => answer.is_closed(),
            Self::Inspect(_, answer) => answer.is_closed(),
            Self::Stop(_, answer) => answer.is_closed(),
        }
    }
}

/// A link's own end: what it is asked, and when it must end.
#[derive(Debug)]
pub struct Ears {
    /// Questions to send to the host.
    pub questions: mpsc::Receiver<Question>,
    /// Resolves when a newer link stands or the host was removed.
    pub end: CancellationToken,
}

impl Links {
    /// A link stands, whose host answers questions about folders when it `inspects`; an older one of the same host is told to end.
    pub fn stand(&self, host: HostId, epoch: i64, inspects: bool) -> Ears {
        let (sender, questions) = mpsc::channel(QUESTIONS);
        let end = CancellationToken::new();
        let handle = Handle { epoch, inspects, questions: sender, end: end.clone() };
        if let Some(older) = self.locked().insert(host, handle) {
            older.end.cancel();
        }
        Ears { questions, end }
    }

    /// A link ended.
    pub fn fall(&self, host: HostId, epoch: i64) {
        let mut standing = self.locked();
        if standing.get(&host).is_some_and(|handle| handle.epoch == epoch) {
            standing.remove(&host);
        }
    }

    /// Ends a host's link.
    pub fn close(&self, host: HostId) {
        if let Some(handle) = self.locked().remove(&host) {
            handle.end.cancel();
        }
    }

    /// Asks a host for the digest of a file's bytes in a range.
    pub async fn digest(
        &self,
        host: HostId,
        transcript: TranscriptId,
        from: u64,
        upto: u64,
    ) -> Result<Digest, AskError> {
        let handle = self.locked().get(&host).cloned().ok_or(AskError::Offline)?;
        let request_id = self.requests.fetch_add(1, Ordering::Relaxed);
        let request =
            DigestRequest { request_id, transcript_id: transcript.to_string(), upto_bytes: upto, from_bytes: from };
        let (answer, waits) = oneshot::channel();
        handle.questions.send(Question::Digest(request, answer)).await.map_err(|_| AskError::Offline)?;
        match tokio::time::timeout(ANSWER_WITHIN, waits).await {
            Ok(Ok(digest)) => Ok(digest),
            Ok(Err(_)) => Err(AskError::Offline),
            Err(_) => Err(AskError::Silent),
        }
    }

    /// Hosts that can be asked about folders.
    pub fn inspecting(&self) -> Vec<HostId> {
        self.locked().iter().filter(|(_, handle)| handle.inspects).map(|(host, _)| *host).collect()
    }

    /// Asks a host what repository a folder belongs to.
    pub async fn inspect(&self, host: HostId, path: &str) -> Result<Inspected, AskError> {
        let handle = self.locked().get(&host).filter(|handle| handle.inspects).cloned().ok_or(AskError::Offline)?;
        let request_id = self.requests.fetch_add(1, Ordering::Relaxed);
        let (answer, waits) = oneshot::channel();
        let question = Question::Inspect(Inspect { request_id, path: path.to_owned() }, answer);
        handle.questions.send(question).await.map_err(|_| AskError::Offline)?;
        match tokio::time::timeout(INSPECTED_WITHIN, waits).await {
            Ok(Ok(inspected)) => Ok(inspected),
            Ok(Err(_)) => Err(AskError::Offline),
            Err(_) => Err(AskError::Silent),
        }
    }

    /// Orders a host to stop the coder with this key.
    pub async fn stop(&self, host: HostId, key: &str, step: StopStep) -> Result<Stopped, AskError> {
        let handle = self.locked().get(&host).cloned().ok_or(AskError::Offline)?;
        let request_id = self.requests.fetch_add(1, Ordering::Relaxed);
        let order = Stop { request_id, key: key.to_owned(), step: step.into() };
        let (answer, waits) = oneshot::channel();
        let answered = async {
            handle.questions.send(Question::Stop(order, answer)).await.map_err(|_| AskError::Offline)?;
            waits.await.map_err(|_| AskError::Offline)
        };
        tokio::time::timeout(STOPPED_WITHIN, answered).await.unwrap_or(Err(AskError::Silent))
    }

    fn locked(&self) -> MutexGuard<'_, HashMap<HostId, Handle>> {
        self.standing.lock().unwrap_or_else(PoisonError::into_inner)
    }
}
