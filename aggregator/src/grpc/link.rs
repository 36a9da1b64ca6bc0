//! One link: challenge, hello, welcome, what is known, and then frames up and acks down until it ends.

use std::pin::Pin;
use std::sync::Arc;
use std::time::{Duration, Instant};

use futures_util::Stream;
use muster_proto::fleet::{self, Down, Hello, Up, down, up};
use muster_proto::ids::HostId;
use muster_proto::limits::{FRAME_BYTES, KNOWN_BATCH, OLDEST_PROTOCOL, PROTOCOL, STATE_INTERVAL_SECONDS, WINDOW_BYTES};
use muster_proto::link_proof;
use ring::rand::{SecureRandom as _, SystemRandom};
use ring::signature::{ED25519, UnparsedPublicKey};
use tokio::sync::mpsc;
use tokio_stream::wrappers::ReceiverStream;
use tonic::{Code, Request, Response, Status, Streaming};

use crate::domain::time::now_ms;
use crate::house::House;
use crate::ingest::acks::Ending;
use crate::ingest::{Acks, IngestError, Intake};
use crate::live::links::{Ears, Question};
use crate::live::presence::{HostView, Said};
use crate::states::Greeting;
use crate::store::hosts::{self, HostRow};
use crate::store::transcripts::{self, TranscriptRow, unsigned};
use crate::store::{Db, StoreError};
use crate::wire::fleet::Root;

/// Messages on their way to one host. They are small; a host that does not read them stops being read from.
const DOWN_QUEUE: usize = 64;

/// A host that opens a link must prove itself within this.
const HELLO_WITHIN: Duration = Duration::from_secs(15);

/// A host that says nothing for three of its intervals is gone, whatever its connection looks like.
const SILENCE: Duration = Duration::from_secs(3 * STATE_INTERVAL_SECONDS + 5);

/// How old the stored part of what pages see of a host may be; its own words are always fresh.
const VIEW_FRESH: Duration = Duration::from_secs(5);

/// How often the time of a host's last word is stored; pages see the true one while its link stands.
const SEEN_EVERY: Duration = Duration::from_mins(1);

/// Questions asked of one host that have not been answered.
const OPEN_QUESTIONS: usize = 64;

/// The service.
#[derive(Debug)]
pub struct Link {
    house: Arc<House>,
}

impl Link {
    pub(super) fn new(house: Arc<House>) -> Self {
        Self { house }
    }
}

type Downs = mpsc::Sender<Result<Down, Status>>;

#[tonic::async_trait]
impl fleet::link_server::Link for Link {
    type OpenStream = Pin<Box<dyn Stream<Item = Result<Down, Status>> + Send>>;

    async fn open(&self, request: Request<Streaming<Up>>) -> Result<Response<Self::OpenStream>, Status> {
        let (downs, stream) = mpsc::channel(DOWN_QUEUE);
        let (house, ups) = (Arc::clone(&self.house), request.into_inner());
        self.house.tasks.spawn("link", async move {
            if let Err(status) = serve(&house, ups, &downs).await {
                // The host may be gone already; then nobody hears why.
                let _ = downs.send(Err(status)).await;
            }
        });
        Ok(Response::new(Box::pin(ReceiverStream::new(stream))))
    }
}

