//! The single writer: whatever waits is committed as one group, so that the disk is asked once for many frames.

use std::collections::{BTreeMap, HashMap, HashSet};
use std::sync::Arc;
use std::sync::atomic::Ordering;

use muster_proto::ids::{HostId, TranscriptId};
use tokio::sync::{OwnedSemaphorePermit, mpsc, oneshot};
use tokio_util::sync::CancellationToken;

use super::Counters;
use super::acks::{Acks, Ending};
use crate::domain::time::{Millis, now_ms};
use crate::domain::transcript::Base;
use crate::live::Wake;
use crate::store::db::Tx;
use crate::store::frames::{self, NewFrame};
use crate::store::transcripts::{self, Advance, NewPlace, NewTranscript, Told};
use crate::store::{Db, StoreError, hosts};

/// Writes in one group at most.
const GROUP: usize = 1024;

/// Stored bytes in one group at most: above this a commit takes longer than the disk's flush, and acks would wait.
const GROUP_BYTES: usize = 8 * 1024 * 1024;

/// Files that are opened together at most: each is compared with all others.
const OPENED: usize = 64;

/// The link that a write came by.
#[derive(Debug, Clone)]
pub(super) struct LinkKey {
    pub(super) host: HostId,
    pub(super) epoch: i64,
    pub(super) acks: Acks,
}

/// One thing to write.
#[derive(Debug)]
pub(super) enum Write {
    Open(LinkKey, Box<NewTranscript>),
    Frames(LinkKey, Box<Batch>),
    Moved(LinkKey, TranscriptId, Box<NewPlace>),
    Told(LinkKey, TranscriptId, Box<Told>),
    Gone(LinkKey, TranscriptId),
    Flush(oneshot::Sender<()>),
}

/// Accepted pieces of one transcript.
#[derive(Debug)]
pub(super) struct Batch {
    pub(super) frames: Vec<NewFrame>,
    pub(super) advance: Advance,
    /// Where the archived bytes begin in the file.
    pub(super) base: Base,
    /// Uncommitted parts of an earlier link may lie behind the committed offset.
    pub(super) discard: bool,
    pub(super) raw_bytes: u64,
    /// Gives the room in the queue back when the batch is written.
    #[expect(dead_code, reason = "held, not read")]
    pub(super) permit: OwnedSemaphorePermit,
}

/// The writer's end of the queue.
#[derive(Debug)]
pub struct Writer {
    db: Db,
    writes: mpsc::Receiver<Write>,
    followers: Vec<Wake>,
    counters: Arc<Counters>,
}

/// What a group changed, told only when it is committed.
#[derive(Default)]
struct Outcome {
    acks: Vec<(Acks, TranscriptId, u64)>,
    changed: Vec<TranscriptId>,
    ended: Vec<(Acks, Ending)>,
    frames: u64,
    bytes: u64,
    lines: u64,
}

impl Writer {
    pub(super) fn new(db: Db, writes: mpsc::Receiver<Write>, followers: Vec<Wake>, counters: Arc<Counters>) -> Self {
        Self { db, writes, followers, counters }
    }

    /// Writes until the server stops; what was accepted by then is still written.
    pub async fn run(mut self, stopping: CancellationToken) {
        loop {
            let first = tokio::select! {
                biased;
                first = self.writes.recv() => first,
                () = stopping.cancelled() => {
                    self.writes.close();
                    self.writes.recv().await
                }
            };
            let Some(first) = first else { return };
            let (group, flushes) = self.group(first);
            if !group.is_empty() {
                match self.commit(&group).await {
                    Ok(outcome) => self.tell(outcome),
                    Err(error) => self.fail(&group, &error),
                }
            }
            drop(group);
            for flush in flushes {
                // Nobody waits any more: nothing to tell.
                let _ = flush.send(());
            }
        }
    }

    /// `first` and whatever else waits, up to a group.
    fn group(&mut self, first: Write) -> (Vec<Write>, Vec<oneshot::Sender<()>>) {
        let (mut group, mut flushes, mut bytes) = (Vec::new(), Vec::new(), 0);
        let mut next = Some(first);
        while let Some(write) = next {
            match write {
                Write::Flush(done) => flushes.push(done),
                other => {
                    bytes += other.bytes();
                    group.push(other);
                }
            }
            let full = group.len() >= GROUP || bytes >= GROUP_BYTES;
            next = if full { None } else { self.writes.try_recv().ok() };
        }
        (group, flushes)
    }

