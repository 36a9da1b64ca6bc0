//! Seams: where a conversation goes on in another file, because it was continued on another host.
//!
//! After a hand-over two hosts hold files that begin with the same lines. What they share is read once; then comes what
//! each of them adds, in the order of time of its first own line. Lines are the same when their bytes are, or when they
//! have the same id (a client may write its bookkeeping anew).

use std::collections::HashMap;
use std::hash::{BuildHasher as _, Hasher as _};
use std::ops::ControlFlow;
use std::sync::{Arc, Mutex, PoisonError};

use rustc_hash::FxBuildHasher;

use crate::domain::time::Millis;
use crate::store::lines::{self, LineStart};
use crate::store::transcripts::{TranscriptRow, unsigned};
use crate::store::{Db, Result};
use crate::transcript::{Class, Depth, parse};

/// Files of a session that are compared with each other; further ones are shown whole, behind them. Nobody carries a
/// conversation to so many hosts, and each costs one reading.
const COMPARED: usize = 16;

/// Lines of a file that are compared: 16 bytes of memory each while a session is compared.
const LINES: usize = 500_000;

/// Sessions whose seams are remembered; beyond it all are forgotten, and found again when somebody reads.
const REMEMBERED: usize = 256;

/// How the files of a session make one conversation.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Joined {
    /// Transcripts in the order in which they are read, each with its first own line.
    pub parts: Vec<(String, u64)>,
    /// Transcripts that begin with (or are) copies, each with the part that shows those lines.
    pub copies: Vec<(String, String)>,
}

/// The seams of sessions that somebody reads. Cloning gives another handle.
#[derive(Debug, Clone, Default)]
pub struct Seams {
    known: Arc<Mutex<HashMap<String, Known>>>,
}

/// What was found for a session, and what it depends on.
#[derive(Debug)]
struct Known {
    joined: Arc<Joined>,
    /// The files that were compared.
    ids: Vec<String>,
    /// Files that were compared to their end, with their length: when one grows, what it shares may grow.
    ended: Vec<(String, i64)>,
}

/// One line, as far as comparing needs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Mark {
    hash: u64,
    /// Part of the conversation: it must not be passed over.
    weighs: bool,
}

/// One file, read for comparison.
struct Copy<'a> {
    file: &'a TranscriptRow,
    marks: Vec<Mark>,
    times: Vec<Option<Millis>>,
}

/// How far two files agree.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
struct Agreement {
    /// Lines of the first file that the second shares.
    ours: usize,
    /// Lines of the second file that the first shares.
    theirs: usize,
    /// Nothing of the first file's conversation is left.
    ours_ended: bool,
    /// Nothing of the second file's conversation is left.
    theirs_ended: bool,
}

impl Seams {
    /// How these files of a session make one conversation.
    pub async fn of(&self, db: &Db, session: &str, files: &[&TranscriptRow]) -> Result<Arc<Joined>> {
        if let Some(joined) = self.known(session, files) {
            return Ok(joined);
        }
        let mut copies = Vec::new();
        for file in files.iter().take(COMPARED) {
            copies.push(read(db, file).await?);
        }
        let (mut joined, ended) = join(&copies);
        joined.parts.extend(files.iter().skip(COMPARED).map(|file| (file.id.clone(), 0)));
        let joined = Arc::new(joined);
        let known = Known {
            joined: Arc::clone(&joined),
            ids: files.iter().map(|file| file.id.clone()).collect(),
            ended: ended.iter().map(|file| (file.id.clone(), file.committed_offset)).collect(),
        };
        let mut remembered = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        if remembered.len() >= REMEMBERED {
            remembered.clear();
        }
        remembered.insert(session.to_owned(), known);
        Ok(joined)
    }

    /// Forgets a session whose files begin anew.
    pub fn forget(&self, session: &str) {
        self.known.lock().unwrap_or_else(PoisonError::into_inner).remove(session);
    }

    fn known(&self, session: &str, files: &[&TranscriptRow]) -> Option<Arc<Joined>> {
        let remembered = self.known.lock().unwrap_or_else(PoisonError::into_inner);
        let known = remembered.get(session)?;
        let same = known.ids.len() == files.len() && known.ids.iter().zip(files).all(|(id, file)| *id == file.id);
        let stands =
            |(id, length): &(String, i64)| files.iter().any(|file| file.id == *id && file.committed_offset == *length);
        (same && known.ended.iter().all(stands)).then(|| Arc::clone(&known.joined))
    }
}