/// What is done once, or now and then, is boxed: a link stands for weeks, and would keep the room for all of it.
async fn serve(house: &Arc<House>, mut ups: Streaming<Up>, downs: &Downs) -> Result<(), Status> {
    let (host, hello) = Box::pin(prove(house, &mut ups, downs)).await?;
    let id: HostId = host.id.parse().map_err(|_| Status::internal("the host's id is damaged"))?;
    let roots = stored_roots(&hello.roots);
    let facts = hello.facts.clone().unwrap_or_default();
    let facts =
        hosts::Facts { hostname: facts.hostname, os: facts.os, arch: facts.arch, agent_version: facts.agent_version };
    let taken = Box::pin(hosts::take_link(&house.db, id, &facts, &roots, now_ms())).await;
    let epoch = taken.map_err(|error| {
        house.ingest.refused(&error);
        store_failed(error)
    })?;
    let ears = house.links.stand(id, epoch, hello.inspects);
    let greeting =
        Greeting { clock_ms: hello.clock_ms, reports_coders: hello.reports_coders, no_stop: no_stop(&hello) };
    let said = Said {
        clock_skew_ms: skew(hello.clock_ms),
        roots: hello.roots,
        reports_coders: hello.reports_coders,
        ..Said::default()
    };
    house.presence.linked(id, epoch, said, &house.alarms.settings());
    house.states.linked(id, &greeting);
    Box::pin(announce(house, id)).await;
    tracing::info!(host.name = host.name, host.id = host.id, link.epoch = epoch, "link stands");
    let mut ended =
        follow(house, &host, Stood { id, epoch, reports_coders: hello.reports_coders }, ears, &mut ups, downs).await;
    if ended.as_ref().is_err_and(|status| status.code() == Code::Aborted) {
        ended = Err(why_taken(&house.db, id).await);
    }
    house.links.fall(id, epoch);
    let lives = house.states.lives_on(id);
    if house.presence.unlinked(id, epoch, lives, &house.alarms.settings()) {
        house.states.unlinked(id);
        if let Err(error) = hosts::seen(&house.db, id, now_ms()).await {
            tracing::warn!(host.id = host.id, error = %error, "the time of the host's last word was not stored");
        }
        Box::pin(announce(house, id)).await;
    }
    let reason = ended.as_ref().err().map_or("left", |status| status.message());
    tracing::info!(host.name = host.name, host.id = host.id, link.epoch = epoch, reason, "link ended");
    ended
}

/// Why a link was taken from its agent. The two ask for different things: one must be stopped, the other join again.
async fn why_taken(db: &Db, id: HostId) -> Status {
    match hosts::get(db, id).await {
        Ok(None) => Status::permission_denied(REMOVED),
        Ok(Some(_)) => Status::aborted(SUPERSEDED),
        Err(error) => store_failed(error),
    }
}

/// Tells all pages how a host is now.
async fn announce(house: &House, id: HostId) {
    match house.host_view(id).await {
        Ok(Some(view)) => house.presence.publish(&view, &house.hub),
        Ok(None) => {}
        Err(error) => tracing::warn!(host.id = %id, error = %error, "a host's state could not be shown"),
    }
}

/// Lets a host prove that it holds its key.
async fn prove(house: &House, ups: &mut Streaming<Up>, downs: &Downs) -> Result<(HostRow, Hello), Status> {
    let mut nonce = [0; 32];
    SystemRandom::new().fill(&mut nonce).map_err(|_| Status::internal("no random numbers"))?;
    send(downs, down::Kind::Challenge(fleet::Challenge { nonce: nonce.to_vec().into() })).await?;
    let first = tokio::time::timeout(HELLO_WITHIN, ups.message())
        .await
        .map_err(|_| Status::deadline_exceeded("no hello came"))??;
    let Some(Up { kind: Some(up::Kind::Hello(hello)) }) = first else {
        return Err(Status::invalid_argument("the first message must be a hello"));
    };
    if !(OLDEST_PROTOCOL..=PROTOCOL).contains(&hello.protocol) {
        return Err(Status::failed_precondition(format!(
            "this aggregator speaks link protocols {OLDEST_PROTOCOL} to {PROTOCOL}, the agent speaks {}: install the \
             agent of version {}",
            hello.protocol,
            env!("CARGO_PKG_VERSION")
        )));
    }
    let unknown = || Status::permission_denied("this host is not (or no longer) part of the fleet: join it again");
    let id = hello.host_id.parse().map_err(|_| unknown())?;
    let host = hosts::get(&house.db, id).await.map_err(store_failed)?.ok_or_else(unknown)?;
    UnparsedPublicKey::new(&ED25519, &host.public_key)
        .verify(&link_proof(&hello.host_id, &nonce), &hello.signature)
        .map_err(|_| Status::unauthenticated("the hello is not signed with this host's key"))?;
    Ok((host, hello))
}