    async fn commit(&self, group: &[Write]) -> Result<Outcome, StoreError> {
        let now = now_ms();
        let mut tx = self.db.begin().await?;
        let mut outcome = Outcome::default();
        let standing = hold_links(&mut tx, group, &mut outcome).await?;
        let mut run = Run::default();
        for write in group.iter().filter(|write| write.link().is_some_and(|link| standing.contains(&link.key()))) {
            if !run.takes(write) {
                std::mem::take(&mut run).write(&mut tx, now, &mut outcome).await?;
            }
            match write {
                Write::Frames(link, batch) => run.frames.push((link, batch)),
                Write::Open(_, new) => run.opened.push(new),
                other => write_other(&mut tx, other, now, &mut outcome).await?,
            }
        }
        run.write(&mut tx, now, &mut outcome).await?;
        tx.commit().await?;
        Ok(outcome)
    }

    fn tell(&self, outcome: Outcome) {
        let counters = &self.counters;
        counters.commits.fetch_add(1, Ordering::Relaxed);
        counters.frames.fetch_add(outcome.frames, Ordering::Relaxed);
        counters.bytes.fetch_add(outcome.bytes, Ordering::Relaxed);
        counters.lines.fetch_add(outcome.lines, Ordering::Relaxed);
        if counters.broken.swap(0, Ordering::Relaxed) != 0 {
            tracing::info!("the archive takes frames again");
        }
        for (acks, id, offset) in outcome.acks {
            acks.committed(id, offset);
        }
        for id in outcome.changed {
            for follower in &self.followers {
                follower.mark(id);
            }
        }
        for (acks, ending) in outcome.ended {
            acks.end(ending);
        }
    }

    /// Nothing of the group is kept. Its links end and their hosts send it again: they are the spool.
    fn fail(&self, group: &[Write], error: &StoreError) {
        self.counters.failures.fetch_add(1, Ordering::Relaxed);
        if self.counters.broken.swap(1, Ordering::Relaxed) == 0 {
            tracing::error!(error = %error, "the archive takes nothing; hosts keep what they have and send it again");
        }
        for link in group.iter().filter_map(Write::link) {
            link.acks.end(Ending::Failed(error.to_string()));
        }
    }
}

impl LinkKey {
    fn key(&self) -> (HostId, i64) {
        (self.host, self.epoch)
    }
}

impl Write {
    fn link(&self) -> Option<&LinkKey> {
        match self {
            Self::Open(link, _)
            | Self::Frames(link, _)
            | Self::Moved(link, ..)
            | Self::Told(link, ..)
            | Self::Gone(link, _) => Some(link),
            Self::Flush(_) => None,
        }
    }

    fn bytes(&self) -> usize {
        match self {
            Self::Frames(_, batch) => batch.frames.iter().map(|frame| frame.bytes.len()).sum(),
            _ => 0,
        }
    }
}

/// The group's links that no newer one has replaced; they cannot be replaced before the group is committed.
async fn hold_links(tx: &mut Tx, group: &[Write], outcome: &mut Outcome) -> Result<HashSet<(HostId, i64)>, StoreError> {
    // In the order of their ids, so that two aggregators on one database never wait for each other in a circle.
    let links: BTreeMap<(HostId, i64), &LinkKey> =
        group.iter().filter_map(Write::link).map(|link| (link.key(), link)).collect();
    let keys: Vec<(HostId, i64)> = links.keys().copied().collect();
    let standing = hosts::hold_links(tx, &keys).await?;
    for (key, link) in links {
        if !standing.contains(&key) {
            outcome.ended.push((link.acks.clone(), Ending::Superseded));
        }
    }
    Ok(standing)
}

/// Neighbours in a group that are written together: frames, or files at different paths.
#[derive(Default)]
struct Run<'a> {
    frames: Vec<(&'a LinkKey, &'a Batch)>,
    opened: Vec<&'a NewTranscript>,
}

impl Run<'_> {
    /// Whether a write belongs to it.
    fn takes(&self, write: &Write) -> bool {
        match write {
            Write::Frames(..) => self.opened.is_empty(),
            Write::Open(_, new) => {
                let is_other = |known: &&NewTranscript| (known.host, &known.path) != (new.host, &new.path);
                self.frames.is_empty() && self.opened.len() < OPENED && self.opened.iter().all(is_other)
            }
            _ => false,
        }
    }

    async fn write(self, tx: &mut Tx, now: Millis, outcome: &mut Outcome) -> Result<(), StoreError> {
        for old in transcripts::open(tx, &self.opened, now).await? {
            outcome.changed.extend(old.parse::<TranscriptId>().ok());
        }
        // A host's past is opened before its bytes come: thousands of files with nothing to look at yet.
        outcome.changed.extend(self.opened.iter().filter(|new| new.size_bytes == 0).map(|new| new.id));
        write_frames(tx, &self.frames, now, outcome).await
    }
}

