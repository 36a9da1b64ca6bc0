//! Step 2 at a link's start: comparing what the aggregator holds with what is on disk.

use std::io::ErrorKind;
use std::path::Path;
use std::time::Instant;

use muster_proto::fleet::{Known, KnownTranscript};
use muster_proto::ids::TranscriptId;

use super::discover::form_of;
use super::files::{Key, Stage};
use super::fingerprint::Fingerprint;
use super::follower::{About, Follower, gone, moved};
use super::frame::Place;
use super::tail::open_regular;
use crate::platform::file::{self, FileId};

/// What came of comparing a file with what the aggregator holds.
enum Verdict {
    /// It begins with the archived bytes: go on.
    Same(Fingerprint),
    /// It does not.
    Another,
    /// It cannot be read now.
    Unreadable(std::io::Error),
}

impl Follower {
    /// One batch of what the aggregator holds.
    pub(super) fn known(&mut self, batch: Known, now: Instant) {
        for known in batch.transcripts {
            let Some(transcript) = known.transcript_id.parse().ok() else { continue };
            if !self.follow_at_its_path(&known, transcript, now)
                && let Some(link) = &mut self.link
            {
                link.unmatched.push(known);
            }
        }
        if batch.last {
            self.known_is_complete(now);
        }
    }

    /// `true`: settled (also when the file cannot be read now).
    fn follow_at_its_path(&mut self, known: &KnownTranscript, transcript: TranscriptId, now: Instant) -> bool {
        let path = Path::new(&known.path);
        if self.files.at(&known.path).is_none() && file::look(path).is_ok() {
            // It appeared after the sweep.
            self.look_at(path, now);
        }
        let Some(key) = self.files.at(&known.path) else { return false };
        if !self.files.get(key).is_some_and(|record| matches!(record.stage, Stage::Found)) {
            return false;
        }
        match self.compare(key, known) {
            Verdict::Same(print) => {
                self.go_on(key, known, transcript, print, now);
                true
            }
            Verdict::Another => false,
            Verdict::Unreadable(error) => {
                self.unreadable(key, &error);
                if let Some(record) = self.files.get_mut(key) {
                    record.stage = Stage::Unverified;
                }
                if let Some(link) = &mut self.link {
                    link.unmatched.push(known.clone());
                }
                true
            }
        }
    }

    fn go_on(&mut self, key: Key, known: &KnownTranscript, transcript: TranscriptId, print: Fingerprint, now: Instant) {
        let place = if known.mid_line { Place::MidLine } else { Place::LineStart };
        self.start(key, transcript, known.offset, place, print, now);
    }

    fn compare(&self, key: Key, known: &KnownTranscript) -> Verdict {
        let Some(record) = self.files.get(key) else { return Verdict::Another };
        let Some(print) = Fingerprint::of_known(known) else { return Verdict::Another };
        match compare_file(record.path.as_ref().as_ref(), known.offset, print) {
            // A side file travels whole: one that grew is another.
            Ok(Some((size, _)))
                if record.form == muster_proto::fleet::FileForm::Whole && known.offset > 0 && size != known.offset =>
            {
                Verdict::Another
            }
            Ok(Some((_, own))) => Verdict::Same(own),
            Ok(None) => Verdict::Another,
            Err(error) => Verdict::Unreadable(error),
        }
    }

    /// All batches have come: what was not found at its path is looked for by identity, then given up or replaced;
    /// what the aggregator does not hold is opened.
    fn known_is_complete(&mut self, now: Instant) {
        let unmatched = self.link.as_mut().map(|link| std::mem::take(&mut link.unmatched)).unwrap_or_default();
        let mut waiting = Vec::new();
        for known in unmatched {
            let Some(transcript) = known.transcript_id.parse().ok() else { continue };
            let at_path = self.files.at(&known.path);
            let unverified = |key: &Key| self.files.get(*key).is_some_and(|r| matches!(r.stage, Stage::Unverified));
            if at_path.as_ref().is_some_and(unverified) {
                waiting.push(known);
            } else if !self.follow_renamed(&known, transcript, now) {
                self.give_up(&known, transcript, at_path);
            }
        }
        if let Some(link) = &mut self.link {
            link.unmatched = waiting;
            link.known_complete = true;
        }
        let found: Vec<Key> =
            self.files.iter().filter(|(_, record)| matches!(record.stage, Stage::Found)).map(|(key, _)| key).collect();
        for key in found {
            self.want_open(key);
        }
    }