/// A link that stands.
#[derive(Debug, Clone, Copy)]
struct Stood {
    id: HostId,
    epoch: i64,
    /// Its agent tells of living coders.
    reports_coders: bool,
}

/// Everything after the proof.
async fn follow(
    house: &Arc<House>,
    host: &HostRow,
    stood: Stood,
    mut ears: Ears,
    ups: &mut Streaming<Up>,
    downs: &Downs,
) -> Result<(), Status> {
    let Stood { id, epoch, reports_coders } = stood;
    let acks = Acks::default();
    // Nothing of an older link is under way any more once the intake is there.
    let intake = Box::pin(house.ingest.link(id, epoch, acks.clone())).await.map_err(ingest_failed)?;
    send(
        downs,
        down::Kind::Welcome(fleet::Welcome {
            epoch: epoch.unsigned_abs(),
            aggregator_version: env!("CARGO_PKG_VERSION").to_owned(),
            host_name: host.name.clone(),
            window_bytes: WINDOW_BYTES,
            frame_bytes: FRAME_BYTES as u64,
            takes_coders: true,
        }),
    )
    .await?;
    Box::pin(send_known(&house.db, id, downs)).await?;
    let (questions, seen_at) = (Vec::new(), Instant::now());
    let mut conversation =
        Conversation { house, id, epoch, reports_coders, intake, downs, questions, seen_at, view: None };
    let stopping = house.tasks.stop_signal();
    loop {
        tokio::select! {
            up = tokio::time::timeout(SILENCE, ups.message()) => {
                let up = up.map_err(|_| Status::deadline_exceeded("the host fell silent"))??;
                match up.and_then(|up| up.kind) {
                    Some(kind) => Box::pin(conversation.take(kind)).await?,
                    None => return Ok(()),
                }
            }
            committed = acks.next() => {
                for (id, offset) in committed.map_err(ended)? {
                    let ack = fleet::Ack { transcript_id: id.to_string(), offset };
                    send(downs, down::Kind::Ack(ack)).await?;
                }
            }
            Some(question) = ears.questions.recv() => conversation.ask(question).await?,
            () = ears.end.cancelled() => return Err(Status::aborted(SUPERSEDED)),
            () = stopping.cancelled() => return Err(Status::unavailable("the aggregator is stopping")),
        }
    }
}

const REMOVED: &str = "this host was removed from the fleet: join it again";

const SUPERSEDED: &str = "superseded: another agent has taken this host's link";

/// One link's dealings.
struct Conversation<'a> {
    house: &'a Arc<House>,
    id: HostId,
    epoch: i64,
    /// Its agent tells of living coders.
    reports_coders: bool,
    intake: Intake,
    downs: &'a Downs,
    questions: Vec<Question>,
    seen_at: Instant,
    view: Option<(Instant, HostView)>,
}