/// Reads a file's lines for comparison.
async fn read<'a>(db: &Db, file: &'a TranscriptRow) -> Result<Copy<'a>> {
    let (mut marks, mut times) = (Vec::new(), Vec::new());
    let start = LineStart { line: 0, offset: 0 };
    lines::scan(db, file.id()?, start, unsigned(file.committed_offset), |place, bytes| {
        let (mark, time) =
            bytes.map_or_else(|| (Mark { hash: place.bytes, weighs: true }, None), |bytes| mark(&file.coder, bytes));
        marks.push(mark);
        times.push(time);
        if marks.len() < LINES { ControlFlow::Continue(()) } else { ControlFlow::Break(()) }
    })
    .await?;
    Ok(Copy { file, marks, times })
}

fn mark(coder: &str, bytes: &[u8]) -> (Mark, Option<Millis>) {
    let entry = parse(coder, bytes, Depth::Facts);
    let mut hasher = FxBuildHasher.build_hasher();
    match &entry.uuid {
        Some(uuid) => hasher.write(uuid.as_bytes()),
        None => hasher.write(bytes),
    }
    (Mark { hash: hasher.finish(), weighs: entry.class != Class::Bookkeeping }, entry.time)
}

/// How far two files agree. Bookkeeping that only one of them has is passed over.
fn agreement(ours: &[Mark], theirs: &[Mark]) -> Agreement {
    let (mut i, mut k) = (0, 0);
    loop {
        let next = |marks: &[Mark], at: usize| marks[at..].iter().position(|mark| mark.weighs).map(|skip| at + skip);
        if i < ours.len() && k < theirs.len() && ours[i].hash == theirs[k].hash {
            (i, k) = (i + 1, k + 1);
            continue;
        }
        match (next(ours, i), next(theirs, k)) {
            (Some(a), Some(b)) if ours[a].hash == theirs[b].hash => (i, k) = (a + 1, b + 1),
            (a, b) => return Agreement { ours: i, theirs: k, ours_ended: a.is_none(), theirs_ended: b.is_none() },
        }
    }
}

impl Copy<'_> {
    /// Time of the first line at or after `from` that has one.
    fn time_from(&self, from: usize) -> Option<Millis> {
        self.times.get(from..)?.iter().find_map(|time| *time)
    }

    fn weighs_from(&self, from: usize) -> bool {
        self.marks.get(from..).is_some_and(|marks| marks.iter().any(|mark| mark.weighs))
    }
}

/// Puts files together; also says which of them were compared to their end.
fn join<'a>(copies: &[Copy<'a>]) -> (Joined, Vec<&'a TranscriptRow>) {
    let mut shared = vec![0; copies.len()];
    let mut ended = vec![false; copies.len()];
    for (a, ours) in copies.iter().enumerate() {
        for (b, theirs) in copies.iter().enumerate().skip(a + 1) {
            let agreed = agreement(&ours.marks, &theirs.marks);
            shared[a] = shared[a].max(agreed.ours);
            shared[b] = shared[b].max(agreed.theirs);
            ended[a] |= agreed.ours_ended;
            ended[b] |= agreed.theirs_ended;
        }
    }
    let mut order: Vec<usize> = (0..copies.len()).collect();
    order.sort_by_key(|at| {
        let copy = &copies[*at];
        let own = copy.weighs_from(shared[*at]);
        // What adds nothing comes first, the shortest before the longer one that went on from it.
        (own, if own { copy.time_from(shared[*at]).unwrap_or(Millis::MAX) } else { 0 }, copy.marks.len(), &copy.file.id)
    });
    let mut joined = Joined::default();
    let mut shown: Vec<usize> = Vec::new();
    for at in order {
        let copy = &copies[at];
        let agreed = |before: &usize| (agreement(&copy.marks, &copies[*before].marks).ours, *before);
        let (from, of) = shown.iter().map(agreed).max_by_key(|(lines, _)| *lines).unwrap_or((0, at));
        if from > 0 {
            joined.copies.push((copy.file.id.clone(), copies[of].file.id.clone()));
        }
        if copy.weighs_from(from) {
            joined.parts.push((copy.file.id.clone(), from as u64));
            shown.push(at);
        }
    }
    if let (true, Some(first)) = (shown.is_empty(), copies.first()) {
        joined.parts.push((first.file.id.clone(), 0));
    }
    let ended = copies.iter().zip(ended).filter_map(|(copy, ended)| ended.then_some(copy.file)).collect();
    (joined, ended)
}