    /// The same device and inode at another path, with the archived content: it was renamed while no link stood. A
    /// transcript without content proves nothing: the numbers of deleted files are given to new ones.
    fn follow_renamed(&mut self, known: &KnownTranscript, transcript: TranscriptId, now: Instant) -> bool {
        let id = known.identity.map(|id| FileId { device: id.device, inode: id.inode }).unwrap_or_default();
        let Some(key) = self.files.with_id(id) else { return false };
        let Some(record) = self.files.get(key) else { return false };
        let another_form = form_of(Path::new(&known.path)) != Some(record.form);
        let taken = !matches!(record.stage, Stage::Found) || record.replaces.is_some();
        if known.offset == 0 || another_form || taken || *record.path == *known.path {
            return false;
        }
        let announce = moved(transcript, &record.root, &record.path);
        let Verdict::Same(print) = self.compare(key, known) else { return false };
        self.outbox.push_back(announce);
        self.go_on(key, known, transcript, print, now);
        true
    }

    /// The archived content is on this host no more: replaced at its path, or gone.
    fn give_up(&mut self, known: &KnownTranscript, transcript: TranscriptId, at_path: Option<Key>) {
        let record = at_path.and_then(|key| self.files.get_mut(key));
        let file_is_there = record.is_some();
        if let Some(record) = record.filter(|record| matches!(record.stage, Stage::Found) && record.replaces.is_none())
        {
            record.replaces = Some(transcript);
        } else if file_is_there || self.is_gone(&known.path) {
            self.outbox.push_back(gone(transcript));
        }
        // Otherwise it is there but not followed now (its root was dropped, or is not mounted): nothing to say.
    }

    fn is_gone(&self, path: &str) -> bool {
        let path = Path::new(path);
        let root_is_missing = self
            .roots
            .iter()
            .any(|root| path.starts_with(&root.path) && root.mode == muster_proto::fleet::WatchMode::Missing);
        !root_is_missing && file::look(path).is_err_and(|error| error.kind() == ErrorKind::NotFound)
    }

    /// Files of a root that could not be compared are tried again.
    pub(super) fn retry_unverified(&mut self, index: usize, now: Instant) {
        let root = self.roots[index].path.clone();
        let Some(link) = self.link.as_mut().filter(|link| link.known_complete) else { return };
        let (mine, others): (Vec<_>, Vec<_>) = std::mem::take(&mut link.unmatched)
            .into_iter()
            .partition(|known| Path::new(&known.path).starts_with(&root));
        link.unmatched = others;
        for known in mine {
            let Some(transcript) = known.transcript_id.parse().ok() else { continue };
            self.retry(&known, transcript, now);
        }
    }

    fn retry(&mut self, known: &KnownTranscript, transcript: TranscriptId, now: Instant) {
        let at_path = self.files.at(&known.path);
        if let Some(record) = at_path.and_then(|key| self.files.get_mut(key))
            && matches!(record.stage, Stage::Unverified)
        {
            record.stage = Stage::Found;
        }
        if self.follow_at_its_path(known, transcript, now) {
            return;
        }
        self.give_up(known, transcript, at_path);
        if let Some(key) = at_path {
            self.solved(&About::File(key));
            self.want_open(key);
        }
    }
}

/// The file's size and our own fingerprint up to `offset`, if it begins with the bytes that `print` tells of.
fn compare_file(path: &Path, offset: u64, print: Fingerprint) -> std::io::Result<Option<(u64, Fingerprint)>> {
    let Some(file) = open_regular(path)? else { return Ok(None) };
    let size = file.metadata()?.len();
    if size < offset || !print.fits(&file, offset)? {
        return Ok(None);
    }
    Ok(Fingerprint::read(&file, offset)?.map(|own| (size, own)))
}