impl Conversation<'_> {
    async fn take(&mut self, kind: up::Kind) -> Result<(), Status> {
        match kind {
            up::Kind::Frame(frame) => {
                if let Some(rewind) = self.intake.accept(frame).await.map_err(ingest_failed)? {
                    send(self.downs, down::Kind::Rewind(rewind)).await?;
                }
            }
            up::Kind::Open(open) => {
                let opened = self.intake.open(&open).await.map_err(ingest_failed)?;
                send(self.downs, down::Kind::Opened(opened)).await?;
            }
            up::Kind::Moved(moved) => self.intake.moved(&moved).await.map_err(ingest_failed)?,
            up::Kind::Gone(gone) => self.intake.gone(&gone).await.map_err(ingest_failed)?,
            up::Kind::State(state) => self.heard(state).await?,
            up::Kind::Digest(digest) => self.answered(digest),
            up::Kind::Inspected(inspected) => self.inspected(inspected),
            up::Kind::Scanned(scanned) => {
                tracing::debug!(host.id = %self.id, files = scanned.files, "all roots were read once");
            }
            up::Kind::Coders(coders) => self.house.states.coders(self.id, coders),
            up::Kind::Hook(event) => self.house.states.hook(self.id, event),
            up::Kind::Stopped(stopped) => self.stopped(stopped),
            up::Kind::Hello(_) => return Err(Status::invalid_argument("a second hello")),
        }
        Ok(())
    }

    async fn heard(&mut self, state: fleet::HostState) -> Result<(), Status> {
        let state_clock = state.clock_ms;
        let processors = Some(f64::from(state.processors)).filter(|processors| *processors > 0.0);
        let said = Said {
            backlog_bytes: state.backlog_bytes,
            lag_ms: state.lag_ms,
            clock_skew_ms: skew(state.clock_ms),
            processors: Some(state.processors).filter(|processors| *processors > 0),
            memory: pair(state.memory_total_bytes, state.memory_available_bytes),
            disk: pair(state.disk_total_bytes, state.disk_free_bytes),
            reports_coders: self.reports_coders,
            hooks: state.hooks(),
            load: processors.map(|processors| state.load_1m / processors),
            last_error: Some(state.last_error).filter(|error| !error.is_empty()),
            roots: state.roots,
        };
        self.house.states.heard(self.id, state_clock, said.lag_ms);
        self.house.presence.heard(self.id, self.epoch, said, &self.house.alarms.settings());
        if self.seen_at.elapsed() >= SEEN_EVERY {
            self.seen_at = Instant::now();
            hosts::seen(&self.house.db, self.id, now_ms()).await.map_err(store_failed)?;
        }
        self.show().await
    }

    /// Tells all pages how the host is now. A host that was removed meanwhile (by the command line, in another process)
    /// leaves them, and its link ends.
    async fn show(&mut self) -> Result<(), Status> {
        let fresh = match self.view.take().filter(|(at, _)| at.elapsed() < VIEW_FRESH) {
            Some(fresh) => Some(fresh),
            None => self.house.host_view(self.id).await.map_err(store_failed)?.map(|view| (Instant::now(), view)),
        };
        let Some((at, view)) = fresh else {
            self.house.presence.removed(self.id, &self.house.hub);
            self.house.states.removed(self.id);
            return Err(Status::permission_denied(REMOVED));
        };
        let now = self.house.presence.view(view.row.clone(), view.totals.clone());
        self.house.presence.publish(&now, &self.house.hub);
        self.view = Some((at, view));
        Ok(())
    }

    async fn ask(&mut self, question: Question) -> Result<(), Status> {
        self.questions.retain(|open| !open.is_closed());
        if self.questions.len() < OPEN_QUESTIONS {
            let message = question.message();
            self.questions.push(question);
            send(self.downs, message).await?;
        }
        Ok(())
    }

    // Whoever asked may have given up: then nobody takes the answer.
    fn answered(&mut self, digest: fleet::Digest) {
        if let Some(Question::Digest(_, answer)) = self.open_question(digest.request_id) {
            let _ = answer.send(digest);
        }
    }

    fn inspected(&mut self, inspected: fleet::Inspected) {
        if let Some(Question::Inspect(_, answer)) = self.open_question(inspected.request_id) {
            let _ = answer.send(inspected);
        }
    }

    fn stopped(&mut self, stopped: fleet::Stopped) {
        if let Some(Question::Stop(_, answer)) = self.open_question(stopped.request_id) {
            let _ = answer.send(stopped);
        }
    }

    fn open_question(&mut self, request_id: u64) -> Option<Question> {
        let at = self.questions.iter().position(|open| open.request_id() == request_id)?;
        Some(self.questions.swap_remove(at))
    }
}

