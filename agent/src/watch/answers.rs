//! What the aggregator says while a link stands: where to follow a file from, what is committed, what to send again.

use std::path::PathBuf;
use std::time::Instant;

use muster_proto::fleet::{self, DigestRequest, down, up};
use muster_proto::ids::TranscriptId;

use super::files::{Follow, Key, Stage};
use super::fingerprint::Fingerprint;
use super::follower::{Follower, gone, moved};
use super::frame::Place;
use super::tail::open_regular;

/// A digest to be taken off the hot path.
#[derive(Debug)]
pub struct DigestJob {
    /// Echoed in the answer.
    pub request_id: u64,
    /// The file.
    pub path: PathBuf,
    /// Bytes at its start that are left out.
    pub from_bytes: u64,
    /// Where the bytes end, counted from its start.
    pub upto_bytes: u64,
}

impl Follower {
    /// A message of the aggregator. A digest is not taken here: it is handed back.
    pub fn receive(&mut self, message: down::Kind, now: Instant) -> Option<DigestJob> {
        match message {
            down::Kind::Known(known) => self.known(known, now),
            down::Kind::Opened(opened) => self.opened(&opened, now),
            down::Kind::Ack(ack) => self.acked(&ack, now),
            down::Kind::Rewind(rewind) => self.rewound(&rewind, now),
            down::Kind::DigestRequest(request) => return self.digest_job(&request),
            // Only at the start of a link, where the link itself takes them; and what the watcher hands on by itself.
            down::Kind::Challenge(_) | down::Kind::Welcome(_) | down::Kind::Inspect(_) | down::Kind::Stop(_) => {}
        }
        None
    }

    fn opened(&mut self, opened: &fleet::Opened, now: Instant) {
        let Some(link) = &mut self.link else { return };
        let Some(key) = link.opening.remove(&opened.handle) else { return };
        let Some(transcript) = transcript_id(&opened.transcript_id) else { return };
        let Some(record) = self.files.get_mut(key) else { return };
        let Stage::Opening(happened) = std::mem::replace(&mut record.stage, Stage::Found) else { return };
        let place = if opened.mid_line { Place::MidLine } else { Place::LineStart };
        if happened.gone {
            self.files.remove(key);
            self.outbox.push_back(gone(transcript));
        } else if happened.replaced {
            self.open_in_place_of(key, transcript);
        } else {
            if happened.moved {
                self.outbox.push_back(moved(transcript, &record.root, &record.path));
            }
            self.follow_from(key, transcript, opened.offset, place, now);
        }
    }

    /// Goes on with a file at an offset whose content the aggregator vouches for.
    fn follow_from(&mut self, key: Key, transcript: TranscriptId, offset: u64, place: Place, now: Instant) {
        let Some(record) = self.files.get(key) else { return };
        let print = match open_regular(record.path.as_ref().as_ref()) {
            _ if offset == 0 => Some(Fingerprint::default()),
            Ok(Some(file)) => Fingerprint::read(&file, offset).ok().flatten(),
            _ => None,
        };
        match print {
            Some(print) => self.start(key, transcript, offset, place, print, now),
            // The file is shorter than what is archived: it is another one.
            None => self.open_in_place_of(key, transcript),
        }
    }

    /// Follows a file from `offset`, which was compared or is vouched for.
    pub(super) fn start(
        &mut self,
        key: Key,
        transcript: TranscriptId,
        offset: u64,
        place: Place,
        print: Fingerprint,
        now: Instant,
    ) {
        let Some(record) = self.files.get_mut(key) else { return };
        let whole = (offset > 0).then_some((record.stat.size, record.stat.modified_ns));
        self.files.follow(key, Follow { transcript, sent: offset, closed: offset, acked: offset, place, print, whole });
        self.enqueue(key, now);
    }

    fn acked(&mut self, ack: &fleet::Ack, now: Instant) {
        let Some(transcript) = transcript_id(&ack.transcript_id) else { return };
        let Some(key) = self.files.of_transcript(&transcript) else { return };
        let (Some(record), Some(link)) = (self.files.get_mut(key), &mut self.link) else { return };
        if let Some(follow) = record.follow() {
            let before = follow.in_flight();
            follow.acked = follow.acked.max(ack.offset.min(follow.sent));
            link.in_flight -= before - follow.in_flight();
            record.archived = follow.acked;
        }
        record.mark_waiting(now);
    }

    fn rewound(&mut self, rewind: &fleet::Rewind, now: Instant) {
        let Some(transcript) = transcript_id(&rewind.transcript_id) else { return };
        let Some(key) = self.files.of_transcript(&transcript) else { return };
        let place = if rewind.mid_line { Place::MidLine } else { Place::LineStart };
        // What was sent must still be there, or the bytes before the offset may be others than the archived ones.
        if self.still_has_what_was_sent(key) {
            self.unfollow(key);
            self.follow_from(key, transcript, rewind.offset, place, now);
        } else {
            self.replaced(key);
        }
    }

    fn still_has_what_was_sent(&mut self, key: Key) -> bool {
        let Some(record) = self.files.get_mut(key) else { return false };
        let file = open_regular(record.path.as_ref().as_ref()).ok().flatten();
        let (Some(file), Some(follow)) = (file, record.follow()) else { return false };
        follow.print.fits(&file, follow.sent).unwrap_or(false)
    }

    fn digest_job(&mut self, request: &DigestRequest) -> Option<DigestJob> {
        let key = transcript_id(&request.transcript_id).and_then(|id| self.files.of_transcript(&id));
        if let Some(record) = key.and_then(|key| self.files.get(key)) {
            let path = PathBuf::from(record.path.as_ref());
            let DigestRequest { request_id, from_bytes, upto_bytes, .. } = *request;
            return Some(DigestJob { request_id, path, from_bytes, upto_bytes });
        }
        self.outbox.push_back(up::Kind::Digest(fleet::Digest {
            request_id: request.request_id,
            error: "this host does not follow that transcript".into(),
            ..fleet::Digest::default()
        }));
        None
    }
}

fn transcript_id(text: &str) -> Option<TranscriptId> {
    let parsed = text.parse().ok();
    if parsed.is_none() {
        tracing::warn!(transcript.id = text, "the aggregator named a transcript that is no id; ignored");
    }
    parsed
}