async fn write_other(tx: &mut Tx, write: &Write, now: Millis, outcome: &mut Outcome) -> Result<(), StoreError> {
    match write {
        Write::Moved(link, id, place) => {
            transcripts::moved(tx, link.host, *id, place, now).await?;
            outcome.changed.push(*id);
        }
        Write::Told(link, id, told) => {
            transcripts::told(tx, link.host, *id, told).await?;
            outcome.changed.push(*id);
        }
        Write::Gone(link, id) => {
            transcripts::gone(tx, link.host, *id, now).await?;
            outcome.changed.push(*id);
        }
        Write::Open(..) | Write::Frames(..) | Write::Flush(_) => {}
    }
    Ok(())
}

/// All batches of one transcript: the link that they came by, and the one step that they make.
type Folded<'a> = (&'a LinkKey, Advance, &'a [(&'a LinkKey, &'a Batch)]);

/// Writes batches, folding those of the same transcript into one step.
async fn write_frames(
    tx: &mut Tx,
    batches: &[(&LinkKey, &Batch)],
    now: Millis,
    outcome: &mut Outcome,
) -> Result<(), StoreError> {
    let mut order: Vec<TranscriptId> = Vec::new();
    let mut by_transcript: HashMap<TranscriptId, Vec<(&LinkKey, &Batch)>> = HashMap::new();
    for (link, batch) in batches {
        let of_transcript = by_transcript.entry(batch.advance.id).or_default();
        if of_transcript.is_empty() {
            order.push(batch.advance.id);
        }
        of_transcript.push((link, batch));
    }
    let folded: Vec<Folded<'_>> = order
        .iter()
        .filter_map(|id| by_transcript.get(id))
        .filter_map(|batches| fold(batches).map(|(link, step)| (link, step, batches.as_slice())))
        .collect();
    let steps: Vec<Advance> = folded.iter().map(|(_, step, _)| step.clone()).collect();
    let advanced = transcripts::advance(tx, &steps, now).await?;
    let mut accepted: Vec<NewFrame> = Vec::new();
    for (link, step, batches) in folded {
        if !advanced.contains(&step.id) {
            let reason = format!("transcript {} does not stand at {}", step.id, step.from);
            outcome.ended.push((link.acks.clone(), Ending::Failed(reason)));
            continue;
        }
        if batches.iter().any(|(_, batch)| batch.discard) {
            frames::discard_from(tx, step.id, step.from).await?;
        }
        if step.to > step.from {
            let base = batches.first().map_or(0, |(_, batch)| batch.base.offset);
            outcome.acks.push((link.acks.clone(), step.id, base + step.to));
            outcome.changed.push(step.id);
        }
        accepted.extend(frames_of(batches, outcome));
    }
    frames::insert(tx, &accepted).await
}

/// One step from the first batch's start to the last committable end.
fn fold<'a>(batches: &[(&'a LinkKey, &'a Batch)]) -> Option<(&'a LinkKey, Advance)> {
    let (link, first) = batches.first()?;
    let mut step = first.advance.clone();
    for (_, batch) in &batches[1..] {
        let next = &batch.advance;
        let tail = if next.to > next.from { next.tail } else { step.tail };
        let head = if step.head.0 == 0 { next.head } else { step.head };
        step = Advance { from: step.from, head, tail, ..next.clone() };
    }
    Some((link, step))
}

/// The pieces of one transcript's batches. Parts that were turned back from within this group are left out.
fn frames_of(batches: &[(&LinkKey, &Batch)], outcome: &mut Outcome) -> Vec<NewFrame> {
    let mut kept: Vec<NewFrame> = Vec::new();
    for (_, batch) in batches {
        if batch.discard {
            kept.retain(|frame| frame.end <= batch.advance.from);
        }
        outcome.bytes += batch.raw_bytes;
        outcome.lines += batch.frames.iter().map(|frame| frame.line_count).sum::<u64>();
        outcome.frames += batch.frames.len() as u64;
        kept.extend(batch.frames.iter().cloned());
    }
    kept
}