/// Tells the host what the archive has of its files, so that it knows where to go on.
async fn send_known(db: &Db, id: HostId, downs: &Downs) -> Result<(), Status> {
    let rows = transcripts::live_of_host(db, id).await.map_err(store_failed)?;
    let mut batches = rows.chunks(KNOWN_BATCH).peekable();
    if batches.peek().is_none() {
        return send(downs, down::Kind::Known(fleet::Known { transcripts: Vec::new(), last: true })).await;
    }
    while let Some(batch) = batches.next() {
        let known: Result<Vec<fleet::KnownTranscript>, StoreError> = batch.iter().map(known).collect();
        let last = batches.peek().is_none();
        let known = fleet::Known { transcripts: known.map_err(store_failed)?, last };
        send(downs, down::Kind::Known(known)).await?;
    }
    Ok(())
}

fn known(row: &TranscriptRow) -> Result<fleet::KnownTranscript, StoreError> {
    let (device, inode) = row.identity()?;
    let length = |bytes: i64| u32::try_from(bytes).unwrap_or(0);
    Ok(fleet::KnownTranscript {
        transcript_id: row.id.clone(),
        coder: row.coder.clone(),
        path: row.path.clone(),
        identity: Some(fleet::FileIdentity { device, inode }),
        offset: row.base().offset + unsigned(row.committed_offset),
        line: row.base().line + unsigned(row.lines),
        mid_line: row.mid_line,
        head_bytes: length(row.head_bytes),
        head_sha256: row.head_sha256.clone().unwrap_or_default().into(),
        tail_bytes: length(row.tail_bytes),
        tail_sha256: row.tail_sha256.clone().unwrap_or_default().into(),
    })
}

/// Roots as stored with the host, so that they can be shown while it is offline.
fn stored_roots(roots: &[fleet::Root]) -> String {
    let roots: Vec<Root> = roots.iter().map(Root::from).collect();
    serde_json::to_string(&roots).unwrap_or_else(|_| "[]".to_owned())
}

/// Why coders of this host cannot be stopped from here.
fn no_stop(hello: &Hello) -> Option<String> {
    if !hello.reports_coders {
        return Some("the host's agent is too old to stop coders".to_owned());
    }
    let allowed = hello.policy.as_ref().is_some_and(|policy| policy.stop);
    (!allowed).then(|| "the host's policy does not allow it".to_owned())
}

/// A size and what of it is left; `None` where the host cannot tell.
fn pair(total: u64, left: u64) -> Option<(u64, u64)> {
    (total > 0).then_some((total, left))
}

fn skew(clock_ms: i64) -> i64 {
    clock_ms.saturating_sub(now_ms())
}

async fn send(downs: &Downs, kind: down::Kind) -> Result<(), Status> {
    downs.send(Ok(Down { kind: Some(kind) })).await.map_err(|_| Status::cancelled("the host has left"))
}

fn store_failed(error: StoreError) -> Status {
    match error {
        StoreError::Superseded => Status::permission_denied("this host is no longer part of the fleet: join it again"),
        other => {
            tracing::error!(error = %other, "a link fails on the database");
            Status::unavailable("the aggregator's database does not answer")
        }
    }
}

fn ingest_failed(error: IngestError) -> Status {
    match error {
        IngestError::Protocol(what) => {
            tracing::warn!(what, "an agent breaks the protocol");
            Status::invalid_argument(what)
        }
        IngestError::Store(error) => store_failed(error),
        IngestError::Stopping => Status::unavailable("the aggregator is stopping"),
    }
}

fn ended(ending: Ending) -> Status {
    match ending {
        Ending::Superseded => Status::aborted(SUPERSEDED),
        Ending::Failed(reason) => Status::unavailable(format!("the archive takes nothing right now: {reason}")),
    }
}

impl std::fmt::Debug for Conversation<'_> {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Conversation").field("host", &self.id).field("epoch", &self.epoch).finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_agent_learns_from_the_code_whether_to_come_back_at_once() {
        assert_eq!(ended(Ending::Superseded).code(), Code::Aborted);
        assert_eq!(ended(Ending::Failed("disk full".to_owned())).code(), Code::Unavailable);
        assert_eq!(store_failed(StoreError::Superseded).code(), Code::PermissionDenied);
    }
}
